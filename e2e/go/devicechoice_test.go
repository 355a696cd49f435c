package e2e

import (
	"testing"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// Passwords that are chosen in USER_AUTH meet the device as those of the other flows do,
// whether the start names it, as Amplify does for passwords, or the proof of the password.
func TestDeviceAfterChosenPassword(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool(tracking(false), firstFactors(types.AuthFactorTypeEmailOtp)), choosing, withSecret)
	u := s.member(a.pool, "email", email())

	// srp chooses PASSWORD_SRP, at once or from the list. DEVICE_KEY is named in the first
	// call, or in the proof.
	srp := func(listed bool, key string, atStart bool) (*idp.RespondToAuthChallengeOutput, error) {
		t.Helper()
		p := newProof()
		var first []string
		if atStart {
			first = []string{"DEVICE_KEY", key}
		}
		var verifier map[string]string
		var session *string
		if listed {
			begun, err := s.choose(a, u.name, nil, first...)
			if err != nil {
				return nil, err
			}
			out, err := s.reply(a, u.name, selectChallenge, begun.Session, "ANSWER", "PASSWORD_SRP", "SRP_A", p.A.Text(16))
			if err != nil {
				return nil, err
			}
			verifier, session = out.ChallengeParameters, out.Session
		} else {
			out, err := s.choose(a, u.name, nil, append(first, "PREFERRED_CHALLENGE", "PASSWORD_SRP", "SRP_A", p.A.Text(16))...)
			if err != nil {
				return nil, err
			}
			verifier, session = out.ChallengeParameters, out.Session
		}
		answer := func(more ...string) (*idp.RespondToAuthChallengeOutput, error) {
			for name, value := range p.responses(a.pool, u.password, verifier) {
				more = append(more, name, value)
			}
			return s.reply(a, u.name, types.ChallengeNameTypePasswordVerifier, session, more...)
		}
		if atStart || key == "" {
			return answer()
		}
		_, err := answer("DEVICE_KEY", "us-east-1_00000000-0000-4000-8000-000000000000")
		refused[*types.ResourceNotFoundException](t, err, noDevice)
		return answer("DEVICE_KEY", key) // the refusal used nothing up
	}
	// prove answers the device's challenges and checks the tokens.
	prove := func(d laptop, name types.ChallengeNameType, session *string) {
		t.Helper()
		p := newProof()
		out := must(s.reply(a, u.name, types.ChallengeNameTypeDeviceSrpAuth, asksDevice(t, name, session), "DEVICE_KEY", d.key, "SRP_A", p.A.Text(16)))(t)
		responses := []string{"DEVICE_KEY", d.key}
		for name, value := range p.claim(d.group, d.key, d.password, out.ChallengeParameters) {
			responses = append(responses, name, value)
		}
		done, err := s.reply(a, u.name, out.ChallengeName, out.Session, responses...)
		tokens := s.signedIn(u.name, result(done), err)
		if tokens.NewDeviceMetadata != nil || deviceClaim(t, tokens.AccessToken) != d.key {
			t.Errorf("got %+v", tokens.NewDeviceMetadata)
		}
	}

	first := must(srp(false, "", false))(t).AuthenticationResult
	if first == nil || first.NewDeviceMetadata == nil {
		t.Fatalf("no device is offered: %+v", first)
	}
	d := s.confirmDevice(first)
	for _, listed := range []bool{false, true} {
		for _, atStart := range []bool{false, true} {
			out := must(srp(listed, d.key, atStart))(t)
			prove(d, out.ChallengeName, out.Session)
		}
	}
	out := must(s.choose(a, u.name, nil, "PREFERRED_CHALLENGE", "PASSWORD", "PASSWORD", u.password, "DEVICE_KEY", d.key))(t)
	prove(d, out.ChallengeName, out.Session)

	asked := must(s.choose(a, u.name, nil, "PREFERRED_CHALLENGE", "PASSWORD", "DEVICE_KEY", d.key))(t)
	chosen := must(s.reply(a, u.name, choicePassword, asked.Session, "PASSWORD", u.password))(t)
	prove(d, chosen.ChallengeName, chosen.Session)
}
