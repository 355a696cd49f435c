package cognitoidp_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
)

func TestClasses(t *testing.T) {
	t.Parallel()
	// AWS's list of the operations that take no signature; all others do.
	want := map[api.Class]string{
		api.Public: "ConfirmForgotPassword ConfirmSignUp ForgotPassword GetTokensFromRefreshToken InitiateAuth ResendConfirmationCode " +
			"RespondToAuthChallenge RevokeToken SignUp UpdateAuthEventFeedback",
		api.AccessToken: "ChangePassword CompleteWebAuthnRegistration ConfirmDevice DeleteUser DeleteUserAttributes DeleteWebAuthnCredential " +
			"ForgetDevice GetDevice GetUser GetUserAttributeVerificationCode GetUserAuthFactors GlobalSignOut ListDevices ListWebAuthnCredentials " +
			"SetUserMFAPreference SetUserSettings StartWebAuthnRegistration UpdateDeviceStatus UpdateUserAttributes VerifyUserAttribute",
		api.AccessTokenOrSession: "AssociateSoftwareToken VerifySoftwareToken",
	}
	got := map[api.Class][]string{}
	for name, op := range cognitoidp.Service.Operations {
		got[op.Class] = append(got[op.Class], name)
		_, carries := op.NewInput().(api.TokenCarrier)
		if needs := op.Class == api.AccessToken || op.Class == api.AccessTokenOrSession; carries != needs {
			t.Errorf("%s is authorised by %s; its input carries a token: %t", name, op.Class, carries)
		}
	}
	for class, names := range want {
		slices.Sort(got[class])
		if list := strings.Join(got[class], " "); list != names {
			t.Errorf("authorised by %s:\ngot  %s\nwant %s", class, list, names)
		}
	}
	if n := len(got[api.IAM]); n != 97 {
		t.Errorf("%d operations need a signature, want 97", n)
	}
}

func TestOutputs(t *testing.T) {
	t.Parallel()
	const want = "AdminAddUserToGroup AdminDeleteUser AdminForgetDevice AdminRemoveUserFromGroup DeleteGroup DeleteIdentityProvider " +
		"DeleteManagedLoginBranding DeleteResourceServer DeleteTerms DeleteUser DeleteUserPool DeleteUserPoolClient ForgetDevice"
	var silent []string
	for name, op := range cognitoidp.Service.Operations {
		if !op.HasOutput {
			silent = append(silent, name)
		}
		text, err := json.Marshal(output(t, op))
		if err != nil || string(text) != "{}" {
			t.Errorf("the empty output of %s is %s, %v", name, text, err)
		}
	}
	slices.Sort(silent)
	if got := strings.Join(silent, " "); got != want {
		t.Errorf("without a body answer %s, want %s", got, want)
	}
}

func TestExceptions(t *testing.T) {
	t.Parallel()
	s := cognitoidp.Service
	if len(s.Exceptions) != 59 {
		t.Errorf("%d exceptions, want 59", len(s.Exceptions))
	}
	status := map[string]int{"InternalErrorException": 500, "InternalServerException": 500, "ForbiddenException": 403}
	for name, e := range s.Exceptions {
		want := status[name]
		if want == 0 {
			want = 400
		}
		if e.Name != name || e.Status != want {
			t.Errorf("%s is %+v, want the status %d", name, e, want)
		}
	}
	for name, op := range s.Operations {
		for _, e := range op.Errors {
			if s.Exceptions[e].Name == "" {
				t.Errorf("%s declares %s, which is no exception", name, e)
			}
		}
		if !slices.IsSorted(op.Errors) || len(op.Errors) == 0 {
			t.Errorf("%s declares %v", name, op.Errors)
		}
	}
}

func TestUnimplementedNamesEveryOperation(t *testing.T) {
	t.Parallel()
	for name, op := range cognitoidp.Service.Operations {
		_, err := op.Invoke(context.Background(), cognitoidp.Unimplemented{}, &api.Call{Operation: op}, op.NewInput())
		if e, ok := errors.AsType[*api.NotImplementedError](err); !ok || e.Operation != name || op.Name != name {
			t.Errorf("%s answers %v", name, err)
		}
	}
	if n := reflect.TypeFor[cognitoidp.API]().NumMethod(); n != len(cognitoidp.Service.Operations) {
		t.Errorf("API has %d methods for %d operations", n, len(cognitoidp.Service.Operations))
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	out := cognitoidp.InitiateAuthResponse{ChallengeParameters: api.StringMap{}}
	if got, want := encode(t, out), `{"ChallengeParameters":{}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	pool := cognitoidp.UserPoolType{
		Name: new(""), AliasAttributes: []cognitoidp.AliasAttributeType{}, CreationDate: new(api.Timestamp(1548099495428)),
		EstimatedNumberOfUsers: new(0), MfaConfiguration: new(cognitoidp.UserPoolMfaTypeOff), LambdaConfig: &cognitoidp.LambdaConfigType{},
	}
	want := `{"Name":"","LambdaConfig":{},"CreationDate":1548099495.428,"AliasAttributes":[],"MfaConfiguration":"OFF","EstimatedNumberOfUsers":0}`
	if got := encode(t, pool); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	back := must(decode[cognitoidp.UserPoolType](want))
	if !reflect.DeepEqual(*back, pool) {
		t.Errorf("%s is read as %+v", want, back)
	}
}

// TestClones fills every record, changes its clone and looks at the original.
func TestClones(t *testing.T) {
	t.Parallel()
	m := readModel(t)
	for _, record := range []any{
		new(cognitoidp.UserPoolType), new(cognitoidp.UserPoolClientType), new(cognitoidp.GetUserPoolMfaConfigResponse),
		new(cognitoidp.IdentityProviderType), new(cognitoidp.RiskConfigurationType), new(cognitoidp.ManagedLoginBrandingType),
	} {
		f := filler{model: m}
		f.fill(reflect.ValueOf(record).Elem(), m.shapeOf(record), false)
		before := encode(t, record)
		clone := reflect.ValueOf(record).MethodByName("Clone").Call(nil)[0]
		if !reflect.DeepEqual(clone.Interface(), record) {
			t.Errorf("the clone of a %T differs", record)
		}
		scramble(clone.Elem())
		if after := encode(t, record); after != before {
			t.Errorf("a change of the clone of a %T changed\n%s to\n%s", record, before, after)
		}
	}
}

// scramble overwrites all that v refers to.
func scramble(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		scramble(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			scramble(v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			scramble(v.Index(i))
		}
	case reflect.Map:
		v.Clear()
	default:
		v.SetZero()
	}
}

func TestOverlayReplacesWhatIsShared(t *testing.T) {
	t.Parallel()
	pool := must(decode[cognitoidp.UserPoolType](`{"Id": "r_1", "Name": "p", "AliasAttributes": ["email"], "MfaConfiguration": "ON", "UserPoolTags": {"a": "b"}}`))
	merged := pool.Clone()
	in := must(decode[cognitoidp.UpdateUserPoolRequest](`{"UserPoolId": "r_2", "PoolName": "q", "DeletionProtection": "ACTIVE", "UserPoolTags": {}}`))
	pool.Overlay(in)
	merged.Merge(in)
	if got, want := encode(t, pool), `{"Id":"r_1","Name":"p","DeletionProtection":"ACTIVE","AliasAttributes":["email"],"UserPoolTags":{}}`; got != want {
		t.Errorf("overlay gives %s, want %s", got, want)
	}
	if got, want := encode(t, merged), `{"Id":"r_1","Name":"p","DeletionProtection":"ACTIVE","AliasAttributes":["email"],"MfaConfiguration":"ON","UserPoolTags":{}}`; got != want {
		t.Errorf("merge gives %s, want %s", got, want)
	}
}

func encode(t *testing.T, v any) string {
	t.Helper()
	return string(must(json.Marshal(v)))
}

// FuzzInput feeds any JSON to any input: decoding, checking and printing never panic,
// and what was read and is written again means the same.
func FuzzInput(f *testing.F) {
	names := make([]string, 0, len(cognitoidp.Service.Operations))
	for name := range cognitoidp.Service.Operations {
		names = append(names, name)
	}
	slices.Sort(names)
	at := func(name string) uint8 { return uint8(slices.Index(names, name)) }
	f.Add(at("InitiateAuth"), []byte(`{"AuthFlow":"USER_SRP_AUTH","ClientId":"c","AuthParameters":{"A":"b","N":null}}`))
	f.Add(at("SignUp"), []byte(`{"ClientId":"","Username":"\ud800","UserAttributes":[{"Name":"email"},null],"ClientMetadata":{}}`))
	f.Add(at("CreateUserPool"), []byte(`{"PoolName":"p","Schema":[{"Name":"n","NumberAttributeConstraints":{}}],"UserPoolTags":{"":""}}`))
	f.Add(at("CreateUserPoolClient"), []byte(`{"CallbackURLs":[],"AllowedOAuthFlows":["x"],"RefreshTokenValidity":-1}`))
	f.Add(at("CreateManagedLoginBranding"), []byte(`{"Settings":{"a":[null]},"Assets":[{"Bytes":"AA=="}]}`))
	f.Add(at("CreateTerms"), []byte(`{"Links":{"cognito:default":"https://a"}}`))
	f.Fuzz(func(t *testing.T, operation uint8, data []byte) {
		op := cognitoidp.Service.Operations[names[int(operation)%len(names)]]
		in := op.NewInput()
		if json.Unmarshal(data, in) != nil {
			return
		}
		var v, again api.Violations
		in.Check(&v)
		_ = api.Text(in)
		_ = api.Log(in)
		if (v.Message() == "") != (v.Err() == nil) {
			t.Errorf("the message is %q, the error %v", v.Message(), v.Err())
		}
		back := op.NewInput()
		if err := json.Unmarshal([]byte(encode(t, in)), back); err != nil {
			t.Fatal(err)
		}
		if back.Check(&again); v.Message() != again.Message() {
			t.Errorf("written and read again, %q becomes %q", v.Message(), again.Message())
		}
	})
}
