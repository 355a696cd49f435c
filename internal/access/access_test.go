package access_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go/aws-http-auth/credentials"
	"github.com/aws/smithy-go/aws-http-auth/sigv4"
	v4 "github.com/aws/smithy-go/aws-http-auth/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/access"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/store"
)

var now = time.Date(2026, 11, 22, 0, 15, 0, 0, time.UTC)

// keyring is a store with a few access keys that counts how often it is asked.
type keyring struct {
	reads    atomic.Int64
	disabled atomic.Bool
	failing  bool
}

func (k *keyring) AccessKey(_ context.Context, id string) (*store.AccessKey, error) {
	k.reads.Add(1)
	switch {
	case k.failing:
		return nil, errors.New("database is gone")
	case id == "AKIAROOT":
		return &store.AccessKey{ID: id, Secret: "root-secret", Root: true}, nil
	case id == "AKIADEPLOY":
		return &store.AccessKey{ID: id, Secret: "deploy-secret", User: "deploy", Disabled: k.disabled.Load()}, nil
	default:
		return nil, store.ErrNotFound
	}
}

type tokens struct{}

func (tokens) CheckAccess(_ context.Context, raw string) (*api.UserPrincipal, *store.User, error) {
	if raw != "good" {
		return nil, nil, fault.NotAuthorized("Invalid Access Token")
	}
	return &api.UserPrincipal{Sub: "s"}, &store.User{}, nil
}

func newControl(keys access.Keys, c *clock.Clock, open bool) *access.Control {
	key, err := seal.NewDataKey(clock.Random(nil), 1)
	if err != nil {
		panic(err)
	}
	ring, err := seal.NewKeyring(clock.Random(nil), key)
	if err != nil {
		panic(err)
	}
	return access.New(access.Deps{
		Keys: keys, Tokens: tokens{}, Clock: c, Open: open, Keyring: ring,
		Place: naming.Place{Region: "us-east-1", AccountID: "123456789012"},
	})
}

func fixedClock() *clock.Clock { return clock.New(func() time.Time { return now }) }

const body = `{"MaxResults":1}`

// request is what an SDK sends before it signs.
func request(t *testing.T, target string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.ListUserPools")
	r.Header.Set("User-Agent", "tester")
	return r
}

type signed string

func (s signed) IsSigned(name string) bool { return strings.Contains(";"+string(s)+";", ";"+name+";") }

type signOptions struct {
	id, secret, token, service string
	at                         time.Time
	headers                    signed
	query                      bool
}

func (o signOptions) sign(t *testing.T, r *http.Request) *http.Request {
	t.Helper()
	if o.id == "" {
		o.id, o.secret = "AKIAROOT", "root-secret"
	}
	if o.service == "" {
		o.service = "cognito-idp"
	}
	if o.at.IsZero() {
		o.at = now
	}
	if o.headers == "" {
		o.headers = "content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token;x-amz-target"
	}
	hash := sha256.Sum256([]byte(body))
	in := &sigv4.SignRequestInput{
		Request: r, PayloadHash: hash[:], Service: o.service, Region: "eu-central-1", Time: o.at,
		Credentials: credentials.Credentials{AccessKeyID: o.id, SecretAccessKey: o.secret, SessionToken: o.token},
	}
	if o.query {
		in.SignatureType = v4.SignatureTypeQueryString
	}
	err := sigv4.New(func(s *v4.SignerOptions) { s.HeaderRules = o.headers }).SignRequest(in)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// received sends the request through a listener and returns it as the server sees it.
func received(t *testing.T, r *http.Request) (*http.Request, []byte) {
	t.Helper()
	var got *http.Request
	var payload bytes.Buffer
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = payload.ReadFrom(r.Body)
		got = r
	}))
	defer s.Close()
	host := r.URL.Host
	if r.Host == "" {
		r.Host = host
	}
	r.URL.Host = strings.TrimPrefix(s.URL, "http://")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return got, payload.Bytes()
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	const base = "http://cognito.example:9229/"
	root := &api.IAMPrincipal{AccessKeyID: "AKIAROOT", ARN: "arn:aws:iam::123456789012:root", AccountID: "123456789012"}
	tests := []struct {
		name    string
		request *http.Request
		want    *api.IAMPrincipal
		code    string
		text    string
	}{
		{name: "header", want: root, request: signOptions{}.sign(t, request(t, base))},
		{
			name: "named key", want: &api.IAMPrincipal{AccessKeyID: "AKIADEPLOY", ARN: "arn:aws:iam::123456789012:user/deploy", AccountID: "123456789012"},
			request: signOptions{id: "AKIADEPLOY", secret: "deploy-secret"}.sign(t, request(t, base)),
		},
		{name: "header without spaces, other order", want: root, request: func() *http.Request {
			r := signOptions{}.sign(t, request(t, base))
			parts := strings.Split(strings.TrimPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 "), ", ")
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 "+parts[2]+","+parts[0]+","+parts[1])
			return r
		}()},
		{name: "odd path and query", want: root, request: signOptions{}.sign(t, request(t, base+"a%3Ab/c%20d/?b=2&a=%2F+x&b=1&empty"))},
		{name: "payload hash in a header", want: root, request: func() *http.Request {
			r := request(t, base)
			hash := sha256.Sum256([]byte(body))
			r.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(hash[:]))
			return signOptions{}.sign(t, r)
		}()},
		{name: "query", want: root, request: signOptions{query: true, headers: "host;x-amz-target"}.sign(t, request(t, base+"?x=1"))},
		{name: "dated four minutes ago", want: root, request: signOptions{at: now.Add(-4 * time.Minute)}.sign(t, request(t, base))},

		{
			name: "unsigned", code: "MissingAuthenticationTokenException", text: "Missing Authentication Token",
			request: request(t, base),
		},
		{
			name: "unknown key", code: "UnrecognizedClientException", text: "The security token included in the request is invalid.",
			request: signOptions{id: "AKIANOBODY", secret: "x"}.sign(t, request(t, base)),
		},
		{
			name: "temporary key", code: "UnrecognizedClientException", text: "The security token included in the request is invalid.",
			request: signOptions{id: "ASIATEMP", secret: "x", token: "tok"}.sign(t, request(t, base)),
		},
		{
			name: "permanent key with a session token", code: "UnrecognizedClientException", text: "The security token included in the request is invalid.",
			request: signOptions{id: "AKIAROOT", secret: "root-secret", token: "tok"}.sign(t, request(t, base)),
		},
		{name: "wrong secret", code: "InvalidSignatureException", text: mismatch, request: signOptions{id: "AKIAROOT", secret: "other"}.sign(t, request(t, base))},
		{name: "another target", code: "InvalidSignatureException", text: mismatch, request: func() *http.Request {
			r := signOptions{}.sign(t, request(t, base))
			r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.DeleteUserPool")
			return r
		}()},
		{name: "target not signed", code: "InvalidSignatureException", text: mismatch, request: signOptions{headers: "host;x-amz-date"}.sign(t, request(t, base))},
		{name: "host not signed", code: "InvalidSignatureException", text: "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.", request: signOptions{headers: "x-amz-date;x-amz-target"}.sign(t, request(t, base))},
		{name: "another host", code: "InvalidSignatureException", text: mismatch, request: func() *http.Request {
			r := signOptions{}.sign(t, request(t, base))
			r.Host = "other.example"
			return r
		}()},
		{name: "another body", code: "InvalidSignatureException", text: mismatch, request: func() *http.Request {
			r := signOptions{}.sign(t, request(t, base))
			changed := request(t, base)
			changed.Header = r.Header
			changed.Body = http.NoBody
			changed.ContentLength = 0
			return changed
		}()},
		{name: "a payload hash that is not the body's", code: "InvalidSignatureException", text: mismatch, request: func() *http.Request {
			r := request(t, base)
			r.Header.Set("X-Amz-Content-Sha256", strings.Repeat("0", 64))
			return signOptions{}.sign(t, r)
		}()},
		{
			name: "too old", code: "InvalidSignatureException",
			text:    "Signature expired: 20261122T000000Z is now earlier than 20261122T001000Z (20261122T001500Z - 5 min.)",
			request: signOptions{at: now.Add(-15 * time.Minute)}.sign(t, request(t, base)),
		},
		{
			name: "too new", code: "InvalidSignatureException",
			text:    "Signature not yet current: 20261122T002100Z is still later than 20261122T002000Z (20261122T001500Z + 5 min.)",
			request: signOptions{at: now.Add(6 * time.Minute)}.sign(t, request(t, base)),
		},
		{
			name: "another service", code: "InvalidSignatureException", text: "Credential should be scoped to correct service: 'cognito-idp'.",
			request: signOptions{service: "s3"}.sign(t, request(t, base)),
		},
		{
			name: "scope of another day", code: "InvalidSignatureException",
			text: "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.",
			request: func() *http.Request {
				r := signOptions{}.sign(t, request(t, base))
				r.Header.Set("X-Amz-Date", "20261121T235959Z")
				return r
			}(),
		},
		{
			name: "terminator", code: "InvalidSignatureException", text: "Credential should be scoped with a valid terminator: 'aws4_request'.",
			request: authorised(t, "AWS4-HMAC-SHA256 Credential=AKIAROOT/20261122/us-east-1/cognito-idp/aws3, SignedHeaders=host, Signature=00"),
		},
		{
			name: "no region", code: "InvalidSignatureException", text: "Credential should be scoped to a valid region.",
			request: authorised(t, "AWS4-HMAC-SHA256 Credential=AKIAROOT/20261122//cognito-idp/aws4_request, SignedHeaders=host, Signature=00"),
		},
		{
			name: "scope of three parts", code: "IncompleteSignatureException",
			text:    "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'AKIAROOT/20261122/us-east-1'",
			request: authorised(t, "AWS4-HMAC-SHA256 Credential=AKIAROOT/20261122/us-east-1, SignedHeaders=host, Signature=00"),
		},
		{
			name: "no signature", code: "IncompleteSignatureException",
			text: "Authorization header requires 'Signature' parameter. (Hashed with SHA-256 and encoded with Base64) Authorization=" +
				base64Hash("AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host"),
			request: authorised(t, "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host"),
		},
		{
			name: "another scheme", code: "IncompleteSignatureException",
			text: "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. " +
				"Authorization header requires 'SignedHeaders' parameter. (Hashed with SHA-256 and encoded with Base64) Authorization=" + base64Hash("Bearer abc"),
			request: authorised(t, "Bearer abc"),
		},
		{
			name: "date of no form", code: "IncompleteSignatureException",
			text: "Date must be in ISO-8601 'basic format'. Got 'yesterday'. See http://en.wikipedia.org/wiki/ISO_8601",
			request: func() *http.Request {
				r := signOptions{}.sign(t, request(t, base))
				r.Header.Set("X-Amz-Date", "yesterday")
				return r
			}(),
		},
		{
			name: "half a query", code: "IncompleteSignatureException",
			text: "AWS query-string parameters must include 'X-Amz-Algorithm'. AWS query-string parameters must include 'X-Amz-Credential'. " +
				"AWS query-string parameters must include 'X-Amz-SignedHeaders'. AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string parameters.",
			request: request(t, base+"?X-Amz-Signature=00"),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, payload := received(t, tt.request)
			got, err := newControl(&keyring{}, fixedClock(), false).Signer(t.Context(), cognitoidp.Service, r, payload)
			if tt.want != nil {
				if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
					t.Errorf("error %v, principal (-want +got):\n%s", err, diff)
				}
				return
			}
			f, ok := errors.AsType[*fault.Error](err)
			if !ok || f.Code != tt.code || f.Message != tt.text {
				t.Errorf("got %v\nwant %s: %s", err, tt.code, tt.text)
			}
			if p, err := newControl(&keyring{}, fixedClock(), true).Signer(t.Context(), cognitoidp.Service, r, payload); err != nil || p.ARN != root.ARN {
				t.Errorf("development mode answered %v, %v", p, err)
			}
		})
	}
}

const mismatch = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."

func base64Hash(s string) string {
	hash := sha256.Sum256([]byte(s))
	return base64.StdEncoding.EncodeToString(hash[:])
}

func authorised(t *testing.T, header string) *http.Request {
	t.Helper()
	r := request(t, "http://cognito.example/")
	r.Header.Set("Authorization", header)
	r.Header.Set("X-Amz-Date", now.Format("20060102T150405Z"))
	return r
}

// The signer that programs in Go use, with the headers that it chooses.
func TestSDKSigner(t *testing.T) {
	t.Parallel()
	hash := sha256.Sum256([]byte(body))
	r := request(t, "http://cognito.example:9229/?q=a%20b&Q=%7E")
	r.Header.Set("X-Amz-User-Agent", "two  spaces ")
	keys := aws.Credentials{AccessKeyID: "AKIADEPLOY", SecretAccessKey: "deploy-secret"}
	if err := sdk.NewSigner().SignHTTP(t.Context(), keys, r, hex.EncodeToString(hash[:]), "cognito-idp", "us-east-1", now); err != nil {
		t.Fatal(err)
	}
	got, payload := received(t, r)
	if _, err := newControl(&keyring{}, fixedClock(), false).Signer(t.Context(), cognitoidp.Service, got, payload); err != nil {
		t.Error(err)
	}
}

func TestDisabledKeyAndCache(t *testing.T) {
	t.Parallel()
	keys, moved := &keyring{}, atomic.Int64{}
	c := clock.New(func() time.Time { return now.Add(time.Duration(moved.Load())) })
	control := newControl(keys, c, false)
	r, payload := received(t, signOptions{id: "AKIADEPLOY", secret: "deploy-secret"}.sign(t, request(t, "http://h/")))
	call := func() error {
		_, err := control.Signer(t.Context(), cognitoidp.Service, r, payload)
		return err
	}
	for range 3 {
		if err := call(); err != nil {
			t.Fatal(err)
		}
	}
	if n := keys.reads.Load(); n != 1 {
		t.Errorf("%d reads of one key", n)
	}
	keys.disabled.Store(true)
	moved.Store(int64(time.Second))
	if err := call(); !fault.Is(err, "UnrecognizedClientException") {
		t.Errorf("a disabled key after a second: %v", err)
	}
	// The clock that development mode moves does not make signatures old.
	c.Advance(time.Hour)
	keys.disabled.Store(false)
	moved.Store(int64(2 * time.Second))
	if err := call(); err != nil {
		t.Errorf("after moving Clock.Now: %v", err)
	}
}

func TestStoreFailureIsNoRefusal(t *testing.T) {
	t.Parallel()
	r, payload := received(t, signOptions{}.sign(t, request(t, "http://h/")))
	_, err := newControl(&keyring{failing: true}, fixedClock(), false).Signer(t.Context(), cognitoidp.Service, r, payload)
	if _, isFault := errors.AsType[*fault.Error](err); err == nil || isFault {
		t.Errorf("got %v", err)
	}
}

func TestAllow(t *testing.T) {
	t.Parallel()
	control := newControl(&keyring{}, fixedClock(), false)
	op := cognitoidp.Service.Operations["ListUsers"]
	in := &cognitoidp.ListUsersRequest{UserPoolId: new("us-east-1_abc")}
	if err := control.Allow(t.Context(), control.Root(), cognitoidp.Service, op, in); err != nil {
		t.Error(err)
	}
	stranger := &api.IAMPrincipal{ARN: "arn:aws:iam::999999999999:user/x", AccountID: "999999999999"}
	const want = "AccessDeniedException: User: arn:aws:iam::999999999999:user/x is not authorized to perform: cognito-idp:ListUsers on resource: " +
		"arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abc because no identity-based policy allows the cognito-idp:ListUsers action"
	if err := control.Allow(t.Context(), stranger, cognitoidp.Service, op, in); err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

func TestUser(t *testing.T) {
	t.Parallel()
	control := newControl(&keyring{}, fixedClock(), false)
	if p, err := control.User(t.Context(), "good"); err != nil || p.Sub != "s" {
		t.Errorf("got %v, %v", p, err)
	}
	if _, err := control.User(t.Context(), "bad"); !fault.Is(err, "NotAuthorizedException") {
		t.Errorf("got %v", err)
	}
}

func FuzzSigner(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential=AKIAROOT/20261122/us-east-1/cognito-idp/aws4_request, SignedHeaders=host;x-amz-date, Signature=00", "20261122T001500Z", "/a?b=c")
	f.Add("", "", "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAROOT/20261122/r/cognito-idp/aws4_request&X-Amz-Signature=0&X-Amz-SignedHeaders=host&X-Amz-Date=20261122T001500Z")
	f.Add("AWS4-HMAC-SHA256 =,;=,", "Sun, 22 Nov 2026 00:15:00 GMT", "/%zz")
	control := newControl(&keyring{}, fixedClock(), false)
	f.Fuzz(func(t *testing.T, authorization, date, target string) {
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return
		}
		r := &http.Request{Method: http.MethodPost, URL: u, Host: "h", Header: http.Header{"Authorization": {authorization}, "X-Amz-Date": {date}}}
		if _, err := control.Signer(t.Context(), cognitoidp.Service, r, nil); err == nil {
			t.Error("let in without a secret")
		} else if _, ok := errors.AsType[*fault.Error](err); !ok {
			t.Errorf("no fault: %v", err)
		}
	})
}
