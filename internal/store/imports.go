package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/seal"
)

// JobUserImport is the kind of the jobs that CreateImport and ChangeImport leave behind;
// their State is read with ImportOf.
const JobUserImport = "user-import"

// ErrImportRunning says that a pool has an import that is running.
var ErrImportRunning = errors.New("store: an import is running in the pool")

// Import is a job that makes users of the rows of a file.
type Import struct {
	Pool    PoolID
	Version int64 // grows by one with each write
	Created time.Time
	// Config is the job as DescribeUserImportJob shows it, without its counters and its
	// pre-signed address.
	Config *cognitoidp.UserImportJobType
	State  ImportState
}

// ImportState is how far an import is.
type ImportState struct {
	// Draft names the upload that began last, and Upload the one that is whole.
	Draft  string `json:"draft,omitempty"`
	Upload string `json:"upload,omitempty"`
	Size   int64  `json:"size,omitempty"` // of the upload, in bytes
	// Offset and Line are where the first row stands that is not done: the bytes and the
	// lines before it.
	Offset int64 `json:"offset,omitempty"`
	Line   int64 `json:"line,omitempty"`
	// LogPieces is how many pieces the log has.
	LogPieces int64 `json:"log,omitempty"`
	Imported  int64 `json:"imported,omitempty"`
	Skipped   int64 `json:"skipped,omitempty"`
	Failed    int64 `json:"failed,omitempty"`
}

// ID returns the id of the job.
func (x *Import) ID() string { return api.Value(x.Config.JobId) }

func (x *Import) documents() (config, state string, err error) {
	if config, err = document(x.Config); err != nil {
		return "", "", err
	}
	state, err = document(x.State)
	return config, state, err
}

// newImportJob makes a job that goes on with an import.
func newImportJob(random io.Reader, pool PoolID, jobID string, due time.Time) (*Job, error) {
	j := &Job{
		Kind:  JobUserImport,
		State: append(binary.BigEndian.AppendUint64(nil, uint64(pool)), jobID...),
		Due:   due,
	}
	if _, err := io.ReadFull(random, j.ID[:]); err != nil {
		return nil, fmt.Errorf("make job id: %w", err)
	}
	return j, nil
}

// ImportOf returns the import that a job of the kind JobUserImport is about.
func (j *Job) ImportOf() (pool PoolID, jobID string, ok bool) {
	if j.Kind != JobUserImport || len(j.State) <= 8 {
		return 0, "", false
	}
	return PoolID(binary.BigEndian.Uint64(j.State)), string(j.State[8:]), true
}

// CreateImport stores a new import, and a job that is due at the given time by
// Clock.Outside. The error is *ExistsError when the id is in use, ErrNotFound when the pool
// is gone.
func (db *DB) CreateImport(ctx context.Context, x *Import, due time.Time) error {
	config, state, err := x.documents()
	if err != nil {
		return err
	}
	job, err := newImportJob(db.random, x.Pool, x.ID(), due)
	if err != nil {
		return err
	}
	err = db.engine.write(ctx, false, func(t *tx) error {
		if err := t.alive(x.Pool); err != nil {
			return err
		}
		n, err := t.exec(`INSERT INTO imports (pool, job_id, version, created, config, state)
			VALUES ($1, $2, 1, $3, $4, $5) ON CONFLICT (pool, job_id) DO NOTHING`, x.Pool, x.ID(), x.Created, config, state)
		if err != nil {
			return err
		}
		if n == 0 {
			return &ExistsError{}
		}
		return job.insert(t)
	})
	if err == nil {
		x.Version = 1
	}
	return err
}

// alive is ErrNotFound for a pool that is gone.
func (t *tx) alive(pool PoolID) error {
	var n int64
	found, err := t.query(`SELECT 1 FROM pools WHERE pool = $1`, pool).one(&n)
	if err == nil && !found {
		err = ErrNotFound
	}
	return err
}

func scanImport(scan scanner, pool PoolID) (*Import, error) {
	x := &Import{Pool: pool}
	var config, state []byte
	err := scan(&x.Version, at{&x.Created}, &config, &state)
	if err != nil {
		return nil, err
	}
	if x.Config, err = parse[cognitoidp.UserImportJobType](config); err != nil {
		return nil, err
	}
	s, err := parse[ImportState](state)
	if err == nil {
		x.State = *s
	}
	return x, err
}

// FindImport returns an import. The error is ErrNotFound when there is none.
func (db *DB) FindImport(ctx context.Context, pool PoolID, jobID string) (x *Import, err error) {
	err = db.engine.read(ctx, func(t *tx) error {
		x, err = t.findImport(pool, jobID)
		return err
	})
	return x, err
}

func (t *tx) findImport(pool PoolID, jobID string) (x *Import, err error) {
	err = t.query(`SELECT version, created, config, state FROM imports WHERE pool = $1 AND job_id = $2`, pool, jobID).
		each(func(scan scanner) (err error) {
			x, err = scanImport(scan, pool)
			return err
		})
	if err == nil && x == nil {
		err = ErrNotFound
	}
	return x, err
}

// ImportAfter is where a page of ListImports ended; the zero value is before the first.
type ImportAfter struct {
	Created time.Time
	JobID   string
}

// ListImports returns up to limit imports of a pool, the newest first.
func (db *DB) ListImports(ctx context.Context, pool PoolID, after ImportAfter, limit int) (list []*Import, err error) {
	created := int64(1) << 62 // beyond every time
	if !after.Created.IsZero() {
		created = millis(after.Created)
	}
	err = db.engine.read(ctx, func(t *tx) error {
		list = nil
		return t.query(`SELECT version, created, config, state FROM imports
			WHERE pool = $1 AND (created, job_id) < ($2, $3) ORDER BY created DESC, job_id DESC LIMIT $4`,
			pool, created, after.JobID, limit).
			each(func(scan scanner) error {
				x, err := scanImport(scan, pool)
				list = append(list, x)
				return err
			})
	})
	return list, err
}

// CountImports returns how many imports a pool has.
func (db *DB) CountImports(ctx context.Context, pool PoolID) (n int, err error) {
	err = db.engine.read(ctx, func(t *tx) error {
		_, err := t.query(`SELECT COUNT(*) FROM imports WHERE pool = $1`, pool).one(&n)
		return err
	})
	return n, err
}

// ImportRuns says whether an import of the pool is running.
func (db *DB) ImportRuns(ctx context.Context, pool PoolID) (runs bool, err error) {
	err = db.engine.read(ctx, func(t *tx) error {
		var n int64
		runs, err = t.query(`SELECT 1 FROM running_imports WHERE pool = $1`, pool).one(&n)
		return err
	})
	return runs, err
}

// ImportOptions say what ChangeImport does besides, in the same transaction.
type ImportOptions struct {
	// Start makes the import the one that runs in its pool, and leaves a job that is due at
	// once; the error may be ErrImportRunning.
	Start bool
	// End lets another import run.
	End bool
}

// ChangeImport changes an import in one transaction: it reads it, lets mutate change its
// Config and State, and stores it. mutate must be pure, because it runs again when someone
// else was faster; an error of its own changes nothing and is returned as it is. Else the
// error is ErrNotFound when the import, or its pool, is gone.
func (db *DB) ChangeImport(ctx context.Context, pool PoolID, jobID string, o ImportOptions, mutate func(*Import) error) (x *Import, err error) {
	job := &Job{}
	if o.Start {
		if job, err = newImportJob(db.random, pool, jobID, db.clock.Outside()); err != nil {
			return nil, err
		}
	}
	err = db.engine.write(ctx, false, func(t *tx) error {
		if x, err = t.findImport(pool, jobID); err != nil {
			return err
		}
		if err := mutate(x); err != nil {
			return err
		}
		config, state, err := x.documents()
		if err != nil {
			return err
		}
		if err := t.must(`UPDATE imports SET version = version + 1, config = $4, state = $5
			WHERE pool = $1 AND job_id = $2 AND version = $3`, pool, jobID, x.Version, config, state); err != nil {
			return err
		}
		x.Version++
		if o.Start {
			return t.startImport(pool, jobID, job)
		}
		if o.End {
			_, err = t.exec(`DELETE FROM running_imports WHERE pool = $1 AND job_id = $2`, pool, jobID)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return x, nil
}

func (t *tx) startImport(pool PoolID, jobID string, job *Job) error {
	if err := t.alive(pool); err != nil {
		return err
	}
	n, err := t.exec(`INSERT INTO running_imports (pool, job_id) VALUES ($1, $2) ON CONFLICT (pool) DO NOTHING`, pool, jobID)
	if err != nil {
		return err
	}
	if n == 0 {
		return ErrImportRunning
	}
	return job.insert(t)
}

// ImportRow is a row of an import that makes a user.
type ImportRow struct {
	User *User
	// Rivals are names besides the user's own that must find nobody.
	Rivals []Key
}

// ImportBatch is rows of an import that are stored together.
type ImportBatch struct{ batch *batch }

// PrepareImport readies rows for ImportRows, which can be done while others are stored.
func (db *DB) PrepareImport(rows []ImportRow) (ImportBatch, error) {
	b := newBatch(db, len(rows))
	for _, r := range rows {
		if err := b.add(r.User, r.Rivals); err != nil {
			return ImportBatch{}, err
		}
	}
	return ImportBatch{b}, nil
}

// ImportRows stores the users of some rows of an import, but those of whose names somebody
// has one, and with them how far the import has come, in one transaction: exactly once,
// whatever becomes of the node. settle is told of each row the kind of the name that is
// taken, empty for users that are stored, and returns the state after these rows and what
// the log says of them, which may be nothing. It must be pure, because it may run again.
//
// The error is ErrConflict when the import was changed since it was read, ErrNotFound when
// it is gone; then nothing is stored.
func (db *DB) ImportRows(ctx context.Context, x *Import, rows ImportBatch, settle func(taken []KeyKind) (ImportState, []byte)) error {
	b := rows.batch
	var next ImportState
	err := db.engine.write(ctx, false, func(t *tx) error {
		if err := b.find(t); err != nil {
			return err
		}
		var log []byte
		next, log = settle(b.taken)
		if len(log) > 0 {
			if err := db.putPiece(t, x.Pool, x.logOwner(), next.LogPieces, log); err != nil {
				return err
			}
			next.LogPieces++
		}
		state, err := document(next)
		if err != nil {
			return err
		}
		n, err := t.exec(`UPDATE imports SET version = version + 1, state = $4
			WHERE pool = $1 AND job_id = $2 AND version = $3`, x.Pool, x.ID(), x.Version, state)
		if err != nil {
			return err
		}
		if n == 0 {
			return t.whyNot(`SELECT 1 FROM imports WHERE pool = $1 AND job_id = $2`, x.Pool, x.ID())
		}
		return b.insert(t)
	})
	if err == nil {
		x.Version++
		x.State = next
	}
	return err
}

// The owners of blobs: a job's log, and its uploads. Job ids have no character that comes
// before '/'.
func (x *Import) logOwner() string                 { return x.ID() + "#log" }
func (x *Import) uploadOwner(upload string) string { return x.ID() + "/" + upload }

// PutUpload stores a piece of the upload that x.State.Draft names, x being as it was when
// the upload began. The error is ErrConflict when another upload has begun since, or the
// import is past taking one, and ErrNotFound when it is gone.
func (db *DB) PutUpload(ctx context.Context, x *Import, seq int64, piece []byte) error {
	return db.engine.write(ctx, true, func(t *tx) error {
		now, err := t.findImport(x.Pool, x.ID())
		if err != nil {
			return err
		}
		if now.State.Draft != x.State.Draft || api.Value(now.Config.Status) != api.Value(x.Config.Status) {
			return ErrConflict
		}
		return db.putPiece(t, x.Pool, x.uploadOwner(x.State.Draft), seq, piece)
	})
}

func (db *DB) putPiece(t *tx, pool PoolID, owner string, seq int64, piece []byte) error {
	sealed, err := db.keyring.Seal(seal.Import, blobContext(pool, owner, seq), piece)
	if err != nil {
		return err
	}
	_, err = t.exec(`INSERT INTO blobs (pool, owner, seq, piece) VALUES ($1, $2, $3, $4)
		ON CONFLICT (pool, owner, seq) DO UPDATE SET piece = $4`, pool, owner, seq, sealed)
	return err
}

// UploadPiece returns a piece of the whole upload. The error is ErrNotFound beyond the last.
func (db *DB) UploadPiece(ctx context.Context, x *Import, seq int64) ([]byte, error) {
	return db.piece(ctx, x.Pool, x.uploadOwner(x.State.Upload), seq)
}

// DraftPiece is UploadPiece for the upload that x.State.Draft names.
func (db *DB) DraftPiece(ctx context.Context, x *Import, seq int64) ([]byte, error) {
	return db.piece(ctx, x.Pool, x.uploadOwner(x.State.Draft), seq)
}

// LogPiece returns a piece of the log. The error is ErrNotFound beyond the last.
func (db *DB) LogPiece(ctx context.Context, x *Import, seq int64) ([]byte, error) {
	return db.piece(ctx, x.Pool, x.logOwner(), seq)
}

func (db *DB) piece(ctx context.Context, pool PoolID, owner string, seq int64) (piece []byte, err error) {
	var sealed []byte
	var found bool
	err = db.engine.read(ctx, func(t *tx) (err error) {
		found, err = t.query(`SELECT piece FROM blobs WHERE pool = $1 AND owner = $2 AND seq = $3`, pool, owner, seq).one(&sealed)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, ErrNotFound
	}
	return db.keyring.Open(seal.Import, blobContext(pool, owner, seq), sealed)
}

// blobContext binds a piece to its place.
func blobContext(pool PoolID, owner string, seq int64) []byte {
	return poolContext(pool, string(seal.Context("blob", owner, strconv.FormatInt(seq, 10))))
}

// dropTogether is how many pieces one transaction deletes, half a MiB each.
const dropTogether = 16

// DropUploads deletes some of the pieces of an import's uploads but of the two that its state
// names, and says whether there may be more. With all it deletes those of every upload.
func (db *DB) DropUploads(ctx context.Context, x *Import, all bool) (more bool, err error) {
	upload, draft := x.uploadOwner(x.State.Upload), x.uploadOwner(x.State.Draft)
	if all {
		upload, draft = "", ""
	}
	type place struct {
		owner string
		seq   int64
	}
	err = db.engine.write(ctx, true, func(t *tx) error {
		var places []place
		// '0' follows '/'.
		err := t.query(`SELECT owner, seq FROM blobs
			WHERE pool = $1 AND owner > $2 AND owner < $3 AND owner <> $4 AND owner <> $5 ORDER BY owner, seq LIMIT $6`,
			x.Pool, x.ID()+"/", x.ID()+"0", upload, draft, dropTogether).
			each(func(scan scanner) error {
				var p place
				err := scan(&p.owner, &p.seq)
				places = append(places, p)
				return err
			})
		if err != nil {
			return err
		}
		for _, p := range places {
			if _, err := t.exec(`DELETE FROM blobs WHERE pool = $1 AND owner = $2 AND seq = $3`, x.Pool, p.owner, p.seq); err != nil {
				return err
			}
		}
		more = len(places) == dropTogether
		return nil
	})
	return more, err
}
