package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/store"
)

// newImport stores an import of a pool.
func newImport(t *testing.T, db *store.DB, p *store.Pool, id string, created time.Time) *store.Import {
	t.Helper()
	x := &store.Import{Pool: p.ID, Created: created, Config: &cognitoidp.UserImportJobType{
		JobId: new("import-" + id), UserPoolId: p.Config.Id, CreationDate: api.Time(created),
		Status: new(cognitoidp.UserImportJobStatusTypeCreated),
	}}
	if err := db.CreateImport(t.Context(), x, created.Add(24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	return x
}

func found(t *testing.T, db *store.DB, x *store.Import) *store.Import {
	t.Helper()
	got, err := db.FindImport(t.Context(), x.Pool, x.ID())
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func (s suite) imports(t *testing.T) {
	db, hands := s.openAt(t)
	p, other := Pool(t, db, "us-east-1_p"), Pool(t, db, "us-east-1_q")
	var all []*store.Import
	for i := range 5 {
		all = append(all, newImport(t, db, p, fmt.Sprint(i), epoch.Add(time.Duration(i/2)*time.Second)))
	}
	elsewhere := newImport(t, db, other, "0", epoch)
	equal(t, "import", found(t, db, all[0]), all[0])
	if _, err := db.FindImport(t.Context(), other.ID, "import-1"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an import of another pool: %v", err)
	}
	if err := db.CreateImport(t.Context(), all[0], epoch); !errors.As(err, new(*store.ExistsError)) {
		t.Errorf("an id that is in use: %v", err)
	}
	if n, err := db.CountImports(t.Context(), p.ID); n != 5 || err != nil {
		t.Errorf("%d imports, %v", n, err)
	}
	slices.Reverse(all)
	var list []*store.Import
	var after store.ImportAfter
	for {
		page, err := db.ListImports(t.Context(), p.ID, after, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		list = append(list, page...)
		last := page[len(page)-1]
		after = store.ImportAfter{Created: last.Created, JobID: last.ID()}
	}
	equal(t, "list", list, all)

	// One runs in a pool.
	refused := errors.New("no")
	change := func(x *store.Import, o store.ImportOptions, status cognitoidp.UserImportJobStatusType) error {
		_, err := db.ChangeImport(t.Context(), x.Pool, x.ID(), o, func(x *store.Import) error {
			if status == "" {
				return refused
			}
			x.Config.Status = &status
			x.State.Offset++
			return nil
		})
		return err
	}
	if err := change(all[0], store.ImportOptions{Start: true}, ""); !errors.Is(err, refused) {
		t.Errorf("a refused start: %v", err)
	}
	for _, x := range []*store.Import{all[0], elsewhere} {
		if err := change(x, store.ImportOptions{Start: true}, "Pending"); err != nil {
			t.Fatal(err)
		}
	}
	if err := change(all[1], store.ImportOptions{Start: true}, "Pending"); !errors.Is(err, store.ErrImportRunning) {
		t.Errorf("a second start: %v", err)
	}
	if got := found(t, db, all[1]); *got.Config.Status != "Created" || got.State.Offset != 0 {
		t.Error("a refused start changed the import")
	}
	if got := found(t, db, all[0]); *got.Config.Status != "Pending" || got.State.Offset != 1 || got.Version != 2 {
		t.Errorf("a started import is %+v", got)
	}
	if runs, err := db.ImportRuns(t.Context(), p.ID); !runs || err != nil {
		t.Errorf("runs: %t, %v", runs, err)
	}
	if err := change(all[1], store.ImportOptions{End: true}, "Failed"); err != nil {
		t.Error(err)
	}
	if runs, err := db.ImportRuns(t.Context(), p.ID); !runs || err != nil {
		t.Errorf("the end of another: %t, %v", runs, err)
	}
	if err := change(all[0], store.ImportOptions{End: true}, "Stopped"); err != nil {
		t.Error(err)
	}
	if runs, err := db.ImportRuns(t.Context(), p.ID); runs || err != nil {
		t.Errorf("after the end: %t, %v", runs, err)
	}

	// The jobs: one per start, which is due, and later one per import.
	for _, due := range []int{2, 6} {
		seen := map[string]bool{}
		for {
			job, err := db.ClaimJob(t.Context(), []string{store.JobUserImport}, "node", hands.Now(), hands.Now().Add(time.Minute))
			if errors.Is(err, store.ErrNotFound) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			pool, id, ok := job.ImportOf()
			seen[fmt.Sprint(pool, id, ok)] = true
			if err := db.FinishJob(t.Context(), job); err != nil {
				t.Fatal(err)
			}
		}
		if len(seen) != due {
			t.Errorf("jobs of %v, want %d", seen, due)
		}
		hands.Advance(48 * time.Hour)
	}

	// What belongs to a pool goes with it.
	if err := change(all[1], store.ImportOptions{Start: true}, "Pending"); err != nil {
		t.Fatal(err)
	}
	if err := db.DeletePool(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if err := change(all[2], store.ImportOptions{Start: true}, "Pending"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("start in a deleted pool: %v", err)
	}
	if err := db.CreateImport(t.Context(), &store.Import{Pool: p.ID, Created: epoch, Config: &cognitoidp.UserImportJobType{JobId: new("import-x")}}, epoch); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("creation in a deleted pool: %v", err)
	}
	for more := true; more; {
		var err error
		if more, err = db.PurgePool(t.Context(), p.ID); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := db.CountImports(t.Context(), p.ID); n != 0 || err != nil {
		t.Errorf("%d imports are left, %v", n, err)
	}
	if runs, err := db.ImportRuns(t.Context(), p.ID); runs || err != nil {
		t.Errorf("an import of a deleted pool runs: %v", err)
	}
	found(t, db, elsewhere)
}

func (s suite) uploads(t *testing.T) {
	db := s.open(t)
	p := Pool(t, db, "us-east-1_p")
	x, neighbour := newImport(t, db, p, "a", epoch), newImport(t, db, p, "a0", epoch)
	draft := func(x *store.Import, name string) *store.Import {
		t.Helper()
		x, err := db.ChangeImport(t.Context(), x.Pool, x.ID(), store.ImportOptions{}, func(x *store.Import) error {
			x.State.Draft = name
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	put := func(x *store.Import, pieces int) error {
		for seq := range int64(pieces) {
			if err := db.PutUpload(t.Context(), x, seq, fmt.Appendf(nil, "%s %d", x.State.Draft, seq)); err != nil {
				return err
			}
		}
		return nil
	}
	first := draft(x, "first")
	if err := errors.Join(put(first, 40), put(draft(neighbour, "n"), 2)); err != nil {
		t.Fatal(err)
	}
	second := draft(x, "second")
	if err := put(second, 3); err != nil {
		t.Fatal(err)
	}
	if err := put(first, 1); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a piece of an overtaken upload: %v", err)
	}
	drop := func(x *store.Import, all bool) {
		t.Helper()
		for more := true; more; {
			var err error
			if more, err = db.DropUploads(t.Context(), x, all); err != nil {
				t.Fatal(err)
			}
		}
	}
	drop(second, false)
	for name, want := range map[string]bool{"first": false, "second": true} {
		of := *second
		of.State.Upload = name
		for seq := range int64(3) {
			piece, err := db.UploadPiece(t.Context(), &of, seq)
			if want && string(piece) != fmt.Sprint(name, " ", seq) || !want && !errors.Is(err, store.ErrNotFound) {
				t.Errorf("piece %d of the upload %s: %q, %v", seq, name, piece, err)
			}
		}
	}
	if _, err := db.UploadPiece(t.Context(), &store.Import{Pool: x.Pool, Config: x.Config, State: store.ImportState{Upload: "second"}}, 3); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a piece behind the last: %v", err)
	}
	drop(second, true)
	of := *second
	of.State.Upload = "second"
	if _, err := db.UploadPiece(t.Context(), &of, 0); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a dropped upload: %v", err)
	}
	left := *neighbour
	left.State.Upload = "n"
	if piece, err := db.UploadPiece(t.Context(), &left, 1); string(piece) != "n 1" {
		t.Errorf("the upload of an import with a longer id: %q, %v", piece, err)
	}
	started, err := db.ChangeImport(t.Context(), x.Pool, x.ID(), store.ImportOptions{Start: true}, func(x *store.Import) error {
		x.Config.Status = new(cognitoidp.UserImportJobStatusTypePending)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := put(second, 1); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a piece after the start of %v: %v", started.ID(), err)
	}
}

func prepared(t *testing.T, db *store.DB, rows []store.ImportRow) store.ImportBatch {
	t.Helper()
	b, err := db.PrepareImport(rows)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// importUsers returns rows that make users.
func importUsers(p *store.Pool, names ...string) []store.ImportRow {
	rows := make([]store.ImportRow, len(names))
	for i, name := range names {
		u := NewUser(p.ID, name)
		u.Credential = store.Credential{}
		rows[i].User = u
	}
	return rows
}

func (s suite) importRows(t *testing.T) {
	db := s.open(t)
	p := Pool(t, db, "us-east-1_p")
	old := User(t, db, p.ID, "old")
	x := newImport(t, db, p, "a", epoch)
	stale := *x
	rows := importUsers(p, "a", "b", "old", "a", "c", "d", "e")
	rows[1].User.Keys[2] = rows[0].User.Keys[2] // the e-mail address of another row
	rows[4].Rivals = []store.Key{{Kind: store.KeySub, Value: old.Sub}}
	rows[5].Rivals = []store.Key{{Kind: store.KeyUsername, Value: "a"}, {Kind: store.KeyUsername, Value: "x\x00"}}
	var taken []store.KeyKind
	settle := func(t []store.KeyKind) (store.ImportState, []byte) {
		taken = slices.Clone(t)
		return store.ImportState{Offset: 7, Line: 8, Imported: 2}, []byte("a log")
	}
	if err := db.ImportRows(t.Context(), x, prepared(t, db, rows), settle); err != nil {
		t.Fatal(err)
	}
	equal(t, "taken", taken, []store.KeyKind{"", store.KeyEmail, store.KeyUsername, store.KeyUsername, store.KeyUsername, store.KeyUsername, ""})
	want := store.ImportState{Offset: 7, Line: 8, Imported: 2, LogPieces: 1}
	equal(t, "state", x.State, want)
	equal(t, "stored import", found(t, db, x), x)
	if n, err := db.CountUsers(t.Context(), p.ID); n != 3 || err != nil {
		t.Errorf("%d users, %v", n, err)
	}
	for _, row := range []store.ImportRow{rows[0], rows[6]} {
		for _, k := range row.User.Keys {
			got, err := db.FindUser(t.Context(), p.ID, k)
			if err != nil || got.ID != row.User.ID {
				t.Errorf("%v finds %v, %v", k, got, err)
			}
		}
	}
	if log, err := db.LogPiece(t.Context(), x, 0); string(log) != "a log" {
		t.Errorf("the log is %q, %v", log, err)
	}

	// Who is late stores nothing.
	err := db.ImportRows(t.Context(), &stale, prepared(t, db, importUsers(p, "late")), func([]store.KeyKind) (store.ImportState, []byte) {
		return store.ImportState{Offset: 1}, []byte("late")
	})
	if !errors.Is(err, store.ErrConflict) {
		t.Errorf("a second time: %v", err)
	}
	if _, err := db.FindUser(t.Context(), p.ID, store.Key{Kind: store.KeyUsername, Value: "late"}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a late row made a user: %v", err)
	}
	equal(t, "import after a late one", found(t, db, x), x)
	gone := &store.Import{Pool: p.ID, Version: 1, Config: &cognitoidp.UserImportJobType{JobId: new("import-gone")}}
	if err := db.ImportRows(t.Context(), gone, prepared(t, db, nil), func([]store.KeyKind) (store.ImportState, []byte) { return store.ImportState{}, nil }); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an import that is gone: %v", err)
	}

	// More rows than a statement has; the list and the count go with them.
	names := make([]string, 150)
	for i := range names {
		names[i] = fmt.Sprintf("many%03d", i)
	}
	err = db.ImportRows(t.Context(), x, prepared(t, db, importUsers(p, names...)), func([]store.KeyKind) (store.ImportState, []byte) {
		return store.ImportState{Offset: 9, LogPieces: 1}, nil
	})
	if err != nil || x.State.LogPieces != 1 {
		t.Errorf("%v, the log has %d pieces", err, x.State.LogPieces)
	}
	list, _, err := db.ListUsers(t.Context(), p.ID, store.ListQuery{Attribute: "email", Prefix: true, Value: "many", Limit: 200})
	if n, countErr := db.CountUsers(t.Context(), p.ID); len(list) != 150 || n != 153 || err != nil || countErr != nil {
		t.Errorf("%d are listed, %d counted, %v, %v", len(list), n, err, countErr)
	}
}

// raceOfImports lets two nodes take the same rows, again and again, while names are taken by
// others: every row makes one user or is counted as taken, once.
func (s suite) raceOfImports(t *testing.T) {
	nodes := s.nodes(t)
	p := Pool(t, nodes[0], "us-east-1_p")
	x := newImport(t, nodes[0], p, "a", epoch)
	const chunks, size = 20, 5
	name := func(chunk, i int) string { return fmt.Sprintf("user%d-%d", chunk, i) }
	var wg sync.WaitGroup
	for _, db := range nodes {
		wg.Go(func() {
			for {
				x := found(t, db, x)
				chunk := int(x.State.Offset)
				if chunk == chunks {
					return
				}
				names := make([]string, size)
				for i := range names {
					names[i] = name(chunk, i)
				}
				err := db.ImportRows(t.Context(), x, prepared(t, db, importUsers(p, names...)), func(taken []store.KeyKind) (store.ImportState, []byte) {
					next := x.State
					next.Offset++
					for _, kind := range taken {
						if kind == "" {
							next.Imported++
						} else {
							next.Skipped++
						}
					}
					return next, []byte(strings.Repeat("x", chunk+1))
				})
				if err != nil && !errors.Is(err, store.ErrConflict) {
					t.Error(err)
					return
				}
			}
		})
	}
	created := 0
	wg.Go(func() {
		for chunk := range chunks {
			err := nodes[1].CreateUser(t.Context(), NewUser(p.ID, name(chunk, 2)), store.CreateOptions{})
			switch {
			case err == nil:
				created++
			case !errors.As(err, new(*store.ExistsError)):
				t.Error(err)
			}
		}
	})
	wg.Wait()
	last := found(t, nodes[0], x).State
	n, err := nodes[0].CountUsers(t.Context(), p.ID)
	if err != nil || n != chunks*size || last.Imported+int64(created) != chunks*size || last.Imported+last.Skipped != chunks*size {
		t.Errorf("%d users, of which %d were made besides; the import says %+v, %v", n, created, last, err)
	}
	for seq := range int64(chunks) {
		if piece, err := nodes[0].LogPiece(t.Context(), x, seq); !bytes.Equal(piece, bytes.Repeat([]byte{'x'}, int(seq)+1)) {
			t.Errorf("piece %d of the log is %q, %v", seq, piece, err)
		}
	}
}
