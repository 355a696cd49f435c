package generate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// constrained says whether a shape demands anything of a value that is there.
func (p *pkg) constrained(name string) bool {
	s := p.Shapes[name]
	if s.Pattern != "" || len(s.Enum) > 0 || len(s.Required) > 0 || s.Max != nil || s.Min != nil && (*s.Min > 0 || s.Type == "integer" || s.Type == "long") {
		return true
	}
	return slices.ContainsFunc(s.parts(), p.constrained)
}

// writeChecks writes the rules of the constrained shapes and Check for each structure
// that inputs consist of.
func (p *pkg) writeChecks(w *source) {
	reached := p.reach(keys(p.inputs)...)
	for _, s := range p.shapes() {
		if reached[s.Name] && p.constrained(s.Name) {
			p.writeRule(w, s)
		}
	}
	for _, s := range p.structures {
		if reached[s.Name] && (p.inputs[s.Name] != "" || p.constrained(s.Name)) {
			p.writeCheck(w, s)
		}
	}
}

func ruleName(shape string) string { return pathName(shape) + "Rule" }

// writeRule writes the rule of a string or integer. Rules are package variables because
// they are constant but for the pattern that is compiled when first used.
func (p *pkg) writeRule(w *source, s *Shape) {
	switch s.Type {
	case "string":
		var fields []string
		if s.Min != nil && *s.Min > 0 {
			fields = append(fields, fmt.Sprintf("Min: %d", *s.Min))
		}
		if s.Max != nil {
			fields = append(fields, fmt.Sprintf("Max: %d", *s.Max))
		}
		if s.Pattern != "" {
			fields = append(fields, fmt.Sprintf("Pattern: &api.Pattern{Source: %s}", literal(s.Pattern)))
		}
		if len(s.Enum) > 0 {
			order := s.Enum
			if seen, ok := p.EnumOrder[s.Name]; ok {
				order = seen
			}
			fields = append(fields, fmt.Sprintf("Enum: %#v", order))
		}
		w.p("var %s = api.StringRule{%s}\n", ruleName(s.Name), strings.Join(fields, ", "))
	case "integer", "long":
		bound := func(n *int64, none string) string {
			if n == nil {
				return none
			}
			return fmt.Sprint(*n)
		}
		w.p("var %s = api.IntRule{Min: %s, Max: %s}\n", ruleName(s.Name), bound(s.Min, "api.NoMin"), bound(s.Max, "api.NoMax"))
	}
}

// literal returns a Go string literal, raw if that is possible.
func literal(s string) string {
	if strings.Contains(s, "`") {
		return fmt.Sprintf("%q", s)
	}
	return "`" + s + "`"
}

// writeCheck writes Check, which looks at the members in the order in which AWS reports
// them: alphabetically by the name in the path.
func (p *pkg) writeCheck(w *source, s *Shape) {
	members := slices.SortedFunc(slices.Values(s.Members), func(a, b Member) int {
		return cmp.Compare(pathName(a.Name), pathName(b.Name))
	})
	body := new(source)
	for _, m := range members {
		if line := p.checkMember(s, m); line != "" {
			body.p("%s", line)
		}
	}
	name := exported(s.Name)
	if body.Len() == 0 {
		w.p("// Check reports nothing: the members of %s have no constraints.", name)
		w.p("func (*%s) Check(*api.Violations) {}\n", name)
		return
	}
	w.p("// Check reports the members that violate the model's constraints.")
	w.p("func (in *%s) Check(v *api.Violations) {", name)
	w.Write(body.Bytes())
	w.p("}\n")
}

// checkMember returns the statement that checks a member, "" when there is nothing to check.
func (p *pkg) checkMember(s *Shape, m Member) string {
	required, constrained := s.required(m.Name), p.constrained(m.Shape)
	if !required && !constrained {
		return ""
	}
	var traits []string
	if required {
		traits = append(traits, "api.Required")
	}
	if p.hidden(s, m) {
		traits = append(traits, "api.Hidden")
	}
	if traits == nil {
		traits = []string{"0"}
	}
	field := "in." + exported(m.Name)
	head := fmt.Sprintf("(v, %q, %s, ", pathName(m.Name), strings.Join(traits, "|"))
	if !constrained {
		return "api.CheckPresent" + head + field + " != nil)"
	}
	shape := p.Shapes[m.Shape]
	switch shape.Type {
	case "string":
		return "api.CheckString" + head + field + ", &" + ruleName(shape.Name) + ")"
	case "integer", "long":
		return "api.CheckInt" + head + field + ", &" + ruleName(shape.Name) + ")"
	case "blob":
		return "api.CheckBlob" + head + field + ", " + size(shape) + ")"
	case "structure":
		return "api.CheckStructure" + head + field + ")"
	case "list":
		return p.checkList(shape, head+field+", "+size(shape))
	case "map":
		return p.checkMap(shape, head+field+", "+size(shape))
	}
	return p.fail("constraints on the " + shape.Type + " " + shape.Name + " are not supported")
}

func (p *pkg) checkList(list *Shape, args string) string {
	element := p.Shapes[list.Member.Shape]
	switch {
	case element.Type == "string":
		return "api.CheckStrings" + args + ", " + p.rule(element.Name) + ")"
	case !p.constrained(element.Name):
		return "api.CheckListSize" + args + ")"
	case element.Type == "structure":
		return "api.CheckList" + args + ")"
	}
	return p.fail("constraints on the elements of " + list.Name + " are not supported")
}

func (p *pkg) checkMap(m *Shape, args string) string {
	value := p.Shapes[m.Value.Shape]
	args += ", " + p.rule(m.Key.Shape)
	switch {
	case value.Type == "string":
		return "api.CheckStringMap" + args + ", " + p.rule(value.Name) + ")"
	case value.Type == "structure" && p.constrained(value.Name):
		return "api.CheckStructureMap" + args + ")"
	}
	return p.fail("constraints on the values of " + m.Name + " are not supported")
}

// rule returns the expression for the rule of a string, nil when it has none.
func (p *pkg) rule(name string) string {
	if !p.constrained(name) {
		return "nil"
	}
	return "&" + ruleName(name)
}

// size returns the expression for the bounds of a list, map or blob.
func size(s *Shape) string {
	var low, high int64
	if s.Min != nil {
		low = *s.Min
	}
	if s.Max != nil {
		high = *s.Max
	}
	if low == 0 && high == 0 {
		return "api.Size{}"
	}
	return fmt.Sprintf("api.Size{Min: %d, Max: %d}", low, high)
}
