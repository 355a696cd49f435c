package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	contentType  = "application/x-amz-json-1.1"
	targetPrefix = "AWSCognitoIdentityProviderService."
	userAgent    = "cenote-client-go"
	// maxAnswer bounds what is read of an answer; Cognito's own limit on requests is 1 MB.
	maxAnswer = 1 << 20
)

// repeat says whether a call may be made again when it is not known what became of it.
type repeat bool

const (
	once       repeat = false
	repeatable repeat = true
)

// call makes a call of the service and decodes its output.
func call[Out any](ctx context.Context, p *Pool, operation string, again repeat, in any) (*Out, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("client: encode %s: %w", operation, err)
	}
	for attempt := 1; ; attempt++ {
		answer, err := p.post(ctx, operation, body)
		if err == nil {
			return decode[Out](operation, answer)
		}
		if again == once || ctx.Err() != nil || !worthRepeating(err) {
			return nil, err
		}
		wait, ok := p.backoff(attempt)
		if !ok {
			return nil, err
		}
		if stopped := pause(ctx, wait); stopped != nil {
			return nil, fmt.Errorf("client: %s: %w, after: %w", operation, stopped, err)
		}
	}
}

// post makes one call and returns the body of a successful answer.
func (p *Pool) post(ctx context.Context, operation string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.cfg.Endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("client: %s: %w", operation, err)
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("X-Amz-Target", targetPrefix+operation)
	req.Header.Set("User-Agent", userAgent)
	resp, err := p.cfg.HTTPClient.Do(req)
	if err != nil {
		return nil, &transportError{operation, err}
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, &transportError{operation, err}
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return nil, refusal(operation, resp, answer)
	case len(answer) > maxAnswer:
		return nil, fmt.Errorf("%w to %s: more than %d bytes", ErrBadAnswer, operation, maxAnswer)
	}
	return answer, nil
}

func decode[Out any](operation string, answer []byte) (*Out, error) {
	out := new(Out)
	// Some operations have no output at all and answer zero bytes.
	if len(bytes.TrimSpace(answer)) == 0 {
		return out, nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return nil, fmt.Errorf("%w to %s: %w", ErrBadAnswer, operation, err)
	}
	return out, nil
}

// refusal reads an error answer. The exception's name stands in __type (AWS), in code
// (older front ends), or only in a header; message is spelt with either case.
func refusal(operation string, resp *http.Response, body []byte) *Error {
	e := &Error{
		Status:    resp.StatusCode,
		RequestID: printable(resp.Header.Get("X-Amzn-Requestid")),
		Operation: operation,
	}
	var fields map[string]any
	// What is no JSON object says nothing; the headers may.
	_ = json.Unmarshal(body, &fields)
	text := func(names ...string) string {
		for _, name := range names {
			if s, ok := fields[name].(string); ok && s != "" {
				return s
			}
		}
		return ""
	}
	code := text("__type", "code")
	if code == "" {
		code = resp.Header.Get("X-Amzn-Errortype")
	}
	message := text("message", "Message")
	if message == "" {
		message = resp.Header.Get("X-Amzn-Errormessage")
	}
	e.Code = bareCode(code)
	e.Message = printable(message)
	e.Reason = printable(text("reasonCode"))
	return e
}

// transportError is a call of which no answer came back.
type transportError struct {
	operation string
	err       error
}

func (e *transportError) Error() string { return "client: " + e.operation + ": " + e.err.Error() }

func (e *transportError) Unwrap() error { return e.err }

// worthRepeating says whether the same call may succeed a moment later.
func worthRepeating(err error) bool {
	if refused, ok := errors.AsType[*Error](err); ok {
		return refused.throttled() || refused.Status >= 500 && refused.Status != http.StatusNotImplemented
	}
	_, ok := errors.AsType[*transportError](err)
	return ok
}

// The waits between repeated calls are those of amazon-cognito-identity-js: about 200,
// 400, 800, 1600 and 3200 ms, so six calls in all.
const (
	pauseBase   = 100 * time.Millisecond
	pauseJitter = 100 * time.Millisecond
	maxPause    = 5 * time.Second
)

// backoff returns how long to wait after a failed attempt, and whether to go on at all.
func (p *Pool) backoff(attempt int) (time.Duration, bool) {
	wait := pauseBase<<attempt + p.jitter()
	return wait, wait <= maxPause
}

// pause waits, unless ctx ends before.
func pause(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// jitter returns up to pauseJitter, so that clients refused together do not return together.
func (p *Pool) jitter() time.Duration {
	var b [1]byte
	if _, err := io.ReadFull(p.cfg.Random, b[:]); err != nil {
		return 0
	}
	return pauseJitter * time.Duration(b[0]) / 256
}
