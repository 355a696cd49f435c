package function

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/smithy-go/aws-http-auth/credentials"
	"github.com/aws/smithy-go/aws-http-auth/sigv4"
)

// invoker reaches a function through the Lambda Invoke API.
type invoker struct {
	service *Service
	entry   *Entry
}

// attempt implements backend.
func (i *invoker) attempt(ctx context.Context, c Call) ([]byte, error) {
	target := strings.TrimSuffix(i.entry.Endpoint, "/") + "/2015-03-31/functions/" + url.PathEscape(c.ARN) + "/invocations"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(c.Payload))
	if err != nil {
		return nil, &InvocationError{Name: "InvalidRequestContentException", Cause: err}
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Amz-Log-Type", "None")
	request.Header.Set("X-Amz-Invocation-Type", "RequestResponse")
	if c.Event {
		request.Header.Set("X-Amz-Invocation-Type", "Event")
	}
	if err := i.sign(request, c.Payload); err != nil {
		return nil, &InvocationError{Name: "InvalidSignatureException", Cause: err}
	}
	a, err := i.service.post(request)
	if err != nil {
		return nil, err
	}
	switch {
	case a.status == http.StatusAccepted && c.Event:
		return nil, nil
	case a.status != http.StatusOK:
		return nil, &InvocationError{Name: a.exception(), again: a.status == http.StatusTooManyRequests}
	case a.header.Get("X-Amz-Function-Error") != "":
		return nil, functionError(a.body)
	}
	// Stand-ins for Lambda tell of a failed function in the body alone.
	if shape := new(failure); json.Unmarshal(a.body, shape) == nil && shape.Message != nil && shape.Type != nil && shape.Response == nil {
		return nil, functionError(a.body)
	}
	return a.body, nil
}

func (i *invoker) sign(request *http.Request, body []byte) error {
	if i.entry.AccessKeyID == "" {
		return nil
	}
	hash := sha256.Sum256(body)
	return sigv4.New().SignRequest(&sigv4.SignRequestInput{
		Request: request, PayloadHash: hash[:], Service: "lambda", Region: i.entry.Region,
		Time: i.service.deps.Clock.Outside(),
		Credentials: credentials.Credentials{
			AccessKeyID: i.entry.AccessKeyID, SecretAccessKey: i.entry.SecretAccessKey, SessionToken: i.entry.SessionToken,
		},
	})
}

// tidy implements backend: connections are the client's.
func (i *invoker) tidy(bool) {}

// failure is the body of a function that failed.
type failure struct {
	Message  *string         `json:"errorMessage"`
	Type     *string         `json:"errorType"`
	Response json.RawMessage `json:"response"`
}

// functionError reads such a body. What it does not say is said as Lambda says it.
func functionError(body []byte) error {
	var f failure
	_ = json.Unmarshal(body, &f) // what is no object says nothing
	e := &Error{Message: "Unhandled", Type: "Unhandled"}
	if f.Type != nil && *f.Type != "" {
		e.Message, e.Type = *f.Type, *f.Type
	}
	if f.Message != nil && *f.Message != "" {
		e.Message = *f.Message
	}
	return e
}

// exception is the name of the exception that an AWS API answered.
func (a *answer) exception() string {
	var said struct {
		Type string `json:"__type"`
	}
	_ = json.Unmarshal(a.body, &said) // what is no object says nothing
	name := either(a.header.Get("X-Amzn-Errortype"), said.Type)
	if _, after, ok := strings.Cut(name, "#"); ok {
		name = after
	}
	name, _, _ = strings.Cut(name, ":")
	return either(name, "ServiceException")
}

// answer is an HTTP response that was read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// post sends a request and reads its answer, up to MaxPayload.
func (s *Service) post(request *http.Request) (*answer, error) {
	response, err := s.client.Do(request)
	if err != nil {
		return nil, unreachable(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, MaxPayload+1))
	if err != nil {
		return nil, unreachable(err)
	}
	if len(body) > MaxPayload {
		return nil, tooLarge()
	}
	return &answer{response.StatusCode, response.Header, body}, nil
}

// unreachable is the error of a connection that failed.
func unreachable(err error) error {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return timedOut(err)
	}
	return &InvocationError{Name: "ServiceException", Cause: err, again: true}
}

// tooLarge is Lambda's error for a result beyond MaxPayload.
func tooLarge() error {
	return &Error{
		Message: "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
		Type:    "Function.ResponseSizeTooLarge",
	}
}
