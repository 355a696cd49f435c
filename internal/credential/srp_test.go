package credential_test

import (
	"context"
	"encoding/base64"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/credential"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/srp"
	"github.com/cenote-id/cenote/internal/store"
)

// exchange is one SRP sign-in as a client sees it.
type exchange struct {
	client    *srp.Client
	challenge *credential.SRPChallenge
	timestamp string
	signature string
}

// begin starts an exchange with u and computes the client's proof.
func (e *env) begin(c *catalog.Client, u *store.User, password string, about credential.Exchange) exchange {
	e.t.Helper()
	x := exchange{client: must(srp.NewClient(clock.Random(nil)))(e.t), timestamp: srp.Timestamp(e.time())}
	a := must(credential.ParseSRPA(x.client.A()))(e.t)
	x.challenge = must(e.StartSRP(e.t.Context(), c, u, a, about))(e.t)
	block := must(base64.StdEncoding.DecodeString(x.challenge.SecretBlock))(e.t)
	id := srp.Identity{Group: naming.PoolName(c.Pool.ID()), User: u.Username}
	x.signature = must(x.client.Answer(id, password, x.challenge.Salt, x.challenge.B, block, x.timestamp))(e.t)
	return x
}

// finish opens the block and judges the proof.
func (e *env) finish(c *catalog.Client, u *store.User, x exchange) bool {
	e.t.Helper()
	opened := must(e.OpenSRP(c, x.challenge.SecretBlock))(e.t)
	return must(e.FinishSRP(e.t.Context(), c.Pool, opened, u, x.timestamp, x.signature))(e.t)
}

func TestSRP(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("SRP")
	u, bare := e.user(c.Pool, "jane", password), e.user(c.Pool, "bare", "")
	stranger := must(e.Stranger(t.Context(), c.Pool, "nobody"))(t)
	known, unknown := credential.Exchange{Name: "jane@example.com", EventID: "event"}, credential.Exchange{Stranger: true}

	x := e.begin(c, u, password, known)
	opened := must(e.OpenSRP(c, x.challenge.SecretBlock))(t)
	if opened.Name != "jane@example.com" || opened.EventID != "event" || opened.Username != "jane" || opened.Sub != u.Sub || opened.Stranger {
		t.Errorf("got %+v back", opened)
	}
	if !e.finish(c, u, x) {
		t.Error("the right password does not prove")
	}
	changed := *u
	changed.Credential = must(e.New(t.Context(), c.Pool, "jane", password))(t)
	late, early, garbled := x, x, x
	late.timestamp, early.timestamp = srp.Timestamp(e.time().Add(-6*time.Minute)), srp.Timestamp(e.time().Add(6*time.Minute))
	garbled.timestamp = "2026-03-03T09:05:07Z"
	for name, ok := range map[string]bool{
		"wrong password":               e.finish(c, u, e.begin(c, u, "Passw0rd?", known)),
		"password set meanwhile":       e.finish(c, &changed, x),
		"another user":                 e.finish(c, bare, x),
		"old timestamp":                e.finish(c, u, late),
		"timestamp from the future":    e.finish(c, u, early),
		"timestamp of another form":    e.finish(c, u, garbled),
		"no password":                  e.finish(c, bare, e.begin(c, bare, "", known)),
		"stranger":                     e.finish(c, stranger, e.begin(c, stranger, password, unknown)),
		"real password, said stranger": e.finish(c, u, e.begin(c, u, password, unknown)),
	} {
		if ok {
			t.Errorf("%s proves", name)
		}
	}
}

func TestTimestampsMayBeFiveMinutesOff(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Skew", func(_ *cognitoidp.UserPoolType, c *store.Client) { c.Config.AuthSessionValidity = new(15) })
	u := e.user(c.Pool, "jane", password)
	x := e.begin(c, u, password, credential.Exchange{})
	e.sleep(5 * time.Minute)
	if !e.finish(c, u, x) {
		t.Error("five minutes are too many")
	}
	e.sleep(time.Second)
	if e.finish(c, u, x) {
		t.Error("more than five minutes are not too many")
	}
}

func TestSecretBlocks(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c, foreign := e.client("Blocks"), e.client("Foreign")
	u := e.user(c.Pool, "jane", password)
	block := e.begin(c, u, password, credential.Exchange{}).challenge.SecretBlock
	if _, err := e.OpenSRP(c, block); err != nil || len(block) > 2048 {
		t.Fatalf("%v for a block of %d characters", err, len(block))
	}
	raw := must(base64.StdEncoding.DecodeString(block))(t)
	for name, text := range map[string]string{
		"empty": "", "no base64": "%%%", "without padding": strings.TrimRight(block, "=") + "A",
		"line break": block[:10] + "\n" + block[10:], "cut": base64.StdEncoding.EncodeToString(raw[:len(raw)-1]),
		"other bytes": base64.StdEncoding.EncodeToString(append([]byte{raw[0] ^ 1}, raw[1:]...)),
	} {
		if _, err := e.OpenSRP(c, text); !errors.Is(err, credential.ErrBlock) {
			t.Errorf("%s: got %v, want ErrBlock", name, err)
		}
	}
	if _, err := e.OpenSRP(foreign, block); !errors.Is(err, credential.ErrBlock) {
		t.Errorf("another client: got %v, want ErrBlock", err)
	}
	e.sleep(c.SessionTTL() - time.Millisecond)
	opened := must(e.OpenSRP(c, block))(t)
	for i, want := range []bool{true, false} {
		if first := must(e.db.SpendAll(t.Context(), opened.Proof()))(t); first != want {
			t.Errorf("use %d: first is %t", i+1, first)
		}
	}
	e.sleep(time.Millisecond)
	if _, err := e.OpenSRP(c, block); !errors.Is(err, credential.ErrBlock) {
		t.Errorf("expired: got %v, want ErrBlock", err)
	}
}

func TestSRPA(t *testing.T) {
	t.Parallel()
	prime := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 3072), big.NewInt(1)) // not the prime, but of its size
	for name, text := range map[string]string{"empty": "", "zero": "0", "zeros": "0000", "no digits": "xyz", "signed": "-1", "long": strings.Repeat("f", 771)} {
		_, err := credential.ParseSRPA(text)
		if err == nil {
			t.Errorf("%s is taken", name)
			continue
		}
		wantFault(t, err, "InvalidParameterException", "Invalid SRP_A")
	}
	for name, text := range map[string]string{"odd": "abc", "upper case": "ABC", "padded": "00" + prime.Text(16)} {
		if _, err := credential.ParseSRPA(text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The largest SRP_A there is takes more bytes than the group's numbers.
func TestLongestSRPA(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Long")
	a := must(credential.ParseSRPA(strings.Repeat("f", 770)))(t)
	x := must(e.StartSRP(t.Context(), c, e.user(c.Pool, "jane", password), a, credential.Exchange{}))(t)
	must(e.OpenSRP(c, x.SecretBlock))(t)
}

func TestStranger(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	plain := e.client("Plain").Pool
	folding := e.client("Folding", func(p *cognitoidp.UserPoolType, _ *store.Client) {
		p.UsernameConfiguration = &cognitoidp.UsernameConfigurationType{CaseSensitive: new(false)}
	}).Pool
	byEmail := e.client("ByEmail", func(p *cognitoidp.UserPoolType, _ *store.Client) {
		p.UsernameAttributes = []cognitoidp.UsernameAttributeType{cognitoidp.UsernameAttributeTypeEmail}
	}).Pool
	aliases := e.client("Aliases", func(p *cognitoidp.UserPoolType, _ *store.Client) {
		p.AliasAttributes = []cognitoidp.AliasAttributeType{cognitoidp.AliasAttributeTypeEmail, cognitoidp.AliasAttributeTypePhoneNumber}
	}).Pool
	meet := func(p *catalog.Pool, name string) *store.User {
		return must(e.Stranger(t.Context(), p, name))(t)
	}

	one, again, else1, elsewhere := meet(plain, "jane"), meet(plain, "jane"), meet(plain, "joe"), meet(folding, "jane")
	if one.ID != again.ID || one.Sub != again.Sub || string(one.Credential.Salt) != string(again.Credential.Salt) {
		t.Error("the same name meets another stranger")
	}
	if one.ID == else1.ID || one.ID == elsewhere.ID || string(one.Credential.Salt) == string(elsewhere.Credential.Salt) {
		t.Error("another name or pool meets the same stranger")
	}
	if upper := meet(folding, "JANE"); upper.ID != elsewhere.ID || upper.Username != "jane" {
		t.Errorf("case tells strangers apart where it does not tell users apart")
	}
	if meet(plain, "JANE").ID == one.ID {
		t.Errorf("case tells no strangers apart where it tells users apart")
	}

	const sub = "34c84488-e0e1-70ae-d2ee-991ad1a898c8"
	for _, row := range []struct {
		pool *catalog.Pool
		name string
		own  bool // the user name is the typed one; else a UUID
	}{
		{plain, "jane", true},
		{plain, "jane@example.com", true},
		{plain, sub, true},
		{byEmail, "jane@example.com", false},
		{byEmail, sub, true},
		{aliases, "jane", true},
		{aliases, "jane@example.com", false},
		{aliases, "+15555551234", false},
	} {
		u := meet(row.pool, row.name)
		if row.own != (u.Username == row.name) || !row.own && u.Username != u.Sub {
			t.Errorf("%s: %q is named %q", row.pool.ID(), row.name, u.Username)
		}
	}
}

// Failures of strangers count and lock as those of users do.
func TestStrangersAreLocked(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	p := e.client("Strangers").Pool
	for range 5 {
		u := must(e.Stranger(t.Context(), p, "nobody"))(t)
		wantFault(t, e.CheckLockout(u), "", "")
		wantFault(t, e.Failed(t.Context(), p, u), "", "")
	}
	wantFault(t, e.CheckLockout(must(e.Stranger(t.Context(), p, "nobody"))(t)), notAuthorized, exceeded)
	wantFault(t, e.CheckLockout(must(e.Stranger(t.Context(), p, "nobody else"))(t)), "", "")
}

func FuzzOpenSRP(f *testing.F) {
	f.Add("", "")
	f.Add("QUJD", "Tue Mar 3 09:05:07 UTC 2026")
	e := newEnv(f)
	c := e.client("Fuzz")
	u := e.user(c.Pool, "jane", password)
	x := e.begin(c, u, password, credential.Exchange{})
	opened := must(e.OpenSRP(c, x.challenge.SecretBlock))(f)
	f.Fuzz(func(t *testing.T, block, timestamp string) {
		if _, err := e.OpenSRP(c, block); !errors.Is(err, credential.ErrBlock) {
			t.Errorf("got %v, want ErrBlock", err)
		}
		ok, err := e.FinishSRP(context.Background(), c.Pool, opened, u, timestamp, x.signature)
		if err != nil || ok != (timestamp == x.timestamp) {
			t.Errorf("timestamp %q: %t, %v", timestamp, ok, err)
		}
	})
}
