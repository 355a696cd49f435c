//go:build stores

package stores

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Ports of the three members on the loopback interface: the first one's, then one more each.
const (
	firstPostgres = 5541
	firstREST     = 28001
	firstClient   = 23791 // etcd's clients
	firstPeer     = 23891 // etcd's members among themselves
)

// startPatience is how long a cluster or a member may take to be whole.
const startPatience = 3 * time.Minute

// cluster is a PostgreSQL of three members, one of them the leader, one a standby that
// every commit waits for, and one that follows.
type cluster struct {
	*workshop
	etcd      []*process
	members   []*member
	databases atomic.Int32
}

// member is one PostgreSQL server and the Patroni that runs it.
type member struct {
	name           string
	postgres, rest int
	dir            string // of the database cluster
	config         string
	patroni        *process
}

func newCluster(dir string) (*cluster, error) {
	w, err := newWorkshop(dir, "trio")
	if err != nil {
		return nil, err
	}
	c := &cluster{workshop: w}
	bin, err := newestPostgres()
	if err != nil {
		return nil, err
	}
	for i := range 3 {
		m := &member{name: "p" + strconv.Itoa(i+1), postgres: firstPostgres + i, rest: firstREST + i}
		m.dir, m.config = filepath.Join(w.dir, m.name), filepath.Join(w.dir, m.name+".yml")
		if err := os.WriteFile(m.config, m.settings(w.dir, bin), 0o644); err != nil {
			return nil, err
		}
		c.members = append(c.members, m)
	}
	return c, nil
}

// newestPostgres returns the directory of the server's programs.
func newestPostgres() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(found) == 0 {
		return "", errors.Join(errors.New("PostgreSQL is not installed"), err)
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(path))) // other names count as 0
		return n
	}
	return slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) }), nil
}

// settings returns the member's configuration of Patroni. The default collation is a
// language's, not that of bytes, so that what relies on the order of bytes shows. The
// leader's lease is as short as Patroni lets it be.
func (m *member) settings(sockets, bin string) []byte {
	var hosts []string
	for i := range 3 {
		hosts = append(hosts, fmt.Sprintf("%q", address(firstClient+i)))
	}
	return fmt.Appendf(nil, `scope: cenote
name: %[1]s
restapi: {listen: "%[2]s", connect_address: "%[2]s"}
etcd3: {hosts: [%[3]s]}
bootstrap:
  dcs:
    ttl: 20
    loop_wait: 5
    retry_timeout: 5
    synchronous_mode: true
    postgresql:
      use_pg_rewind: true
      parameters: {wal_log_hints: "on", max_connections: 300, max_worker_processes: 8}
  initdb:
  - encoding: UTF8
  - auth: trust
  - locale: C.UTF-8
  - locale-provider: icu
  - icu-locale: en-US
postgresql:
  listen: "%[4]s"
  connect_address: "%[4]s"
  data_dir: %[5]s
  bin_dir: %[6]s
  authentication:
    superuser: {username: postgres}
    replication: {username: replicator}
    rewind: {username: rewinder}
  pg_hba:
  - local all all trust
  - host all all 127.0.0.1/32 trust
  - host replication all 127.0.0.1/32 trust
  parameters: {unix_socket_directories: "%[7]s", shared_buffers: 32MB}
`, m.name, address(m.rest), strings.Join(hosts, ", "), address(m.postgres), m.dir, bin, sockets)
}

func address(port int) string { return "127.0.0.1:" + strconv.Itoa(port) }

// start starts everything and waits until the cluster is whole.
func (c *cluster) start(ctx context.Context) error {
	var initial []string
	for i := range 3 {
		initial = append(initial, fmt.Sprintf("e%d=http://%s", i+1, address(firstPeer+i)))
	}
	for i := range 3 {
		name, client, peer := "e"+strconv.Itoa(i+1), "http://"+address(firstClient+i), "http://"+address(firstPeer+i)
		p, err := c.launch(name, nil, "etcd", "--name", name, "--data-dir", filepath.Join(c.dir, name),
			"--listen-client-urls", client, "--advertise-client-urls", client,
			"--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
			"--initial-cluster", strings.Join(initial, ","), "--initial-cluster-state", "new")
		if err != nil {
			return err
		}
		c.etcd = append(c.etcd, p)
	}
	for _, m := range c.members {
		if err := c.startMember(m); err != nil {
			return err
		}
	}
	return c.awaitWhole(ctx)
}

func (c *cluster) startMember(m *member) (err error) {
	m.patroni, err = c.launch("patroni-"+m.name, nil, "patroni", m.config)
	return err
}

// stop ends everything: the followers first, so that nobody takes over.
func (c *cluster) stop() {
	for _, m := range slices.Backward(c.members) {
		if m.patroni != nil {
			m.patroni.stop(syscall.SIGTERM)
			m.killPostgres()
		}
	}
	for _, p := range c.etcd {
		p.kill()
	}
}

// kill ends a member's Patroni and PostgreSQL at once, as the loss of its machine would.
func (m *member) kill() error {
	m.patroni.kill()
	return m.killPostgres()
}

// killPostgres ends the member's PostgreSQL, if it runs.
func (m *member) killPostgres() error {
	file, err := os.ReadFile(filepath.Join(m.dir, "postmaster.pid"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	line, _, _ := strings.Cut(string(file), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		return fmt.Errorf("postmaster of %s: %w", m.name, err)
	}
	// The file stays behind after a crash, when the number may be another process's.
	if at, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid)); err != nil || at != m.dir {
		return nil
	}
	return syscall.Kill(pid, syscall.SIGKILL)
}

// view is how the members see themselves.
type view struct {
	Members []struct {
		Name, Role, State string
		Lag               json.Number
	}
}

// look asks any member that answers for its view of the cluster.
func (c *cluster) look(ctx context.Context) (v view, err error) {
	for _, m := range c.members {
		var e error
		if v, e = m.look(ctx); e == nil {
			return v, nil
		}
		err = errors.Join(err, e)
	}
	return v, err
}

func (m *member) look(ctx context.Context) (v view, err error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address(m.rest)+"/cluster", nil)
	if err != nil {
		return v, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return v, err
	}
	defer answer.Body.Close()
	return v, json.NewDecoder(answer.Body).Decode(&v)
}

// awaitWhole waits until there are a leader, a synchronous standby and a second standby.
func (c *cluster) awaitWhole(ctx context.Context) error {
	err := await(ctx, startPatience, "the cluster is whole", func(ctx context.Context) error {
		for _, p := range c.etcd {
			if err := p.alive(); err != nil {
				return err
			}
		}
		v, err := c.look(ctx)
		if err != nil {
			return err
		}
		var roles []string
		for _, m := range v.Members {
			if m.State == "running" || m.State == "streaming" {
				roles = append(roles, m.Role)
			}
		}
		slices.Sort(roles)
		if !slices.Equal(roles, []string{"leader", "replica", "sync_standby"}) {
			return fmt.Errorf("members are %+v", v.Members)
		}
		return nil
	})
	if err != nil {
		for _, m := range c.members {
			err = errors.Join(err, errors.New(m.patroni.tail()))
		}
	}
	return err
}

// leader returns the member that takes writes.
func (c *cluster) leader(ctx context.Context) (*member, error) {
	v, err := c.look(ctx)
	if err != nil {
		return nil, err
	}
	for _, seen := range v.Members {
		for _, m := range c.members {
			if seen.Name == m.name && seen.Role == "leader" {
				return m, nil
			}
		}
	}
	return nil, fmt.Errorf("no leader among %+v", v.Members)
}

// switchOver hands the lead to the synchronous standby, as an operator does before maintenance.
func (c *cluster) switchOver(ctx context.Context) error {
	m, err := c.leader(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	body := fmt.Appendf(nil, `{"leader": %q}`, m.name)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address(m.rest)+"/switchover", bytes.NewReader(body))
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		text, err := io.ReadAll(answer.Body)
		return errors.Join(fmt.Errorf("switch over: %s: %s", answer.Status, text), err)
	}
	return nil
}

// url names a database by all members, of which the one that takes writes is meant.
func (c *cluster) url(database string) string {
	var hosts []string
	for _, m := range c.members {
		hosts = append(hosts, address(m.postgres))
	}
	return databaseURL(strings.Join(hosts, ","), database, "target_session_attrs=read-write")
}

// databaseURL names a database at some hosts. Without TLS a refused connection is tried once.
func databaseURL(hosts, database, parameter string) string {
	return "postgres://postgres@" + hosts + "/" + database + "?sslmode=disable&" + parameter
}

// create makes an empty database for a test, on all members, and returns its name. Until a standby has
// it too, those who ask that one first are told that there is no such database.
func (c *cluster) create(t testing.TB) string {
	t.Helper()
	name := "t" + strconv.Itoa(int(c.databases.Add(1)))
	check(t, execute(t.Context(), c.url("postgres"), "CREATE DATABASE "+name))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
		defer cancel()
		if err := execute(ctx, c.url("postgres"), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	for _, m := range c.members {
		url := databaseURL(address(m.postgres), name, "target_session_attrs=any")
		check(t, await(t.Context(), time.Minute, m.name+" has "+name, func(ctx context.Context) error {
			return execute(ctx, url, "SELECT 1")
		}))
	}
	return name
}

// execute runs one statement on a connection of its own.
func execute(ctx context.Context, url, statement string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement, pgx.QueryExecModeSimpleProtocol)
	return err
}
