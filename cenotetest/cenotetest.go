// Package cenotetest starts a Cenote server inside a Go test: on a loopback port, with an
// empty store that ends with the test, in development mode. Codes that the server sends
// can be read, and its clock can be moved, so that tests need neither mail nor patience.
//
//	s := cenotetest.Start(t)
//	pool := s.CreatePool(t, &cognitoidp.CreateUserPoolRequest{PoolName: new("app")})
//	app := s.CreateClient(t, &cognitoidp.CreateUserPoolClientRequest{UserPoolId: pool.Id, ClientName: new("web")})
//	// sign up against s.URL, then:
//	code := s.Code(t, "ann@example.com")
//
// Signing keys are fixed and known to everybody.
package cenotetest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/cenote-id/cenote"
	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/keys/keystest"
)

// patience is how long a test waits for a message that the server has promised to send.
const patience = 10 * time.Second

// Server is a running server.
type Server struct {
	// URL is where clients reach it, such as http://127.0.0.1:41234.
	URL    string
	server *cenote.Server
}

// Start starts a server that ends with the test. Options change its configuration last.
func Start(tb testing.TB, options ...func(*cenote.Config)) *Server {
	tb.Helper()
	key, err := cenote.NewMasterKey(nil)
	if err != nil {
		tb.Fatal(err)
	}
	config := cenote.Config{
		Mode:      cenote.Dev,
		Listen:    "127.0.0.1:0",
		Database:  "sqlite:" + filepath.Join(tb.TempDir(), "cenote.db"),
		Ephemeral: true,
		MasterKey: key,
		MakeKey:   keystest.Generator(),
		Log:       slog.New(slog.NewTextHandler(tb.Output(), &slog.HandlerOptions{Level: slog.LevelInfo})),
	}
	for _, change := range options {
		change(&config)
	}
	server, err := cenote.New(tb.Context(), config)
	if err != nil {
		tb.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(tb.Context()))
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	tb.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		stop()
		if err := <-ended; err != nil {
			tb.Errorf("the server ended: %v", err)
		}
		if err := server.Close(); err != nil {
			tb.Errorf("close the server: %v", err)
		}
	})
	return &Server{URL: server.URL(), server: server}
}

// Advance moves the clock by which the server stamps and judges tokens, codes, sessions
// and lockouts.
func (s *Server) Advance(d time.Duration) { s.server.Advance(d) }

// Messages returns the mails and text messages sent to a destination, newest first. It
// waits for the first one, and fails the test when none comes.
func (s *Server) Messages(tb testing.TB, to string) []cenote.Message {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	messages := s.server.Messages(ctx, to)
	if len(messages) == 0 {
		tb.Fatalf("no message to %s", to)
	}
	return messages
}

// Code returns the newest code, or temporary password, sent to a destination.
func (s *Server) Code(tb testing.TB, to string) string {
	tb.Helper()
	return s.Messages(tb, to)[0].Code
}

// CreatePool makes a user pool.
func (s *Server) CreatePool(tb testing.TB, in *cognitoidp.CreateUserPoolRequest) *cognitoidp.UserPoolType {
	tb.Helper()
	return Must[cognitoidp.CreateUserPoolResponse](tb, s, "CreateUserPool", in).UserPool
}

// CreateClient makes an app client.
func (s *Server) CreateClient(tb testing.TB, in *cognitoidp.CreateUserPoolClientRequest) *cognitoidp.UserPoolClientType {
	tb.Helper()
	return Must[cognitoidp.CreateUserPoolClientResponse](tb, s, "CreateUserPoolClient", in).UserPoolClient
}

// Must makes an unsigned call over HTTP and fails the test when the server refuses it.
func Must[Out any](tb testing.TB, s *Server, operation string, in api.Input) *Out {
	tb.Helper()
	out, err := Call[Out](tb.Context(), s, operation, in)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// Error is the server's refusal of a call.
type Error struct {
	Operation string
	Status    int    // of HTTP
	Code      string // the exception, such as NotAuthorizedException
	Message   string
}

// Error returns operation, exception and message.
func (e *Error) Error() string { return e.Operation + ": " + e.Code + ": " + e.Message }

// Call makes an unsigned call of cognito-idp over HTTP; development mode lets everybody
// call everything. A refusal is *Error.
func Call[Out any](ctx context.Context, s *Server, operation string, in api.Input) (*Out, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", cognitoidp.Service.TargetPrefix+"."+operation)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", operation, err)
	}
	if response.StatusCode != http.StatusOK {
		refusal := struct {
			Type    string `json:"__type"`
			Message string `json:"message"` // encoding/json reads Message too
		}{}
		if err := json.Unmarshal(answer, &refusal); err != nil {
			return nil, fmt.Errorf("%s: status %d: %s", operation, response.StatusCode, answer)
		}
		return nil, &Error{operation, response.StatusCode, refusal.Type, refusal.Message}
	}
	out := new(Out)
	if len(answer) > 0 {
		err = json.Unmarshal(answer, out)
	}
	return out, err
}
