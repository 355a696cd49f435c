package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/store"
)

// importSettings are the flags of the measurement of imports.
type importSettings struct {
	rows, rounds int
	postgres     string
}

// The targets of an import: its rate, of that of the store's own batches, and its memory.
const (
	importRateTarget   = 0.8
	importMemoryTarget = 200 << 20
	// importLimit lets the server take any file.
	importLimit = 1 << 40
)

// importRound is one measurement: the same rows through the store and through an import,
// each into a new database.
type importRound struct {
	store, imported effort
	peak            int64 // resident memory of the importing server
}

// effort is what something took of time, and of the CPU time of the process that did it.
type effort struct{ took, cpu time.Duration }

func (r importRound) ratio() float64 { return float64(r.store.took) / float64(r.imported.took) }

// cpuRatio is what the others on the machine have less to do with.
func (r importRound) cpuRatio() float64 { return float64(r.store.cpu) / float64(r.imported.cpu) }

// runImports measures imports and prints a report to out.
func runImports(ctx context.Context, s settings, out io.Writer) error {
	engines := []string{""}
	if s.imports.postgres != "" {
		engines = append(engines, s.imports.postgres)
	}
	fmt.Fprintf(out, "Import of %d rows, beside CreateUsers of the same users: new databases, synchronous, %d rounds; medians [least].\n\n",
		s.imports.rows, s.imports.rounds)
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\tstore\timport\tof the store's rate\t\tof its rate per CPU\tpeak memory of the server\t")
	reached := true
	for _, engine := range engines {
		var rounds []importRound
		for range s.imports.rounds {
			r, err := importOnce(ctx, s, engine)
			if err != nil {
				return fmt.Errorf("import: %w", err)
			}
			rounds = append(rounds, r)
		}
		ratio := over(rounds, importRound.ratio)
		peak := over(rounds, func(r importRound) int64 { return r.peak })
		perCPU := over(rounds, importRound.cpuRatio)
		rate := func(of func(importRound) effort) string {
			took := over(rounds, func(r importRound) time.Duration { return of(r).took }).median
			return fmt.Sprintf("%.0f rows/s", float64(s.imports.rows)/took.Seconds())
		}
		name := "SQLite"
		if engine != "" {
			name = "PostgreSQL"
		}
		fast, small := ratio.median >= importRateTarget, peak.median < importMemoryTarget
		fmt.Fprintf(t, "%s\t%s\t%s\t%.2f [%.2f] of %.1f\t%s\t%.2f [%.2f]\t%s of %s MiB\t%s\n", name,
			rate(func(r importRound) effort { return r.store }), rate(func(r importRound) effort { return r.imported }),
			ratio.median, ratio.least, importRateTarget, verdict(fast), perCPU.median, perCPU.least, mib(peak.median), mib(importMemoryTarget), verdict(small))
		reached = reached && fast && small
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if s.check && !reached {
		return errMissed
	}
	return nil
}

// importOnce measures a round on SQLite, or on the PostgreSQL server of a URL.
func importOnce(ctx context.Context, s settings, postgres string) (r importRound, err error) {
	first := func(dir string, s settings) (err error) {
		r.store, err = storeRows(ctx, s, dir)
		return err
	}
	if err := inNewDatabase(ctx, s, postgres, first); err != nil {
		return r, err
	}
	err = inNewDatabase(ctx, s, postgres, func(dir string, s settings) (err error) {
		r.imported, r.peak, err = importRows(ctx, s, dir)
		return err
	})
	return r, err
}

// inNewDatabase calls do with a directory for a server's files, and with the settings of a
// database that is gone afterwards.
func inNewDatabase(ctx context.Context, s settings, postgres string, do func(dir string, s settings) error) (err error) {
	dir, err := os.MkdirTemp("", "cenote-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if postgres == "" {
		return do(dir, s)
	}
	at, err := url.Parse(postgres)
	if err != nil {
		return err
	}
	server, err := sql.Open("pgx", postgres)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	name := "cenote_bench_" + strings.ToLower(rand.Text()[:12])
	if _, err := server.ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		return err
	}
	defer func() {
		_, dropErr := server.ExecContext(context.WithoutCancel(ctx), "DROP DATABASE "+name+" WITH (FORCE)")
		err = errors.Join(err, dropErr)
	}()
	at.Path = "/" + name
	s.database = at.String()
	return do(dir, s)
}

// importScene is a server on a new database with a pool that verifies e-mail addresses.
type importScene struct {
	*server
	poolID string
}

func newImportScene(ctx context.Context, s settings, dir string) (*importScene, error) {
	root, err := newRoot()
	if err != nil {
		return nil, err
	}
	limit := strconv.Itoa(importLimit)
	p, err := startServer(ctx, s, dir, root, "CENOTE_IMPORT_MAX_ROWS="+limit, "CENOTE_IMPORT_MAX_BYTES="+limit)
	if err != nil {
		return nil, err
	}
	var out struct{ UserPool struct{ Id string } }
	err = into(&out)(p.caller.signed(ctx, "CreateUserPool", map[string]any{"PoolName": "bench", "AutoVerifiedAttributes": []string{"email"}}))
	if err != nil {
		return nil, errors.Join(err, p.stop())
	}
	return &importScene{p, out.UserPool.Id}, nil
}

// storeRows returns how long the store takes for the users, in its own batches.
func storeRows(ctx context.Context, s settings, dir string) (e effort, err error) {
	scene, err := newImportScene(ctx, s, dir)
	if err != nil {
		return e, err
	}
	if err := scene.stop(); err != nil {
		return e, err
	}
	text, err := os.ReadFile(filepath.Join(dir, masterKeyFile))
	if err != nil {
		return e, err
	}
	master, err := seal.ParseMasterKey(text)
	if err != nil {
		return e, err
	}
	db, err := store.Open(ctx, store.Options{URL: s.databaseIn(dir), Sync: store.SyncFull, MasterKey: master})
	if err != nil {
		return e, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	pool, err := db.Pool(ctx, scene.poolID)
	if err != nil {
		return e, err
	}
	const together = 1000
	for first := 0; first < s.imports.rows; first += together {
		users := make([]*store.User, 0, together)
		for i := first; i < min(first+together, s.imports.rows); i++ {
			u, err := rowUser(pool.ID, i)
			if err != nil {
				return e, err
			}
			users = append(users, u)
		}
		began := time.Now()
		before, err := processTime(os.Getpid())
		if err != nil {
			return e, err
		}
		if err := db.CreateUsers(ctx, users); err != nil {
			return e, err
		}
		after, err := processTime(os.Getpid())
		if err != nil {
			return e, err
		}
		e.took += time.Since(began)
		e.cpu += after - before
	}
	return e, nil
}

// rowAttributes are the attributes of a row, by their columns.
func rowAttributes(i int) map[string]string {
	name := userName(i)
	return map[string]string{
		"email": email(name), "email_verified": "true", "given_name": "Given " + name, "family_name": "Family",
		"name": "Given " + name + " Family", "birthdate": "01/31/1990", "locale": "en", "zoneinfo": "Europe/Berlin",
	}
}

// rowUser is the user that an import makes of a row.
func rowUser(pool store.PoolID, i int) (*store.User, error) {
	sub, err := naming.UUID(rand.Reader)
	if err != nil {
		return nil, err
	}
	name := userName(i)
	return &store.User{
		Pool: pool, Sub: sub, Username: name, Status: cognitoidp.UserStatusTypeResetRequired, Enabled: true,
		Attributes: rowAttributes(i),
		Keys:       []store.Key{{Kind: store.KeyUsername, Value: name}, {Kind: store.KeySub, Value: sub}},
	}, nil
}

// importRows returns how long a server takes to import the users, and how much memory it
// has at most.
func importRows(ctx context.Context, s settings, dir string) (e effort, peak int64, err error) {
	scene, err := newImportScene(ctx, s, dir)
	if err != nil {
		return e, 0, err
	}
	defer func() { err = errors.Join(err, scene.stop()) }()
	var job struct {
		UserImportJob struct {
			JobId, PreSignedUrl, Status, CompletionMessage string
			ImportedUsers                                  int
		}
	}
	call := func(operation string, in map[string]any) error {
		in["UserPoolId"] = scene.poolID
		return into(&job)(scene.caller.signed(ctx, operation, in))
	}
	if err := call("CreateUserImportJob", map[string]any{
		"JobName": "bench", "CloudWatchLogsRoleArn": "arn:aws:iam::000000000000:role/import",
	}); err != nil {
		return e, 0, err
	}
	if err := scene.upload(ctx, job.UserImportJob.PreSignedUrl, s.imports.rows); err != nil {
		return e, 0, err
	}
	id := map[string]any{"JobId": job.UserImportJob.JobId}
	began := time.Now()
	before, err := scene.cpu()
	if err != nil {
		return e, 0, err
	}
	if err := call("StartUserImportJob", id); err != nil {
		return e, 0, err
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for job.UserImportJob.CompletionMessage == "" {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return e, 0, ctx.Err()
		}
		if err := call("DescribeUserImportJob", id); err != nil {
			return e, 0, err
		}
	}
	e.took = time.Since(began)
	after, err := scene.cpu()
	if err != nil {
		return e, 0, err
	}
	e.cpu = after - before
	if j := job.UserImportJob; j.Status != "Succeeded" || j.ImportedUsers != s.imports.rows {
		return e, 0, fmt.Errorf("the job is %s with %d users: %s", j.Status, j.ImportedUsers, j.CompletionMessage)
	}
	m, err := scene.memory()
	return e, m.peak, err
}

// upload sends the file, which is made on its way.
func (s *importScene) upload(ctx context.Context, address string, rows int) error {
	var out struct{ CSVHeader []string }
	if err := into(&out)(s.caller.signed(ctx, "GetCSVHeader", map[string]any{"UserPoolId": s.poolID})); err != nil {
		return err
	}
	reader, writer := io.Pipe()
	go func() { writer.CloseWithError(writeRows(writer, out.CSVHeader, rows)) }()
	r, err := http.NewRequestWithContext(ctx, http.MethodPut, address, reader)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("the upload is answered with %d: %s", answer.StatusCode, body)
	}
	return err
}

func writeRows(to io.Writer, header []string, rows int) error {
	var b strings.Builder
	b.WriteString(strings.Join(header, ",") + "\n")
	for i := range rows {
		values := rowAttributes(i)
		values["cognito:username"], values["cognito:mfa_enabled"] = userName(i), "false"
		for n, column := range header {
			if n > 0 {
				b.WriteByte(',')
			}
			b.WriteString(values[column])
		}
		b.WriteByte('\n')
		if b.Len() > 64<<10 || i == rows-1 {
			if _, err := io.WriteString(to, b.String()); err != nil {
				return err
			}
			b.Reset()
		}
	}
	return nil
}
