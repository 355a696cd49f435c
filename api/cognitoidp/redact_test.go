package cognitoidp_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
)

// marker stands in every string and blob whose member is sensitive in the model.
const marker = "hush-hush"

// unmarked are members that carry secrets or personal data although the model does not
// mark them.
var unmarked = map[string]bool{
	"ChallengeParametersType": true, "ClientMetadataType": true, "ConfirmationCodeType": true, "DeviceSecretVerifierConfigType": true,
	"PreSignedUrlType": true, "ProviderDetailsType": true, "UserFilterType": true,
	"HttpHeader.headerValue": true, "ContextDataType.EncodedData": true, "ProviderUserIdentifierType.ProviderAttributeValue": true,
	"StartWebAuthnRegistrationResponse.CredentialCreationOptions": true, "CompleteWebAuthnRegistrationRequest.Credential": true,
}

// TestNothingSecretIsPrinted fills all members of all inputs and outputs and prints and
// logs them in every way.
func TestNothingSecretIsPrinted(t *testing.T) {
	t.Parallel()
	m := readModel(t)
	for name, op := range cognitoidp.Service.Operations {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, v := range []any{op.NewInput(), output(t, op)} {
				f := filler{model: m}
				f.fill(reflect.ValueOf(v).Elem(), m.shapeOf(v), false)
				for _, text := range printed(v) {
					if strings.Contains(text, marker) || strings.Contains(text, hex.EncodeToString([]byte(marker))) {
						t.Fatalf("%T shows a secret: %.500s", v, text)
					}
					if f.secrets > 0 && !strings.Contains(text, "***") {
						t.Errorf("%T has %d secrets and shows none left out: %.500s", v, f.secrets, text)
					}
				}
				if text := fmt.Sprint(v); f.secrets > 0 && f.shown > 0 && !strings.Contains(text, "shown") {
					t.Errorf("%T shows nothing: %.500s", v, text)
				}
			}
		})
	}
}

// output returns an empty output of the operation.
func output(t *testing.T, op *api.Operation) any {
	t.Helper()
	method, ok := reflect.TypeFor[cognitoidp.API]().MethodByName(op.Name)
	if !ok {
		t.Fatalf("API has no method %s", op.Name)
	}
	return reflect.New(method.Type.Out(0).Elem()).Interface()
}

func printed(v any) []string {
	var out []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T %v"} {
		if verb == "%T %v" {
			out = append(out, fmt.Sprintf(verb, v, []any{v}))
			continue
		}
		out = append(out, fmt.Sprintf(verb, v), fmt.Sprintf(verb, reflect.ValueOf(v).Elem().Interface()))
	}
	for _, handler := range []func(*bytes.Buffer) slog.Handler{
		func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
		func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
	} {
		var b bytes.Buffer
		slog.New(handler(&b)).LogAttrs(context.Background(), slog.LevelInfo, "call", slog.Any("value", v))
		out = append(out, b.String())
	}
	return out
}

// shapeOf returns the name of the shape of a generated structure.
func (m *model) shapeOf(v any) string { return reflect.TypeOf(v).Elem().Name() }

type filler struct {
	*model
	secrets, shown int
}

// fill sets a value of the shape and all that it consists of.
func (f *filler) fill(v reflect.Value, name string, secret bool) {
	s := f.Shapes[name]
	if s == nil { // api.Empty
		return
	}
	secret = secret || s.Sensitive && name != "ClientIdType" || unmarked[name]
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem(), name, secret)
	case reflect.String:
		if secret {
			f.secrets++
			v.SetString(marker)
		} else {
			f.shown++
			v.SetString("shown")
		}
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte(map[bool]string{true: `"` + marker + `"`, false: `"shown"`}[secret]))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		f.fill(v.Index(0), s.Member.Shape, secret)
	case reflect.Map:
		element := reflect.New(v.Type().Elem()).Elem()
		f.fill(element, s.Value.Shape, secret)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("key"), element)
	case reflect.Struct:
		for i := range v.NumField() {
			member := strings.TrimSuffix(v.Type().Field(i).Tag.Get("json"), ",omitzero")
			f.fill(v.Field(i), s.Members[member].Shape, secret || unmarked[name+"."+member])
		}
	default:
		panic("cannot fill " + v.Type().String())
	}
}

func TestPrintedForm(t *testing.T) {
	t.Parallel()
	in := must(decode[cognitoidp.SignUpRequest](`{"ClientId": "6h89qn2bfglbmvfebq9aaknqk0", "Username": "ann", "Password": "Secret-1",
		"UserAttributes": [{"Name": "email", "Value": "ann@example.com"}, {"Name": "sub"}]}`))
	want := "{ClientId:6h89qn2bfglbmvfebq9aaknqk0 Username:*** Password:*** UserAttributes:[{Name:email Value:***} {Name:sub}]}"
	if got := in.String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := fmt.Sprintf("%v", (*cognitoidp.SignUpRequest)(nil)); got != "<nil>" {
		t.Errorf("a nil pointer prints %s", got)
	}
	attrs := in.LogValue().Group()
	if i := slices.IndexFunc(attrs, func(a slog.Attr) bool { return a.Key == "Password" }); i < 0 || attrs[i].Value.String() != "***" {
		t.Errorf("the log shows %v", attrs)
	}
}
