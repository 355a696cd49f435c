package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cenote-id/cenote/api/cognitoidp"
)

// inspector is the transport of a test's clients. It judges every answer of the API by
// what holds for all of them, and notes the secrets that pass.
type inspector struct {
	t    *testing.T
	base http.RoundTripper
	// generated says that the requests are not meant: what stands in the place of a secret
	// in them is none.
	generated bool
}

const targetPrefix = "AWSCognitoIdentityProviderService."

// RoundTrip sends a request and judges the answer.
func (i *inspector) RoundTrip(r *http.Request) (*http.Response, error) {
	var sent []byte
	if r.Body != nil {
		var err error
		if sent, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body.Close()
		r.Body = io.NopCloser(bytes.NewReader(sent))
	}
	if !i.generated {
		book.addJSON(sent)
	}
	resp, err := i.base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	book.addJSON(body)
	if operation, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), targetPrefix); ok {
		for _, complaint := range judge(operation, resp, body) {
			i.t.Errorf("%s answered %d %s: %s\n%s", operation, resp.StatusCode, resp.Header.Get("x-amzn-ErrorType"), complaint, shorten(body))
		}
	}
	return resp, nil
}

func shorten(body []byte) []byte { return body[:min(len(body), 2000)] }

var (
	uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	// leak is what an answer shows when an error comes out as it was inside.
	leak = regexp.MustCompile(`sql:|SQLSTATE|\.go:|goroutine|EOF|/tmp|/work|panic|context (canceled|deadline)|constraint failed|invalid memory|json:|strconv|unexpected`)
)

// frontEnd are the errors of the framework around the operations; any can answer them.
var frontEnd = []string{
	"SerializationException", "UnknownOperationException", "RequestEntityTooLargeException", "NotImplemented",
	"MissingAuthenticationTokenException", "IncompleteSignatureException", "InvalidSignatureException",
	"UnrecognizedClientException", "AccessDeniedException", "TooManyRequestsException",
	// AWS answers every broken constraint with it, declared or not.
	"InvalidParameterException",
}

// undeclared are errors that AWS answers although its model does not declare them.
var undeclared = map[string]string{"AdminGetDevice": "UserNotFoundException", "AdminListDevices": "UserNotFoundException"}

// judge says what is wrong with an answer of the API.
func judge(operation string, resp *http.Response, body []byte) (complaints []string) {
	complain := func(text string) { complaints = append(complaints, text) }
	if !uuid.MatchString(resp.Header.Get("x-amzn-RequestId")) {
		complain("no request id")
	}
	if ct := resp.Header.Get("Content-Type"); ct != "application/x-amz-json-1.1" {
		complain("content type " + ct)
	}
	op := cognitoidp.Service.Operations[operation]
	if resp.StatusCode == http.StatusOK {
		switch {
		case op == nil:
			complain("success of an operation that does not exist")
		case !op.HasOutput && len(body) > 0:
			complain("a body where AWS has none")
		case op.HasOutput && !isObject(body):
			complain("the body is no object")
		case bytes.Contains(bytes.ReplaceAll(body, noIssuer, nil), []byte(":null")):
			complain("a null member")
		}
		return complaints
	}
	var refusal struct {
		Type    string  `json:"__type"`
		Message *string `json:"message"`
		Capital *string `json:"Message"`
	}
	if err := json.Unmarshal(body, &refusal); err != nil || refusal.Type == "" {
		complain("the error has no __type")
		return complaints
	}
	if got := resp.Header.Get("x-amzn-ErrorType"); got != refusal.Type+":" {
		complain("x-amzn-ErrorType is " + got)
	}
	if status := statusOf(refusal.Type); status != resp.StatusCode {
		complain("the wrong status")
	}
	if resp.StatusCode == http.StatusInternalServerError {
		complain("an internal error")
	}
	if op != nil && !slices.Contains(op.Errors, refusal.Type) && !slices.Contains(frontEnd, refusal.Type) && undeclared[operation] != refusal.Type {
		complain("an error that the operation does not declare")
	}
	for _, message := range []*string{refusal.Message, refusal.Capital} {
		if message != nil && leak.MatchString(*message) {
			complain("the message tells of the inside")
		}
	}
	return complaints
}

func isObject(body []byte) bool {
	var object map[string]any
	return json.Unmarshal(body, &object) == nil && object != nil
}

// statusOf is the HTTP status of an error.
func statusOf(name string) int {
	switch name {
	case "InternalErrorException", "InternalServerException":
		return http.StatusInternalServerError
	case "NotImplemented":
		return http.StatusNotImplemented
	case "RequestEntityTooLargeException":
		return http.StatusRequestEntityTooLarge
	default:
		return http.StatusBadRequest
	}
}

// noIssuer is the one null that clients see, within the text of the attribute identities.
var noIssuer = []byte(`\"issuer\":null`)
