package store_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/store/storetest"
)

// The test binary runs itself as a process that writes until it is killed.
const (
	writerURL     = "CENOTE_TEST_WRITER_URL"
	writerSync    = "CENOTE_TEST_WRITER_SYNC"
	writerThreads = "CENOTE_TEST_WRITER_THREADS"
	writerUsers   = "CENOTE_TEST_WRITER_USERS" // how many each thread creates; 0 is without end
	writerPool    = "us-east-1_written"
)

func TestMain(m *testing.M) {
	if os.Getenv(writerURL) == "" {
		os.Exit(m.Run())
	}
	if err := writeUsers(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// writeUsers creates users and acknowledges each with a line on the standard output.
func writeUsers() error {
	number := func(name string) int {
		n, err := strconv.Atoi(os.Getenv(name))
		if err != nil {
			panic(err)
		}
		return n
	}
	// The same key as storetest.SQLite has.
	key, err := seal.ParseMasterKey(bytes.Repeat([]byte{'m'}, seal.KeySize))
	if err != nil {
		return err
	}
	db, err := store.Open(context.Background(), store.Options{
		URL: os.Getenv(writerURL), Sync: store.Sync(number(writerSync)), MasterKey: key,
	})
	if err != nil {
		return err
	}
	pool, err := db.Pool(context.Background(), writerPool)
	if err != nil {
		return err
	}
	users := number(writerUsers)
	var wg sync.WaitGroup
	for thread := range number(writerThreads) {
		wg.Go(func() {
			for i := 0; users == 0 || i < users; i++ {
				name := fmt.Sprintf("user%d-%d", thread, i)
				if err := db.CreateUser(context.Background(), storetest.NewUser(pool.ID, name), store.CreateOptions{}); err != nil {
					fmt.Fprintln(os.Stderr, err)
					return
				}
				os.Stdout.WriteString("ack " + name + "\n") // the reader ends the process
			}
		})
	}
	wg.Wait()
	return db.Close()
}

// writerCommand is the process that writes to the database of o, perhaps run by another program.
func writerCommand(t *testing.T, o store.Options, threads, users int, wrapper ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := append(wrapper, self)
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Env = append(os.Environ(), writerURL+"="+o.URL, writerSync+"="+strconv.Itoa(int(o.Sync)),
		writerThreads+"="+strconv.Itoa(threads), writerUsers+"="+strconv.Itoa(users))
	cmd.Stderr = t.Output()
	return cmd
}

// makePool makes the database that the process will write to.
func makePool(t *testing.T, o store.Options) {
	t.Helper()
	db, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	storetest.Pool(t, db, writerPool)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestKilled kills a process in the middle of many writes, again and again: what it has
// acknowledged is there, and what is there is whole.
func TestKilled(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		sync  store.Sync
		after int
	}{{store.SyncFull, 1}, {store.SyncFull, 150}, {store.SyncNormal, 50}} {
		t.Run(fmt.Sprintf("sync %d after %d", test.sync, test.after), func(t *testing.T) {
			t.Parallel()
			o := storetest.SQLite(t)
			o.Sync = test.sync
			makePool(t, o)
			acknowledged := killAfter(t, writerCommand(t, o, 8, 0), test.after)
			checkWhole(t, storetest.Open(t, o), acknowledged)
		})
	}
}

// killAfter kills a process after it has acknowledged some users, and returns all that it has.
func killAfter(t *testing.T, cmd *exec.Cmd, after int) (names []string) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, strings.TrimSpace(strings.TrimPrefix(line, "ack ")))
		if len(names) == after {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the process ended by itself")
	}
	return names
}

// checkWhole checks that the acknowledged users are there, and that users, their names, the
// search index and the count agree.
func checkWhole(t *testing.T, db *store.DB, acknowledged []string) {
	t.Helper()
	pool, err := db.Pool(t.Context(), writerPool)
	if err != nil {
		t.Fatal(err)
	}
	present := make(map[string]bool)
	indexed := 0
	for _, attribute := range []string{"", "email"} {
		q := store.ListQuery{Attribute: attribute, Prefix: true, Limit: 60}
		for {
			users, next, err := db.ListUsers(t.Context(), pool.ID, q)
			if err != nil {
				t.Fatal(err)
			}
			for _, u := range users {
				if attribute == "email" {
					indexed++
					continue
				}
				present[u.Username] = true
				for _, k := range storetest.NewUser(pool.ID, u.Username).Keys {
					if found, err := db.FindUser(t.Context(), pool.ID, k); err != nil || found.ID != u.ID {
						t.Errorf("%s is not found by its %s: %v", u.Username, k.Kind, err)
					}
				}
			}
			if next == nil {
				break
			}
			q.After = next
		}
	}
	for _, name := range acknowledged {
		if !present[name] {
			t.Errorf("%s was acknowledged and is lost", name)
		}
	}
	count, err := db.CountUsers(t.Context(), pool.ID)
	if err != nil {
		t.Fatal(err)
	}
	if int(count) != len(present) || indexed != len(present) {
		t.Errorf("%d users, %d counted, %d in the search index", len(present), count, indexed)
	}
	t.Logf("%d users acknowledged, %d there", len(acknowledged), len(present))
}

// straceRequired is the environment variable that, when set, turns a missing strace from a
// skipped test into a failed one.
const straceRequired = "CENOTE_REQUIRE_STRACE"

// TestSynced watches the system calls of a writing process: with SyncFull the log is synced
// to the disk between the last write to it and each acknowledgement. The same watch must
// see that it is not with SyncNormal, or it would prove nothing.
func TestSynced(t *testing.T) {
	t.Parallel()
	strace, err := exec.LookPath("strace")
	if err != nil && os.Getenv(straceRequired) == "" {
		t.Skipf("strace is not installed; set %s to make this a failure", straceRequired)
	}
	if err != nil {
		t.Fatal(err)
	}
	const users = 20
	for name, test := range map[string]struct {
		sync   store.Sync
		synced int
	}{"full": {store.SyncFull, users}, "normal": {store.SyncNormal, 0}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := storetest.SQLite(t)
			o.Sync = test.sync
			makePool(t, o)
			trace := filepath.Join(t.TempDir(), "trace")
			cmd := writerCommand(t, o, 1, users, strace, "-f", "-y", "-o", trace, "-e", "trace=write,pwrite64,fsync,fdatasync")
			if out, err := cmd.Output(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			acknowledged, synced := readTrace(t, trace)
			if acknowledged != users || synced != test.synced {
				t.Errorf("%d acknowledged, %d of them synced; want %d and %d", acknowledged, synced, users, test.synced)
			}
		})
	}
}

var (
	traceCall    = regexp.MustCompile(`^(\d+) +(\w+)\(\d+<([^>]*)>(.*)`)
	traceResumed = regexp.MustCompile(`^(\d+) +<\.\.\. (\w+) resumed>.*= 0`)
)

// readTrace counts the acknowledgements in a trace, and those before which the log was
// written and then synced.
func readTrace(t *testing.T, path string) (acknowledged, synced int) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	written, clean := false, false
	syncing := make(map[string]bool) // threads that wait for a sync of the log
	for line := range strings.Lines(string(text)) {
		if m := traceResumed.FindStringSubmatch(line); m != nil && syncing[m[1]] {
			delete(syncing, m[1])
			clean = written
			continue
		}
		m := traceCall.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		thread, call, file, rest := m[1], m[2], m[3], m[4]
		switch log := strings.HasSuffix(file, "-wal"); {
		case log && strings.Contains(call, "write"):
			written, clean = true, false
		case log && strings.Contains(rest, "unfinished"):
			syncing[thread] = true
		case log && strings.Contains(rest, "= 0"):
			clean = written
		case call == "write" && strings.Contains(rest, `"ack `):
			acknowledged++
			if clean {
				synced++
			}
			written, clean = false, false
		}
	}
	return acknowledged, synced
}
