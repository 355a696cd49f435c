//go:build unix

package store_test

import (
	"bytes"
	"io"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/store/pgtest"
	"github.com/cenote-id/cenote/internal/store/storetest"
)

// TestPostgresLostCommit loses the answer to a commit that has taken place. What may be
// done twice is done again; anything else is reported, at once and not as something else.
func TestPostgresLostCommit(t *testing.T) {
	t.Parallel()
	o := storetest.SQLite(t)
	o.URL = pgtest.Start(t).Database(t)
	line := newCutter(t, &o)
	db := storetest.Open(t, o)
	pool := storetest.Pool(t, db, writerPool)
	u := storetest.User(t, db, pool.ID, "first")

	line.cut.Store(true)
	line.begun.Store(0)
	if err := db.CreateUser(t.Context(), storetest.NewUser(pool.ID, "second"), store.CreateOptions{}); err == nil {
		t.Error("a user was created, though nobody said so")
	}
	if n := line.begun.Load(); n != 1 {
		t.Errorf("the creation of a user was tried %d times", n)
	}
	if _, err := db.FindUser(t.Context(), pool.ID, store.Key{Kind: store.KeyUsername, Value: "second"}); err != nil {
		t.Errorf("the user who was created: %v", err)
	}

	line.cut.Store(true)
	line.begun.Store(0)
	if err := db.SignOutEverywhere(t.Context(), pool.ID, u.ID, u.Created); err != nil {
		t.Errorf("signing out: %v", err)
	}
	if n := line.begun.Load(); n != 2 {
		t.Errorf("signing out was tried %d times, want 2", n)
	}
}

// cutter stands between the store and its server.
type cutter struct {
	server string
	cut    atomic.Bool // the next commit is to be executed, but not answered
	begun  atomic.Int32
}

// newCutter makes the connections of o go through it.
func newCutter(t *testing.T, o *store.Options) *cutter {
	t.Helper()
	u, err := url.Parse(o.URL)
	if err != nil {
		t.Fatal(err)
	}
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	c := &cutter{server: u.Host}
	o.URL = strings.Replace(o.URL, u.Host, l.Addr().String(), 1)
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go c.serve(client)
		}
	}()
	return c
}

// serve passes on what the store says, and the answers but for the one that is cut off.
func (c *cutter) serve(client net.Conn) {
	defer client.Close()
	server, err := new(net.Dialer).Dial("tcp", c.server)
	if err != nil {
		return
	}
	defer server.Close()
	var cutting atomic.Bool
	go func() {
		defer client.Close()
		answer := make([]byte, 32<<10)
		for {
			n, err := server.Read(answer)
			if err != nil || cutting.Load() {
				return
			}
			if _, err := client.Write(answer[:n]); err != nil {
				return
			}
		}
	}()
	said := make([]byte, 32<<10)
	for {
		n, err := client.Read(said)
		if err != nil {
			return
		}
		if bytes.Contains(said[:n], []byte("begin\x00")) {
			c.begun.Add(1)
		}
		if bytes.Contains(said[:n], []byte("commit\x00")) {
			cutting.Store(c.cut.Swap(false))
		}
		if _, err := io.Copy(server, bytes.NewReader(said[:n])); err != nil {
			return
		}
	}
}
