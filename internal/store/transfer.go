package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// backup implements engine.
func (e *sqlite) backup(ctx context.Context, path string) error { return vacuumInto(ctx, e.path, path) }

// restore implements engine: everything in one transaction.
func (e *sqlite) restore(ctx context.Context, path string) (err error) {
	source, err := openSQLite(ctx, path, Options{Sync: SyncOff})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.close()) }()
	tables, err := source.tables(ctx)
	if err != nil {
		return err
	}
	return e.write(ctx, true, func(to *tx) error {
		if err := to.makeRoom(); err != nil {
			return err
		}
		return source.read(ctx, func(from *tx) error { return pour(from, to, tables) })
	})
}

// makeRoom removes what an empty database has; ErrNotEmpty when it is not empty.
func (t *tx) makeRoom() error {
	used, err := t.isUsed()
	if err != nil {
		return err
	}
	if used {
		return ErrNotEmpty
	}
	return t.script(`DELETE FROM meta`)
}

// backup implements engine: one snapshot, table by table.
func (e *postgres) backup(ctx context.Context, path string) (err error) {
	rows := path + ".rows"
	file, err := openSQLite(ctx, rows, Options{Sync: SyncOff})
	if err != nil {
		return err
	}
	err = e.pourInto(ctx, file)
	if err := errors.Join(err, file.close()); err != nil {
		return err
	}
	return vacuumInto(ctx, rows, path)
}

func (e *postgres) pourInto(ctx context.Context, file *sqlite) error {
	if err := makeMeta(ctx, file); err != nil {
		return err
	}
	if _, err := migrate(ctx, file); err != nil {
		return err
	}
	tables, err := file.tables(ctx)
	if err != nil {
		return err
	}
	snapshot, err := e.pool.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return err
	}
	defer snapshot.Rollback() //nolint:errcheck // it has only read
	from := &tx{ctx: ctx, on: snapshot}
	steps, err := migrations()
	if err != nil {
		return err
	}
	version, err := checkSchema(from, steps)
	if err != nil {
		return err
	}
	if version != len(steps) {
		return ErrNewerSchema
	}
	return file.write(ctx, false, func(to *tx) error {
		if err := to.makeRoom(); err != nil {
			return err
		}
		return pour(from, to, tables)
	})
}

// restore implements engine: everything in one transaction, by COPY.
func (e *postgres) restore(ctx context.Context, path string) (err error) {
	source, err := openSQLite(ctx, path, Options{Sync: SyncOff})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.close()) }()
	tables, err := source.tables(ctx)
	if err != nil {
		return err
	}
	to, err := e.pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer to.Close()
	if _, err := to.ExecContext(ctx, `BEGIN`); err != nil {
		return err
	}
	end := `ROLLBACK`
	if err = (&tx{ctx: ctx, on: to}).makeRoom(); err == nil {
		err = source.read(ctx, func(from *tx) error { return copyTables(ctx, from, to, tables) })
	}
	if err == nil {
		end = `COMMIT`
	}
	_, endErr := to.ExecContext(context.WithoutCancel(ctx), end)
	return errors.Join(err, endErr)
}

// copyTables sends all rows over a connection of PostgreSQL's.
func copyTables(ctx context.Context, from *tx, to *sql.Conn, tables []table) error {
	return to.Raw(func(driverConn any) error {
		conn := driverConn.(*stdlib.Conn).Conn()
		for _, table := range tables {
			rows := from.query(table.selectAll())
			if rows.rows == nil {
				return from.err
			}
			_, err := conn.CopyFrom(ctx, pgx.Identifier{table.name}, table.columns, pgx.CopyFromFunc(func() ([]any, error) {
				if !rows.rows.Next() {
					return nil, rows.rows.Err()
				}
				return table.scan(rows.rows.Scan)
			}))
			if err := errors.Join(err, rows.rows.Close()); err != nil {
				return err
			}
		}
		return nil
	})
}

// pour inserts all rows of the tables into the same tables of another database.
func pour(from, to *tx, tables []table) error {
	for _, table := range tables {
		var rows [][]any
		err := from.query(table.selectAll()).each(func(scan scanner) error {
			row, err := table.scan(scan)
			if err != nil {
				return err
			}
			if rows = append(rows, row); len(rows) < maxTogether {
				return nil
			}
			err = to.insert(table.insertInto(), rows)
			rows = rows[:0]
			return err
		})
		if err == nil {
			err = to.insert(table.insertInto(), rows)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// table is a table of the schema, which is the same in all engines. The names come from
// the schema and need no quotes.
type table struct {
	name    string
	columns []string
}

func (t table) selectAll() string {
	return `SELECT ` + strings.Join(t.columns, ", ") + ` FROM ` + t.name
}

func (t table) insertInto() string {
	return `INSERT INTO ` + t.name + ` (` + strings.Join(t.columns, ", ") + `)`
}

func (t table) scan(scan scanner) ([]any, error) {
	row, dest := make([]any, len(t.columns)), make([]any, len(t.columns))
	for i := range row {
		dest[i] = &row[i]
	}
	return row, scan(dest...)
}

// tables reads the schema.
func (e *sqlite) tables(ctx context.Context) (tables []table, err error) {
	err = e.read(ctx, func(t *tx) error {
		tables = nil
		return t.query(`SELECT s.name, c.name FROM sqlite_schema s JOIN pragma_table_info(s.name) c
			WHERE s.type = 'table' AND s.name NOT GLOB 'sqlite_*' ORDER BY s.name, c.cid`).
			each(func(scan scanner) error {
				var name, column string
				if err := scan(&name, &column); err != nil {
					return err
				}
				if len(tables) == 0 || tables[len(tables)-1].name != name {
					tables = append(tables, table{name: name})
				}
				last := &tables[len(tables)-1]
				last.columns = append(last.columns, column)
				return nil
			})
	})
	return tables, err
}
