package token

import (
	"slices"
	"strconv"
	"unicode/utf8"
)

// object is a JSON object being written, without its closing brace. Tokens are written
// by hand since a reflecting encoder would cost a tenth of a signature for each.
type object []byte

func newObject() object { return append(make(object, 0, 1024), '{') }

func (o object) name(name string) object {
	if len(o) > 1 {
		o = append(o, ',')
	}
	return append(appendString(o, name), ':')
}

func (o object) text(name, value string) object { return appendString(o.name(name), value) }

func (o object) number(name string, value int64) object {
	return strconv.AppendInt(o.name(name), value, 10)
}

func (o object) boolean(name string, value bool) object {
	return strconv.AppendBool(o.name(name), value)
}

// raw adds a member whose value is JSON already.
func (o object) raw(name, value string) object { return append(o.name(name), value...) }

func (o object) close() []byte { return append(o, '}') }

const hexDigits = "0123456789abcdef"

// appendString appends s as a JSON string (RFC 8259 section 7); bytes that are not UTF-8
// become U+FFFD.
func appendString[B ~[]byte](b B, s string) B {
	b = slices.Grow(b, len(s)+2)
	b = append(b, '"')
	done := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			i += size
			if r == utf8.RuneError && size == 1 {
				b = append(append(b, s[done:i-1]...), `\ufffd`...)
				done = i
			}
			continue
		}
		i++
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[done:i-1]...)
		done = i
		if c < ' ' {
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		} else {
			b = append(b, '\\', c)
		}
	}
	return append(append(b, s[done:]...), '"')
}
