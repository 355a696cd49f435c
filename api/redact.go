package api

import (
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
)

// redacted stands for a value that logs do not show.
const redacted = "***"

// Log returns a generated structure for the log: the members that are there, with ***
// for those that carry secrets or personal data. The LogValue methods are made of it.
func Log(structure any) slog.Value {
	var attrs []slog.Attr
	eachMember(reflect.ValueOf(structure), func(name string, hide bool, v reflect.Value) {
		switch v = reflect.Indirect(v); {
		case hide:
			attrs = append(attrs, slog.String(name, redacted))
		case v.Kind() == reflect.Struct:
			attrs = append(attrs, slog.Attr{Key: name, Value: Log(v.Interface())})
		case v.Kind() == reflect.Bool, v.CanInt():
			attrs = append(attrs, slog.Any(name, v.Interface()))
		default:
			attrs = append(attrs, slog.String(name, text(v)))
		}
	})
	return slog.GroupValue(attrs...)
}

// Text returns the same as a line of text.
func Text(structure any) string { return text(reflect.ValueOf(structure)) }

// Format writes the text of a generated structure whatever the verb, since fmt would
// otherwise walk into the structure for verbs such as %d. The Format methods are made
// of it.
func Format(f fmt.State, structure any) { _, _ = f.Write([]byte(Text(structure))) }

func text(v reflect.Value) string {
	var b strings.Builder
	writeText(&b, v)
	return b.String()
}

func writeText(b *strings.Builder, v reflect.Value) {
	v = reflect.Indirect(v)
	switch {
	case v.Kind() == reflect.Struct:
		b.WriteByte('{')
		first := true
		eachMember(v, func(name string, hide bool, member reflect.Value) {
			if !first {
				b.WriteByte(' ')
			}
			first = false
			b.WriteString(name + ":")
			if hide {
				b.WriteString(redacted)
			} else {
				writeText(b, member)
			}
		})
		b.WriteByte('}')
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8:
		fmt.Fprintf(b, "%d bytes", v.Len())
	case v.Kind() == reflect.Slice:
		b.WriteByte('[')
		for i := range v.Len() {
			if i > 0 {
				b.WriteByte(' ')
			}
			writeText(b, v.Index(i))
		}
		b.WriteByte(']')
	case v.Kind() == reflect.Map:
		writeMap(b, v)
	default:
		fmt.Fprint(b, v.Interface())
	}
}

func writeMap(b *strings.Builder, v reflect.Value) {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(x, y reflect.Value) int { return strings.Compare(x.String(), y.String()) })
	b.WriteByte('{')
	for i, k := range keys {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(k.String() + ":")
		writeText(b, v.MapIndex(k))
	}
	b.WriteByte('}')
}

// eachMember calls f for each member of a structure that is there; hide says that its
// value must not be shown.
func eachMember(v reflect.Value, f func(name string, hide bool, v reflect.Value)) {
	v = reflect.Indirect(v)
	for i := range v.NumField() {
		field, member := v.Type().Field(i), v.Field(i)
		if !member.IsZero() {
			f(field.Name, field.Tag.Get("redact") == "true", member)
		}
	}
}
