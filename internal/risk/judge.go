package risk

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/store"
)

// The texts of refusals, recorded from AWS.
const (
	// TextBlocked refuses a sign-in because of its risk.
	TextBlocked     = "Unable to login because of security reasons."
	textAddress     = "Request not allowed due to security reasons."
	textCompromised = "Provided password cannot be used for security reasons."
)

// Admit refuses calls from the addresses that a pool blocks, before anything else is asked.
func (s *Service) Admit(c *catalog.Client, o Origin) error {
	if c.Pool.ThreatProtection() != cognitoidp.AdvancedSecurityModeTypeEnforced {
		return nil
	}
	if within(c.RiskConfiguration().RiskExceptionConfiguration.BlockedIPRangeList, o.IP) {
		return fault.NotAuthorized(textAddress)
	}
	return nil
}

// within says whether an address lies in one of the ranges, which are networks or single
// addresses.
func within(ranges []string, ip netip.Addr) bool {
	return ip.IsValid() && slices.ContainsFunc(ranges, func(text string) bool {
		if !strings.Contains(text, "/") {
			one, err := netip.ParseAddr(text)
			return err == nil && one.Unmap() == ip
		}
		network, err := netip.ParsePrefix(text)
		return err == nil && network.Contains(ip)
	})
}

// exempt says that a pool takes no interest in calls from the case's address.
func (c *Case) exempt() bool {
	return within(c.client.RiskConfiguration().RiskExceptionConfiguration.SkippedIPRangeList, c.origin.IP)
}

// CheckPassword judges a new password: InvalidPasswordException where it is known to
// attackers and the configuration refuses such passwords at this event.
func (s *Service) CheckPassword(c *Case, at cognitoidp.EventFilterType, password string) error {
	refuse, err := s.compromised(c, at, password)
	if err == nil && refuse {
		err = fault.InvalidPassword(textCompromised)
	}
	return err
}

// compromised notes whether a password is known to attackers and says whether it is to be
// refused.
func (s *Service) compromised(c *Case, at cognitoidp.EventFilterType, password string) (refuse bool, err error) {
	if c == nil || c.exempt() {
		return false, nil
	}
	r := c.client.RiskConfiguration().CompromisedCredentialsRiskConfiguration
	if !slices.Contains(r.EventFilter, at) {
		return false, nil
	}
	known, err := s.deps.Passwords.Contains(password)
	if err != nil || !known {
		return false, err
	}
	c.verdict.Compromised = true
	refuse = c.enforced && api.Value(r.Actions.EventAction) == cognitoidp.CompromisedCredentialsEventActionTypeBlock
	c.verdict.Block = c.verdict.Block || refuse
	action := cognitoidp.CompromisedCredentialsEventActionTypeNoAction
	if refuse {
		action = cognitoidp.CompromisedCredentialsEventActionTypeBlock
	}
	s.metrics.compromised.WithLabelValues(c.client.Pool.ID(), string(c.kind), label(string(action))).Inc()
	return refuse, nil
}

// Judge judges a sign-in whose first factor held; password is what was typed, empty where
// the flow does not show it. In AUDIT mode the verdict asks for nothing.
func (s *Service) Judge(ctx context.Context, c *Case, u *store.User, password string) (Verdict, error) {
	if c == nil || c.exempt() {
		return Verdict{}, nil
	}
	// A temporary password is about to be replaced, and its owner could not reset it.
	if password != "" && u.Status != cognitoidp.UserStatusTypeForceChangePassword {
		reset, err := s.compromised(c, cognitoidp.EventFilterTypeSignIn, password)
		if err != nil {
			return c.verdict, err
		}
		c.verdict.Reset = reset
	}
	now := s.deps.Clock.Now()
	events, err := s.history(ctx, u)
	if err != nil {
		return c.verdict, err
	}
	points := score(c.origin, now, events, s.addresses.points(c.origin.IP, now))
	c.verdict.Level = levelOf(points)
	action := c.action()
	s.metrics.judged.WithLabelValues(c.client.Pool.ID(), string(c.kind), label(string(c.verdict.Level)), label(string(action.taken))).Inc()
	s.deps.Log.DebugContext(ctx, "sign-in judged", "event", c.id, "points", points, "level", c.verdict.Level, "action", action.taken)
	switch action.taken {
	case cognitoidp.AccountTakeoverEventActionTypeBlock:
		c.verdict.Block = true
	case cognitoidp.AccountTakeoverEventActionTypeMfaIfConfigured:
		c.verdict.Factor = true
	case cognitoidp.AccountTakeoverEventActionTypeMfaRequired:
		c.verdict.Factor, c.verdict.MustFactor = true, true
	}
	if action.notify {
		s.notify(ctx, c, u, action.taken, now)
	}
	return c.verdict, nil
}

func label(s string) string {
	if s == "" {
		return "none"
	}
	return strings.ToLower(s)
}

// action is what a configuration says about a level of risk.
type action struct {
	taken  cognitoidp.AccountTakeoverEventActionType // empty for none
	notify bool
}

// action returns what is to be done about the level of the case's risk.
func (c *Case) action() action {
	if !c.enforced || c.verdict.Level == "" {
		return action{}
	}
	all := c.client.RiskConfiguration().AccountTakeoverRiskConfiguration.Actions
	of := map[cognitoidp.RiskLevelType]*cognitoidp.AccountTakeoverActionType{
		cognitoidp.RiskLevelTypeLow: all.LowAction, cognitoidp.RiskLevelTypeMedium: all.MediumAction, cognitoidp.RiskLevelTypeHigh: all.HighAction,
	}[c.verdict.Level]
	if of == nil {
		return action{}
	}
	return action{api.Value(of.EventAction), api.Value(of.Notify)}
}

const (
	historyPage = 50
	// historyMost bounds what is read where failures crowd out the sign-ins that tell of a
	// user's habits.
	historyMost = 500
)

// history returns the newest events of a user: enough to know the user's habits, if there
// are as many.
func (s *Service) history(ctx context.Context, u *store.User) (events []*store.AuthEvent, err error) {
	if s.queue.holds(u.Pool, u.ID) {
		if err := s.queue.flush(ctx); err != nil {
			return nil, err
		}
	}
	before, id := time.Time{}, ""
	for len(events) < historyMost {
		page, err := s.deps.Store.AuthEvents(ctx, u.Pool, u.ID, before, id, historyPage)
		if err != nil {
			return nil, err
		}
		events = append(events, page...)
		if len(page) < historyPage || len(passes(events)) >= learnedHour {
			break
		}
		before, id = page[len(page)-1].At, page[len(page)-1].ID
	}
	return events, nil
}
