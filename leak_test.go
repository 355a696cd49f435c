package cenote_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cenote-id/cenote"
	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/cenotetest"
)

// leaks are what an answer shows when something other than a rule of Cognito's made it:
// words of Go, of SQL, of our own packages, of the file system.
var leaks = regexp.MustCompile(`(?i)goroutine|runtime error|panic|\.go:\d|nil pointer|cenote/|/internal/|sqlite|pgx|sql:|no such table|syntax error|` +
	`store:|seal:|gate:|wire:|srp:|json:|strconv|unmarshal|context (canceled|deadline)|/tmp/|%!|\(MISSING\)|0xc0`)

// opaque are keys, certificates and sealed texts, in which any letters come next to each other.
var opaque = regexp.MustCompile(`[A-Za-z0-9+/_=-]{100,}`)

// scene is what odd inputs refer to, so that they get behind the first lookup.
type scene struct {
	s      *cenotetest.Server
	values map[string][]string // by the name of the member
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := cenotetest.Start(t, func(c *cenote.Config) { c.Log = nil })
	pool := s.CreatePool(t, &cognitoidp.CreateUserPoolRequest{
		PoolName: new("odd"), AutoVerifiedAttributes: []cognitoidp.VerifiedAttributeType{"email"},
	})
	app := s.CreateClient(t, &cognitoidp.CreateUserPoolClientRequest{
		UserPoolId: pool.Id, ClientName: new("web"),
		ExplicitAuthFlows: []cognitoidp.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH"},
	})
	cenotetest.Must[cognitoidp.AdminCreateUserResponse](t, s, "AdminCreateUser", &cognitoidp.AdminCreateUserRequest{
		UserPoolId: pool.Id, Username: new("ann"), MessageAction: new(cognitoidp.MessageActionType("SUPPRESS")),
		UserAttributes: []cognitoidp.AttributeType{{Name: new("email"), Value: new("ann@example.com")}, {Name: new("email_verified"), Value: new("true")}},
	})
	cenotetest.Must[cognitoidp.AdminSetUserPasswordResponse](t, s, "AdminSetUserPassword", &cognitoidp.AdminSetUserPasswordRequest{
		UserPoolId: pool.Id, Username: new("ann"), Password: new("Passw0rd!"), Permanent: new(true),
	})
	tokens := cenotetest.Must[cognitoidp.InitiateAuthResponse](t, s, "InitiateAuth", &cognitoidp.InitiateAuthRequest{
		ClientId: app.ClientId, AuthFlow: new(cognitoidp.AuthFlowTypeUserPasswordAuth),
		AuthParameters: api.StringMap{"USERNAME": "ann", "PASSWORD": "Passw0rd!"},
	}).AuthenticationResult
	srp := cenotetest.Must[cognitoidp.InitiateAuthResponse](t, s, "InitiateAuth", &cognitoidp.InitiateAuthRequest{
		ClientId: app.ClientId, AuthFlow: new(cognitoidp.AuthFlowTypeUserSrpAuth),
		AuthParameters: api.StringMap{"USERNAME": "ann", "SRP_A": "abcdef0123456789"},
	})
	return &scene{s: s, values: map[string][]string{
		"UserPoolId": {*pool.Id}, "ClientId": {*app.ClientId}, "Username": {"ann", "ann@example.com", "nobody"}, "USERNAME": {"ann", "nobody"},
		"AccessToken": {*tokens.AccessToken, *tokens.IdToken}, "Token": {*tokens.RefreshToken, *tokens.AccessToken}, "RefreshToken": {*tokens.RefreshToken},
		"REFRESH_TOKEN": {*tokens.RefreshToken, *tokens.IdToken}, "Session": {strings.Repeat("A", 40), api.Value(srp.Session)},
		"Password": {"Passw0rd!"}, "PASSWORD": {"Passw0rd!"}, "ResourceArn": {api.Value(pool.Arn)}, "Filter": {`email = "ann@example.com"`, `sub ^= "`},
		"SRP_A": {"0", "abcdef", "zz"}, "PASSWORD_CLAIM_SECRET_BLOCK": {srp.ChallengeParameters["SECRET_BLOCK"], "AAAA"},
		"PASSWORD_CLAIM_SIGNATURE": {"AAAA"}, "TIMESTAMP": {"Tue Nov 3 09:05:07 UTC 2026"}, "AttributeName": {"email", "custom:x"},
		"Name": {"email", "custom:x", "sub"}, "ConfirmationCode": {"123456"}, "PaginationToken": {"AAAA"}, "NextToken": {"AAAA"},
	}}
}

// odd are strings that have broken programs before.
var odd = []string{
	"", " ", "x", "\x00", "'; DROP TABLE users; --", "%s%d%n", "../../etc/passwd", "<script>", strings.Repeat("a", 3000), "\u202e\u0301é漢😀",
	"null", "-1", "99999999999999999999", "us-east-1_unknown", "a\r\nX-Injected: 1", "{}", "[]", "\\", `"`,
}

// value returns a value for a member of a type: mostly one of its form, sometimes odd.
func (sc *scene) value(r *rand.Rand, name string, t reflect.Type, depth int) any {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if r.IntN(40) == 0 {
		return []any{nil, true, 1.5, -1, "text", []any{}, map[string]any{}}[r.IntN(7)]
	}
	switch t.Kind() {
	case reflect.Struct:
		return sc.object(r, t, depth)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "AAAA"
		}
		list := make([]any, r.IntN(3))
		for i := range list {
			list[i] = sc.value(r, strings.TrimSuffix(name, "s"), t.Elem(), depth+1)
		}
		return list
	case reflect.Map:
		m := map[string]any{}
		for key := range sc.values {
			if strings.ToUpper(key) == key && r.IntN(2) == 0 {
				m[key] = sc.value(r, key, t.Elem(), depth+1)
			}
		}
		return m
	case reflect.Bool:
		return r.IntN(2) == 0
	case reflect.Int, reflect.Int64:
		return []int{0, 1, 7, 60, -1, 1 << 40}[r.IntN(6)]
	default:
		if known := sc.values[name]; len(known) > 0 && r.IntN(4) > 0 {
			return known[r.IntN(len(known))]
		}
		if known := enumValues(t); len(known) > 0 && r.IntN(4) > 0 {
			return known[r.IntN(len(known))]
		}
		return odd[r.IntN(len(odd))]
	}
}

func (sc *scene) object(r *rand.Rand, t reflect.Type, depth int) map[string]any {
	m := map[string]any{}
	for field := range t.Fields() {
		if depth > 4 || r.IntN(3) == 0 && sc.values[field.Name] == nil {
			continue
		}
		m[field.Name] = sc.value(r, field.Name, field.Type, depth+1)
	}
	return m
}

// enumValues returns the values of an enum that matter behind the first check.
func enumValues(t reflect.Type) []string {
	switch t {
	case reflect.TypeFor[cognitoidp.AuthFlowType]():
		return []string{"USER_PASSWORD_AUTH", "USER_SRP_AUTH", "REFRESH_TOKEN_AUTH", "ADMIN_USER_PASSWORD_AUTH", "CUSTOM_AUTH", "USER_AUTH"}
	case reflect.TypeFor[cognitoidp.ChallengeNameType]():
		return []string{"PASSWORD_VERIFIER", "NEW_PASSWORD_REQUIRED", "SMS_MFA", "CUSTOM_CHALLENGE"}
	case reflect.TypeFor[cognitoidp.UserPoolMfaType]():
		return []string{"OFF", "ON", "OPTIONAL"}
	default:
		return []string{"email", "phone_number", "ENABLED", "OFF", "String", "SUPPRESS", "RESEND"}
	}
}

// TestNothingLeaks sends odd inputs to every operation: each gets an answer that a rule
// made, and none shows what the server is made of. Undeclared exceptions would show as
// internal errors, since development mode is strict.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	sc := newScene(t)
	const rounds = 12
	spared := map[string]bool{"DeleteUserPool": true, "DeleteUserPoolClient": true, "DeleteUser": true, "AdminDeleteUser": true, "GlobalSignOut": true, "AdminUserGlobalSignOut": true}
	for i, name := range slices.Sorted(maps.Keys(cognitoidp.Service.Operations)) {
		in := reflect.TypeOf(cognitoidp.Service.Operations[name].NewInput()).Elem()
		r := rand.New(rand.NewPCG(uint64(i), 1))
		for round := range rounds {
			if spared[name] && round > 0 {
				break // they would take the scene away
			}
			body := []byte("{}")
			if round > 0 {
				var err error
				if body, err = json.Marshal(sc.object(r, in, 0)); err != nil {
					t.Fatal(err)
				}
			}
			status, header, answer := sc.post(t, name, body)
			if status != 200 && status != 400 && status != 501 {
				t.Errorf("%s answered %d %s to %s", name, status, answer, body)
			}
			text := opaque.ReplaceAllString(answer, "...") + " " + header.Get("x-amzn-ErrorMessage")
			if found := leaks.FindString(text); found != "" && !bytes.Contains(body, []byte(found)) {
				t.Errorf("%s shows %q: %s to %s", name, found, answer, body)
			}
			if status != 200 && !strings.HasPrefix(answer, `{"__type":"`) {
				t.Errorf("%s: an error without __type: %s", name, strconv.Quote(answer))
			}
			if strings.HasSuffix(answer, `"Operation `+name+` is not implemented."}`) {
				break
			}
		}
	}
}

func (sc *scene) post(t *testing.T, operation string, body []byte) (int, http.Header, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, sc.s.URL, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Amz-Target", cognitoidp.Service.TargetPrefix+"."+operation)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(answer)
}
