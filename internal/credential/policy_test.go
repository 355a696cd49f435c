package credential_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/credential"
	"github.com/cenote-id/cenote/internal/store"
)

func withPolicy(p cognitoidp.PasswordPolicyType) func(*cognitoidp.UserPoolType, *store.Client) {
	return func(pool *cognitoidp.UserPoolType, _ *store.Client) {
		pool.Policies = &cognitoidp.UserPoolPolicyType{PasswordPolicy: &p}
	}
}

func TestCheckPolicy(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	strict := e.client("Strict").Pool
	lax := e.client("Lax", withPolicy(cognitoidp.PasswordPolicyType{MinimumLength: new(6)})).Pool
	symbols := e.client("Symbols", withPolicy(cognitoidp.PasswordPolicyType{MinimumLength: new(6), RequireSymbols: new(true)})).Pool

	for _, row := range []struct{ password, want string }{
		{"Passw0rd!", ""},
		{"Pw0!", "Password not long enough"},
		{"Pässw0!", "Password not long enough"}, // seven characters in eight bytes
		{"", "Password not long enough"},
		{"passw0rd!", "Password must have uppercase characters"},
		{"PÄSSw0rd!", ""},
		{"äÄäÄäÄw0!", "Password must have uppercase characters"}, // Basic Latin counts
		{"PASSW0RD!", "Password must have lowercase characters"},
		{"Password!", "Password must have numeric characters"},
		{"Passw0rdd", "Password must have symbol characters"},
		{"Passw0rd§", "Password must have symbol characters"},
		{"password", "Password must have uppercase characters"}, // the first of several
	} {
		for _, prefix := range []string{credential.PolicySignUp, credential.PolicyChange, credential.PolicyAdminCreate} {
			err := credential.CheckPolicy(strict, prefix, row.password)
			if row.want == "" {
				wantFault(t, err, "", "")
			} else {
				wantFault(t, err, invalidPassword, prefix+row.want)
			}
		}
	}
	wantFault(t, credential.CheckPolicy(lax, credential.PolicySignUp, "aaaaaa"), "", "")
	for _, symbol := range "^$*.[]{}()?-\"!@#%&/\\,><':;|_~`+=" {
		wantFault(t, credential.CheckPolicy(symbols, "", "aaaaa"+string(symbol)), "", "")
	}
	wantFault(t, credential.CheckPolicy(symbols, "", "aaa aaa"), "", "")
	wantFault(t, credential.CheckPolicy(symbols, "", " aaaaaa "), invalidPassword, "Password must have symbol characters")
}

func TestGeneratedPasswordsSatisfyThePolicy(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	pools := 0
	rapid.Check(t, func(r *rapid.T) {
		pools++
		policy := cognitoidp.PasswordPolicyType{
			MinimumLength:    new(rapid.IntRange(6, 99).Draw(r, "length")),
			RequireUppercase: new(rapid.Bool().Draw(r, "upper")), RequireLowercase: new(rapid.Bool().Draw(r, "lower")),
			RequireNumbers: new(rapid.Bool().Draw(r, "number")), RequireSymbols: new(rapid.Bool().Draw(r, "symbol")),
		}
		pool := e.client("P"+string(rune('a'+pools%26))+string(rune('a'+pools/26)), withPolicy(policy)).Pool
		first, second := must(e.GeneratePassword(pool))(t), must(e.GeneratePassword(pool))(t)
		if err := credential.CheckPolicy(pool, "", first); err != nil {
			r.Fatalf("%q: %v", first, err)
		}
		if want := max(8, *policy.MinimumLength); len(first) != want || first == second {
			r.Fatalf("%q and %q, want different ones of %d characters", first, second, want)
		}
	})
}
