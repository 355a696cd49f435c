package httpd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"time"
)

// Time limits. Requests are small and their handlers wait at most for a sender or a
// long poll, so what takes longer is a client that stalls.
const (
	headerTimeout   = 10 * time.Second
	readTimeout     = 30 * time.Second
	writeTimeout    = 90 * time.Second
	idleTimeout     = 2 * time.Minute
	maxHeaderBytes  = 64 << 10
	shutdownTimeout = 15 * time.Second
)

// Port is a listener with what it serves.
type Port struct {
	Listener net.Listener
	TLS      *tls.Config // nil serves plain HTTP
	Handler  http.Handler
	Log      *slog.Logger
}

// Serve answers requests until ctx ends; then it takes no new ones, lets those under way
// finish for up to 15 seconds, and returns. The listener is closed in every case.
func (p Port) Serve(ctx context.Context) error {
	requests, abandon := context.WithCancel(context.WithoutCancel(ctx))
	defer abandon()
	server := &http.Server{
		Handler:           p.showPanics(p.Handler),
		TLSConfig:         p.TLS,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(p.Log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return requests },
	}
	// A long poll must not hold up the end: its request ends when shutdown begins.
	server.RegisterOnShutdown(func() { time.AfterFunc(shutdownTimeout/2, abandon) })
	failed := make(chan error, 1)
	go func() {
		if p.TLS != nil {
			failed <- server.ServeTLS(p.Listener, "", "")
			return
		}
		failed <- server.Serve(p.Listener)
	}()
	select {
	case err := <-failed:
		return fmt.Errorf("serve %s: %w", p.Listener.Addr(), err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	err := server.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		p.Log.Warn("requests were cut off at shutdown", "address", p.Listener.Addr().String())
		err = server.Close()
	}
	return errors.Join(err, notClosed(<-failed))
}

// notClosed returns what a server said at its end, unless it said that it was told to.
func notClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// showPanics puts a handler's panic into the log as the error it is, then lets it end the
// connection. net/http would write it among the complaints about clients, which are not
// shown by default.
func (p Port) showPanics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if err, ok := v.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
				p.Log.ErrorContext(r.Context(), "panic", "path", r.URL.Path, "value", fmt.Sprint(v), "stack", string(debug.Stack()))
			}
			panic(http.ErrAbortHandler)
		}()
		next.ServeHTTP(w, r)
	})
}
