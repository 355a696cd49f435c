package devtools

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Seed reads a YAML list of {service, operation, input} and makes these calls in order:
//
//   - service: cognito-idp
//     operation: CreateUserPool
//     input: {PoolName: demo, UserPoolTags: {"cenote:id": us-east-1_demo}}
//
// The whole list is read first, so that one with a mistake makes no call. The first call
// that fails ends it. Errors name the entry by its number from 1, its service and its
// operation, and wrap what call returned.
func Seed(ctx context.Context, r io.Reader, call func(ctx context.Context, service, operation string, input json.RawMessage) error) error {
	entries, err := parseSeed(r)
	if err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	for i, e := range entries {
		if err := call(ctx, e.service, e.operation, e.input); err != nil {
			return fmt.Errorf("seed: %s: %w", e.label(i+1), err)
		}
	}
	return nil
}

// seedEntry is one call that a seed asks for.
type seedEntry struct {
	service, operation string
	input              json.RawMessage
}

func (e seedEntry) label(number int) string {
	if name := strings.TrimSpace(e.service + " " + e.operation); name != "" {
		return fmt.Sprintf("entry %d (%s)", number, name)
	}
	return fmt.Sprintf("entry %d", number)
}

// parseSeed reads all entries of a seed; one without content has none.
func parseSeed(r io.Reader) ([]seedEntry, error) {
	decoder := yaml.NewDecoder(r)
	var document, more yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, err
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more than one YAML document")
	}
	list := document.Content[0]
	if list.ShortTag() == "!!null" {
		return nil, nil
	}
	if list.Kind != yaml.SequenceNode {
		return nil, lineError(list, "a seed is a list of {service, operation, input}")
	}
	budget := maxSeedSize
	var entries []seedEntry
	for i, n := range list.Content {
		e, err := parseEntry(n, &budget)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.label(i+1), err)
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// parseEntry reads one entry. With an error it returns what names the entry, as far as it
// was understood.
func parseEntry(n *yaml.Node, budget *int) (seedEntry, error) {
	e := seedEntry{input: json.RawMessage("{}")}
	if n = target(n); n.Kind != yaml.MappingNode {
		return e, lineError(n, "an entry is {service, operation, input}")
	}
	members, err := fields(n)
	if err != nil {
		return e, err
	}
	for _, m := range members { // first, so that errors about the rest can name them
		switch m.key {
		case "service":
			e.service, err = text(m)
		case "operation":
			e.operation, err = text(m)
		}
		if err != nil {
			return e, err
		}
	}
	for _, m := range members {
		switch m.key {
		case "service", "operation":
		case "input":
			if e.input, err = parseInput(m.value, budget); err != nil {
				return e, err
			}
		default:
			return e, lineError(m.value, "unknown key %q", m.key)
		}
	}
	if e.service == "" {
		return e, lineError(n, "service is missing")
	}
	if e.operation == "" {
		return e, lineError(n, "operation is missing")
	}
	return e, nil
}

// parseInput renders the input of a call; without one it is empty.
func parseInput(n *yaml.Node, budget *int) (json.RawMessage, error) {
	input, err := toJSON(n, budget)
	switch {
	case err != nil:
		return nil, err
	case string(input) == "null":
		return json.RawMessage("{}"), nil
	case input[0] != '{':
		return nil, lineError(n, "input must be a mapping")
	}
	return input, nil
}

// text is the value of a member that must be a string.
func text(m field) (string, error) {
	n := target(m.value)
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" {
		return "", lineError(m.value, "%s must be a string", m.key)
	}
	return n.Value, nil
}

// lineError is an error at a node's line of the file.
func lineError(n *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("line %d: %s", n.Line, fmt.Sprintf(format, args...))
}
