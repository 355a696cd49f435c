package generate

import "slices"

// secretive says whether a structure has, at any depth, a member that logs leave out.
func (p *pkg) secretive(s *Shape) bool {
	return slices.ContainsFunc(s.Members, func(m Member) bool {
		if p.redacted(s, m) {
			return true
		}
		name := p.structureOf(m.Shape)
		return name != "" && p.secretive(p.Shapes[name])
	})
}

// writeRedactions writes how the structures with secrets show themselves to logs and to
// fmt. Values rather than pointers have the methods, so that elements of lists do too.
func (p *pkg) writeRedactions(w *source) {
	for _, s := range p.structures {
		if !p.secretive(s) {
			continue
		}
		name := exported(s.Name)
		w.p("// LogValue returns the members for the log, *** for secrets and personal data.")
		w.p("func (s %s) LogValue() slog.Value { return api.Log(s) }\n", name)
		w.p("// String returns the members as text, *** for secrets and personal data.")
		w.p("func (s %s) String() string { return api.Text(s) }\n", name)
		w.p("// Format writes String for every verb.")
		w.p("func (s %s) Format(f fmt.State, _ rune) { api.Format(f, s) }\n", name)
	}
}
