package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// ErrNewerSchema says that a newer Cenote has changed the database in a way that this one
// may not know.
var ErrNewerSchema = errors.New("store: the database has the schema of a newer version")

// ErrMigrationChanged says that the database was made with other migrations than this
// program has under the same numbers.
var ErrMigrationChanged = errors.New("store: the database was made with different migrations")

// migration is one step of the schema.
type migration struct {
	version  int
	text     string // in the common words
	checksum string
}

// migrations returns the steps in order. They are numbered from 1 without gaps.
func migrations() ([]migration, error) {
	names, err := fs.Glob(migrationFiles, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	out := make([]migration, 0, len(names))
	for _, name := range names {
		text, err := migrationFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		number, _, _ := strings.Cut(strings.TrimPrefix(name, "migrations/"), "_")
		version, err := strconv.Atoi(number)
		if err != nil {
			return nil, fmt.Errorf("store: migration %s has no number", name)
		}
		sum := sha256.Sum256(text)
		out = append(out, migration{version, string(text), hex.EncodeToString(sum[:])})
	}
	slices.SortFunc(out, func(a, b migration) int { return cmp.Compare(a.version, b.version) })
	for i, m := range out {
		if m.version != i+1 {
			return nil, fmt.Errorf("store: migration %d is missing", i+1)
		}
	}
	return out, nil
}

const metaVersion = "schema_version"

// makeMeta makes the table that everything else begins with.
func makeMeta(ctx context.Context, e engine) error {
	found, err := e.hasTable(ctx, "meta")
	if err != nil || found {
		return err
	}
	return e.write(ctx, true, func(t *tx) error {
		if err := t.script(e.define(`CREATE TABLE IF NOT EXISTS meta (
			name KEYTEXT NOT NULL,
			value BYTES NOT NULL,
			PRIMARY KEY (name)
		) KEYED;`)); err != nil {
			return err
		}
		_, err := t.exec(`INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`,
			metaVersion, encodeVersion(0))
		return err
	})
}

// migrate brings the schema to the newest version, in one transaction, and returns the
// version before. Nodes that start together wait for each other at the row of the version.
func migrate(ctx context.Context, e engine) (before int, err error) {
	steps, err := migrations()
	if err != nil {
		return 0, err
	}
	err = e.read(ctx, func(t *tx) error {
		before, err = checkSchema(t, steps)
		return err
	})
	if err != nil || before >= len(steps) {
		return before, err
	}
	err = e.write(ctx, true, func(t *tx) error {
		// Changing the row to what it is locks it until the commit.
		if _, err := t.exec(`UPDATE meta SET value = value WHERE name = $1`, metaVersion); err != nil {
			return err
		}
		before, err = checkSchema(t, steps)
		if err != nil {
			return err
		}
		for _, m := range steps[min(before, len(steps)):] {
			if err := apply(t, e, m); err != nil {
				return fmt.Errorf("migration %d: %w", m.version, err)
			}
		}
		return nil
	})
	return before, err
}

// apply runs one step and notes it.
func apply(t *tx, e engine, m migration) error {
	if err := t.script(e.define(m.text)); err != nil {
		return err
	}
	if _, err := t.exec(`INSERT INTO meta (name, value) VALUES ($1, $2)`,
		migrationName(m.version), []byte(m.checksum)); err != nil {
		return err
	}
	return t.must(`UPDATE meta SET value = $2 WHERE name = $1`, metaVersion, encodeVersion(m.version))
}

// checkSchema returns the version of the database and compares what it was made with. The
// program before the newest runs with the newest schema, so that nodes can be replaced one
// by one: one step ahead is accepted.
func checkSchema(t *tx, steps []migration) (version int, err error) {
	var encoded []byte
	found, err := t.query(`SELECT value FROM meta WHERE name = $1`, metaVersion).one(&encoded)
	if err != nil {
		return 0, err
	}
	if !found || len(encoded) != 8 {
		return 0, errors.New("store: the database has a table meta that is not Cenote's")
	}
	version = int(binary.BigEndian.Uint64(encoded))
	if version > len(steps)+1 {
		return version, ErrNewerSchema
	}
	for _, m := range steps[:min(version, len(steps))] {
		var sum []byte
		if _, err := t.query(`SELECT value FROM meta WHERE name = $1`, migrationName(m.version)).one(&sum); err != nil {
			return version, err
		}
		if string(sum) != m.checksum {
			return version, fmt.Errorf("%w: number %d", ErrMigrationChanged, m.version)
		}
	}
	return version, nil
}

func migrationName(version int) string { return "migration/" + strconv.Itoa(version) }

func encodeVersion(version int) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(version))
}
