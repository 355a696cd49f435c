package risk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/store"
)

// Case is one thing that a user does, from its first call to its last: a sign-in, a
// sign-up. A nil Case belongs to a pool that does not look at risk; all methods take it and
// do nothing.
type Case struct {
	client   *catalog.Client
	enforced bool
	kind     cognitoidp.EventType
	origin   Origin
	id       string
	began    time.Time
	password outcome
	mfa      outcome
	verdict  Verdict
}

// outcome is how an answer to a challenge was judged; empty where none was.
type outcome = cognitoidp.ChallengeResponse

// Verdict is what was found about a sign-in and what is to be done.
type Verdict struct {
	// Level is empty for no risk.
	Level cognitoidp.RiskLevelType `json:"l,omitempty"`
	// Compromised says that the password is known to attackers.
	Compromised bool `json:"c,omitempty"`
	// Reset asks for another password before the user is let in.
	Reset bool `json:"-"`
	// Block lets nobody in.
	Block bool `json:"b,omitempty"`
	// Factor asks for a second factor of those who have one, also where a remembered device
	// would stand in for it; MustFactor lets nobody in without.
	Factor     bool `json:"f,omitempty"`
	MustFactor bool `json:"m,omitempty"`
}

// Mode is what a pool does about the risk of a flow. Custom authentication has a mode of
// its own (AdvancedSecurityAdditionalFlows) and is not looked at without it.
func Mode(p *catalog.Pool, flow cognitoidp.AuthFlowType) cognitoidp.AdvancedSecurityModeType {
	mode := p.ThreatProtection()
	if mode == cognitoidp.AdvancedSecurityModeTypeOff || flow != cognitoidp.AuthFlowTypeCustomAuth {
		return mode
	}
	extra := p.Config.UserPoolAddOns.AdvancedSecurityAdditionalFlows
	if extra == nil || extra.CustomAuthMode == nil {
		return cognitoidp.AdvancedSecurityModeTypeOff
	}
	return cognitoidp.AdvancedSecurityModeType(*extra.CustomAuthMode)
}

// SignIn opens the case of a sign-in that began at a time; id is its event id.
func (s *Service) SignIn(c *catalog.Client, flow cognitoidp.AuthFlowType, id string, began time.Time, o Origin) *Case {
	return s.open(c, Mode(c.Pool, flow), cognitoidp.EventTypeSignIn, id, began, o)
}

// Open opens the case of what a user does but for signing in. Cases of the same user, kind
// and beginning are the same, whatever node opens them: so a confirmation completes what a
// sign-up began.
func (s *Service) Open(c *catalog.Client, kind cognitoidp.EventType, u *store.User, began time.Time, o Origin) *Case {
	return s.open(c, c.Pool.ThreatProtection(), kind, derivedID(kind, u, began), began, o)
}

func (s *Service) open(c *catalog.Client, mode cognitoidp.AdvancedSecurityModeType, kind cognitoidp.EventType, id string, began time.Time, o Origin) *Case {
	if mode == cognitoidp.AdvancedSecurityModeTypeOff {
		return nil
	}
	return &Case{
		client: c, enforced: mode == cognitoidp.AdvancedSecurityModeTypeEnforced,
		kind: kind, origin: o, id: id, began: began,
	}
}

// derivedID returns an id in the form of a UUID.
func derivedID(kind cognitoidp.EventType, u *store.User, began time.Time) string {
	sum := sha256.Sum256([]byte(string(kind) + "\x00" + u.Sub + "\x00" + strconv.FormatInt(began.UnixMilli(), 10)))
	b := sum[:16]
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80 // version 8: made in a way of our own
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// carried is a case as it travels in a Session.
type carried struct {
	Began    int64   `json:"t"` // milliseconds since the epoch
	Password outcome `json:"p,omitempty"`
	MFA      outcome `json:"a,omitempty"`
	Verdict  Verdict `json:"v"`
}

// Carry returns the case in the form that Resume reads; nil for none.
func (c *Case) Carry() json.RawMessage {
	if c == nil {
		return nil
	}
	text, err := json.Marshal(carried{c.began.UnixMilli(), c.password, c.mfa, c.verdict})
	if err != nil { // nothing in it can fail
		return nil
	}
	return text
}

// Resume opens the case of a sign-in again that goes on in another call. Where the pool has
// begun to look at risk since, the case begins now.
func (s *Service) Resume(c *catalog.Client, flow cognitoidp.AuthFlowType, id string, text json.RawMessage, now time.Time, o Origin) *Case {
	opened := s.SignIn(c, flow, id, now, o)
	if opened == nil || len(text) == 0 {
		return opened
	}
	var x carried
	if json.Unmarshal(text, &x) != nil { // it was sealed; nobody else wrote it
		return opened
	}
	opened.began, opened.password, opened.mfa, opened.verdict = time.UnixMilli(x.Began), x.Password, x.MFA, x.Verdict
	return opened
}

// Verdict returns what was found.
func (c *Case) Verdict() Verdict {
	if c == nil {
		return Verdict{}
	}
	return c.verdict
}

// PasswordHeld notes how the password was judged.
func (c *Case) PasswordHeld(ok bool) {
	if c != nil {
		c.password = outcomeOf(ok)
	}
}

// FactorHeld notes how a second factor was judged.
func (c *Case) FactorHeld(ok bool) {
	if c != nil {
		c.mfa = outcomeOf(ok)
	}
}

func outcomeOf(ok bool) outcome {
	if ok {
		return cognitoidp.ChallengeResponseSuccess
	}
	return cognitoidp.ChallengeResponseFailure
}

// Missed counts a failed sign-in under a name that nobody has, for the address that tries
// many names. There is nobody to record it for.
func (s *Service) Missed(c *Case, name string) {
	if c != nil {
		s.addresses.failed(c.origin.IP, name, s.deps.Clock.Now())
	}
}

// Refuse notes that a sign-in is blocked after all, because the second factor that its risk
// asks for is missing.
func (c *Case) Refuse() {
	if c != nil {
		c.verdict.Block = true
	}
}

// The ranks of responses: what let a user in stands above what failed on the way, and both
// above what is under way, in whatever order they are written.
var ranks = map[cognitoidp.EventResponseType]int64{
	cognitoidp.EventResponseTypeInProgress: 0, cognitoidp.EventResponseTypeFail: 1, cognitoidp.EventResponseTypePass: 2,
}

// Record notes how far a case has come. It writes nothing in the caller's time.
func (s *Service) Record(ctx context.Context, c *Case, u *store.User, response cognitoidp.EventResponseType) {
	if c == nil || u == nil {
		return
	}
	now := s.deps.Clock.Now()
	if response == cognitoidp.EventResponseTypeFail && c.kind == cognitoidp.EventTypeSignIn {
		s.addresses.failed(c.origin.IP, u.Sub, now)
	}
	e := &cognitoidp.AuthEventType{
		EventType: &c.kind, EventResponse: &response, EventRisk: c.verdict.shown(),
		EventContextData: &cognitoidp.EventContextDataType{DeviceName: &c.origin.DeviceName},
	}
	if c.origin.IP.IsValid() {
		e.EventContextData.IpAddress = new(c.origin.IP.String())
	}
	if c.origin.Timezone != "" {
		e.EventContextData.Timezone = &c.origin.Timezone
	}
	for _, r := range []struct {
		name cognitoidp.ChallengeName
		o    outcome
	}{{cognitoidp.ChallengeNamePassword, c.password}, {cognitoidp.ChallengeNameMfa, c.mfa}} {
		if r.o != "" {
			e.ChallengeResponses = append(e.ChallengeResponses, cognitoidp.ChallengeResponseType{ChallengeName: &r.name, ChallengeResponse: &r.o})
		}
	}
	s.push(context.WithoutCancel(ctx), &store.AuthEvent{
		Pool: c.client.Pool.Internal(), User: u.ID, ID: c.id, At: c.began,
		Revision: ranks[response]<<50 | now.UnixMilli(), Expires: c.began.Add(s.deps.Retention), Event: e,
		Trace: store.EventTrace{Device: c.origin.Device, Language: c.origin.Language, ClientID: c.client.ID()},
	})
}

// shown is a verdict as events show it; the level is absent where there is no risk.
func (v Verdict) shown() *cognitoidp.EventRiskType {
	decision := cognitoidp.RiskDecisionTypeNoRisk
	out := &cognitoidp.EventRiskType{RiskDecision: &decision, CompromisedCredentialsDetected: &v.Compromised}
	if v.Level != "" {
		decision, out.RiskLevel = cognitoidp.RiskDecisionTypeAccountTakeover, &v.Level
	}
	if v.Block {
		decision = cognitoidp.RiskDecisionTypeBlock
	}
	return out
}
