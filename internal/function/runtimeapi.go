package function

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
)

// runtimeAPI is the Lambda Runtime API of one child, version 2018-06-01.
func (p *process) runtimeAPI(prefix string) http.Handler {
	const api = "/2018-06-01/runtime/"
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+prefix+api+"invocation/next", p.next)
	mux.HandleFunc("POST "+prefix+api+"invocation/{id}/response", p.response)
	mux.HandleFunc("POST "+prefix+api+"invocation/{id}/error", p.invocationError)
	mux.HandleFunc("POST "+prefix+api+"init/error", p.initError)
	return mux
}

// next hands out the next event, as soon as there is one.
func (p *process) next(w http.ResponseWriter, r *http.Request) {
	p.begun.Do(func() { close(p.ready) })
	select {
	case i := <-p.work:
		header := w.Header()
		header.Set("Content-Type", "application/json")
		header.Set("Lambda-Runtime-Aws-Request-Id", i.id)
		header.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(i.deadline.UnixMilli(), 10))
		header.Set("Lambda-Runtime-Invoked-Function-Arn", p.pool.arn)
		header.Set("Lambda-Runtime-Trace-Id", i.trace)
		_, _ = w.Write(i.call.Payload) // a child that has gone shows by its exit
	case <-r.Context().Done():
	case <-p.exited:
	}
}

// claim returns the invocation of a request, which can be answered once.
func (p *process) claim(w http.ResponseWriter, r *http.Request) *invocation {
	p.mu.Lock()
	i := p.current
	p.mu.Unlock()
	if i == nil || i.id != r.PathValue("id") {
		runtimeStatus(w, http.StatusBadRequest, `{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}`)
		return nil
	}
	return i
}

func (i *invocation) settle(w http.ResponseWriter, o outcome) {
	select {
	case i.done <- o:
		runtimeStatus(w, http.StatusAccepted, `{"status":"OK"}`)
	default:
		runtimeStatus(w, http.StatusBadRequest, `{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}`)
	}
}

func (p *process) response(w http.ResponseWriter, r *http.Request) {
	i := p.claim(w, r)
	if i == nil {
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxPayload+1))
	if err != nil {
		runtimeStatus(w, http.StatusBadRequest, `{"errorMessage":"Truncated response","errorType":"InvalidRequest"}`)
		return
	}
	if len(body) > MaxPayload {
		select {
		case i.done <- outcome{err: tooLarge()}:
		default: // it was answered before
		}
		runtimeStatus(w, http.StatusRequestEntityTooLarge, `{"errorMessage":"Exceeded maximum allowed payload size","errorType":"RequestEntityTooLarge"}`)
		return
	}
	i.settle(w, outcome{result: body})
}

func (p *process) invocationError(w http.ResponseWriter, r *http.Request) {
	if i := p.claim(w, r); i != nil {
		i.settle(w, outcome{err: readFailure(r)})
	}
}

func (p *process) initError(w http.ResponseWriter, r *http.Request) {
	e, ok := readFailure(r).(*Error) //nolint:errorlint // it is made one line above
	if ok {
		select {
		case p.failed <- e:
		default: // only the first counts
		}
	}
	runtimeStatus(w, http.StatusAccepted, `{"status":"OK"}`)
}

// readFailure reads what a runtime says of an error.
func readFailure(r *http.Request) error {
	body, _ := io.ReadAll(io.LimitReader(r.Body, MaxPayload)) // a torn text says less
	if !json.Valid(body) {
		name := either(r.Header.Get("Lambda-Runtime-Function-Error-Type"), "Unhandled")
		return &Error{Message: name, Type: name}
	}
	return functionError(body)
}

func runtimeStatus(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) // a child that has gone shows by its exit
}
