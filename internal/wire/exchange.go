package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/naming"
)

// The names of response headers in AWS's own spelling, which http.Header.Set would change.
const (
	headerRequestID    = "x-amzn-RequestId"
	headerErrorType    = "x-amzn-ErrorType"
	headerErrorMessage = "x-amzn-ErrorMessage"
)

// The codes under which outcomes that are no exception are counted and logged.
const (
	codeOK        = "OK"
	codePreflight = "Preflight"
	codeNotFound  = "NotFound"
	codeGone      = "ClientGone"
	codePanic     = "Panic"
)

// exchange is one HTTP request on its way to its response.
type exchange struct {
	s       *Server
	w       http.ResponseWriter
	r       *http.Request
	ctx     context.Context
	id      string
	began   time.Time
	e       *endpoint // nil until the operation is known
	code    string    // outcome
	cause   error     // of a failure, for the log
	written bool
}

func (s *Server) newExchange(w http.ResponseWriter, r *http.Request) *exchange {
	x := &exchange{s: s, w: w, r: r, began: s.clock.Outside()}
	x.id = s.requestID()
	x.ctx = withRequestID(r.Context(), x.id)
	w.Header()[headerRequestID] = []string{x.id}
	return x
}

// requestID returns a new request id. A generator that fails must not fail the call.
func (s *Server) requestID() string {
	id, err := naming.UUID(s.random)
	if err != nil {
		return "00000000-0000-4000-8000-000000000000"
	}
	return id
}

// end closes the exchange: it turns a panic into an internal error, counts and logs.
func (x *exchange) end() {
	if p := recover(); p != nil {
		if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(p)
		}
		x.s.metrics.panics.Inc()
		x.s.log.ErrorContext(x.ctx, "panic", "value", fmt.Sprint(p), "stack", string(debug.Stack()))
		if !x.written {
			x.refuse(fault.New(codeInternal, textInternal))
		}
		x.code = codePanic
	}
	operation, category := "", ""
	if x.e != nil {
		operation, category = x.e.op.Name, x.e.category
	}
	x.s.observe(x.ctx, operation, category, x.code, x.s.clock.Outside().Sub(x.began), x.cause)
}

// errTooLarge says that a body is larger than its operation takes.
var errTooLarge = errors.New("wire: request body too large")

// body reads the request's body, of at most as many bytes as the operation takes.
func (x *exchange) body() ([]byte, error) {
	if x.r.ContentLength > x.e.limit {
		return nil, errTooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(x.w, x.r.Body, x.e.limit))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, errTooLarge
	}
	return body, err
}

// call describes the request for the handler.
func (x *exchange) call() *api.Call {
	return &api.Call{
		Operation: x.e.op,
		RequestID: x.id,
		Time:      x.s.clock.Now(),
		RemoteIP:  remoteIP(x.r),
		UserAgent: x.r.UserAgent(),
	}
}

func remoteIP(r *http.Request) netip.Addr {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return from.Addr().Unmap()
}

// gone says that err is no more than the echo of a client that left before its answer
// was ready.
func (x *exchange) gone(err error) bool {
	_, answered := errors.AsType[*fault.Error](err)
	return x.r.Context().Err() != nil && !answered
}

// preflight answers what browsers ask before they send a request to another origin.
func (x *exchange) preflight() {
	x.code, x.written = codePreflight, true
	x.s.cors.preflight(x.w.Header(), x.r)
	x.w.Header().Set("Content-Length", "0")
	x.w.WriteHeader(http.StatusOK)
}

func (x *exchange) notFound() {
	x.code, x.written = codeNotFound, true
	const text = "There is nothing here. API calls are POST requests with an X-Amz-Target header.\n"
	x.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	x.w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	x.w.WriteHeader(http.StatusNotFound)
	_, _ = io.WriteString(x.w, text)
}
