package signin_test

import (
	"context"
	"encoding/base64"
	"log/slog"
	"maps"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/credential"
	"github.com/cenote-id/cenote/internal/directory"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/gate"
	"github.com/cenote-id/cenote/internal/keys"
	"github.com/cenote-id/cenote/internal/keys/keystest"
	"github.com/cenote-id/cenote/internal/message"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/signin"
	"github.com/cenote-id/cenote/internal/srp"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/token"
	"github.com/cenote-id/cenote/internal/trigger"
)

const (
	password  = "Passw0rd!"
	password2 = "N3w-Passw0rd!"
)

// env is the sign-in service with everything below it, on a store of its own and with a
// clock that the test moves.
type env struct {
	*signin.Service
	t        testing.TB
	files    string // where the database is
	db       *store.DB
	catalog  *catalog.Catalog
	proofs   *credential.Service
	tokens   *token.Service
	gate     *gate.Gate
	stock    *keys.Stock
	registry *prometheus.Registry
	users    *directory.Service
	inbox    *message.Inbox
	mail     *carrier

	mu  sync.Mutex
	now time.Time
}

// newEnv makes an env; functions runs the functions of its pools, none runs none.
func newEnv(tb testing.TB, functions ...trigger.Runner) *env {
	tb.Helper()
	e := &env{
		t: tb, now: time.Date(2026, 3, 3, 9, 5, 7, 0, time.UTC), files: tb.TempDir(),
		registry: prometheus.NewPedanticRegistry(), stock: keys.NewStock(keystest.Generator(), nil, 0),
		inbox: message.NewInbox(nil), mail: new(carrier),
	}
	ticks := clock.New(e.time)
	key, err := seal.NewMasterKey(clock.Random(nil))
	if err != nil {
		tb.Fatal(err)
	}
	e.db, err = store.Open(tb.Context(), store.Options{
		URL: "sqlite:" + filepath.Join(e.files, "cenote.db"), Sync: store.SyncOff, MasterKey: key, Clock: ticks,
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := e.db.Close(); err != nil {
			tb.Error(err)
		}
	})
	e.gate = gate.New(8, 100*time.Millisecond) // more slots than tests work side by side
	var run trigger.Deps
	if len(functions) > 0 {
		run.Runner = functions[0]
	}
	triggers := trigger.New(run)
	place := naming.Place{Region: "us-east-1", AccountID: "000000000000"}
	e.catalog = catalog.New(catalog.Deps{Store: e.db, Place: place, Clock: ticks})
	e.proofs = credential.New(credential.Deps{Store: e.db, Arithmetic: new(srp.Arithmetic), Gate: e.gate, Clock: ticks})
	e.tokens = token.New(token.Deps{
		Store: e.db, Catalog: e.catalog, Keys: keys.NewCache(e.db, nil, 0), Triggers: triggers,
		Gate: e.gate, Clock: ticks, PublicURL: "http://localhost:9229",
	})
	messages := message.New(message.Deps{
		Triggers: triggers, Email: e.mail, SMS: e.mail, Inbox: e.inbox, Clock: ticks,
		Random: clock.Random(nil), Log: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(),
	})
	e.users = directory.New(directory.Deps{
		Store: e.db, Catalog: e.catalog, Credential: e.proofs, Triggers: triggers, Messages: messages,
	})
	e.Service = signin.New(signin.Deps{
		Store: e.db, Catalog: e.catalog, Credential: e.proofs, Tokens: e.tokens, Triggers: triggers, Messages: messages, Place: place, Metrics: e.registry,
		Directory: e.users, DomainBase: "auth.example.org",
	})
	return e
}

// carrier takes every message, or none.
type carrier struct{ fail error }

func (*carrier) Name() string                                   { return "test" }
func (c *carrier) Send(context.Context, message.Envelope) error { return c.fail }

func (e *env) time() time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.now
}

func (e *env) sleep(d time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.now = e.now.Add(d)
}

func (e *env) call() *api.Call { return &api.Call{Time: e.time()} }

// Configuration.

type option func(*cognitoidp.UserPoolType, *store.Client)

// client makes a pool with one client that allows every flow there is, changed as the test
// wants.
func (e *env) client(name string, options ...option) *catalog.Client {
	e.t.Helper()
	poolID, clientID := "us-east-1_"+name, "client"+name
	pool := &store.Pool{
		Config: &cognitoidp.UserPoolType{Id: &poolID, SchemaAttributes: schema()},
		MFA:    new(cognitoidp.GetUserPoolMfaConfigResponse),
	}
	client := &store.Client{Config: &cognitoidp.UserPoolClientType{
		UserPoolId: &poolID, ClientId: &clientID, ExplicitAuthFlows: []cognitoidp.ExplicitAuthFlowsType{
			"ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH",
		},
	}}
	for _, o := range options {
		o(pool.Config, client)
	}
	if err := e.db.CreatePool(e.t.Context(), pool, must(e.stock.Take(e.t.Context()))(e.t)); err != nil {
		e.t.Fatal(err)
	}
	client.Pool = pool.ID
	return e.addClient(client)
}

// sibling makes another client of the pool, like the first.
func (e *env) sibling(c *catalog.Client, id string) *catalog.Client {
	e.t.Helper()
	config := *c.Config
	config.ClientId = &id
	return e.addClient(&store.Client{Pool: c.Pool.Internal(), Config: &config, Secrets: c.Secrets})
}

func (e *env) addClient(c *store.Client) *catalog.Client {
	e.t.Helper()
	if err := e.db.CreateClient(e.t.Context(), c); err != nil {
		e.t.Fatal(err)
	}
	return must(e.catalog.Client(e.t.Context(), *c.Config.ClientId))(e.t)
}

func schema() []cognitoidp.SchemaAttributeType {
	var list []cognitoidp.SchemaAttributeType
	for name, kind := range map[string]cognitoidp.AttributeDataType{
		"email": "String", "email_verified": "Boolean", "phone_number": "String", "given_name": "String", "name": "String",
		"preferred_username": "String", "custom:plan": "String", "custom:tenant": "String",
	} {
		list = append(list, cognitoidp.SchemaAttributeType{
			Name: &name, AttributeDataType: &kind, Required: new(false), Mutable: new(name != "custom:tenant"), DeveloperOnlyAttribute: new(false),
		})
	}
	return list
}

func hiding(_ *cognitoidp.UserPoolType, c *store.Client) {
	c.Config.PreventUserExistenceErrors = new(cognitoidp.PreventUserExistenceErrorTypesEnabled)
}

func flows(list ...cognitoidp.ExplicitAuthFlowsType) option {
	return func(_ *cognitoidp.UserPoolType, c *store.Client) { c.Config.ExplicitAuthFlows = list }
}

func secret(value string) option {
	return func(_ *cognitoidp.UserPoolType, c *store.Client) {
		c.Secrets = append(c.Secrets, store.ClientSecret{ID: "id", Value: value})
	}
}

func required(names ...string) option {
	return func(p *cognitoidp.UserPoolType, _ *store.Client) {
		for i, a := range p.SchemaAttributes {
			for _, name := range names {
				if *a.Name == name {
					p.SchemaAttributes[i].Required = new(true)
				}
			}
		}
	}
}

func aliases(list ...cognitoidp.AliasAttributeType) option {
	return func(p *cognitoidp.UserPoolType, _ *store.Client) { p.AliasAttributes = list }
}

func byEmail(p *cognitoidp.UserPoolType, _ *store.Client) {
	p.UsernameAttributes = []cognitoidp.UsernameAttributeType{"email"}
}

func rotating(_ *cognitoidp.UserPoolType, c *store.Client) {
	c.Config.RefreshTokenRotation = &cognitoidp.RefreshTokenRotationType{Feature: new(cognitoidp.FeatureTypeEnabled)}
}

func function(set func(*cognitoidp.LambdaConfigType, *string)) option {
	return func(p *cognitoidp.UserPoolType, _ *store.Client) {
		p.LambdaConfig = new(cognitoidp.LambdaConfigType)
		set(p.LambdaConfig, new("arn"))
	}
}

// Users.

// user stores a confirmed user with the password, changed as the test wants.
func (e *env) user(p *catalog.Pool, name string, change ...func(*store.User)) *store.User {
	e.t.Helper()
	u := &store.User{
		Pool: p.Internal(), ID: must(store.NewUserID(e.time(), clock.Random(nil)))(e.t),
		Sub: must(naming.UUID(clock.Random(nil)))(e.t), Username: name,
		Status: cognitoidp.UserStatusTypeConfirmed, Enabled: true, Created: e.time(), Modified: e.time(),
		Attributes: map[string]string{"email": name + "@example.com", "email_verified": "true"},
	}
	u.Credential = must(e.proofs.New(e.t.Context(), p, name, password))(e.t)
	for _, f := range change {
		f(u)
	}
	u.Keys = directory.KeysOf(p, u)
	if err := e.db.CreateUser(e.t.Context(), u, store.CreateOptions{}); err != nil {
		e.t.Fatal(err)
	}
	return e.fresh(u)
}

// invited gives a user a temporary password.
func (e *env) invited(p *catalog.Pool) func(*store.User) {
	return func(u *store.User) {
		u.Status = cognitoidp.UserStatusTypeForceChangePassword
		u.Credential = must(e.proofs.NewTemporary(e.t.Context(), p, u.Username, password))(e.t)
	}
}

func status(s cognitoidp.UserStatusType) func(*store.User) {
	return func(u *store.User) { u.Status = s }
}

func disabled(u *store.User) { u.Enabled = false }

func without(u *store.User) { u.Credential = store.Credential{} }

func with(name, value string) func(*store.User) {
	return func(u *store.User) { u.Attributes[name] = value }
}

func (e *env) fresh(u *store.User) *store.User {
	e.t.Helper()
	return must(e.db.FindUser(e.t.Context(), u.Pool, store.Key{Kind: store.KeySub, Value: u.Sub}))(e.t)
}

func (e *env) change(u *store.User, mutate func(*store.User)) {
	e.t.Helper()
	must(e.db.UpdateUser(e.t.Context(), u.Pool, u.ID, store.UpdateOptions{}, func(u *store.User) error { mutate(u); return nil }))(e.t)
}

// Calls.

type values = api.StringMap

type answer = cognitoidp.RespondToAuthChallengeResponse

// initiate begins through InitiateAuth, or AdminInitiateAuth for the admin flows.
func (e *env) initiate(c *catalog.Client, flow cognitoidp.AuthFlowType, parameters values) (*answer, error) {
	e.t.Helper()
	var out *cognitoidp.InitiateAuthResponse
	var err error
	if flow == "ADMIN_USER_PASSWORD_AUTH" || flow == "ADMIN_NO_SRP_AUTH" {
		var admin *cognitoidp.AdminInitiateAuthResponse
		admin, err = e.AdminInitiateAuth(e.t.Context(), e.call(), &cognitoidp.AdminInitiateAuthRequest{
			UserPoolId: c.Pool.Config.Id, ClientId: c.Config.ClientId, AuthFlow: &flow, AuthParameters: parameters,
		})
		out = (*cognitoidp.InitiateAuthResponse)(admin)
	} else {
		out, err = e.InitiateAuth(e.t.Context(), e.call(), &cognitoidp.InitiateAuthRequest{
			ClientId: c.Config.ClientId, AuthFlow: &flow, AuthParameters: parameters,
		})
	}
	if err != nil {
		return nil, err
	}
	if out.AvailableChallenges != nil && flow != "USER_AUTH" {
		e.t.Errorf("challenges %v are offered", out.AvailableChallenges)
	}
	return &answer{
		ChallengeName: out.ChallengeName, ChallengeParameters: out.ChallengeParameters,
		Session: out.Session, AuthenticationResult: out.AuthenticationResult,
	}, nil
}

// signIn is USER_PASSWORD_AUTH.
func (e *env) signIn(c *catalog.Client, name, password string) (*answer, error) {
	e.t.Helper()
	return e.initiate(c, "USER_PASSWORD_AUTH", values{"USERNAME": name, "PASSWORD": password})
}

func (e *env) respond(c *catalog.Client, challenge cognitoidp.ChallengeNameType, session *string, responses values) (*answer, error) {
	e.t.Helper()
	return e.RespondToAuthChallenge(e.t.Context(), e.call(), &cognitoidp.RespondToAuthChallengeRequest{
		ClientId: c.Config.ClientId, ChallengeName: &challenge, Session: session, ChallengeResponses: responses,
	})
}

// claim begins USER_SRP_AUTH as the clients do and returns the answer to
// PASSWORD_VERIFIER, with what more is to be sent.
func (e *env) claim(c *catalog.Client, name, password string, more values) (values, error) {
	e.t.Helper()
	client := must(srp.NewClient(clock.Random(nil)))(e.t)
	parameters := values{"USERNAME": name, "SRP_A": client.A()}
	maps.Copy(parameters, more)
	out, err := e.initiate(c, "USER_SRP_AUTH", parameters)
	if err != nil {
		return nil, err
	}
	p := out.ChallengeParameters
	if *out.ChallengeName != "PASSWORD_VERIFIER" || out.Session != nil || len(p) != 5 || p["USERNAME"] != p["USER_ID_FOR_SRP"] {
		e.t.Errorf("got %v with %v", *out.ChallengeName, p)
	}
	stamp := srp.Timestamp(e.time())
	id := srp.Identity{Group: naming.PoolName(c.Pool.ID()), User: p["USER_ID_FOR_SRP"]}
	block := must(base64.StdEncoding.DecodeString(p["SECRET_BLOCK"]))(e.t)
	return values{
		"USERNAME": p["USER_ID_FOR_SRP"], "TIMESTAMP": stamp, "PASSWORD_CLAIM_SECRET_BLOCK": p["SECRET_BLOCK"],
		"PASSWORD_CLAIM_SIGNATURE": must(client.Answer(id, password, p["SALT"], p["SRP_B"], block, stamp))(e.t),
	}, nil
}

// srp is USER_SRP_AUTH to its end.
func (e *env) srp(c *catalog.Client, name, password string) (*answer, error) {
	e.t.Helper()
	claim, err := e.claim(c, name, password, nil)
	if err != nil {
		return nil, err
	}
	return e.respond(c, "PASSWORD_VERIFIER", nil, claim)
}

// Checks.

// wantTokens checks that a sign-in is complete.
func wantTokens(tb testing.TB, out *answer, err error) *cognitoidp.AuthenticationResultType {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
	if out.AuthenticationResult == nil || out.ChallengeName != nil || out.Session != nil || out.ChallengeParameters == nil || len(out.ChallengeParameters) > 0 {
		tb.Fatalf("got %+v, want tokens", out)
	}
	return out.AuthenticationResult
}

// wantChallenge checks that a sign-in poses a challenge with a Session.
func wantChallenge(tb testing.TB, name cognitoidp.ChallengeNameType, out *answer, err error) *answer {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
	if api.Value(out.ChallengeName) != name || out.AuthenticationResult != nil || len(api.Value(out.Session)) < 20 || len(*out.Session) > 2048 {
		tb.Fatalf("got %+v, want %s", out, name)
	}
	return out
}

func must[T any](out T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return out
	}
}

// failure is an exception as a client sees it.
type failure struct{ code, message string }

// wantFault checks the exception and its exact text; none is success.
func wantFault(tb testing.TB, err error, want failure) {
	tb.Helper()
	if want == (failure{}) && err == nil {
		return
	}
	f, ok := err.(*fault.Error) // nothing may stand around what a client sees
	if !ok || f.Code != want.code || f.Message != want.message {
		tb.Errorf("got %v, want %s: %s", err, want.code, want.message)
	}
}

func invalid(text string) failure       { return failure{"InvalidParameterException", text} }
func notAuthorized(text string) failure { return failure{"NotAuthorizedException", text} }

var (
	noFault        = failure{}
	badCredentials = notAuthorized("Incorrect username or password.")
	noUser         = failure{"UserNotFoundException", "User does not exist."}
	isDisabled     = notAuthorized("User is disabled.")
	isUnconfirmed  = failure{"UserNotConfirmedException", "User is not confirmed."}
	mustReset      = failure{"PasswordResetRequiredException", "Password reset required for the user"}
	isExpired      = notAuthorized("Temporary password has expired and must be reset by an administrator.")
	isLocked       = notAuthorized("Password attempts exceeded")
	badSession     = notAuthorized("Invalid session for the user.")
	oldSession     = notAuthorized("Invalid session for the user, session is expired.")
	usedSession    = notAuthorized("Invalid session for the user, session can only be used once.")
	noFunction     = " invocation failed due to error ResourceNotFoundException."
)
