package cenote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	kmsapi "github.com/cenote-id/cenote/api/kms"
	"github.com/cenote-id/cenote/internal/access"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/credential"
	"github.com/cenote-id/cenote/internal/devtools"
	"github.com/cenote-id/cenote/internal/directory"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/gate"
	"github.com/cenote-id/cenote/internal/httpd"
	"github.com/cenote-id/cenote/internal/jobs"
	"github.com/cenote-id/cenote/internal/keys"
	"github.com/cenote-id/cenote/internal/kms"
	"github.com/cenote-id/cenote/internal/login"
	"github.com/cenote-id/cenote/internal/message"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/oauth"
	"github.com/cenote-id/cenote/internal/risk"
	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/signin"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/token"
	"github.com/cenote-id/cenote/internal/trigger"
	"github.com/cenote-id/cenote/internal/userpool"
	"github.com/cenote-id/cenote/internal/wire"
)

// The services of cognito-idp, under names that can be embedded side by side.
type (
	pools    = userpool.Service
	users    = directory.Service
	sessions = signin.Service
)

// unbuilt lies one level deeper than the services, so that a method of theirs hides the
// one that answers NotImplemented.
type unbuilt struct{ cognitoidp.Unimplemented }

// identityProvider implements cognito-idp: every operation has one home, or the compiler
// refuses.
type identityProvider struct {
	*pools
	*users
	*sessions
	unbuilt
}

var _ cognitoidp.API = (*identityProvider)(nil)

// rooms are what the routes lead to.
type rooms struct {
	wire   *wire.Server
	tokens *token.Service
	keys   *keys.Cache
	users  *directory.Service
}

// open opens the database; in Serve mode it brings a root key for an empty one.
func (s *Server) open(ctx context.Context) error {
	master, err := seal.ParseMasterKey([]byte(s.config.MasterKey))
	if err != nil {
		return fmt.Errorf("master key: %w", err)
	}
	root := s.config.RootKey
	if root == nil && s.config.Mode == Serve {
		if root, err = NewRootKey(s.config.Random); err != nil {
			return err
		}
	}
	o := store.Options{
		URL: s.config.Database, Sync: s.sync(), MasterKey: master,
		Clock: s.clock, Random: s.config.Random, Log: s.config.Log,
	}
	if root != nil {
		o.RootKey = &store.AccessKey{ID: root.ID, Secret: string(root.Secret), Root: true, Created: s.clock.Now()}
	}
	if s.db, err = store.Open(ctx, o); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	if s.db.Fresh() && s.config.RootKey == nil {
		s.newRootKey = root
	}
	return nil
}

func (s *Server) sync() store.Sync {
	switch {
	case s.config.Ephemeral:
		return store.SyncOff
	case s.config.Mode == Dev:
		return store.SyncNormal
	default:
		return store.SyncFull
	}
}

// NewRootKey makes an access key in AWS's form.
func NewRootKey(random io.Reader) (*RootKey, error) {
	random = clock.Random(random)
	id, err := naming.Pick(random, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)
	if err != nil {
		return nil, err
	}
	secret, err := naming.Pick(random, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 40)
	return &RootKey{ID: "AKIA" + id, Secret: Secret(secret)}, err
}

// NewMasterKey makes the text of a master key.
func NewMasterKey(random io.Reader) (Secret, error) {
	key, err := seal.NewMasterKey(clock.Random(random))
	if err != nil {
		return "", err
	}
	return Secret(key.Encode()), nil
}

// newSenders makes what carries messages, so that a wrong URL shows before there is a
// database.
func (s *Server) newSenders() (email, sms message.Sender, err error) {
	if s.config.EmailURL != "" {
		if email, err = message.NewEmailSender(string(s.config.EmailURL), []byte(s.config.EmailSecret), s.clock); err != nil {
			return nil, nil, fmt.Errorf("e-mails: %w", err)
		}
	}
	if s.config.SMSURL != "" {
		if sms, err = message.NewSMSSender(string(s.config.SMSURL), []byte(s.config.SMSSecret), s.clock); err != nil {
			return nil, nil, fmt.Errorf("text messages: %w", err)
		}
	}
	return email, sms, nil
}

// outboxWorkers is how many waiting messages a node tries at a time.
const outboxWorkers = 4

// newMessages makes the room of messages with its outbox.
func (s *Server) newMessages(triggers *trigger.Service, email, sms message.Sender, encrypt *kms.Service) (messages *message.Service, err error) {
	d := message.Deps{
		Triggers: triggers, Email: email, SMS: sms, From: s.config.MailFrom, Clock: s.clock,
		Random: clock.Random(s.config.Random), Log: s.config.Log, Registry: s.registry,
		Queue: outbox{s}, Keyring: s.db.Keyring(), Encrypt: encrypt.EncryptCode,
	}
	if s.config.Mode == Dev {
		s.inbox = message.NewInbox(s.config.Console)
		d.Inbox = s.inbox
	}
	messages = message.New(d)
	s.outbox, err = jobs.New(jobs.Deps{
		Store: s.db, Clock: s.clock, Random: s.config.Random, Log: s.config.Log, Workers: outboxWorkers,
		Kinds: map[string]jobs.Kind{jobs.KindDelivery: jobs.Delivery(messages.Attempt)},
	})
	return messages, err
}

// outbox keeps messages as jobs.
type outbox struct{ server *Server }

// Enqueue implements message.Queue.
func (o outbox) Enqueue(ctx context.Context, id [16]byte, delivery []byte) error {
	job := store.Job{ID: id, Kind: jobs.KindDelivery, State: delivery, Due: o.server.clock.Outside()}
	if err := o.server.db.PutJob(ctx, job); err != nil {
		return err
	}
	o.server.outbox.Wake()
	return nil
}

// newRooms constructs the services and the front door.
func (s *Server) newRooms(place naming.Place, g *gate.Gate, cache *keys.Cache, triggers *trigger.Service, messages *message.Service, codes *kms.Service) rooms {
	tokens := token.New(token.Deps{
		Store: s.db, Catalog: s.catalog, Keys: cache, Triggers: triggers, Gate: g,
		Clock: s.clock, Random: s.config.Random, PublicURL: s.config.PublicURL, Metrics: s.registry,
	})
	credentials := credential.New(credential.Deps{
		Store: s.db, Arithmetic: s.arithmetic, Gate: g,
		Clock: s.clock, Random: s.config.Random, FixedCode: s.config.FixedCode,
	})
	s.risk = risk.New(risk.Deps{
		Store: s.db, Messages: messages, Passwords: s.passwords, Clock: s.clock,
		PublicURL: s.config.PublicURL, Retention: s.config.AuthEventRetention,
		Log: s.config.Log, Metrics: s.registry,
	})
	directoryService := directory.New(directory.Deps{
		Store: s.db, Catalog: s.catalog, Credential: credentials, Risk: s.risk,
		Messages: messages, Triggers: triggers, Random: s.config.Random, AccountID: s.roleAccount(),
		Clock: s.clock, PublicURL: s.config.PublicURL, Imports: s.importLimits(),
		Limits: s.config.Limits.users(),
	})
	control := access.New(access.Deps{
		Keys: s.db, Tokens: tokens, Place: place, Clock: s.clock, Open: s.config.Mode == Dev,
		Keyring: s.db.Keyring(), Random: s.config.Random,
	})
	idp := &identityProvider{
		pools: userpool.New(userpool.Deps{
			Store: s.db, Catalog: s.catalog, Keys: s.stock, Place: place, RoleAccount: s.roleAccount(), PublicURL: s.config.PublicURL, Random: s.config.Random,
			Rate: s.config.Limits.rate, Limits: s.config.Limits.pools(),
			FixedIDs:       s.config.Mode == Dev,
			AllowAWSIssuer: s.config.AllowAWSIssuer || s.config.Mode == Dev,
			PlainLoopback:  s.config.Mode == Dev,
		}),
		users: directoryService,
		sessions: signin.New(signin.Deps{
			Store: s.db, Catalog: s.catalog, Directory: directoryService, Credential: credentials,
			Tokens: tokens, Triggers: triggers, Messages: messages, Place: place, DomainBase: s.domainBase(), Risk: s.risk,
			Random: s.config.Random, Metrics: s.registry,
		}),
	}
	s.access = control
	return rooms{
		tokens: tokens, keys: cache, users: directoryService,
		wire: wire.New(wire.Config{
			Mounts: []wire.Mount{s.mount(idp), {Service: kmsapi.Service, Impl: codes, Violation: "ValidationException"}},
			Gate:   control, Throttle: s.throttle(),
			Strict:  s.config.Mode == Dev,
			Origins: s.config.Origins,
			Clock:   s.clock, Random: s.config.Random, Log: s.config.Log, Metrics: s.registry,
		}),
	}
}

// roleAccount is the account whose roles groups and text messages may have: the configured
// one. Who has configured none may have roles of any.
func (s *Server) roleAccount() string {
	if s.config.AccountID == DefaultAccountID {
		return ""
	}
	return s.config.AccountID
}

// brandingLimit is the largest request body that carries images of login pages, 4 MiB.
const brandingLimit = 4 << 20

// domainBase is the domain under which the prefix domains of pools lie.
func (s *Server) domainBase() string {
	if s.config.Mode == Dev {
		return "auth.localhost" // browsers find every name under localhost on this machine
	}
	return ""
}

func (s *Server) mount(idp *identityProvider) wire.Mount {
	m := wire.Mount{
		Service: cognitoidp.Service, Impl: idp, Violation: "InvalidParameterException",
		Categories: rateCategories(cognitoidp.Service), Explain: explain, Checked: withoutDomainPattern,
		Undeclared: map[string][]string{
			// The user may be missing, and AWS says so.
			"AdminGetDevice": {"UserNotFoundException"}, "AdminListDevices": {"UserNotFoundException"},
		},
		BodyLimits: map[string]int64{"CreateManagedLoginBranding": brandingLimit, "UpdateManagedLoginBranding": brandingLimit},
	}
	if s.config.Mode == Dev {
		m.Checked = func(in api.Input) api.Input { return withoutFixedID(withoutDomainPattern(in)) }
	}
	return m
}

// explain says in an exception what the databases cannot hold: JSON carries texts with a
// NUL, and no other rule forbids them in attribute values and tags.
func explain(err error) error {
	if errors.Is(err, store.ErrUnstorable) {
		return fault.InvalidParameter("Text must be UTF-8 without NUL characters.").Because(err)
	}
	return err
}

func (s *Server) importLimits() directory.ImportLimits {
	return directory.ImportLimits{Rows: s.config.MaxImportRows, Bytes: s.config.MaxImportBytes}
}

func (s *Server) operations() *httpd.Ops {
	return &httpd.Ops{
		Ready:   s.db.Ready,
		Metrics: promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{}),
		Log:     s.config.Log,
	}
}

func (s *Server) routes(r rooms) http.Handler {
	public := oauth.New(oauth.Deps{
		Store: s.db, Catalog: s.catalog, Tokens: r.tokens, Keys: r.keys, PublicURL: s.config.PublicURL, Log: s.config.Log,
	})
	routes := httpd.Routes{API: r.wire, Discovery: public.Discovery, JWKS: public.JWKS, Preflight: public.Preflight, Logo: public.Logo}
	routes.Imports = &httpd.Imports{
		Receive: r.users.ReceiveImport, Log: r.users.SendImportLog, MaxBytes: s.importLimits().Bytes, Errors: s.config.Log,
	}
	pages := login.New(login.Deps{
		Confirm: r.users.ConfirmByLink, Rate: rateThrough(r.wire), Clock: s.clock, Log: s.config.Log,
	})
	routes.ConfirmUser, routes.Feedback = pages.ConfirmUser, pages.Feedback
	if s.config.Mode == Dev {
		routes.Ops = s.operations()
		routes.Tools = s.untilStopped(devtools.New(devtools.Deps{
			Inbox: s.inbox, Clock: s.clock, Reset: s.reset,
			Hosts: s.hosts(), Random: s.config.Random, Log: s.config.Log,
		}).Handler())
	}
	return httpd.BelieveProxies(s.config.TrustedProxies, routes.Public())
}

// rateThrough makes the call that a form of feedback stands for.
func rateThrough(calls *wire.Server) func(*http.Request, url.Values) error {
	return func(r *http.Request, form url.Values) error {
		value := cognitoidp.FeedbackValueTypeInvalid
		if form.Get(login.FeedbackValue) == "valid" {
			value = cognitoidp.FeedbackValueTypeValid
		}
		from, _ := netip.ParseAddrPort(r.RemoteAddr) // none is the zero address
		_, err := calls.Call(r.Context(), cognitoidp.Service.Operations["UpdateAuthEventFeedback"],
			wire.Caller{RemoteIP: from.Addr().Unmap(), UserAgent: r.UserAgent()},
			&cognitoidp.UpdateAuthEventFeedbackRequest{
				UserPoolId: new(form.Get(login.FeedbackPool)), Username: new(form.Get(login.FeedbackUser)),
				EventId: new(form.Get(login.FeedbackEvent)), FeedbackToken: new(form.Get(login.FeedbackToken)), FeedbackValue: &value,
			})
		return err
	}
}

// hosts are the names by which the operator lets this server be reached.
func (s *Server) hosts() []string {
	names := []string{s.config.Listen}
	if u, err := url.Parse(s.config.PublicURL); err == nil {
		names = append(names, u.Host)
	}
	return names
}

// untilStopped ends requests that wait for something to happen when the server stops.
func (s *Server) untilStopped(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(s.running, cancel)()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// reset deletes all data of a Dev server.
func (s *Server) reset(ctx context.Context) error {
	err := s.db.Reset(ctx)
	s.catalog.DropAll()
	return err
}

// Seed applies a YAML list of {service, operation, input} as the root principal, through
// every phase that a client's call takes. It stops at the first refusal.
func (s *Server) Seed(ctx context.Context, list io.Reader) error {
	return devtools.Seed(ctx, list, func(ctx context.Context, service, operation string, input json.RawMessage) error {
		op := s.wire.Operation(service, operation)
		if op == nil {
			return fmt.Errorf("there is no operation %s of %s", operation, service)
		}
		in := op.NewInput()
		if err := wire.Decode(input, in); err != nil {
			return err
		}
		_, err := s.wire.Call(ctx, op, wire.Caller{IAM: s.access.Root()}, in)
		return err
	})
}
