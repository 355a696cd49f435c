package devtools

import (
	"bytes"
	"encoding/json"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	// maxSeedSize bounds what a seed may unfold to by its aliases, in bytes.
	maxSeedSize = 8 << 20
	// maxSeedDepth bounds nesting, so that an anchor that holds its own alias ends.
	maxSeedDepth = 64
)

// toJSON renders a YAML value as JSON without interpreting more than the notation says:
// numbers keep their digits, timestamps stay the text that was written, keys are text, and
// members keep their order. What would change on the way, such as the number in 0123 or
// +15555550100, is an error that asks for quotes.
func toJSON(n *yaml.Node, budget *int) (json.RawMessage, error) {
	r := renderer{budget: budget}
	if err := r.value(n, 0); err != nil {
		return nil, err
	}
	return r.out.Bytes(), nil
}

type renderer struct {
	out    bytes.Buffer
	budget *int // bytes that may yet be rendered
}

func (r *renderer) value(n *yaml.Node, depth int) error {
	if *r.budget -= 1 + len(n.Value); *r.budget < 0 {
		return lineError(n, "the seed unfolds to more than %d MiB", maxSeedSize>>20)
	}
	if depth > maxSeedDepth {
		return lineError(n, "values are nested deeper than %d levels", maxSeedDepth)
	}
	switch n.Kind {
	case yaml.AliasNode:
		return r.value(n.Alias, depth+1)
	case yaml.MappingNode:
		return r.object(n, depth)
	case yaml.SequenceNode:
		return r.array(n, depth)
	default:
		return r.scalar(n)
	}
}

func (r *renderer) object(n *yaml.Node, depth int) error {
	if tag := n.ShortTag(); tag != "!!map" {
		return lineError(n, "the tag %s has no counterpart in JSON", tag)
	}
	members, err := fields(n)
	if err != nil {
		return err
	}
	r.out.WriteByte('{')
	for i, m := range members {
		if i > 0 {
			r.out.WriteByte(',')
		}
		r.text(m.key)
		r.out.WriteByte(':')
		if err := r.value(m.value, depth+1); err != nil {
			return err
		}
	}
	r.out.WriteByte('}')
	return nil
}

func (r *renderer) array(n *yaml.Node, depth int) error {
	if tag := n.ShortTag(); tag != "!!seq" {
		return lineError(n, "the tag %s has no counterpart in JSON", tag)
	}
	r.out.WriteByte('[')
	for i, item := range n.Content {
		if i > 0 {
			r.out.WriteByte(',')
		}
		if err := r.value(item, depth+1); err != nil {
			return err
		}
	}
	r.out.WriteByte(']')
	return nil
}

func (r *renderer) scalar(n *yaml.Node) error {
	switch tag := n.ShortTag(); tag {
	case "!!str", "!!timestamp":
		r.text(n.Value)
	case "!!null":
		r.out.WriteString("null")
	case "!!bool":
		word := strings.ToLower(n.Value)
		if word != "true" && word != "false" {
			return lineError(n, "%q is neither true nor false", n.Value)
		}
		r.out.WriteString(word)
	case "!!int", "!!float":
		if !isNumber(n.Value) {
			return lineError(n, "%q reads as a number that JSON writes otherwise; quote it if it is text", n.Value)
		}
		r.out.WriteString(n.Value)
	default:
		return lineError(n, "the tag %s has no counterpart in JSON", tag)
	}
	return nil
}

// isNumber says whether s is a number in JSON's notation.
func isNumber(s string) bool {
	return s != "" && (s[0] == '-' || '0' <= s[0] && s[0] <= '9') && json.Valid([]byte(s))
}

func (r *renderer) text(s string) {
	quoted, _ := json.Marshal(s) // strings always have a JSON form
	r.out.Write(quoted)
}

// target is the node that an alias stands for, or n itself.
func target(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// field is a member of a YAML mapping.
type field struct {
	key   string
	value *yaml.Node
}

// fields returns the members of a mapping in order. A key is the text that was written,
// whatever YAML takes it for; twice the same one is an error.
func fields(n *yaml.Node) ([]field, error) {
	members := make([]field, 0, len(n.Content)/2)
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := target(n.Content[i])
		switch {
		case key.Kind != yaml.ScalarNode || key.ShortTag() == "!!null":
			return nil, lineError(n.Content[i], "keys must be text")
		case key.ShortTag() == "!!merge":
			return nil, lineError(key, "merge keys (<<) are not part of YAML 1.2; repeat the members or use an alias for the whole value")
		case seen[key.Value]:
			return nil, lineError(n.Content[i], "%q is given twice", key.Value)
		}
		seen[key.Value] = true
		members = append(members, field{key.Value, n.Content[i+1]})
	}
	return members, nil
}
