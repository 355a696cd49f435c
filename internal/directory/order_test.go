package directory_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/message"
	"github.com/cenote-id/cenote/internal/store"
)

// together runs tries at the same time and returns how often each exception came, "" being
// none.
func together(n int, try func(i int) error) map[string]int {
	var mu sync.Mutex
	var wg sync.WaitGroup
	got := make(map[string]int)
	for i := range n {
		wg.Go(func() {
			code := faultCode(try(i))
			mu.Lock()
			defer mu.Unlock()
			got[code]++
		})
	}
	wg.Wait()
	return got
}

func TestOneNameOneUser(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	for name, h := range map[string]*house{
		"ann":             g.house(t),
		"ann@example.com": g.house(t, usernames(cognitoidp.UsernameAttributeTypeEmail)),
	} {
		got := together(6, func(i int) error {
			if i%2 == 0 {
				_, err := h.signUp(name)
				return err
			}
			_, err := h.create(name, nil)
			return err
		})
		if got[""] != 1 || got["UsernameExistsException"] != 5 {
			t.Errorf("%s: %v", name, got)
		}
		if n, err := h.store.CountUsers(t.Context(), h.pool.ID); err != nil || n != 1 {
			t.Errorf("%s: %d users, %v", name, n, err)
		}
	}
}

func TestOneCodeOneUse(t *testing.T) {
	t.Parallel()
	h := newHouse(t, autoVerify(email))
	h.mustSignUp("ann", "email", "ann@example.com")
	code := h.lastCode("ann@example.com")
	got := together(4, func(int) error { return h.confirm("ann", code, false) })
	if got[""] != 1 {
		t.Errorf("ConfirmSignUp: %v", got)
	}
	_, err := h.forgot("ann")
	must(t, err)
	code = h.lastCode("ann@example.com")
	got = together(4, func(i int) error { return h.confirmForgot("ann", code, fmt.Sprintf("Passw0rd-%d", i)) })
	if got[""] != 1 || got["ExpiredCodeException"] != 3 {
		t.Errorf("ConfirmForgotPassword: %v", got)
	}
}

func TestLimitsHoldInParallel(t *testing.T) {
	t.Parallel()
	h := newHouse(t, autoVerify(email))
	h.mustSignUp("ann", "email", "ann@example.com")
	bad := wrong(h.lastCode("ann@example.com"))
	got := together(30, func(int) error { return h.confirm("ann", bad, false) })
	if got["CodeMismatchException"] != 15 || got["LimitExceededException"] != 15 {
		t.Errorf("ConfirmSignUp: %v", got)
	}
}

func TestPasswordsSetInParallel(t *testing.T) {
	t.Parallel()
	h := newHouse(t, history(3))
	h.add("ann")
	var set []string
	var mu sync.Mutex
	got := together(3, func(i int) error {
		password := fmt.Sprintf("password-%d", i)
		_, err := h.AdminSetUserPassword(t.Context(), h.call(), &cognitoidp.AdminSetUserPasswordRequest{
			UserPoolId: &h.poolID, Username: new("ann"), Password: &password, Permanent: new(true),
		})
		if err == nil {
			mu.Lock()
			defer mu.Unlock()
			set = append(set, password)
		}
		return err
	})
	if got[""] != 3 {
		t.Fatalf("AdminSetUserPassword: %v", got)
	}
	if !slices.ContainsFunc(set, func(p string) bool { return h.passwordWorks("ann", p) }) {
		t.Error("none of the passwords works")
	}
	if n := len(h.user("ann").Credential.History); n != 2 {
		t.Errorf("the history holds %d passwords besides the current one, want 2", n)
	}
}

// A configured trigger shows its place in a flow by what its failure leaves behind.
func TestTriggers(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	const arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
	with := func(set func(*cognitoidp.LambdaConfigType, *string)) option {
		return func(p *cognitoidp.UserPoolType, _ *store.Client) {
			p.LambdaConfig = &cognitoidp.LambdaConfigType{}
			set(p.LambdaConfig, new(arn))
		}
	}
	failed := func(t *testing.T, name string, err error) {
		t.Helper()
		wantFault(t, name, err, "UnexpectedLambdaException", name+" invocation failed due to error ResourceNotFoundException.")
	}
	t.Run("PreSignUp", func(t *testing.T) {
		t.Parallel()
		h := g.house(t, with(func(c *cognitoidp.LambdaConfigType, f *string) { c.PreSignUp = f }))
		_, err := h.SignUp(t.Context(), h.call(), &cognitoidp.SignUpRequest{
			ClientId: &h.clientID, Username: new("ann"), Password: new(goodPassword), ValidationData: list("captcha", "1"),
		})
		failed(t, "PreSignUp", err)
		_, err = h.signUp("ann", "email", "nobody") // the function sees no bad request
		wantFault(t, "bad request", err, "InvalidParameterException", "Invalid email address format.")
		_, err = h.create("ann", nil)
		failed(t, "PreSignUp", err)
		if _, err := h.find("ann"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the user exists: %v", err)
		}
	})
	t.Run("CustomMessage", func(t *testing.T) {
		t.Parallel()
		h := g.house(t, autoVerify(email), with(func(c *cognitoidp.LambdaConfigType, f *string) { c.CustomMessage = f }))
		_, err := h.signUp("ann", "email", "ann@example.com")
		failed(t, "CustomMessage", err)
		if h.user("ann").Status != cognitoidp.UserStatusTypeUnconfirmed || len(h.inbox.List(message.Filter{})) != 0 {
			t.Error("the user is not there unconfirmed, or a message was sent")
		}
	})
	t.Run("PostConfirmation", func(t *testing.T) {
		t.Parallel()
		h := g.house(t, autoVerify(email), with(func(c *cognitoidp.LambdaConfigType, f *string) { c.PostConfirmation = f }))
		h.mustSignUp("ann", "email", "ann@example.com")
		failed(t, "PostConfirmation", h.confirm("ann", h.lastCode("ann@example.com"), false))
		if h.user("ann").Status != cognitoidp.UserStatusTypeConfirmed {
			t.Error("the user is not confirmed")
		}
		_, err := h.forgot("ann")
		must(t, err)
		failed(t, "PostConfirmation", h.confirmForgot("ann", h.lastCode("ann@example.com"), "Another-1!"))
		if !h.passwordWorks("ann", "Another-1!") {
			t.Error("the new password does not work")
		}
		h.mustSignUp("bob")
		_, err = h.AdminConfirmSignUp(t.Context(), h.call(), &cognitoidp.AdminConfirmSignUpRequest{UserPoolId: &h.poolID, Username: new("bob")})
		failed(t, "PostConfirmation", err)
		if h.user("bob").Status != cognitoidp.UserStatusTypeConfirmed {
			t.Error("the user is not confirmed")
		}
	})
	t.Run("UserMigration", func(t *testing.T) {
		t.Parallel()
		h := g.house(t, with(func(c *cognitoidp.LambdaConfigType, f *string) { c.UserMigration = f }))
		h.add("ann", "email", "ann@example.com", "email_verified", "true")
		_, err := h.forgot("ann")
		must(t, err)
		_, err = h.forgot("nobody")
		wantFault(t, "a failing function", err, "UserNotFoundException", "Exception migrating user in app client "+h.clientID)
	})
}
