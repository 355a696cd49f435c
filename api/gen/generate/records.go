package generate

import (
	"fmt"
	"slices"
)

// validateRecords refuses records that the model does not have.
func (p *pkg) validateRecords() error {
	for _, r := range p.Records {
		for _, name := range append([]string{r.Shape}, r.Requests...) {
			if s := p.Shapes[name]; s == nil || s.Type != "structure" {
				return fmt.Errorf("record %s: the model has no structure %s", r.Shape, name)
			}
		}
		for _, name := range r.Requests {
			members := p.shared(r.Shape, name)
			if len(members) == 0 {
				return fmt.Errorf("record %s has no member of %s", r.Shape, name)
			}
			for _, m := range members {
				if p.member(r.Shape, m.Name) != p.field(m.Shape) {
					return fmt.Errorf("record %s has another type for %s than %s", r.Shape, m.Name, name)
				}
			}
		}
	}
	return nil
}

// shared returns the members of a request that the record has too.
func (p *pkg) shared(record, request string) []Member {
	return slices.DeleteFunc(slices.Clone(p.Shapes[request].Members), func(m Member) bool {
		return p.member(record, m.Name) == ""
	})
}

// member returns the Go type of a structure's member, "" when it has none of the name.
func (p *pkg) member(structure, name string) string {
	for _, m := range p.Shapes[structure].Members {
		if m.Name == name {
			return p.field(m.Shape)
		}
	}
	return ""
}

// writeRecords writes Overlay and Merge of the records.
func (p *pkg) writeRecords(w *source) {
	for _, r := range p.Records {
		if len(r.Requests) == 0 {
			continue
		}
		name := exported(r.Shape)
		var requests []string
		for _, request := range r.Requests {
			requests = append(requests, "*"+exported(request))
		}
		w.p("// %sChange is a request whose members become members of %s:", name, name)
		w.p("// %s.", enumerate(requests))
		w.p("type %sChange interface {", name)
		w.p("overlay%s(r *%s)", name, name)
		w.p("merge%s(r *%s)\n}\n", name, name)
		w.p("// Overlay replaces the members that r shares with the request by the request's; what")
		w.p("// is absent there becomes absent here. The values are shared, not copied.")
		w.p("func (r *%s) Overlay(in %sChange) { in.overlay%s(r) }\n", name, name, name)
		w.p("// Merge is Overlay but keeps what is absent in the request.")
		w.p("func (r *%s) Merge(in %sChange) { in.merge%s(r) }\n", name, name, name)
		for _, request := range r.Requests {
			w.p("func (in *%s) overlay%s(r *%s) {", exported(request), name, name)
			for _, m := range p.shared(r.Shape, request) {
				w.p("r.%[1]s = in.%[1]s", exported(m.Name))
			}
			w.p("}\n")
			w.p("func (in *%s) merge%s(r *%s) {", exported(request), name, name)
			for _, m := range p.shared(r.Shape, request) {
				w.p("if in.%[1]s != nil {\nr.%[1]s = in.%[1]s\n}", exported(m.Name))
			}
			w.p("}\n")
		}
	}
}

// writeClones writes Clone for the records and all that they consist of.
func (p *pkg) writeClones(w *source) {
	var records []string
	for _, r := range p.Records {
		records = append(records, r.Shape)
	}
	reached := p.reach(records...)
	for _, s := range p.structures {
		if !reached[s.Name] {
			continue
		}
		name := exported(s.Name)
		w.p("// Clone returns a deep copy, nil when r is nil.")
		w.p("func (r *%s) Clone() *%s {", name, name)
		w.p("if r == nil {\nreturn nil\n}")
		w.p("c := *r")
		for _, m := range s.Members {
			w.p("c.%s = %s", exported(m.Name), p.clone(m.Shape, "r."+exported(m.Name)))
		}
		w.p("return &c\n}\n")
	}
}

// clone returns the expression for a deep copy of a member.
func (p *pkg) clone(name, value string) string {
	s := p.Shapes[name]
	switch {
	case s.Type == "list" && p.Shapes[s.Member.Shape].Type == "structure":
		return "api.CloneList(" + value + ")"
	case s.Type == "map" && p.Shapes[s.Value.Shape].Type == "structure":
		return "api.CloneMap(" + value + ")"
	case s.Type == "list" && p.scalar(s.Member.Shape), s.Type == "blob", s.Document:
		return "slices.Clone(" + value + ")"
	case s.Type == "map" && p.scalar(s.Value.Shape):
		return "maps.Clone(" + value + ")"
	case s.Type == "structure":
		return value + ".Clone()"
	case p.scalar(name):
		return "api.Clone(" + value + ")"
	}
	return p.fail("cannot copy the " + s.Type + " " + name)
}
