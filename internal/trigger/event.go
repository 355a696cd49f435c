package trigger

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/function"
	"github.com/cenote-id/cenote/internal/naming"
)

// event is the envelope that all triggers share. Response holds the members that a
// function may set, with the values that they have where it sets none; the events of
// senders have no response at all.
type event struct {
	Version       string        `json:"version"`
	TriggerSource string        `json:"triggerSource"`
	Region        string        `json:"region"`
	UserPoolID    string        `json:"userPoolId"`
	UserName      string        `json:"userName"`
	CallerContext callerContext `json:"callerContext"`
	Request       any           `json:"request"`
	Response      any           `json:"response,omitempty"`
}

type callerContext struct {
	SDKVersion string  `json:"awsSdkVersion"`
	ClientID   *string `json:"clientId"`
}

// sdkVersion is what Cognito says whatever the caller's SDK is.
const sdkVersion = "aws-sdk-unknown-unknown"

// none is the response of triggers that only tell.
type none struct{}

// user is the part of a request that most triggers share.
type user struct {
	Attributes     map[string]string `json:"userAttributes"`
	ClientMetadata map[string]string `json:"clientMetadata,omitempty"`
}

func (s *Subject) user() user {
	attributes := s.Attributes
	if attributes == nil {
		attributes = map[string]string{}
	}
	return user{attributes, s.ClientMetadata}
}

// event returns the envelope of a trigger about s.
func (s *Subject) event(source string, request, response any) event {
	e := event{
		Version: "1", TriggerSource: source, UserPoolID: s.Pool.ID(), UserName: s.Username,
		CallerContext: callerContext{SDKVersion: sdkVersion}, Request: request, Response: response,
	}
	e.Region, _, _ = strings.Cut(e.UserPoolID, "_")
	if s.ClientID != "" {
		e.CallerContext.ClientID = &s.ClientID
	}
	return e
}

// call runs the pool's function for a trigger and reads the response of what it returns
// into response, which is a pointer, or nil where nobody reads it. Without a function it
// does nothing; response keeps its value then.
func (s *Service) call(ctx context.Context, p *catalog.Pool, kind Kind, e event, response any) error {
	target := arn(p, kind)
	if target == "" {
		return nil
	}
	out, err := s.run(ctx, target, e)
	if err != nil {
		return failed(kind, err)
	}
	return read(out, response)
}

func errNoFunctions() error {
	return &function.InvocationError{Name: "ResourceNotFoundException", Cause: errors.New("no functions are configured")}
}

func (s *Service) run(ctx context.Context, target string, e event) ([]byte, error) {
	if s.runner == nil {
		return nil, errNoFunctions()
	}
	payload, err := encode(e)
	if err != nil {
		return nil, err
	}
	id, err := naming.UUID(s.random)
	if err != nil {
		return nil, err
	}
	return s.runner.Do(ctx, function.Call{
		ARN: target, Trigger: e.TriggerSource, Payload: payload, RequestID: id,
	})
}

// encode writes an event without the escapes that are meant for HTML.
func encode(e event) ([]byte, error) {
	var b bytes.Buffer
	w := json.NewEncoder(&b)
	w.SetEscapeHTML(false)
	err := w.Encode(e)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// failed is what a client is told of a function that did not answer. The function's own
// text goes to the client as it is, with a full stop; recorded from AWS.
func failed(kind Kind, err error) error {
	if e, ok := errors.AsType[*function.Error](err); ok {
		return fault.UserLambdaValidation(string(kind) + " failed with error " + e.Message + ".").Because(err)
	}
	if e, ok := errors.AsType[*function.InvocationError](err); ok {
		return fault.UnexpectedLambda(string(kind) + " invocation failed due to error " + e.Name + ".").Because(err)
	}
	return err
}

// Recorded from AWS.
const (
	textNotJSON        = "Invalid lambda function output : Invalid JSON"
	textUnrecognizable = "Unrecognizable lambda output"
)

// read takes the response out of the event that a function returned.
func read(out []byte, response any) error {
	trimmed := bytes.TrimSpace(out)
	if len(trimmed) == 0 || bytes.Equal(trimmed, []byte("null")) || !json.Valid(trimmed) {
		return fault.InvalidLambdaResponse(textNotJSON)
	}
	var returned struct {
		Response json.RawMessage `json:"response"`
	}
	if err := json.Unmarshal(trimmed, &returned); err != nil {
		return unrecognizable(err)
	}
	if body := bytes.TrimSpace(returned.Response); len(body) == 0 || body[0] != '{' {
		return unrecognizable(errors.New("there is no response in it"))
	}
	if response == nil {
		return nil
	}
	if err := json.Unmarshal(returned.Response, response); err != nil {
		return unrecognizable(err)
	}
	return nil
}

// Unrecognizable is the error for a response that cannot be followed.
func Unrecognizable(why string) error { return unrecognizable(errors.New(why)) }

func unrecognizable(why error) error {
	return fault.InvalidLambdaResponse(textUnrecognizable).Because(why)
}

// truth is a Boolean of a response. Cognito's reader also takes it as a text; null is
// false.
type truth bool

// UnmarshalJSON implements json.Unmarshaler.
func (t *truth) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case `true`, `"true"`:
		*t = true
	case `false`, `"false"`, `null`:
		*t = false
	default:
		return errors.New("a Boolean is " + string(text[:min(len(text), 20)]))
	}
	return nil
}

// texts are texts by name in a response. One that is null is none: handlers copy what
// another directory does not have.
type texts map[string]string

// UnmarshalJSON implements json.Unmarshaler.
func (t *texts) UnmarshalJSON(text []byte) error {
	var given map[string]*string
	if err := json.Unmarshal(text, &given); err != nil || given == nil {
		return err
	}
	*t = make(texts, len(given))
	for name, value := range given {
		if value != nil {
			(*t)[name] = *value
		}
	}
	return nil
}

// version returns the event version that a pool asks for in its tokens' trigger.
func version(p *catalog.Pool) string {
	c := p.Config.LambdaConfig
	if c == nil || c.PreTokenGenerationConfig == nil {
		return "1"
	}
	switch api.Value(c.PreTokenGenerationConfig.LambdaVersion) {
	case cognitoidp.PreTokenGenerationLambdaVersionTypeV2_0:
		return "2"
	case cognitoidp.PreTokenGenerationLambdaVersionTypeV3_0:
		return "3"
	default:
		return "1"
	}
}
