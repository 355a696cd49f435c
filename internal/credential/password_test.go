package credential_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/credential"
	"github.com/cenote-id/cenote/internal/gate"
	"github.com/cenote-id/cenote/internal/store"
)

const historyText = "Password has previously been used."

func TestVerifyPassword(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	p, other := e.client("A").Pool, e.client("B").Pool
	u, bare := e.user(p, "jane", password), e.user(p, "bare", "")
	stranger := must(e.Stranger(t.Context(), p, "nobody"))(t)
	renamed := *u
	renamed.Username = "joan"
	for name, row := range map[string]struct {
		user     *store.User
		password string
		want     bool
	}{
		"right":             {u, password, true},
		"wrong":             {u, "Passw0rd?", false},
		"empty":             {u, "", false},
		"another name":      {&renamed, password, false},
		"no password":       {bare, "", false},
		"stranger":          {stranger, password, false},
		"nobody":            {nil, password, false},
		"longer by a blank": {u, password + " ", false},
	} {
		if ok := must(e.VerifyPassword(t.Context(), p, row.user, row.password))(t); ok != row.want {
			t.Errorf("%s: got %t", name, ok)
		}
	}
	if must(e.VerifyPassword(t.Context(), other, u, password))(t) {
		t.Error("a verifier is of use in another pool")
	}
}

func TestReplace(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	p := e.client("History", withPolicy(cognitoidp.PasswordPolicyType{PasswordHistorySize: new(3)})).Pool
	u := e.user(p, "jane", "Passw0rd-0")
	set := func(password string) error {
		mutate, err := e.Replace(t.Context(), p, e.fresh(u), password)
		if err != nil {
			return err
		}
		_, err = e.db.UpdateUser(t.Context(), u.Pool, u.ID, store.UpdateOptions{}, mutate)
		return err
	}
	for i := range 5 {
		next := fmt.Sprintf("Passw0rd-%d", i+1)
		wantFault(t, set(next), "", "")
		now := e.fresh(u)
		if !must(e.VerifyPassword(t.Context(), p, now, next))(t) || !now.Credential.Set.Equal(e.time()) || len(now.Credential.History) > 2 {
			t.Fatalf("after %s the record is %d past passwords, set %v", next, len(now.Credential.History), now.Credential.Set)
		}
		e.sleep(time.Hour)
	}
	// Three count, the current one included.
	for _, used := range []string{"Passw0rd-5", "Passw0rd-4", "Passw0rd-3"} {
		wantFault(t, set(used), "PasswordHistoryPolicyViolationException", historyText)
	}
	wantFault(t, set("Passw0rd-2"), "", "")
}

func TestReplaceWithoutHistory(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	p := e.client("Free").Pool
	u := e.user(p, "jane", password)
	mutate := must(e.Replace(t.Context(), p, u, password))(t) // the same again is allowed
	next := *u
	if err := mutate(&next); err != nil || next.Credential.History != nil || string(next.Credential.Salt) == string(u.Credential.Salt) {
		t.Errorf("got %v and %d past passwords, want a new salt and no history", err, len(next.Credential.History))
	}
	// What was proved or checked does not hold for another password.
	if err := mutate(&next); !errors.Is(err, credential.ErrChanged) {
		t.Errorf("got %v, want ErrChanged", err)
	}
}

func TestTemporaryPasswords(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	week, day := e.client("Week").Pool, e.client("Day", withPolicy(cognitoidp.PasswordPolicyType{TemporaryPasswordValidityDays: new(1)})).Pool
	u := &store.User{Username: "jane"}
	u.Credential = must(e.NewTemporary(t.Context(), week, "jane", password))(t)
	mutate := must(e.ReplaceTemporary(t.Context(), day, u, password))(t)
	shorter := *u
	if err := mutate(&shorter); err != nil {
		t.Fatal(err)
	}
	permanent := *u
	permanent.Credential = must(e.New(t.Context(), week, "jane", password))(t)
	for _, row := range []struct {
		after           time.Duration
		week, day, ever bool
	}{
		{0, false, false, false},
		{24*time.Hour - 1, false, false, false},
		{24 * time.Hour, false, true, false},
		{7 * 24 * time.Hour, true, true, false},
	} {
		at := e.time().Add(row.after)
		got := []bool{credential.TemporaryExpired(u, at), credential.TemporaryExpired(&shorter, at), credential.TemporaryExpired(&permanent, at)}
		if got[0] != row.week || got[1] != row.day || got[2] != row.ever {
			t.Errorf("after %v: %v", row.after, got)
		}
	}
}

func TestFullGate(t *testing.T) {
	t.Parallel()
	g := gate.New(1, time.Nanosecond)
	leave := must(g.Enter(t.Context()))(t)
	defer leave()
	e := newEnv(t, func(d *credential.Deps) { d.Gate = g })
	p := e.client("Busy").Pool
	_, err := e.VerifyPassword(t.Context(), p, nil, password)
	wantFault(t, err, "TooManyRequestsException", "Rate exceeded")
	_, err = e.New(t.Context(), p, "jane", password)
	wantFault(t, err, "TooManyRequestsException", "Rate exceeded")
}

func TestCodes(t *testing.T) {
	t.Parallel()
	e, fixed := newEnv(t), newEnv(t, func(d *credential.Deps) { d.FixedCode = "123456" })
	if got := must(fixed.NewCode(6))(t); got != "123456" {
		t.Errorf("got %q, want the fixed code", got)
	}
	code, other := must(e.NewCode(8))(t), must(e.NewCode(8))(t)
	if len(code) != 8 || code == other {
		t.Errorf("got %q and %q, want different codes of eight digits", code, other)
	}
	user, stranger := store.UserID{1}, store.UserID{2}
	hash := e.HashCode(7, user, store.CodeSignUp, code)
	if !e.MatchCode(hash, 7, user, store.CodeSignUp, code) {
		t.Error("the code does not match its hash")
	}
	for name, ok := range map[string]bool{
		"another code":    e.MatchCode(hash, 7, user, store.CodeSignUp, other),
		"another user":    e.MatchCode(hash, 7, stranger, store.CodeSignUp, code),
		"another pool":    e.MatchCode(hash, 8, user, store.CodeSignUp, code),
		"another purpose": e.MatchCode(hash, 7, user, store.CodeReset, code),
		"no hash":         e.MatchCode(nil, 7, user, store.CodeSignUp, code),
		"another server":  fixed.MatchCode(hash, 7, user, store.CodeSignUp, code),
	} {
		if ok {
			t.Errorf("%s matches", name)
		}
	}
}
