package signin_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/passkey/passkeytest"
	"github.com/cenote-id/cenote/internal/store"
)

const page = "https://www.example.com"

var badPasskey = notAuthorized("The passkey could not be verified.")

// webAuthn configures the pool's passkeys.
func webAuthn(c cognitoidp.WebAuthnConfigurationType) func(*store.Pool) {
	return func(p *store.Pool) { p.MFA.WebAuthnConfiguration = &c }
}

// passkeyClient is a client whose users may sign in by passkeys of example.com.
func (e *env) passkeyClient(name string, more ...option) *catalog.Client {
	e.t.Helper()
	c := e.client(name, append([]option{choosing("WEB_AUTHN")}, more...)...)
	return e.configure(c, webAuthn(cognitoidp.WebAuthnConfigurationType{RelyingPartyId: new("example.com")}))
}

func (e *env) startPasskey(c *catalog.Client, u *store.User) (api.Document, error) {
	out, err := e.StartWebAuthnRegistration(e.t.Context(), e.as(c, u), &cognitoidp.StartWebAuthnRegistrationRequest{})
	if err != nil {
		return nil, err
	}
	return out.CredentialCreationOptions, nil
}

func (e *env) completePasskey(c *catalog.Client, u *store.User, credential []byte) error {
	_, err := e.CompleteWebAuthnRegistration(e.t.Context(), e.as(c, u), &cognitoidp.CompleteWebAuthnRegistrationRequest{Credential: credential})
	return err
}

// addPasskey gives a user a passkey on an authenticator.
func (e *env) addPasskey(c *catalog.Client, u *store.User, a *passkeytest.Authenticator) {
	e.t.Helper()
	options := must(e.startPasskey(c, u))(e.t)
	if err := e.completePasskey(c, u, must(a.Create(options, page))(e.t)); err != nil {
		e.t.Fatal(err)
	}
}

func (e *env) listPasskeys(c *catalog.Client, u *store.User, limit int, token *string) (*cognitoidp.ListWebAuthnCredentialsResponse, error) {
	in := &cognitoidp.ListWebAuthnCredentialsRequest{NextToken: token}
	if limit >= 0 {
		in.MaxResults = &limit
	}
	return e.ListWebAuthnCredentials(e.t.Context(), e.as(c, u), in)
}

// askPasskey begins a sign-in by passkey.
func (e *env) askPasskey(c *catalog.Client, name string) *answer {
	e.t.Helper()
	out, err := e.choose(c, name, values{"PREFERRED_CHALLENGE": "WEB_AUTHN"})
	return wantChallenge(e.t, "WEB_AUTHN", plainAnswer(out), err)
}

// sign answers the options of a WEB_AUTHN.
func (e *env) sign(a *passkeytest.Authenticator, asked *answer, origin string) string {
	e.t.Helper()
	return string(must(a.Get([]byte(asked.ChallengeParameters["CREDENTIAL_REQUEST_OPTIONS"]), origin))(e.t))
}

func (e *env) prove(c *catalog.Client, name string, asked *answer, credential string) (*answer, error) {
	return e.respond(c, "WEB_AUTHN", asked.Session, values{"USERNAME": name, "CREDENTIAL": credential})
}

func TestPasskeySignIn(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]*passkeytest.Authenticator{
		"counting": {}, "synced": {Synced: true, Verifies: true}, "RSA": {Algorithm: passkeytest.RS256},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t)
			c := e.passkeyClient("Passkeys")
			u := e.user(c.Pool, "jane", without)
			e.addPasskey(c, u, a)

			out, err := e.choose(c, "jane", nil) // the only factor
			asked := wantOffer(t, "WEB_AUTHN", "WEB_AUTHN", out, err)
			var options struct {
				Timeout          int
				RPID             string `json:"rpId"`
				UserVerification string
			}
			if err := json.Unmarshal([]byte(asked.ChallengeParameters["CREDENTIAL_REQUEST_OPTIONS"]), &options); err != nil {
				t.Fatal(err)
			}
			if options.Timeout != 180000 || options.RPID != "example.com" || options.UserVerification != "preferred" || len(asked.ChallengeParameters) != 1 {
				t.Errorf("got %+v of %v", options, asked.ChallengeParameters)
			}
			signature := e.sign(a, asked, page)
			done, err := e.prove(c, "jane", asked, signature)
			wantTokens(t, done, err)
			_, err = e.prove(c, "jane", asked, signature)
			if a.Synced {
				wantFault(t, err, usedSession)
			} else {
				wantFault(t, err, badPasskey)
			}
			again := e.askPasskey(c, "jane")
			_, err = e.prove(c, "jane", again, signature)
			wantFault(t, err, badPasskey)
			done, err = e.prove(c, "jane", again, e.sign(a, again, page))
			wantTokens(t, done, err)

			// A browser without the passkey lets its user choose something else, and back.
			e.change(u, func(u *store.User) { u.Credential = must(e.proofs.New(t.Context(), c.Pool, "jane", password))(t) })
			other := e.askPasskey(c, "jane")
			done, err = e.respond(c, "SELECT_CHALLENGE", other.Session, values{"USERNAME": "jane", "ANSWER": "PASSWORD", "PASSWORD": password})
			wantTokens(t, done, err)
			back := e.askPasskey(c, "jane")
			done, err = e.respond(c, "SELECT_CHALLENGE", back.Session, values{"USERNAME": "jane", "ANSWER": "WEB_AUTHN", "CREDENTIAL": e.sign(a, back, page)})
			wantTokens(t, done, err)
			out, err = e.choose(c, "jane", nil)
			list := wantOffer(t, "SELECT_CHALLENGE", "PASSWORD_SRP PASSWORD WEB_AUTHN", out, err)
			_, err = e.respond(c, "SELECT_CHALLENGE", list.Session, values{"USERNAME": "jane", "ANSWER": "WEB_AUTHN", "CREDENTIAL": signature})
			wantFault(t, err, badPasskey)
			asked, err = e.respond(c, "SELECT_CHALLENGE", list.Session, values{"USERNAME": "jane", "ANSWER": "WEB_AUTHN"})
			asked = wantChallenge(t, "WEB_AUTHN", asked, err)
			done, err = e.prove(c, "jane", asked, e.sign(a, asked, page))
			wantTokens(t, done, err)
		})
	}
}

func TestPasskeyRefused(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.passkeyClient("Refused")
	a := &passkeytest.Authenticator{}
	u, joe := e.user(c.Pool, "jane"), e.user(c.Pool, "joe")
	e.addPasskey(c, u, a)
	foreign := &passkeytest.Authenticator{}
	e.addPasskey(c, joe, foreign)

	asked, his := e.askPasskey(c, "jane"), e.askPasskey(c, "joe")
	_, err := e.prove(c, "jane", asked, "no JSON")
	wantFault(t, err, invalid("The credential is not a response of WebAuthn."))
	_, err = e.prove(c, "jane", asked, "")
	wantFault(t, err, invalid("Missing required parameter CREDENTIAL"))
	_, err = e.prove(c, "jane", asked, e.sign(foreign, his, page)) // another user's passkey
	wantFault(t, err, badPasskey)
	_, err = e.prove(c, "jane", asked, e.sign(a, asked, "https://www.example.org"))
	wantFault(t, err, badPasskey)
	_, err = e.prove(c, "joe", asked, e.sign(a, asked, page))
	wantFault(t, err, badSession)
	absent := a.Clone()
	absent.Absent = true
	_, err = e.prove(c, "jane", asked, e.sign(absent, asked, page))
	wantFault(t, err, badPasskey)
	done, err := e.prove(c, "jane", asked, e.sign(a, asked, page)) // nothing of that used the Session up
	wantTokens(t, done, err)

	old := e.askPasskey(c, "jane")
	e.sleep(c.SessionTTL())
	_, err = e.prove(c, "jane", old, e.sign(a, old, page))
	wantFault(t, err, oldSession)
	asked = e.askPasskey(c, "jane")
	list := must(e.listPasskeys(c, u, -1, nil))(t)
	if _, err := e.DeleteWebAuthnCredential(t.Context(), e.as(c, u), &cognitoidp.DeleteWebAuthnCredentialRequest{CredentialId: list.Credentials[0].CredentialId}); err != nil {
		t.Fatal(err)
	}
	_, err = e.prove(c, "jane", asked, e.sign(a, asked, page))
	wantFault(t, err, badSession) // none is left to choose
	e.change(joe, disabled)
	_, err = e.prove(c, "joe", his, e.sign(foreign, his, page))
	wantFault(t, err, oldSession)
	his = e.askPasskey(c, "joe")
	_, err = e.prove(c, "joe", his, e.sign(foreign, his, page))
	wantFault(t, err, isDisabled)
}

// A copy of a passkey that counts is found out by whoever comes second.
func TestPasskeyCloned(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.passkeyClient("Cloned")
	a := &passkeytest.Authenticator{}
	e.addPasskey(c, e.user(c.Pool, "jane"), a)
	thief := a.Clone()
	asked, stolen := e.askPasskey(c, "jane"), e.askPasskey(c, "jane")
	done, err := e.prove(c, "jane", asked, e.sign(a, asked, page))
	wantTokens(t, done, err)
	_, err = e.prove(c, "jane", stolen, e.sign(thief, stolen, page))
	wantFault(t, err, badPasskey)
	done, err = e.prove(c, "jane", stolen, e.sign(a, stolen, page))
	wantTokens(t, done, err)
}

func TestPasskeyRegistration(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.passkeyClient("Registration", byEmail)
	sibling := e.sibling(c, "sibling")
	u, joe := e.user(c.Pool, "jane", without), e.user(c.Pool, "joe")
	a := &passkeytest.Authenticator{}
	options := must(e.startPasskey(c, u))(t)
	var shown struct {
		RP               struct{ ID, Name string }
		User             struct{ Name, DisplayName string }
		Challenge        string
		PubKeyCredParams []struct{ Alg int }
	}
	if err := json.Unmarshal(options, &shown); err != nil {
		t.Fatal(err)
	}
	if shown.RP.ID != "example.com" || shown.User.Name != "jane@example.com" || shown.User.DisplayName == "" || len(shown.Challenge) < 22 || len(shown.PubKeyCredParams) != 2 {
		t.Errorf("options %s", options)
	}

	create := func(a *passkeytest.Authenticator, origin string) []byte {
		t.Helper()
		return must(a.Create(options, origin))(t)
	}
	good := create(a, page)
	ours := options
	options = []byte(`{"challenge":"AAAAAAAAAAAAAAAAAAAAAAAA","rp":{"id":"example.com"},"user":{"id":"AAAA"}}`)
	made := create(&passkeytest.Authenticator{}, page)
	options = ours
	for name, tt := range map[string]struct {
		client     *catalog.Client
		user       *store.User
		credential []byte
		want       failure
	}{
		"no response":          {c, u, []byte(`{}`), invalid("The credential is not a response of WebAuthn.")},
		"another user":         {c, joe, good, failure{"WebAuthnChallengeNotFoundException", "The challenge was not found or has expired."}},
		"another client":       {sibling, u, good, failure{"WebAuthnClientMismatchException", "The registration was started by another app client."}},
		"another site":         {c, u, create(&passkeytest.Authenticator{}, "https://example.org"), failure{"WebAuthnOriginNotAllowedException", "The origin does not belong to the relying party."}},
		"another party":        {c, u, create(&passkeytest.Authenticator{RPID: "example.org"}, page), failure{"WebAuthnRelyingPartyMismatchException", "The credential was made for another relying party."}},
		"an odd algorithm":     {c, u, create(&passkeytest.Authenticator{Algorithm: passkeytest.EdDSA}, page), failure{"WebAuthnCredentialNotSupportedException", "The credential is of a kind that is not supported."}},
		"nobody there":         {c, u, create(&passkeytest.Authenticator{Absent: true}, page), failure{"WebAuthnCredentialNotSupportedException", "The credential is of a kind that is not supported."}},
		"no challenge of ours": {c, u, made, failure{"WebAuthnChallengeNotFoundException", "The challenge was not found or has expired."}},
	} {
		t.Run(name, func(t *testing.T) { wantFault(t, e.completePasskey(tt.client, tt.user, tt.credential), tt.want) })
	}
	if err := e.completePasskey(c, u, good); err != nil { // nothing of that spent the challenge
		t.Fatal(err)
	}
	notFound := failure{"WebAuthnChallengeNotFoundException", "The challenge was not found or has expired."}
	wantFault(t, e.completePasskey(c, u, good), notFound)
	wantFault(t, e.completePasskey(c, u, create(&passkeytest.Authenticator{}, page)), notFound)
	if _, err := a.Create(must(e.startPasskey(c, u))(t), page); err == nil {
		t.Error("a passkey that the user has is not excluded")
	}
	options = must(e.startPasskey(c, u))(t)
	late := create(&passkeytest.Authenticator{}, page)
	e.sleep(5 * time.Minute)
	wantFault(t, e.completePasskey(c, u, late), notFound)

	options = must(e.startPasskey(c, u))(t)
	moved := create(&passkeytest.Authenticator{}, page)
	c = e.configure(c, webAuthn(cognitoidp.WebAuthnConfigurationType{RelyingPartyId: new("www.example.com"), UserVerification: new(cognitoidp.UserVerificationTypeRequired)}))
	wantFault(t, e.completePasskey(c, u, moved), failure{"WebAuthnRelyingPartyMismatchException", "The credential was made for another relying party."})
	out, err := e.choose(c, "jane@example.com", nil) // the passkey is the former party's
	wantOffer(t, "SELECT_CHALLENGE", "PASSWORD_SRP PASSWORD", out, err)
	options = must(e.startPasskey(c, u))(t)
	wantFault(t, e.completePasskey(c, u, create(&passkeytest.Authenticator{}, page)), failure{"WebAuthnCredentialNotSupportedException", "The credential is of a kind that is not supported."})
	if err := e.completePasskey(c, u, create(&passkeytest.Authenticator{Verifies: true}, page)); err != nil {
		t.Error(err)
	}
}

func TestPasskeysWhereNoneAre(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	disabled := e.client("Disabled", choosing("EMAIL_OTP"))
	u := e.user(disabled.Pool, "jane")
	none := failure{"WebAuthnNotEnabledException", "Passkeys are not enabled for this user pool."}
	_, err := e.startPasskey(disabled, u)
	wantFault(t, err, none)
	wantFault(t, e.completePasskey(disabled, u, []byte(`{}`)), none)

	bare := e.client("Bare", choosing("WEB_AUTHN"))
	u = e.user(bare.Pool, "jane")
	_, err = e.startPasskey(bare, u)
	wantFault(t, err, failure{"WebAuthnConfigurationMissingException", "The user pool has neither a relying party ID nor a domain."})
	out, err := e.choose(bare, "jane", nil)
	wantOffer(t, "SELECT_CHALLENGE", "PASSWORD_SRP PASSWORD", out, err)

	// A domain of the pool is the relying party, a custom one before the other.
	for _, tt := range []struct {
		domain, want string
		custom       *cognitoidp.CustomDomainConfigType
	}{
		{domain: "bare", want: "bare.auth.example.org"},
		{domain: "login.example.com", want: "login.example.com", custom: &cognitoidp.CustomDomainConfigType{CertificateArn: new("arn:aws:acm:x")}},
	} {
		if err := e.db.CreateDomain(t.Context(), bare.Pool.ID(), &store.Domain{
			Name: tt.domain, Pool: bare.Pool.Internal(), Config: &cognitoidp.DomainDescriptionType{Domain: &tt.domain, CustomDomainConfig: tt.custom},
		}); err != nil {
			t.Fatal(err)
		}
		if options := must(e.startPasskey(bare, u))(t); !strings.Contains(string(options), `"rp":{"id":"`+tt.want+`"`) {
			t.Errorf("options %s", options)
		}
	}
}

// A passkey is both factors where the pool and the user say so, and then only with its user
// verified.
func TestPasskeyAsBothFactors(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.passkeyClient("Both")
	single := webAuthn(cognitoidp.WebAuthnConfigurationType{RelyingPartyId: new("example.com")})
	multi := webAuthn(cognitoidp.WebAuthnConfigurationType{
		RelyingPartyId: new("example.com"), FactorConfiguration: new(cognitoidp.WebAuthnFactorConfigurationTypeMultiFactorWithUserVerification),
	})
	seed := []byte("12345678901234567890123456789012")
	u := e.user(c.Pool, "jane", withApp(seed))
	a := &passkeytest.Authenticator{Verifies: true}
	e.addPasskey(c, u, a)

	const both = "PASSWORD_SRP PASSWORD"
	c = e.configure(c, mfa("OPTIONAL", catalog.FactorTOTP))
	out, err := e.choose(c, "jane", nil)
	wantOffer(t, "SELECT_CHALLENGE", both, out, err)
	c = e.configure(c, multi)
	out, err = e.choose(c, "jane", nil)
	wantOffer(t, "SELECT_CHALLENGE", both, out, err)
	e.change(u, func(u *store.User) { u.MFA.Passkeys = true })
	asked := e.askPasskey(c, "jane")
	if options := asked.ChallengeParameters["CREDENTIAL_REQUEST_OPTIONS"]; !strings.Contains(options, `"userVerification":"required"`) {
		t.Errorf("options %s", options)
	}
	careless := a.Clone()
	careless.Verifies = false
	_, err = e.prove(c, "jane", asked, e.sign(careless, asked, page))
	wantFault(t, err, badPasskey)
	done, err := e.prove(c, "jane", asked, e.sign(a, asked, page))
	wantTokens(t, done, err)

	// It is no way around a second factor that the pool takes it not for any more.
	asked = e.askPasskey(c, "jane")
	c = e.configure(c, single)
	_, err = e.prove(c, "jane", asked, e.sign(a, asked, page))
	wantFault(t, err, badSession)
}

func TestListPasskeys(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.passkeyClient("List")
	u, joe := e.user(c.Pool, "jane"), e.user(c.Pool, "joe")
	if out := must(e.listPasskeys(c, u, -1, nil))(t); out.Credentials == nil || len(out.Credentials) > 0 || out.NextToken != nil {
		t.Errorf("got %+v", out)
	}
	known := &passkeytest.Authenticator{AAGUID: [16]byte{0xfb, 0xfc, 0x30, 0x07, 0x15, 0x4e, 0x4e, 0xcc, 0x8c, 0x0b, 0x6e, 0x02, 0x05, 0x57, 0xd7, 0xbd}}
	for i := range 20 {
		a := known
		if i > 0 {
			a = &passkeytest.Authenticator{}
		}
		e.addPasskey(c, u, a)
		e.sleep(time.Second)
	}
	_, err := e.startPasskey(c, u)
	wantFault(t, err, failure{"LimitExceededException", "The limit of 20 passkeys per user is reached."})
	all := must(e.listPasskeys(c, u, -1, nil))(t)
	if len(all.Credentials) != 20 || all.NextToken != nil {
		t.Fatalf("%d passkeys, token %v", len(all.Credentials), all.NextToken)
	}
	first := all.Credentials[0]
	if *first.FriendlyCredentialName != "iCloud Keychain" || *first.RelyingPartyId != "example.com" || *first.AuthenticatorAttachment != "platform" ||
		fmt.Sprint(first.AuthenticatorTransports) != "[internal hybrid]" || first.CreatedAt == nil || *all.Credentials[1].FriendlyCredentialName != "Passkey" {
		t.Errorf("got %+v", first)
	}
	var got []cognitoidp.WebAuthnCredentialDescription
	var token *string
	for range 3 {
		out := must(e.listPasskeys(c, u, 8, token))(t)
		got, token = append(got, out.Credentials...), out.NextToken
	}
	if token != nil || len(got) != 20 || *got[8].CredentialId != *all.Credentials[8].CredentialId || *got[19].CredentialId != *all.Credentials[19].CredentialId {
		t.Errorf("pages of 8 list %d", len(got))
	}
	out := must(e.listPasskeys(c, u, 8, nil))(t)
	_, err = e.listPasskeys(c, joe, 8, out.NextToken)
	wantFault(t, err, invalid("Paging Marker is Invalid for Request"))
	e.sleep(time.Hour)
	_, err = e.listPasskeys(c, u, 8, out.NextToken)
	wantFault(t, err, invalid("Paging Marker is Invalid for Request"))

	remove := func(u *store.User, id string) error {
		_, err := e.DeleteWebAuthnCredential(t.Context(), e.as(c, u), &cognitoidp.DeleteWebAuthnCredentialRequest{CredentialId: &id})
		return err
	}
	missing := failure{"ResourceNotFoundException", "The passkey does not exist."}
	wantFault(t, remove(joe, *first.CredentialId), missing)
	wantFault(t, remove(u, "\x00"), missing)
	wantFault(t, remove(u, *first.CredentialId), noFault)
	wantFault(t, remove(u, *first.CredentialId), missing)
	if _, err := e.startPasskey(c, u); err != nil {
		t.Error(err)
	}
}
