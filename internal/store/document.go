package store

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// document returns the stored form of a configuration record. The error is ErrUnstorable
// when a text in it holds a NUL.
func document(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("store: encode a record: %w", err)
	}
	if hasNUL(b) {
		return "", ErrUnstorable
	}
	return string(b), nil
}

// hasNUL says whether a JSON text holds an escaped NUL. Engines could keep it, but not the
// index rows beside it, so no record may have one.
func hasNUL(b []byte) bool {
	for {
		i := bytes.IndexByte(b, '\\')
		if i < 0 || i+1 >= len(b) {
			return false
		}
		if bytes.HasPrefix(b[i+1:], []byte("u0000")) {
			return true
		}
		b = b[i+2:]
	}
}

// parse is the reverse of document.
func parse[T any](text []byte) (*T, error) {
	v := new(T)
	if err := json.Unmarshal(text, v); err != nil {
		return nil, fmt.Errorf("store: a stored record cannot be read: %w", err)
	}
	return v, nil
}
