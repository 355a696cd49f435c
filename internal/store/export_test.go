package store

import "context"

// What follows is for the tests of this package alone.

// Migrations returns the texts of the schema in SQLite's words.
func Migrations() ([]string, error) {
	steps, err := migrations()
	texts := make([]string, len(steps))
	for i, m := range steps {
		texts[i] = new(sqlite).define(m.text)
	}
	return texts, err
}

// Upkeep does what Run does once in a while.
func Upkeep(ctx context.Context, db *DB) error { return db.engine.upkeep(ctx) }

// EncodeCredential packs a credential.
func EncodeCredential(c *Credential) []byte { return encodeCredential(c) }

// DecodeCredential unpacks one.
func DecodeCredential(b []byte) (Credential, error) { return decodeCredential(b) }

// EncodeKeys packs names.
func EncodeKeys(keys []Key) []byte { return encodeKeys(keys) }

// DecodeKeys unpacks them.
func DecodeKeys(b []byte) ([]Key, error) { return decodeKeys(b) }

// HasNUL says whether a JSON text holds a NUL.
func HasNUL(b []byte) bool { return hasNUL(b) }

// PerName returns the statements that look up 1, 2, ... names.
func PerName(each string) []string {
	texts := perName(each)
	return texts[1:]
}
