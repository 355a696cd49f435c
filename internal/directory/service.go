package directory

import (
	"context"
	"errors"
	"io"
	"maps"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/credential"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/message"
	"github.com/cenote-id/cenote/internal/risk"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/trigger"
)

// Deps is what a Service is made of.
type Deps struct {
	Store      *store.DB
	Catalog    *catalog.Catalog
	Credential *credential.Service
	Messages   *message.Service
	Triggers   *trigger.Service
	// Risk may be nil where no pool has threat protection.
	Risk   *risk.Service
	Random io.Reader // nil is the operating system's generator
	Limits Limits
	// AccountID is the account whose roles groups may have; empty lets them have any.
	AccountID string
	Clock     *clock.Clock
	// PublicURL is where clients reach the server; addresses of uploads begin with it.
	PublicURL string
	Imports   ImportLimits
}

// Limits are resource quotas; zero is no limit. AWS's numbers stand behind them.
type Limits struct {
	UsersPerPool  int // 40,000,000; imported and migrated users are not held up
	GroupsPerPool int // 10,000
	GroupsPerUser int // 100
	LinksPerUser  int // 5
}

// Service implements the operations on users. It is safe for concurrent use.
type Service struct {
	store      *store.DB
	catalog    *catalog.Catalog
	credential *credential.Service
	messages   *message.Service
	triggers   *trigger.Service
	risk       *risk.Service
	random     io.Reader
	limits     Limits
	accountID  string
	clock      *clock.Clock
	publicURL  string
	imports    ImportLimits
}

// New returns a Service.
func New(d Deps) *Service {
	return &Service{
		store: d.Store, catalog: d.Catalog, credential: d.Credential,
		messages: d.Messages, triggers: d.Triggers, risk: d.Risk, random: clock.Random(d.Random),
		limits: d.Limits, accountID: d.AccountID,
		clock: d.Clock, publicURL: d.PublicURL, imports: d.Imports.orDefaults(),
	}
}

// administered returns the pool and the user that an Admin operation names.
func (s *Service) administered(ctx context.Context, poolID, username *string) (*catalog.Pool, *store.User, error) {
	pool, err := s.catalog.Pool(ctx, api.Value(poolID))
	if err != nil {
		return nil, nil, err
	}
	user, err := s.Find(ctx, pool, api.Value(username))
	if err != nil {
		return nil, nil, orNoUser(err)
	}
	return pool, user, nil
}

// self returns the user who is calling with an access token, read fresh, and the client
// that the token was issued to.
func (s *Service) self(ctx context.Context, call *api.Call) (*catalog.Client, *store.User, error) {
	who := call.Principal.User
	client, err := s.catalog.ClientOf(ctx, who.PoolID, who.ClientID)
	if err != nil {
		return nil, nil, err
	}
	// The token was judged by the user's row in this call; that row is the fresh one.
	if user, ok := who.Record.(*store.User); ok {
		return client, user, nil
	}
	user, err := s.store.FindUser(ctx, client.Pool.Internal(), store.Key{Kind: store.KeySub, Value: who.Sub})
	if err != nil {
		return nil, nil, orNoUser(err)
	}
	return client, user, nil
}

// orNoUser turns store.ErrNotFound into the error of Admin operations and of operations
// with an access token.
func orNoUser(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return fault.UserNotFound(textNoUser).Because(err)
	}
	return err
}

// visitor returns the proven client and the user that an operation without credentials
// names. The user is nil where there is none: what that means depends on the client.
//
// The secret proof stands before the user in the order of errors. It may be made with a
// canonical name instead of the one sent, so only a failing proof waits for the look-up.
func (s *Service) visitor(ctx context.Context, clientID, username, hash *string) (catalog.ProvenClient, *store.User, error) {
	var none catalog.ProvenClient
	client, err := s.catalog.Client(ctx, api.Value(clientID))
	if err != nil {
		return none, nil, err
	}
	name := api.Value(username)
	proven, refusal := credential.ProveClient(client, name, hash)
	if refusal != nil && hash == nil {
		return none, nil, refusal
	}
	user, err := s.Find(ctx, client.Pool, name)
	if errors.Is(err, store.ErrNotFound) {
		return proven, nil, refusal
	}
	if err != nil {
		return none, nil, err
	}
	if refusal != nil {
		if proven, refusal = credential.ProveClient(client, name, hash, user.Username, user.Sub); refusal != nil {
			return none, nil, refusal
		}
	}
	return proven, user, nil
}

// EventAttributes are the user attributes as triggers see them: all values as strings,
// with sub and cognito:user_status, and with the verified contacts that are aliases.
func EventAttributes(pool *catalog.Pool, u *store.User) map[string]string {
	out := make(map[string]string, len(u.Attributes)+4)
	maps.Copy(out, u.Attributes)
	out[catalog.Sub] = u.Sub
	out["cognito:user_status"] = string(u.Status)
	for _, contact := range contacts() {
		if pool.AliasAttributes().Has(contact) && verified(u, contact) {
			out["cognito:"+contact+"_alias"] = u.Attributes[contact]
		}
	}
	return out
}

// subject is the part of trigger events that tells of an existing user.
func subject(pool *catalog.Pool, clientID string, u *store.User, metadata api.StringMap) trigger.Subject {
	return trigger.Subject{
		Pool: pool, ClientID: clientID, Username: u.Username,
		Attributes: EventAttributes(pool, u), ClientMetadata: metadata,
	}
}

// validation returns ValidationData as triggers see it.
func validation(list []cognitoidp.AttributeType) map[string]string {
	if list == nil {
		return nil
	}
	out := make(map[string]string, len(list))
	for _, a := range list {
		out[api.Value(a.Name)] = api.Value(a.Value)
	}
	return out
}
