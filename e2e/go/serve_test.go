package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/emersion/go-smtp"
)

// signed sends a signed request to list pools. tamper changes it after it was signed.
func (s *scene) signed(pool, keyID, secret, service string, at time.Time, tamper func(*http.Request)) answer {
	s.t.Helper()
	body := `{"MaxResults":1,"UserPoolId":"` + pool + `"}`
	r, err := http.NewRequestWithContext(s.ctx, http.MethodPost, s.url+"/", strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("X-Amz-Target", targetPrefix+"ListUserPools")
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	hash := sha256.Sum256([]byte(body))
	who := aws.Credentials{AccessKeyID: keyID, SecretAccessKey: secret}
	if err := v4.NewSigner().SignHTTP(s.ctx, who, r, hex.EncodeToString(hash[:]), service, "us-east-1", at); err != nil {
		s.t.Fatal(err)
	}
	if tamper != nil {
		tamper(r)
	}
	return s.do(r)
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := serve(t, dir, sqlite(dir)...)
	s := n.scene(t)
	pool := s.pool(func(in *idp.CreateUserPoolInput) { in.AutoVerifiedAttributes = nil }) // the SDK's signature holds

	const invalid = "InvalidSignatureException"
	const mismatch = "The request signature we calculated does not match the signature you provided. " +
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	const unknown = "The security token included in the request is invalid."
	now := time.Now()
	for operation, body := range map[string]string{
		"ListUserPools": `{"MaxResults":1}`, "AdminGetUser": `{"UserPoolId":"` + pool + `","Username":"x"}`,
		"DeleteUserPool": `{"UserPoolId":"` + pool + `"}`, "CreateGroup": `{"UserPoolId":"` + pool + `","GroupName":"g"}`,
	} {
		s.post(operation, body).is(t, 400, "MissingAuthenticationTokenException", "Missing Authentication Token")
	}
	if got := s.signed(pool, rootID, rootSecret, "cognito-idp", now, nil); got.status != http.StatusOK {
		t.Errorf("a good signature: %d %s", got.status, got.body)
	}
	s.signed(pool, rootID, "wrong", "cognito-idp", now, nil).is(t, 400, invalid, mismatch)
	s.signed(pool, "AKIANOBODY0000000000", rootSecret, "cognito-idp", now, nil).is(t, 400, "UnrecognizedClientException", unknown)
	s.signed(pool, rootID, rootSecret, "sts", now, nil).is(t, 400, invalid, "Credential should be scoped to correct service: 'cognito-idp'.")
	for name, tamper := range map[string]func(*http.Request){
		"another operation": func(r *http.Request) { r.Header.Set("X-Amz-Target", targetPrefix+"DeleteUserPool") },
		"another body": func(r *http.Request) {
			body := must(io.ReadAll(r.Body))(t)
			r.Body = io.NopCloser(bytes.NewReader(bytes.Replace(body, []byte(`1`), []byte(`2`), 1)))
		},
		"another path":    func(r *http.Request) { r.URL.Path = "/x" },
		"another query":   func(r *http.Request) { r.URL.RawQuery = "a=b" },
		"another host":    func(r *http.Request) { r.Host = "elsewhere.example" },
		"an added header": func(r *http.Request) { r.Header.Set("X-Amz-Other", "x") },
		"a changed signature": func(r *http.Request) {
			h := r.Header.Get("Authorization")
			r.Header.Set("Authorization", h[:len(h)-1]+map[bool]string{true: "0", false: "1"}[h[len(h)-1] != '0'])
		},
	} {
		s.signed(pool, rootID, rootSecret, "cognito-idp", now, tamper).is(t, 400, invalid, mismatch)
		if t.Failed() {
			t.Fatal(name)
		}
	}
	s.signed(pool, rootID, rootSecret, "cognito-idp", now, func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }).
		is(t, 400, "IncompleteSignatureException", incomplete("Bearer x"))
	for by, text := range map[time.Duration]string{
		-6 * time.Minute: `^Signature expired: [0-9]{8}T[0-9]{6}Z is now earlier than [0-9]{8}T[0-9]{6}Z \([0-9]{8}T[0-9]{6}Z - 5 min\.\)$`,
		6 * time.Minute:  `^Signature not yet current: [0-9]{8}T[0-9]{6}Z is still later than [0-9]{8}T[0-9]{6}Z \([0-9]{8}T[0-9]{6}Z \+ 5 min\.\)$`,
	} {
		got := s.signed(pool, rootID, rootSecret, "cognito-idp", now.Add(by), nil)
		if message := got.header.Get("x-amzn-ErrorMessage"); got.header.Get("x-amzn-ErrorType") != invalid+":" || !regexp.MustCompile(text).MatchString(message) {
			t.Errorf("skewed by %s: %s %s", by, got.header.Get("x-amzn-ErrorType"), message)
		}
	}
	if got := s.signed(pool, rootID, rootSecret, "cognito-idp", now.Add(-4*time.Minute), nil); got.status != http.StatusOK {
		t.Errorf("a little late: %d %s", got.status, got.body)
	}
	described := must(s.DescribeUserPool(s.ctx, &idp.DescribeUserPoolInput{UserPoolId: &pool}))(t)
	if *described.UserPool.Id != pool {
		t.Error("a refused call deleted the pool")
	}

	// A key of an administrator, until it is disabled.
	var key struct{ AccessKeyID, SecretAccessKey string }
	if err := json.Unmarshal([]byte(runCenote(t, dir, append([]string{"access-key", "create", "--user", "deploy", "--json"}, sqlite(dir)...)...)), &key); err != nil {
		t.Fatal(err)
	}
	book.add("secret access key", key.SecretAccessKey)
	if got := s.signed(pool, key.AccessKeyID, key.SecretAccessKey, "cognito-idp", time.Now(), nil); got.status != http.StatusOK {
		t.Errorf("another key: %d %s", got.status, got.body)
	}
	s.signed(pool, key.AccessKeyID, rootSecret, "cognito-idp", time.Now(), nil).is(t, 400, invalid, mismatch)
	runCenote(t, dir, append([]string{"access-key", "disable", key.AccessKeyID}, sqlite(dir)...)...)
	eventually(t, 5*time.Second, "a disabled key is refused", func() bool {
		return s.signed(pool, key.AccessKeyID, key.SecretAccessKey, "cognito-idp", time.Now(), nil).header.Get("x-amzn-ErrorType") == "UnrecognizedClientException:"
	})
	if list := runCenote(t, dir, append([]string{"access-key", "list"}, sqlite(dir)...)...); !strings.Contains(list, key.AccessKeyID) || strings.Contains(list, key.SecretAccessKey) {
		t.Error(list)
	}
}

// incomplete is the text for an Authorization header that is none.
func incomplete(header string) string {
	hash := sha256.Sum256([]byte(header))
	return "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. " +
		"Authorization header requires 'SignedHeaders' parameter. (Hashed with SHA-256 and encoded with Base64) Authorization=" +
		base64.StdEncoding.EncodeToString(hash[:])
}

// The public port of production serves the API and the pools' documents, and nothing of
// development; operators have a port of their own.
func TestPorts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := serve(t, dir, sqlite(dir)...)
	s := n.scene(t)
	for _, path := range []string{
		"/_cenote/messages", "/_cenote/inbox", "/_cenote/clock", "/_cenote/reset", "/_cenote/", "/healthz", "/readyz", "/metrics", "/",
	} {
		if got := s.send(http.MethodGet, path, ""); got.status != http.StatusNotFound {
			t.Errorf("GET %s is answered with %d %s", path, got.status, got.body)
		}
	}
	for _, path := range []string{"/_cenote/clock", "/_cenote/reset"} {
		s.send(http.MethodPost, path, `{"advance":"1h"}`).is(t, 400, "UnknownOperationException", "")
	}
	s.send(http.MethodDelete, "/_cenote/messages", "")
	ops := sceneAt(t, "http://"+n.ops, "", "")
	for path, want := range map[string]string{"/healthz": "ok\n", "/readyz": "ready\n"} {
		if got := ops.send(http.MethodGet, path, ""); got.status != http.StatusOK || got.body != want {
			t.Errorf("GET %s: %d %s", path, got.status, got.body)
		}
	}
	s.post("ListUserPools", `{"MaxResults":1}`)
	if got := ops.send(http.MethodGet, "/metrics", ""); !strings.Contains(got.body, `cenote_api_requests_total{category="",code="MissingAuthenticationTokenException",operation="ListUserPools"} 1`) &&
		!regexp.MustCompile(`cenote_api_requests_total\{[^}]*code="MissingAuthenticationTokenException",operation="ListUserPools"\} 1`).MatchString(got.body) {
		t.Errorf("GET /metrics: %d, no count of the refused call", got.status)
	}
	if got := ops.send(http.MethodPost, "/", `{"MaxResults":1}`); got.status != http.StatusNotFound && got.status != http.StatusMethodNotAllowed {
		t.Errorf("the operators' port serves the API: %d", got.status)
	}

	// What development has and production refuses.
	for tags, want := range map[string]string{
		`"UserPoolTags":{"cenote:id":"us-east-1_fixed"}`: "The tag cenote:id chooses the id of a user pool, which is possible in development mode only.",
		`"IssuerConfiguration":{"Type":"ORIGINAL"}`:      "IssuerConfiguration makes tokens name AWS as their issuer, which this server does not allow (--allow-aws-issuer).",
	} {
		in := &idp.CreateUserPoolInput{PoolName: ptr("p")}
		if strings.Contains(tags, "cenote:id") {
			in.UserPoolTags = map[string]string{"cenote:id": "us-east-1_fixed"}
		} else {
			in.IssuerConfiguration = &types.IssuerConfigurationType{Type: types.IssuerTypeOriginal}
		}
		_, err := s.CreateUserPool(s.ctx, in)
		refused[*types.InvalidParameterException](t, err, want)
	}
	pool := s.pool(func(in *idp.CreateUserPoolInput) {
		in.UserPoolTags = map[string]string{"_custom_id_": "us-east-1_fixed"}
	})
	if pool == "us-east-1_fixed" {
		t.Error("a tag chose the id of a pool")
	}
	info, err := os.Stat(filepath.Join(dir, "master.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the master key file: %v %v", info, err)
	}
}

// mailbox is an SMTP server that keeps what it receives. Where hold is not nil it takes a
// message only when hold is closed; where it refuses it knows no recipient.
type mailbox struct {
	arrived chan *mail.Message
	hold    chan struct{}
	refuses bool
}

// serveMail starts the server and returns its URL.
func (m *mailbox) serveMail(t *testing.T) string {
	t.Helper()
	return m.serveMailAt(t, "127.0.0.1:0")
}

func (m *mailbox) serveMailAt(t *testing.T, address string) string {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	server := smtp.NewServer(m)
	var wg sync.WaitGroup
	wg.Go(func() { server.Serve(l) })
	t.Cleanup(func() { server.Close(); wg.Wait() })
	return "smtp://" + l.Addr().String()
}

// NewSession begins a session.
func (m *mailbox) NewSession(*smtp.Conn) (smtp.Session, error) { return mailSession{m}, nil }

type mailSession struct{ *mailbox }

func (mailSession) Reset()                               {}
func (mailSession) Logout() error                        { return nil }
func (mailSession) Mail(string, *smtp.MailOptions) error { return nil }

// Rcpt takes a recipient.
func (s mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.refuses {
		return &smtp.SMTPError{Code: 550, Message: "no such user: " + to}
	}
	return nil
}

// Data takes a message.
func (s mailSession) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	message, err := mail.ReadMessage(bytes.NewReader(text))
	if err != nil {
		return err
	}
	s.arrived <- message
	if s.hold != nil {
		<-s.hold
	}
	return nil
}

// Codes go out by mail, and a request that waits for its mail to be taken is finished
// although the server is told to end.
func TestMailAndShutdown(t *testing.T) {
	t.Parallel()
	box := &mailbox{arrived: make(chan *mail.Message, 10), hold: make(chan struct{})}
	dir := t.TempDir()
	flags := append(sqlite(dir), "--smtp-url", box.serveMail(t))
	n := serve(t, dir, flags...)
	s := n.scene(t)
	a := s.app(s.pool())
	name, address := username(), email()
	results := make(chan error, 1)
	go func() {
		_, err := s.SignUp(s.ctx, &idp.SignUpInput{
			ClientId: &a.id, Username: &name, Password: ptr(password), UserAttributes: attributes("email", address),
		})
		results <- err
	}()
	message := <-box.arrived
	if to := message.Header.Get("To"); !strings.Contains(to, address) {
		t.Errorf("the mail goes to %s", to)
	}
	if err := n.process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, patience, "the port is closed", func() bool {
		c, err := net.Dial("tcp", strings.TrimPrefix(n.url, "http://"))
		if err == nil {
			c.Close()
		}
		return err != nil
	})
	close(box.hold)
	if err := <-results; err != nil {
		t.Errorf("the request under way: %v", err)
	}
	n.wait(t)

	// Another start finds the user, and the code of the mail is good.
	n = serve(t, dir, flags...)
	s = n.scene(t)
	body := must(io.ReadAll(message.Body))(t)
	code := regexp.MustCompile(`\b[0-9]{6}\b`).FindString(string(body))
	if code == "" {
		t.Fatalf("no code in the mail")
	}
	book.add("code", code)
	if err := s.confirm(a, name, code); err != nil {
		t.Error(err)
	}
	s.tokens(a, name, password)
}

// A mail that the mail server refuses for good is an error of its own, and the user stays.
func TestMailRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := serve(t, dir, append(sqlite(dir), "--smtp-url", (&mailbox{refuses: true}).serveMail(t))...)
	s := n.scene(t)
	a := s.app(s.pool())
	name := username()
	_, err := s.SignUp(s.ctx, &idp.SignUpInput{
		ClientId: &a.id, Username: &name, Password: ptr(password), UserAttributes: attributes("email", email()),
	})
	if e, ok := errorAs[*types.CodeDeliveryFailureException](err); !ok || leak.MatchString(e.ErrorMessage()) || strings.Contains(e.ErrorMessage(), "@") {
		t.Errorf("got %v", err)
	}
	if got := s.user(a.pool, name).UserStatus; got != types.UserStatusTypeUnconfirmed {
		t.Errorf("the user is %s", got)
	}
	invited := username()
	_, err = s.AdminCreateUser(s.ctx, &idp.AdminCreateUserInput{UserPoolId: &a.pool, Username: &invited, UserAttributes: attributes("email", email())})
	if _, ok := errorAs[*types.CodeDeliveryFailureException](err); !ok {
		t.Errorf("got %v", err)
	}
	if got := s.user(a.pool, invited).UserStatus; got != types.UserStatusTypeForceChangePassword {
		t.Errorf("the user is %s", got)
	}
}

// Mails that find no mail server wait, over a kill of Cenote too, and each arrives once.
func TestMailWaits(t *testing.T) {
	t.Parallel()
	dir, smtpAddress := t.TempDir(), freeAddress(t)
	flags := append(sqlite(dir), "--smtp-url", "smtp://"+smtpAddress)
	n := serve(t, dir, flags...)
	s := n.scene(t)
	a := s.app(s.pool())
	name, address, invited, guest := username(), email(), username(), email()
	must(s.SignUp(s.ctx, &idp.SignUpInput{
		ClientId: &a.id, Username: &name, Password: ptr(password), UserAttributes: attributes("email", address),
	}))(t)
	must(s.AdminCreateUser(s.ctx, &idp.AdminCreateUserInput{UserPoolId: &a.pool, Username: &invited, UserAttributes: attributes("email", guest)}))(t)
	n.kill(t)

	box := &mailbox{arrived: make(chan *mail.Message, 10)}
	box.serveMailAt(t, smtpAddress)
	n = serve(t, dir, flags...)
	s = n.scene(t)
	bodies := map[string]string{}
	for len(bodies) < 2 {
		select {
		case m := <-box.arrived:
			to := must(mail.ParseAddress(m.Header.Get("To")))(t).Address
			if bodies[to] != "" {
				t.Errorf("a mail came twice")
			}
			bodies[to] = string(must(io.ReadAll(m.Body))(t))
		case <-time.After(2 * time.Minute): // an attempt under way when its node died is another's after a minute
			t.Fatalf("%d of 2 mails came", len(bodies))
		}
	}
	code := regexp.MustCompile(`\b[0-9]{6}\b`).FindString(bodies[address])
	book.add("code", code)
	if err := s.confirm(a, name, code); err != nil {
		t.Error(err)
	}
	if !strings.Contains(bodies[guest], invited) {
		t.Error("the invitation does not name the user")
	}
	n.stop(t)
	if len(box.arrived) > 0 {
		t.Error("a mail came twice")
	}
}

// A backup that is restored elsewhere goes on with the sign-ins of before.
func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	const public = "http://cenote.test"
	first, second := t.TempDir(), t.TempDir()
	n := serve(t, first, append(sqlite(first), "--public-url", public)...)
	s := n.scene(t)
	a := s.app(s.pool(), withSecret)
	u := s.member(a.pool, "nickname", "Annie")
	tokens := s.tokens(a, u.name, u.password)
	rotates := s.app(a.pool, rotating(0))
	old := s.tokens(rotates, u.name, u.password)
	successor := must(s.tokensOf(rotates, *old.RefreshToken))(t)
	backup := filepath.Join(first, "backup")
	runCenote(t, first, append([]string{"backup", backup}, sqlite(first)...)...) // while the server runs
	late := s.member(a.pool)
	n.stop(t)

	key := must(os.ReadFile(filepath.Join(first, "master.key")))(t)
	if err := os.WriteFile(filepath.Join(second, "master.key"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	runCenote(t, second, append([]string{"restore", backup}, sqlite(second)...)...)
	n = serve(t, second, append(sqlite(second), "--public-url", public)...)
	s = n.scene(t)
	refreshed := must(s.tokensOf(a, *tokens.RefreshToken))(t)
	for _, token := range []*string{tokens.AccessToken, refreshed.AccessToken} {
		if got := s.get(token); got["nickname"] != "Annie" {
			t.Errorf("%v", got)
		}
	}
	s.tokens(a, u.name, u.password)
	if _, err := s.signInSRP(a, u.name, u.password); err != nil {
		t.Error(err)
	}
	// What was spent stays spent.
	_, err := s.tokensOf(rotates, *old.RefreshToken)
	refused[*types.RefreshTokenReuseException](t, err, "Refresh Token has been used already")
	_, err = s.tokensOf(rotates, *successor.RefreshToken)
	refused[*types.NotAuthorizedException](t, err, "Refresh Token has been revoked")
	_, err = s.AdminGetUser(s.ctx, &idp.AdminGetUserInput{UserPoolId: &a.pool, Username: &late.name})
	refused[*types.UserNotFoundException](t, err, textNoUser)
	n.stop(t)

	// Neither a server nor an administrator gets in with another master key.
	other := t.TempDir()
	elsewhere := serve(t, other, sqlite(other)...)
	elsewhere.stop(t)
	wrong := []string{"--database", "sqlite:" + filepath.Join(second, "cenote.db"), "--master-key-file", filepath.Join(other, "master.key")}
	for _, command := range [][]string{{"serve", "--listen", "127.0.0.1:0", "--ops-listen", ""}, {"access-key", "list"}, {"backup", filepath.Join(other, "b")}} {
		out, err := cenoteCommand(t, other, append(command, wrong...)...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "master key") {
			t.Errorf("%s: %v %s", command[0], err, out)
		}
	}
	missing := []string{"--database", wrong[1], "--master-key-file", filepath.Join(other, "none.key")}
	out, err := cenoteCommand(t, other, append([]string{"serve", "--listen", "127.0.0.1:0", "--ops-listen", ""}, missing...)...).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "none.key does not exist") {
		t.Errorf("without a key: %v %s", err, out)
	}
	files, err := filepath.Glob(filepath.Join(other, "none.key*"))
	if err != nil || len(files) > 0 {
		t.Errorf("a key was made beside a database that is in use: %v %v", files, err)
	}
}
