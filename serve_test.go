package cenote_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/smithy-go/aws-http-auth/credentials"
	"github.com/aws/smithy-go/aws-http-auth/sigv4"

	"github.com/cenote-id/cenote"
	"github.com/cenote-id/cenote/internal/keys/keystest"
	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/store"
)

// production is a server in Serve mode with a clock of its own.
type production struct {
	*cenote.Server
	now  atomic.Int64 // seconds that the clock is ahead
	logs lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func (p *production) config(t *testing.T) cenote.Config {
	t.Helper()
	key, err := cenote.NewMasterKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return cenote.Config{
		Mode: cenote.Serve, Listen: "127.0.0.1:0", OpsListen: "127.0.0.1:0", Ephemeral: true,
		Database: "sqlite:" + filepath.Join(t.TempDir(), "cenote.db"), MasterKey: key, MakeKey: keystest.Generator(),
		Now: func() time.Time { return time.Now().Add(time.Duration(p.now.Load()) * time.Second) },
		Log: slog.New(slog.NewTextHandler(&p.logs, nil)),
	}
}

// start runs the server until the test ends.
func (p *production) start(t *testing.T, c cenote.Config) {
	t.Helper()
	var err error
	if p.Server, err = cenote.New(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-ended, p.Close()); err != nil {
			t.Error(err)
		}
	})
}

// listPools makes a call signed with key, unsigned where it is nil.
func (p *production) listPools(t *testing.T, key *cenote.RootKey) (int, string) {
	t.Helper()
	const body = `{"MaxResults":1}`
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL()+"/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.ListUserPools")
	if key != nil {
		hash := sha256.Sum256([]byte(body))
		err := sigv4.New().SignRequest(&sigv4.SignRequestInput{
			Request: request, PayloadHash: hash[:], Service: "cognito-idp", Region: "us-east-1",
			Time:        time.Now().Add(time.Duration(p.now.Load()) * time.Second),
			Credentials: credentials.Credentials{AccessKeyID: key.ID, SecretAccessKey: string(key.Secret)},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return do(t, request)
}

func do(t *testing.T, request *http.Request) (int, string) {
	t.Helper()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(answer)
}

func TestServeChecksSignatures(t *testing.T) {
	t.Parallel()
	p := &production{}
	p.start(t, p.config(t))
	root := p.NewRootKey()
	if root == nil || !p.Fresh() {
		t.Fatal("no root key was made with the database")
	}
	if status, answer := p.listPools(t, root); status != 200 {
		t.Errorf("the root key: %d %s", status, answer)
	}
	if status, answer := p.listPools(t, nil); status != 400 || !strings.Contains(answer, "MissingAuthenticationTokenException") {
		t.Errorf("unsigned: %d %s", status, answer)
	}
	wrong := &cenote.RootKey{ID: root.ID, Secret: root.Secret + "x"}
	if status, answer := p.listPools(t, wrong); status != 400 || !strings.Contains(answer, "InvalidSignatureException") {
		t.Errorf("wrong secret: %d %s", status, answer)
	}
	if logs := p.logs.String(); strings.Contains(logs, string(root.Secret)) || !strings.Contains(logs, "request_id=") {
		t.Errorf("log:\n%s", logs)
	}
}

func TestServeShowsNoTools(t *testing.T) {
	t.Parallel()
	p := &production{}
	p.start(t, p.config(t))
	for _, path := range []string{"/_cenote/messages", "/_cenote/inbox", "/_cenote/clock", "/metrics", "/readyz", "/healthz"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if status, answer := do(t, request); status != 404 {
			t.Errorf("GET %s: %d %s", path, status, answer)
		}
	}
	for _, path := range []string{"/_cenote/clock", "/_cenote/reset"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL()+path, strings.NewReader(`{"advance":"1h"}`))
		if err != nil {
			t.Fatal(err)
		}
		if status, answer := do(t, request); status == 200 {
			t.Errorf("POST %s: %d %s", path, status, answer)
		}
	}
}

func TestDisabledKeyStopsWorking(t *testing.T) {
	t.Parallel()
	p := &production{}
	c := p.config(t)
	c.RootKey = &cenote.RootKey{ID: "AKIAGIVEN", Secret: "given-secret"}
	p.start(t, c)
	if p.NewRootKey() != nil {
		t.Error("a given root key is reported as new")
	}
	if status, answer := p.listPools(t, c.RootKey); status != 200 {
		t.Fatalf("the given key: %d %s", status, answer)
	}
	p.disable(t, c, c.RootKey.ID)
	p.now.Add(2)
	if status, answer := p.listPools(t, c.RootKey); status != 400 || !strings.Contains(answer, "UnrecognizedClientException") {
		t.Errorf("a disabled key after two seconds: %d %s", status, answer)
	}
}

func parseKey(t *testing.T, text cenote.Secret) *seal.MasterKey {
	t.Helper()
	key, err := seal.ParseMasterKey([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// disable does what `cenote access-key disable` does beside the server.
func (p *production) disable(t *testing.T, c cenote.Config, id string) {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{URL: c.Database, Sync: store.SyncOff, MasterKey: parseKey(t, c.MasterKey)})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.DisableAccessKey(t.Context(), id), db.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestConfigRefusals(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*cenote.Config)
		want   string
	}{
		{"no mode", func(c *cenote.Config) { c.Mode = 0 }, "mode"},
		{"no database", func(c *cenote.Config) { c.Database = "" }, "database"},
		{"no master key", func(c *cenote.Config) { c.MasterKey = "" }, "master key"},
		{"short master key", func(c *cenote.Config) { c.MasterKey = "c2hvcnQ=" }, "32 bytes"},
		{"fixed code in production", func(c *cenote.Config) { c.FixedCode = "123456" }, "fixed code"},
		{"short account", func(c *cenote.Config) { c.AccountID = "12" }, "twelve digits"},
		{"relative public URL", func(c *cenote.Config) { c.PublicURL = "auth.example.com" }, "public URL"},
		{"no public URL on an open address", func(c *cenote.Config) { c.Listen = "0.0.0.0:0" }, "public URL"},
		{"bad mail server", func(c *cenote.Config) { c.EmailURL = "smtp:nowhere" }, "SMTP"},
		{"relative webhook", func(c *cenote.Config) { c.SMSURL = "hook" }, "sender's URL"},
		{"no such address", func(c *cenote.Config) { c.Listen = "192.0.2.1:0"; c.PublicURL = "http://192.0.2.1" }, "listen"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := (&production{}).config(t)
			tt.change(&c)
			s, err := cenote.New(t.Context(), c)
			if err == nil {
				t.Fatal("the configuration was accepted", s.Close())
			}
			if !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "c2hvcnQ") {
				t.Errorf("error: %v", err)
			}
		})
	}
}

func TestAnotherMasterKeyIsRefused(t *testing.T) {
	t.Parallel()
	p := &production{}
	c := p.config(t)
	s, err := cenote.New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	other := p.config(t)
	c.MasterKey = other.MasterKey
	if _, err := cenote.New(t.Context(), c); !errors.Is(err, store.ErrWrongMasterKey) {
		t.Errorf("got %v", err)
	}
}

func TestSecretsStayHidden(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	secret := cenote.Secret("hunter2")
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "secret", secret, "config", cenote.Config{MasterKey: secret}.MasterKey)
	fmt.Fprintf(&b, "%v %s %+v %#v %q", secret, secret, cenote.RootKey{ID: "AKIA", Secret: secret}, secret, secret)
	if strings.Contains(b.String(), "hunter2") {
		t.Errorf("shown: %s", b.String())
	}
}
