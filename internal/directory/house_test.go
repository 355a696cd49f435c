package directory_test

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/credential"
	"github.com/cenote-id/cenote/internal/directory"
	"github.com/cenote-id/cenote/internal/message"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/trigger"
)

// goodPassword satisfies the default policy.
const goodPassword = "Passw0rd!"

// ground is a store with what reads it, and the time. Houses may share one.
type ground struct {
	store   *store.DB
	catalog *catalog.Catalog
	proofs  *credential.Service
	ticks   *clock.Clock
	pools   atomic.Int64 // how many were made
	limits  directory.Limits
	account string
	imports directory.ImportLimits
	runner  trigger.Runner // of the pools' functions; nil is none

	mu  sync.Mutex
	now time.Time
}

// house is a directory with one pool and one client.
type house struct {
	*directory.Service
	*ground
	t     *testing.T
	inbox *message.Inbox
	mail  *carrier

	pool     *store.Pool
	poolID   string
	clientID string
}

// carrier takes every message, or none.
type carrier struct{ fail error }

func (*carrier) Name() string                                   { return "test" }
func (c *carrier) Send(context.Context, message.Envelope) error { return c.fail }

// option changes the configuration of a house's pool and client before they are stored.
type option func(*cognitoidp.UserPoolType, *store.Client)

func newGround(t *testing.T) *ground {
	t.Helper()
	g := &ground{now: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}
	key, err := seal.NewMasterKey(rand.Reader)
	must(t, err)
	g.ticks = clock.New(g.time)
	g.store, err = store.Open(t.Context(), store.Options{
		URL: "sqlite:" + filepath.Join(t.TempDir(), "test.db"), Sync: store.SyncOff, MasterKey: key, Clock: g.ticks,
	})
	must(t, err)
	t.Cleanup(func() { must(t, g.store.Close()) })
	g.catalog = catalog.New(catalog.Deps{
		Store: g.store, Place: naming.Place{Region: "us-east-1"}, Clock: g.ticks, Log: slog.New(slog.DiscardHandler),
	})
	g.proofs = credential.New(credential.Deps{Store: g.store, Clock: g.ticks})
	return g
}

// newHouse returns a house on a ground of its own.
func newHouse(t *testing.T, options ...option) *house {
	t.Helper()
	return newGround(t).house(t, options...)
}

// house returns a house with a new pool.
func (g *ground) house(t *testing.T, options ...option) *house {
	t.Helper()
	n := g.pools.Add(1)
	h := &house{
		ground: g, t: t, inbox: message.NewInbox(nil), mail: new(carrier),
		poolID: fmt.Sprint("us-east-1_Directory", n), clientID: fmt.Sprint("client", n),
	}
	triggers := trigger.New(trigger.Deps{Runner: g.runner})
	h.Service = directory.New(directory.Deps{
		Store: g.store, Catalog: g.catalog, Credential: g.proofs, Triggers: triggers,
		Limits: g.limits, AccountID: g.account, Clock: g.ticks, PublicURL: "http://cenote.test", Imports: g.imports,
		Messages: message.New(message.Deps{
			Triggers: triggers, Email: h.mail, SMS: h.mail, Inbox: h.inbox, Clock: g.ticks,
			Random: rand.Reader, Log: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(),
		}),
	})
	h.configure(options)
	return h
}

func (g *ground) time() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.now
}

func (g *ground) sleep(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now = g.now.Add(d)
}

// configure stores the pool and the client.
func (h *house) configure(options []option) {
	h.t.Helper()
	config := &cognitoidp.UserPoolType{Id: &h.poolID, SchemaAttributes: schema()}
	client := &store.Client{Config: &cognitoidp.UserPoolClientType{UserPoolId: &h.poolID, ClientId: &h.clientID}}
	for _, o := range options {
		o(config, client)
	}
	var id [8]byte
	_, err := rand.Read(id[:])
	must(h.t, err)
	h.pool = &store.Pool{
		ID: store.PoolID(binary.BigEndian.Uint64(id[:]) >> 1), Config: config,
		MFA: &cognitoidp.GetUserPoolMfaConfigResponse{},
	}
	must(h.t, h.store.CreatePool(h.t.Context(), h.pool, store.SigningKeys{ID: []byte("id"), Access: []byte("access")}))
	client.Pool = h.pool.ID
	must(h.t, h.store.CreateClient(h.t.Context(), client))
}

// schema is the standard one in short, with custom attributes of each kind.
func schema() []cognitoidp.SchemaAttributeType {
	entry := func(name string, kind cognitoidp.AttributeDataType) cognitoidp.SchemaAttributeType {
		return cognitoidp.SchemaAttributeType{
			Name: &name, AttributeDataType: &kind, Mutable: new(true), Required: new(false), DeveloperOnlyAttribute: new(false),
		}
	}
	var list []cognitoidp.SchemaAttributeType
	for _, name := range []string{
		"sub", "name", "given_name", "family_name", "nickname", "preferred_username", "email", "birthdate", "phone_number", "custom:plan",
		"custom:tenant", "dev:custom:note",
	} {
		e := entry(name, cognitoidp.AttributeDataTypeString)
		e.StringAttributeConstraints = &cognitoidp.StringAttributeConstraintsType{MinLength: new("0"), MaxLength: new("2048")}
		switch name {
		case "sub":
			e.Mutable, e.Required = new(false), new(true)
		case "birthdate":
			e.StringAttributeConstraints = &cognitoidp.StringAttributeConstraintsType{MinLength: new("10"), MaxLength: new("10")}
		case "custom:tenant":
			e.Mutable = new(false)
		case "custom:plan":
			e.StringAttributeConstraints = nil
		}
		list = append(list, e)
	}
	list = append(list,
		entry("email_verified", cognitoidp.AttributeDataTypeBoolean),
		entry("phone_number_verified", cognitoidp.AttributeDataTypeBoolean),
		entry("custom:flag", cognitoidp.AttributeDataTypeBoolean),
		entry("custom:when", cognitoidp.AttributeDataTypeDateTime),
	)
	seats := entry("custom:seats", cognitoidp.AttributeDataTypeNumber)
	seats.NumberAttributeConstraints = &cognitoidp.NumberAttributeConstraintsType{MinValue: new("1"), MaxValue: new("10")}
	return append(list, seats, entry("custom:count", cognitoidp.AttributeDataTypeNumber))
}

// Options of pools and clients.

func autoVerify(names ...cognitoidp.VerifiedAttributeType) option {
	return func(p *cognitoidp.UserPoolType, _ *store.Client) { p.AutoVerifiedAttributes = names }
}

func aliases(names ...cognitoidp.AliasAttributeType) option {
	return func(p *cognitoidp.UserPoolType, _ *store.Client) { p.AliasAttributes = names }
}

func usernames(names ...cognitoidp.UsernameAttributeType) option {
	return func(p *cognitoidp.UserPoolType, _ *store.Client) { p.UsernameAttributes = names }
}

func keepOriginal(names ...cognitoidp.VerifiedAttributeType) option {
	return func(p *cognitoidp.UserPoolType, _ *store.Client) {
		p.UserAttributeUpdateSettings = &cognitoidp.UserAttributeUpdateSettingsType{AttributesRequireVerificationBeforeUpdate: names}
	}
}

func recovery(names ...cognitoidp.RecoveryOptionNameType) option {
	return func(p *cognitoidp.UserPoolType, _ *store.Client) {
		p.AccountRecoverySetting = &cognitoidp.AccountRecoverySettingType{}
		for i, name := range names {
			p.AccountRecoverySetting.RecoveryMechanisms = append(p.AccountRecoverySetting.RecoveryMechanisms,
				cognitoidp.RecoveryOptionType{Name: &name, Priority: new(i + 1)})
		}
	}
}

func require(name string) option {
	return func(p *cognitoidp.UserPoolType, _ *store.Client) {
		for i := range p.SchemaAttributes {
			if *p.SchemaAttributes[i].Name == name {
				p.SchemaAttributes[i].Required = new(true)
			}
		}
	}
}

func longest(name, length string) option {
	return func(p *cognitoidp.UserPoolType, _ *store.Client) {
		for i := range p.SchemaAttributes {
			if *p.SchemaAttributes[i].Name == name {
				p.SchemaAttributes[i].StringAttributeConstraints.MaxLength = &length
			}
		}
	}
}

func ignoreCase(p *cognitoidp.UserPoolType, _ *store.Client) {
	p.UsernameConfiguration = &cognitoidp.UsernameConfigurationType{CaseSensitive: new(false)}
}

func adminOnlySignUp(p *cognitoidp.UserPoolType, _ *store.Client) {
	p.AdminCreateUserConfig = &cognitoidp.AdminCreateUserConfigType{AllowAdminCreateUserOnly: new(true)}
}

func hideUsers(_ *cognitoidp.UserPoolType, c *store.Client) {
	c.Config.PreventUserExistenceErrors = new(cognitoidp.PreventUserExistenceErrorTypesEnabled)
}

func history(size int) option {
	return func(p *cognitoidp.UserPoolType, _ *store.Client) {
		p.Policies = &cognitoidp.UserPoolPolicyType{PasswordPolicy: &cognitoidp.PasswordPolicyType{
			MinimumLength: new(8), PasswordHistorySize: &size, TemporaryPasswordValidityDays: new(7),
		}}
	}
}

func writable(names ...string) option {
	return func(_ *cognitoidp.UserPoolType, c *store.Client) { c.Config.WriteAttributes = names }
}

func readable(names ...string) option {
	return func(_ *cognitoidp.UserPoolType, c *store.Client) { c.Config.ReadAttributes = names }
}

func secret(value string) option {
	return func(_ *cognitoidp.UserPoolType, c *store.Client) {
		c.Secrets = []store.ClientSecret{{ID: "1", Value: value, Created: time.Unix(0, 0)}}
	}
}

const (
	email = cognitoidp.VerifiedAttributeTypeEmail
	phone = cognitoidp.VerifiedAttributeTypePhoneNumber
)

// Calls.

func (h *house) call() *api.Call { return &api.Call{Time: h.time()} }

// as is a call with an access token of the named user.
func (h *house) as(username string) *api.Call {
	h.t.Helper()
	call := h.call()
	call.Principal.User = &api.UserPrincipal{PoolID: h.poolID, ClientID: h.clientID, Sub: h.user(username).Sub}
	return call
}

// user reads a user as it is stored.
func (h *house) user(username string) *store.User {
	h.t.Helper()
	u, err := h.find(username)
	must(h.t, err)
	return u
}

func (h *house) find(name string) (*store.User, error) {
	pool, err := h.catalog.Pool(h.t.Context(), h.poolID)
	must(h.t, err)
	return h.Find(h.t.Context(), pool, name)
}

// add stores a confirmed user with the given attributes and the password goodPassword.
func (h *house) add(username string, attributes ...string) {
	h.t.Helper()
	_, err := h.AdminCreateUser(h.t.Context(), h.call(), &cognitoidp.AdminCreateUserRequest{
		UserPoolId: &h.poolID, Username: &username, UserAttributes: list(attributes...),
		MessageAction: new(cognitoidp.MessageActionTypeSuppress),
	})
	must(h.t, err)
	h.setStatus(username, cognitoidp.UserStatusTypeConfirmed)
}

func (h *house) setStatus(username string, status cognitoidp.UserStatusType) {
	h.t.Helper()
	_, err := h.store.UpdateUser(h.t.Context(), h.pool.ID, h.user(username).ID, store.UpdateOptions{}, func(u *store.User) error {
		u.Status = status
		return nil
	})
	must(h.t, err)
}

func (h *house) disable(username string) {
	h.t.Helper()
	_, err := h.AdminDisableUser(h.t.Context(), h.call(), &cognitoidp.AdminDisableUserRequest{UserPoolId: &h.poolID, Username: &username})
	must(h.t, err)
}

func (h *house) signUp(username string, attributes ...string) (*cognitoidp.SignUpResponse, error) {
	return h.SignUp(h.t.Context(), h.call(), &cognitoidp.SignUpRequest{
		ClientId: &h.clientID, Username: &username, Password: new(goodPassword), UserAttributes: list(attributes...),
	})
}

func (h *house) mustSignUp(username string, attributes ...string) *cognitoidp.SignUpResponse {
	h.t.Helper()
	out, err := h.signUp(username, attributes...)
	must(h.t, err)
	return out
}

func (h *house) confirm(username, code string, force bool) error {
	_, err := h.ConfirmSignUp(h.t.Context(), h.call(), &cognitoidp.ConfirmSignUpRequest{
		ClientId: &h.clientID, Username: &username, ConfirmationCode: &code, ForceAliasCreation: &force,
	})
	return err
}

func (h *house) resend(username string) (*cognitoidp.CodeDeliveryDetailsType, error) {
	out, err := h.ResendConfirmationCode(h.t.Context(), h.call(), &cognitoidp.ResendConfirmationCodeRequest{
		ClientId: &h.clientID, Username: &username,
	})
	if err != nil {
		return nil, err
	}
	return out.CodeDeliveryDetails, nil
}

func (h *house) forgot(username string) (*cognitoidp.CodeDeliveryDetailsType, error) {
	out, err := h.ForgotPassword(h.t.Context(), h.call(), &cognitoidp.ForgotPasswordRequest{
		ClientId: &h.clientID, Username: &username,
	})
	if err != nil {
		return nil, err
	}
	return out.CodeDeliveryDetails, nil
}

func (h *house) confirmForgot(username, code, password string) error {
	_, err := h.ConfirmForgotPassword(h.t.Context(), h.call(), &cognitoidp.ConfirmForgotPasswordRequest{
		ClientId: &h.clientID, Username: &username, ConfirmationCode: &code, Password: &password,
	})
	return err
}

func (h *house) update(username string, attributes ...string) ([]cognitoidp.CodeDeliveryDetailsType, error) {
	out, err := h.UpdateUserAttributes(h.t.Context(), h.as(username), &cognitoidp.UpdateUserAttributesRequest{UserAttributes: list(attributes...)})
	if err != nil {
		return nil, err
	}
	return out.CodeDeliveryDetailsList, nil
}

func (h *house) adminUpdate(username string, attributes ...string) error {
	_, err := h.AdminUpdateUserAttributes(h.t.Context(), h.call(), &cognitoidp.AdminUpdateUserAttributesRequest{
		UserPoolId: &h.poolID, Username: &username, UserAttributes: list(attributes...),
	})
	return err
}

func (h *house) verify(username, attribute, code string) error {
	_, err := h.VerifyUserAttribute(h.t.Context(), h.as(username), &cognitoidp.VerifyUserAttributeRequest{
		AttributeName: &attribute, Code: &code,
	})
	return err
}

func (h *house) attributeCode(username, attribute string) error {
	_, err := h.GetUserAttributeVerificationCode(h.t.Context(), h.as(username), &cognitoidp.GetUserAttributeVerificationCodeRequest{
		AttributeName: &attribute,
	})
	return err
}

// passwordWorks says whether password signs the user in, lockout aside.
func (h *house) passwordWorks(username, password string) bool {
	h.t.Helper()
	pool, err := h.catalog.Pool(h.t.Context(), h.poolID)
	must(h.t, err)
	ok, err := h.proofs.VerifyPassword(h.t.Context(), pool, h.user(username), password)
	must(h.t, err)
	return ok
}

// lastCode is the code of the newest message to a destination.
func (h *house) lastCode(to string) string {
	h.t.Helper()
	entries := h.inbox.List(message.Filter{To: to, Limit: 1})
	if len(entries) == 0 {
		h.t.Fatalf("no message to %s", to)
	}
	return entries[0].Code
}

// wrong is a code that differs from the given one.
func wrong(code string) string {
	if code == "000000" {
		return "111111"
	}
	return "000000"
}

// list makes an attribute list of names and values in turn.
func list(pairs ...string) []cognitoidp.AttributeType {
	var out []cognitoidp.AttributeType
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, cognitoidp.AttributeType{Name: &pairs[i], Value: &pairs[i+1]})
	}
	return out
}

// attribute returns one value of an attribute list, "" where it is not there.
func attribute(list []cognitoidp.AttributeType, name string) string {
	for _, a := range list {
		if *a.Name == name {
			return *a.Value
		}
	}
	return ""
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
