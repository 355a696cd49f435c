package directory

import (
	"context"
	"errors"
	"slices"

	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/store"
)

// HasFactor says whether a user has what a second factor needs: an address, verified or
// not, or an authenticator app that is set up.
func HasFactor(u *store.User, f catalog.Factor) bool {
	if attribute := catalog.FactorAttribute(f); attribute != "" {
		return u.Attributes[attribute] != ""
	}
	return len(u.Credential.Seed) > 0
}

// ChosenFactors are the second factors that a user has turned on and can use, in the order
// of catalog.Factors. The legacy MFAOptions count as SMS_MFA.
func ChosenFactors(u *store.User) []catalog.Factor {
	chosen := map[catalog.Factor]bool{
		catalog.FactorSMS:   u.MFA.SMS || slices.Contains(u.MFA.Legacy, catalog.PhoneNumber),
		catalog.FactorEmail: u.MFA.Email,
		catalog.FactorTOTP:  u.MFA.TOTP,
	}
	return slices.DeleteFunc(catalog.Factors(), func(f catalog.Factor) bool { return !chosen[f] || !HasFactor(u, f) })
}

// Reached records that a user has shown to receive what is sent to an address. Where the
// address would thereby become an alias that another user has, it stays unverified. It
// returns the user as stored.
func (s *Service) Reached(ctx context.Context, pool *catalog.Pool, u *store.User, attribute, address string) (*store.User, error) {
	if verified(u, attribute) {
		return u, nil
	}
	next, err := s.store.UpdateUser(ctx, pool.Internal(), u.ID, store.UpdateOptions{}, func(u *store.User) error {
		if u.Attributes[attribute] == address {
			setAttribute(u, verifiedFlag(attribute), "true")
			u.Keys = KeysOf(pool, u)
		}
		return nil
	})
	if _, taken := errors.AsType[*store.ExistsError](err); taken {
		return u, nil
	}
	return next, err
}
