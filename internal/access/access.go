package access

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/store"
)

// skew is how far the date of a signed request may be from the server's time, in either
// direction (AWS's JSON services).
const skew = 5 * time.Minute

// Keys finds access keys. The store does.
type Keys interface {
	// AccessKey returns the key with an id, or store.ErrNotFound.
	AccessKey(ctx context.Context, id string) (*store.AccessKey, error)
}

// Tokens judges access tokens. Package token does.
type Tokens interface {
	// CheckAccess returns whose token it is, with the user read fresh; its refusals are
	// *fault.Error.
	CheckAccess(ctx context.Context, raw string) (*api.UserPrincipal, *store.User, error)
}

// Deps is what a Control is made of.
type Deps struct {
	Keys   Keys
	Tokens Tokens
	Place  naming.Place
	Clock  *clock.Clock
	// Keyring seals the session tokens of Lend; Random makes their keys, nil is the operating
	// system's generator.
	Keyring *seal.Keyring
	Random  io.Reader
	// Open lets everybody act as the root principal, whatever the signature and without
	// one. It is for development mode only.
	Open bool
}

// Control answers the questions of package wire. It is safe for concurrent use.
type Control struct {
	keys    *keyCache
	tokens  Tokens
	place   naming.Place
	clock   *clock.Clock
	keyring *seal.Keyring
	random  io.Reader
	open    bool
}

// New returns a Control.
func New(d Deps) *Control {
	return &Control{
		keys: newKeyCache(d.Keys, d.Clock), tokens: d.Tokens, place: d.Place, clock: d.Clock,
		keyring: d.Keyring, random: clock.Random(d.Random), open: d.Open,
	}
}

// Root returns the principal of the account itself.
func (c *Control) Root() *api.IAMPrincipal {
	return &api.IAMPrincipal{ARN: c.arn("root"), AccountID: c.place.AccountID}
}

func (c *Control) arn(of string) string { return "arn:aws:iam::" + c.place.AccountID + ":" + of }

// Signer returns who signed the request for the service. The date of a signature was
// made by the client's clock and is judged by Clock.Outside.
func (c *Control) Signer(ctx context.Context, service *api.Service, r *http.Request, body []byte) (*api.IAMPrincipal, error) {
	sig, err := parse(r)
	if c.open {
		p := c.Root()
		if err == nil {
			p.AccessKeyID = sig.keyID
		}
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	if err := sig.checkScope(service.Name); err != nil {
		return nil, err
	}
	if !slices.Contains(sig.headers, "host") {
		return nil, fault.New(codeInvalid, textHostUnsigned)
	}
	if err := sig.checkDate(c.clock.Outside()); err != nil {
		return nil, err
	}
	if sig.token != "" {
		return c.borrower(sig, func(secret string) bool { return sig.matches(r, body, secret) })
	}
	key, err := c.keys.find(ctx, sig.keyID)
	unknown := errors.Is(err, store.ErrNotFound)
	if err != nil && !unknown {
		return nil, err
	}
	if unknown || key.Disabled {
		return nil, fault.New(codeUnrecognized, textUnrecognized)
	}
	if !sig.matches(r, body, key.Secret) {
		return nil, fault.New(codeInvalid, textMismatch)
	}
	p := &api.IAMPrincipal{AccessKeyID: key.ID, AccountID: c.place.AccountID, ARN: c.arn("user/" + key.User)}
	if key.Root {
		p.ARN = c.arn("root")
	}
	return p, nil
}

// User returns the user that an access token stands for.
func (c *Control) User(ctx context.Context, accessToken string) (*api.UserPrincipal, error) {
	p, user, err := c.tokens.CheckAccess(ctx, accessToken)
	if err != nil {
		return nil, err
	}
	p.Record = user
	return p, nil
}

// Allow says with nil that the principal may call the operation with this input, and
// otherwise answers AccessDeniedException.
func (c *Control) Allow(_ context.Context, p *api.IAMPrincipal, service *api.Service, op *api.Operation, in api.Input) error {
	action, resource := service.Name+":"+op.Name, c.resource(in)
	if c.decide(p, action, resource) {
		return nil
	}
	return fault.AccessDenied("User: " + p.ARN + " is not authorized to perform: " + action + " on resource: " +
		resource + " because no identity-based policy allows the " + action + " action")
}

// resource returns the ARN of what a call is about: the user pool that its input names,
// or * where it names none.
func (c *Control) resource(in api.Input) string {
	if t, ok := in.(api.PoolTarget); ok && t.TargetPoolID() != nil {
		return c.place.UserPoolARN(*t.TargetPoolID())
	}
	return "*"
}

// decide says whether a principal may perform an action on a resource. The principals of
// this account may do everything but what lent credentials are not good for.
func (c *Control) decide(p *api.IAMPrincipal, action, _ string) bool {
	return p.AccountID == c.place.AccountID && permits(p.Actions, action)
}
