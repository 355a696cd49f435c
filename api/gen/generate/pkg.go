package generate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cenote-id/cenote/api"
)

const module = "github.com/cenote-id/cenote"

// pkg is a service's package while it is generated.
type pkg struct {
	Service
	*Model

	structures []*Shape            // all but exceptions, sorted
	inputs     map[string]string   // structure -> the operation whose input it is
	outputs    map[string]string   // structure -> the operation whose output it is
	empty      map[string]bool     // structures without members that are only outputs
	users      map[string][]string // structure -> the structures that it is part of

	err error // what the generator does not support and the model has
}

// fail notes that the model has what the generator does not support. It returns a
// string so that it can stand for the code that cannot be written.
func (p *pkg) fail(reason string) string {
	p.err = cmp.Or(p.err, fmt.Errorf("%s: %s", p.Package, reason))
	return ""
}

func newPkg(s Service, m *Model) (*pkg, error) {
	p := &pkg{
		Service: s, Model: m,
		inputs: map[string]string{}, outputs: map[string]string{}, empty: map[string]bool{}, users: map[string][]string{},
	}
	for _, op := range m.operations() {
		p.inputs[op.Input.Shape] = op.Name
		if op.Output != nil {
			p.outputs[op.Output.Shape] = op.Name
		}
	}
	for _, s := range m.shapes() {
		if s.Type == "structure" && !s.Exception && !s.Document {
			p.structures = append(p.structures, s)
			for _, part := range s.Members {
				name := p.structureOf(part.Shape)
				if name != "" && !slices.Contains(p.users[name], s.Name) {
					p.users[name] = append(p.users[name], s.Name)
				}
			}
		}
	}
	for name := range p.outputs {
		p.empty[name] = len(m.Shapes[name].Members) == 0 && p.inputs[name] == "" && len(p.users[name]) == 0
	}
	return p, cmp.Or(p.unique(), p.validateRecords(), p.validateEntry(), p.validatePatterns())
}

// structureOf returns the structure that a shape is, or is a list or map of; "" if none.
func (p *pkg) structureOf(shape string) string {
	s := p.Shapes[shape]
	switch {
	case s.Type == "list":
		return p.structureOf(s.Member.Shape)
	case s.Type == "map":
		return p.structureOf(s.Value.Shape)
	case s.Type == "structure" && !s.Document:
		return s.Name
	}
	return ""
}

// unique refuses a model in which two things would get the same name in Go.
func (p *pkg) unique() error {
	names := map[string]string{"API": "the interface", "Service": "the description", "Unimplemented": "the fallback"}
	add := func(name, what string) error {
		if other, ok := names[name]; ok {
			return fmt.Errorf("%s: %s names both %s and %s", p.Package, name, other, what)
		}
		names[name] = what
		return nil
	}
	for _, s := range p.structures {
		if err := add(exported(s.Name), s.Name); err != nil {
			return err
		}
	}
	for _, s := range p.enums() {
		if err := add(exported(s.Name), s.Name); err != nil {
			return err
		}
		for _, v := range s.Enum {
			if err := add(constName(s.Name, v), s.Name+" "+v); err != nil {
				return err
			}
		}
	}
	return nil
}

// validateEntry refuses an entry that names what the model does not have: a renamed
// shape must not make a secret visible.
func (p *pkg) validateEntry() error {
	for _, name := range slices.Concat(p.Show, p.Hide, p.Redact) {
		structure, member, _ := strings.Cut(name, ".")
		if p.Shapes[structure] == nil || member != "" && p.member(structure, member) == "" {
			return fmt.Errorf("%s: the model has no %s", p.Package, name)
		}
	}
	for name := range p.Status {
		if s := p.Shapes[name]; s == nil || !s.Exception {
			return fmt.Errorf("%s: the model has no exception %s", p.Package, name)
		}
	}
	for name, order := range p.EnumOrder {
		s := p.Shapes[name]
		if s == nil || !slices.Equal(slices.Sorted(slices.Values(s.Enum)), slices.Sorted(slices.Values(order))) {
			return fmt.Errorf("%s: the order of %s does not have the values of the model", p.Package, name)
		}
	}
	return nil
}

// validatePatterns refuses a pattern of an input that Go cannot compile.
func (p *pkg) validatePatterns() error {
	for name := range p.reach(keys(p.inputs)...) {
		pattern := api.Pattern{Source: p.Shapes[name].Pattern}
		if err := pattern.Validate(); err != nil {
			return fmt.Errorf("shape %s: %w", name, err)
		}
	}
	return nil
}

// enums are the enumerations that members use; AWS's models carry dead ones.
func (p *pkg) enums() []*Shape {
	var roots []string
	for _, s := range p.structures {
		roots = append(roots, s.Name)
	}
	used := p.reach(roots...)
	return slices.DeleteFunc(p.shapes(), func(s *Shape) bool { return len(s.Enum) == 0 || !used[s.Name] })
}

// plain returns the Go type of a shape as the element of a list or map.
func (p *pkg) plain(name string) string {
	s := p.Shapes[name]
	switch s.Type {
	case "string":
		if len(s.Enum) > 0 {
			return exported(name)
		}
		return "string"
	case "boolean":
		return "bool"
	case "integer":
		return "int"
	case "long":
		return "int64"
	case "timestamp":
		return "api.Timestamp"
	case "blob":
		return "[]byte"
	case "list":
		return "[]" + p.plain(s.Member.Shape)
	case "map":
		if p.plain(s.Value.Shape) == "string" {
			return "api.StringMap"
		}
		return "map[string]" + p.plain(s.Value.Shape)
	case "structure":
		if s.Document {
			return "api.Document"
		}
		return exported(name)
	}
	return p.fail("shape " + name + " has the unknown type " + s.Type)
}

// scalar says whether a shape's Go type has no nil of its own, so that a member of the
// shape is a pointer.
func (p *pkg) scalar(name string) bool {
	s := p.Shapes[name]
	return s.Type != "list" && s.Type != "map" && s.Type != "blob" && !s.Document
}

// field returns the Go type of a member of the shape.
func (p *pkg) field(name string) string {
	if p.scalar(name) {
		return "*" + p.plain(name)
	}
	return p.plain(name)
}

// hidden says whether violations leave out the value of a structure's member.
func (p *pkg) hidden(s *Shape, m Member) bool {
	return p.sensitive(s.Name) || p.sensitive(m.Shape) || slices.Contains(p.Hide, s.Name+"."+m.Name)
}

// redacted says whether logs leave out the value of a structure's member.
func (p *pkg) redacted(s *Shape, m Member) bool {
	return p.hidden(s, m) || slices.Contains(p.Redact, m.Shape) || slices.Contains(p.Redact, s.Name+"."+m.Name)
}

// sensitive says whether a shape, or what it is a list or map of, carries a secret.
func (p *pkg) sensitive(name string) bool {
	s := p.Shapes[name]
	if s.Type == "list" {
		return p.sensitive(s.Member.Shape)
	}
	if s.Type == "map" && (p.sensitive(s.Key.Shape) || p.sensitive(s.Value.Shape)) {
		return true
	}
	return s.Sensitive && !slices.Contains(p.Show, name) || slices.Contains(p.Hide, name)
}

// doc returns the package comment.
func (p *pkg) doc() string {
	return fmt.Sprintf(`// Package %s is the API of %s: its structures, the constraints on them, the
// interface of its operations and their description. It is generated from the service's
// model; what holds for all services is said in package api.
//
// Lists and maps are nil when absent. A structure that carries secrets or personal data
// prints and logs itself without them; encoded as JSON it is complete.
`, p.Package, p.Metadata.EndpointPrefix)
}

// describe returns the sentence that says what a structure is there for.
func (p *pkg) describe(s *Shape) string {
	name := exported(s.Name)
	in, out := p.inputs[s.Name], p.outputs[s.Name]
	switch {
	case in != "" && out != "":
		return fmt.Sprintf("%s is the input of %s and the output of %s.", name, in, out)
	case in != "":
		return fmt.Sprintf("%s is the input of %s.", name, in)
	case out != "":
		return fmt.Sprintf("%s is the output of %s.", name, out)
	}
	users := p.users[s.Name]
	const most = 3
	if len(users) > most {
		return fmt.Sprintf("%s is part of %s and %d others.", name, strings.Join(users[:most], ", "), len(users)-most)
	}
	if len(users) == 0 {
		return fmt.Sprintf("%s is part of nothing else in the model.", name)
	}
	return fmt.Sprintf("%s is part of %s.", name, enumerate(users))
}
