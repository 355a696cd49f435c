package generate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
)

// Model is one service's description of its API.
type Model struct {
	Metadata struct {
		EndpointPrefix string `json:"endpointPrefix"`
		Protocol       string `json:"protocol"`
		TargetPrefix   string `json:"targetPrefix"`
	} `json:"metadata"`
	Operations map[string]*Operation `json:"operations"`
	Shapes     map[string]*Shape     `json:"shapes"`
}

// Operation is one operation of a model.
type Operation struct {
	Name          string   `json:"-"`
	Authorization string   `json:"authorization"`
	Input         Ref      `json:"input"`
	Output        *Ref     `json:"output"`
	Errors        []string `json:"errors"`
}

// Ref names a shape.
type Ref struct {
	Shape string `json:"shape"`
}

// Shape is a type of a model.
type Shape struct {
	Name      string   `json:"-"`
	Type      string   `json:"type"`
	Members   Members  `json:"members"`
	Required  []string `json:"required"`
	Min       *int64   `json:"min"`
	Max       *int64   `json:"max"`
	Pattern   string   `json:"pattern"`
	Enum      []string `json:"enum"`
	Sensitive bool     `json:"sensitive"`
	Document  bool     `json:"document"`
	Exception bool     `json:"exception"`
	Fault     bool     `json:"fault"`
	Member    *Ref     `json:"member"`
	Key       *Ref     `json:"key"`
	Value     *Ref     `json:"value"`
	Error     struct {
		Code           string `json:"code"`
		HTTPStatusCode int    `json:"httpStatusCode"`
	} `json:"error"`
}

// Member is a member of a structure.
type Member struct {
	Name  string
	Shape string
}

// Members are the members of a structure in the order of the model.
type Members []Member

// UnmarshalJSON reads a JSON object and keeps the order of its names.
func (m *Members) UnmarshalJSON(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	if _, err := dec.Token(); err != nil {
		return err
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return err
		}
		var ref Ref
		if err := dec.Decode(&ref); err != nil {
			return err
		}
		*m = append(*m, Member{Name: name.(string), Shape: ref.Shape})
	}
	return nil
}

// ReadModel reads a model and checks that every shape that it names exists.
func ReadModel(fsys fs.FS, path string) (*Model, error) {
	data, err := fs.ReadFile(fsys, path)
	if err != nil {
		return nil, err
	}
	m := new(Model)
	if err := json.Unmarshal(data, m); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for name, op := range m.Operations {
		op.Name = name
	}
	for name, s := range m.Shapes {
		s.Name = name
	}
	if err := m.validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

func (m *Model) validate() error {
	for _, op := range m.operations() {
		if m.Shapes[op.Input.Shape] == nil || op.Output != nil && m.Shapes[op.Output.Shape] == nil {
			return fmt.Errorf("operation %s: its input or output is no shape", op.Name)
		}
		for _, e := range op.Errors {
			if s := m.Shapes[e]; s == nil || !s.Exception {
				return fmt.Errorf("operation %s: %s is no exception", op.Name, e)
			}
		}
	}
	for _, s := range m.shapes() {
		for _, name := range s.parts() {
			if m.Shapes[name] == nil {
				return fmt.Errorf("shape %s: %s is no shape", s.Name, name)
			}
		}
		for _, r := range s.Required {
			if !slices.ContainsFunc(s.Members, func(m Member) bool { return m.Name == r }) {
				return fmt.Errorf("shape %s: required %s is no member", s.Name, r)
			}
		}
		if m.contains(s.parts(), s.Name, map[string]bool{}) {
			return fmt.Errorf("shape %s contains itself", s.Name)
		}
	}
	return nil
}

// contains says whether one of names is, or contains, the shape that is looked for.
func (m *Model) contains(names []string, wanted string, seen map[string]bool) bool {
	for _, name := range names {
		if name == wanted {
			return true
		}
		if !seen[name] {
			seen[name] = true
			if m.contains(m.Shapes[name].parts(), wanted, seen) {
				return true
			}
		}
	}
	return false
}

// parts are the names of the shapes that s consists of.
func (s *Shape) parts() []string {
	var names []string
	for _, m := range s.Members {
		names = append(names, m.Shape)
	}
	for _, r := range []*Ref{s.Member, s.Key, s.Value} {
		if r != nil {
			names = append(names, r.Shape)
		}
	}
	return names
}

func (s *Shape) required(member string) bool { return slices.Contains(s.Required, member) }

func (m *Model) operations() []*Operation { return sorted(m.Operations) }

func (m *Model) shapes() []*Shape { return sorted(m.Shapes) }

// reach returns the names of the shapes that the given ones consist of, themselves included.
func (m *Model) reach(names ...string) map[string]bool {
	seen := map[string]bool{}
	var walk func(name string)
	walk = func(name string) {
		if !seen[name] {
			seen[name] = true
			for _, part := range m.Shapes[name].parts() {
				walk(part)
			}
		}
	}
	for _, name := range names {
		walk(name)
	}
	return seen
}

func keys[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }

func sorted[T any](m map[string]T) []T {
	out := make([]T, 0, len(m))
	for _, k := range keys(m) {
		out = append(out, m[k])
	}
	return out
}
