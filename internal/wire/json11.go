package wire

import (
	stdjson "encoding/json"
	"errors"
	"math"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/internal/fault"
)

// contentJSON is the media type of AWS JSON 1.1. Requests may carry any: the operation
// is chosen by X-Amz-Target alone, and hand-written clients send what they like.
const contentJSON = "application/x-amz-json-1.1"

// serveJSON answers a POST request in AWS JSON 1.1.
func (x *exchange) serveJSON() {
	x.e = x.s.targets[x.r.Header.Get("X-Amz-Target")]
	if x.e == nil {
		x.refuse(fault.New(codeUnknown, ""))
		return
	}
	body, err := x.body()
	switch {
	case errors.Is(err, errTooLarge):
		x.refuse(fault.New(codeTooLarge, "Request size exceeds the limit of "+strconv.FormatInt(x.e.limit, 10)+" bytes."))
		return
	case err != nil: // the client sent less than it announced
		x.code = codeGone
		return
	}
	in := x.e.op.NewInput()
	if err := Decode(body, in); err != nil {
		x.refuse(err)
		return
	}
	out, err := x.s.run(x.ctx, x.e, x.call(), in, func() (*api.IAMPrincipal, error) {
		return x.s.gate.Signer(x.ctx, x.e.mount.Service, x.r, body)
	})
	if err != nil {
		x.refuse(err)
		return
	}
	x.answer(out)
}

// Decode reads the JSON of an input as AWS does: names are case-sensitive, unknown
// members are ignored, null is absent, and an empty body is an empty object. Duplicate
// names and invalid UTF-8 are refused. The error is a SerializationException.
func Decode(body []byte, in api.Input) error {
	if len(body) == 0 {
		return nil
	}
	err := json.Unmarshal(body, in)
	if err == nil {
		return nil
	}
	// The decoder's own words can quote what the client sent, so they are no cause for the log.
	return fault.New(codeSerialization, serializationText(err))
}

// serializationText returns AWS's words for a value of the wrong type, and "" for a body
// that is no JSON, where AWS has none.
func serializationText(err error) string {
	if t, ok := errors.AsType[*stdjson.UnmarshalTypeError](err); ok {
		// From the UnmarshalJSON methods of package api.
		kind, _, _ := strings.Cut(t.Value, " ")
		return mismatch(kind, t.Type)
	}
	t, ok := errors.AsType[*json.SemanticError](err)
	if !ok || t.GoType == nil {
		return ""
	}
	return mismatch(kindName(t.JSONKind), t.GoType)
}

func kindName(k jsontext.Kind) string {
	switch k {
	case '"':
		return "string"
	case '0':
		return "number"
	case 't', 'f':
		return "bool"
	case '[':
		return "array"
	case '{':
		return "object"
	default:
		return ""
	}
}

// mismatch tells that a JSON value of a kind stands where the member has another type.
func mismatch(kind string, want reflect.Type) string {
	for want.Kind() == reflect.Pointer {
		want = want.Elem()
	}
	var target string
	switch want.Kind() {
	case reflect.Map, reflect.Struct:
		return "Expected map or null"
	case reflect.Slice:
		if want.Elem().Kind() != reflect.Uint8 {
			return "Expected list or null"
		}
		target = "Blob"
	case reflect.String:
		target = "String"
	case reflect.Bool:
		target = "Boolean"
	case reflect.Int, reflect.Int64:
		target = "Number"
	default:
		return ""
	}
	switch kind {
	case "object":
		return "Start of structure or map found where not expected."
	case "array":
		return "Start of list found where not expected."
	case "string", "number", "bool":
		return strings.ToUpper(kind) + "_VALUE cannot be converted to " + target
	default:
		return ""
	}
}

// answer writes the output of a call.
func (x *exchange) answer(out any) {
	var body []byte
	if x.e.op.HasOutput {
		var err error
		if body, err = json.Marshal(out, json.Deterministic(true)); err != nil {
			x.refuse(err)
			return
		}
	}
	x.code = codeOK
	x.write(http.StatusOK, body)
}

// errorBody is the JSON of an error. Modelled exceptions spell message in lower case,
// the framework's own SerializationException with a capital.
type errorBody struct {
	Type       string `json:"__type"`
	Message    string `json:"message,omitzero"`
	Capital    string `json:"Message,omitzero"`
	ReasonCode string `json:"reasonCode,omitzero"`
}

// refuse writes the error of a call.
func (x *exchange) refuse(err error) {
	if x.gone(err) { // nobody reads an answer
		x.code = codeGone
		return
	}
	f := x.e.inOwnWords(fate(err))
	x.code, x.cause = f.Code, f.Cause
	b := errorBody{Type: f.Code, Message: f.Message, ReasonCode: f.Reason}
	if f.Code == codeSerialization {
		b.Message, b.Capital = "", f.Message
	}
	body, err := json.Marshal(b, jsontext.AllowInvalidUTF8(true))
	if err != nil {
		panic(err) // four strings can be encoded
	}
	h := x.w.Header()
	h[headerErrorType] = []string{f.Code + ":"}
	if text := headerText(f.Message); text != "" {
		h[headerErrorMessage] = []string{text}
	}
	if f.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(f.RetryAfter.Seconds()))))
	}
	var service *api.Service
	if x.e != nil {
		service = x.e.mount.Service
	}
	x.write(statusOf(service, f.Code), body)
}

func (x *exchange) write(status int, body []byte) {
	x.written = true
	h := x.w.Header()
	h.Set("Content-Type", contentJSON)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	x.w.WriteHeader(status)
	_, _ = x.w.Write(body) // a client that left cannot be told
}

// headerLimit bounds the copy of a message in a header. Violations quote what the client
// sent, and clients refuse responses whose headers are longer than 8 to 16 KB.
const headerLimit = 1024

// headerText returns a message as a header can carry it: printable ASCII, on one line.
func headerText(message string) string {
	var b strings.Builder
	for _, r := range message {
		if b.Len() == headerLimit {
			break
		}
		if r >= ' ' && r <= '~' {
			b.WriteByte(byte(r))
		}
	}
	return strings.TrimSpace(b.String())
}
