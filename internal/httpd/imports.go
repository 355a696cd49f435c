package httpd

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/fault"
)

// Imports are the pre-signed addresses of user imports: the way in for files and the way
// out for logs. Their errors are faults with the codes of S3.
type Imports struct {
	// Receive takes the file of a job.
	Receive func(ctx context.Context, pool, job string, query url.Values, file io.Reader) error
	// Log writes the log of a job, after it has called begin.
	Log func(ctx context.Context, pool, job string, query url.Values, begin func(), to io.Writer) error
	// MaxBytes is the greatest size of a file.
	MaxBytes int64
	Errors   *slog.Logger
}

// stall is how long an upload or a download may stand still. It replaces the time limits of
// whole requests, which are made for small ones.
const stall = 30 * time.Second

// soon is the end of a stall that begins now. Connections follow the machine's clock.
func soon() time.Time { return (*clock.Clock)(nil).Outside().Add(stall) }

func (i *Imports) register(mux *http.ServeMux) {
	mux.HandleFunc("PUT /{pool}/import/{job}", i.put)
	mux.HandleFunc("GET /{pool}/import/{job}/log", i.log)
}

func (i *Imports) put(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if r.ContentLength > i.MaxBytes {
		i.refuse(w, r, fault.New("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size"))
		return
	}
	control := http.NewResponseController(w)
	file := &patientReader{r.Body, func() { _ = control.SetReadDeadline(soon()) }}
	// The answer comes after the last byte.
	_ = control.SetWriteDeadline(time.Time{})
	if err := i.Receive(r.Context(), r.PathValue("pool"), r.PathValue("job"), r.URL.Query(), file); err != nil {
		_ = control.SetWriteDeadline(soon())
		i.refuse(w, r, err)
		return
	}
	_ = control.SetWriteDeadline(soon())
	w.WriteHeader(http.StatusOK)
}

func (i *Imports) log(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	control := http.NewResponseController(w)
	begun := false
	to := &patientWriter{w, func() { _ = control.SetWriteDeadline(soon()) }}
	err := i.Log(r.Context(), r.PathValue("pool"), r.PathValue("job"), r.URL.Query(), func() {
		begun = true
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
	}, to)
	switch {
	case err == nil:
	case begun:
		i.Errors.WarnContext(r.Context(), "the log of an import broke off", "error", err)
		panic(http.ErrAbortHandler) // so that the client does not take a part for the whole
	default:
		i.refuse(w, r, err)
	}
}

// patientReader gives each read its time.
type patientReader struct {
	io.Reader
	extend func()
}

func (p *patientReader) Read(b []byte) (int, error) {
	p.extend()
	return p.Reader.Read(b)
}

// patientWriter gives each write its time.
type patientWriter struct {
	io.Writer
	extend func()
}

func (p *patientWriter) Write(b []byte) (int, error) {
	p.extend()
	return p.Writer.Write(b)
}

// refuse answers with an error in S3's form.
func (i *Imports) refuse(w http.ResponseWriter, r *http.Request, err error) {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		i.Errors.ErrorContext(r.Context(), "import failed", "path", r.URL.Path, "error", err)
		f = fault.New("InternalError", "We encountered an internal error. Please try again.")
	}
	status := http.StatusBadRequest
	switch f.Code {
	case "AccessDenied", "SignatureDoesNotMatch":
		status = http.StatusForbidden
	case "OperationAborted":
		status = http.StatusConflict
	case "InternalError":
		status = http.StatusInternalServerError
	}
	body, _ := xml.Marshal(struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
		Message string
	}{Code: f.Code, Message: f.Message})
	// What is left of a refused file is not worth reading.
	w.Header().Set("Connection", "close")
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, xml.Header+string(body))
}
