package generate

// writeTypes writes the structures.
func (p *pkg) writeTypes(w *source) {
	for _, s := range p.structures {
		w.p("// %s", p.describe(s))
		if p.empty[s.Name] {
			w.p("type %s = api.Empty\n", exported(s.Name))
			continue
		}
		w.p("type %s struct {", exported(s.Name))
		for _, m := range s.Members {
			p.writeField(w, s, m)
		}
		w.p("}\n")
	}
}

func (p *pkg) writeField(w *source, s *Shape, m Member) {
	tag := `json:"` + m.Name + `,omitzero"`
	if p.redacted(s, m) {
		tag += ` redact:"true"`
	}
	comment := ""
	if s.required(m.Name) {
		comment = " // required"
	}
	w.p("%s %s `%s`%s", exported(m.Name), p.field(m.Shape), tag, comment)
}

// writeEnums writes the enumerations with their constants.
func (p *pkg) writeEnums(w *source) {
	for _, s := range p.enums() {
		name := exported(s.Name)
		w.p("// %s is an enumeration.", name)
		w.p("type %s string\n", name)
		w.p("// The values of %s.", name)
		w.p("const (")
		for _, v := range s.Enum {
			w.p("%s %s = %q", constName(s.Name, v), name, v)
		}
		w.p(")\n")
		w.p("// Values returns the values of %s in the order of the model.", name)
		w.p("func (%s) Values() []%s {", name, name)
		w.p("return []%s{", name)
		for _, v := range s.Enum {
			w.p("%s,", constName(s.Name, v))
		}
		w.p("}\n}\n")
	}
}
