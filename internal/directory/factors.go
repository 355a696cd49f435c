package directory

import (
	"context"
	"errors"
	"slices"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/message"
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

// UsableFactors are the second factors that a user without preference may be asked for where
// the pool requires one: what the user has turned on, and what else the pool offers and the
// user has, but for the address that resets the password in the first place. Where nothing
// is left then, that address is asked all the same if the user's other one can reset the
// password: the codes of MFA keep an address from doing it (model: AccountRecoverySetting,
// "SMS doesn't qualify ... if the user also has SMS MFA activated").
func UsableFactors(pool *catalog.Pool, u *store.User) []catalog.Factor {
	chosen := ChosenFactors(u)
	has := slices.DeleteFunc(catalog.Factors(), func(f catalog.Factor) bool { return !pool.Offers(f) || !HasFactor(u, f) })
	apart := slices.DeleteFunc(slices.Clone(has), func(f catalog.Factor) bool {
		return Recovers(pool, f) && !slices.Contains(chosen, f)
	})
	if len(apart) == 0 && recoversEitherWay(pool, u) {
		return has
	}
	return apart
}

// recoversEitherWay says whether the pool resets passwords by e-mail and by text message,
// and the user has an address for each.
func recoversEitherWay(pool *catalog.Pool, u *store.User) bool {
	return len(pool.RecoveryMechanisms()) > 1 && u.Attributes[catalog.Email] != "" && u.Attributes[catalog.PhoneNumber] != ""
}

// Recovers says whether the codes of a factor would go to the address that resets forgotten
// passwords in the first place.
func Recovers(pool *catalog.Pool, f catalog.Factor) bool {
	attribute := catalog.FactorAttribute(f)
	return attribute != "" && attribute == pool.PrimaryRecovery()
}

// secondFactor says whether codes of MFA go to a contact of the user: such a one does not
// also reset the password (Cognito guide: "Users can't receive MFA and password reset codes
// at the same email address or phone number").
func secondFactor(pool *catalog.Pool, u *store.User, contact string) bool {
	var asked []catalog.Factor
	switch mode := pool.MFAMode(); {
	case mode == cognitoidp.UserPoolMfaTypeOff:
	case mode == cognitoidp.UserPoolMfaTypeOn && u.MFA.Preferred == "":
		asked = UsableFactors(pool, u)
	default:
		asked = ChosenFactors(u)
	}
	return slices.ContainsFunc(asked, func(f catalog.Factor) bool { return catalog.FactorAttribute(f) == contact })
}

// MFASettings are a user's second factors as answers show them: those turned on and the
// preferred one, both nil where there is nothing to say.
func MFASettings(u *store.User) (list []string, preferred *string) {
	for _, f := range ChosenFactors(u) {
		list = append(list, string(f))
		if f == u.MFA.Preferred {
			preferred = new(string(f))
		}
	}
	return list, preferred
}

// mfaOptions are the settings of SetUserSettings as answers show them.
func mfaOptions(u *store.User) []cognitoidp.MFAOptionType {
	var out []cognitoidp.MFAOptionType
	for _, name := range u.MFA.Legacy {
		out = append(out, cognitoidp.MFAOptionType{DeliveryMedium: new(message.MediumOf(name)), AttributeName: new(name)})
	}
	return out
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
