package credential_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/credential"
	"github.com/cenote-id/cenote/internal/store"
)

// The hashes of these tests come from the makers of the algorithms and of the libraries
// whose formats they are in, but for those that say that Python made them.
var knownHashes = map[string]struct {
	text, password string
	algorithm      cognitoidp.PasswordHashingAlgorithmType
}{
	"bcrypt 2a, crypt_blowfish": {"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U", "BCRYPT"},
	"bcrypt 2b":                 {"$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U", "BCRYPT"},
	"bcrypt 2y":                 {"$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U", "BCRYPT"},
	"bcrypt 2a, x/crypto":       {"$2a$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga", "allmine", "BCRYPT"},
	"argon2id, reference":       {"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password", "ARGON2ID"},
	"argon2i, reference":        {"$argon2i$v=19$m=65536,t=2,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b+dWRWJTmaaJObG", "password", ""},
	"scrypt, RFC 7914":          {"$scrypt$ln=10,r=8,p=16$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWIurzDZLiKjiG/xCSedmDDaxyevuUqD7m2DYMvfoswGQA", "password", "SCRYPT"},
	"scrypt, RFC 7914, simple":  {"$s0$a0810$TmFDbA==$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWIurzDZLiKjiG/xCSedmDDaxyevuUqD7m2DYMvfoswGQA==", "password", "SCRYPT"},
	"pbkdf2-sha256, passlib":    {"$pbkdf2-sha256$6400$0ZrzXitFSGltTQnBWOsdAw$Y11AchqV4b0sUisdZd0Xr97KWoymNE0LNNrnEgY4H9M", "password", "PBKDF2_SHA256"},
	"pbkdf2-sha256, PHC":        {"$pbkdf2-sha256$i=6400,l=32$0ZrzXitFSGltTQnBWOsdAw$Y11AchqV4b0sUisdZd0Xr97KWoymNE0LNNrnEgY4H9M", "password", "PBKDF2_SHA256"},
	"pbkdf2-sha1, RFC 6070":     {"$pbkdf2-sha1$4096$c2FsdA$SwB5AbdlSJq+rUnZJvch0GWkKcE", "password", ""},
	"pbkdf2, passlib's name":    {"$pbkdf2$4096$c2FsdA$SwB5AbdlSJq.rUnZJvch0GWkKcE", "password", ""},
	"pbkdf2-sha512, Python":     {"$pbkdf2-sha512$i=1000$c2FsdA$r+bFUweFtsxrHGRTOEcxvV7kMu5Un9QvtmlXea2KHFv1neacSPd078QAfVKY+QM8AkHVq2kwXntk7O642DTP7A", "password", ""},
	"pbkdf2_sha256, Django":     {"pbkdf2_sha256$12000$seasalt$Ybw8zsFxqja97tY/o6G+Fy1ksY4U/Hw3DRrGED6Up4s=", "lètmein", "PBKDF2_SHA256"},
}

func TestKnownHashes(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	p := e.client("Known").Pool
	for name, known := range knownHashes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			algorithm, err := credential.CheckHash(known.text)
			if err != nil || algorithm != known.algorithm {
				t.Fatalf("read as %q, %v; want %q", algorithm, err, known.algorithm)
			}
			u := e.hashed(p, strings.NewReplacer(" ", "", ",", "").Replace(name), known.text)
			for _, wrong := range []string{"", known.password + "x", strings.ToUpper(known.password) + "?", known.text} {
				if must(e.VerifyPassword(t.Context(), p, u, wrong))(t) {
					t.Errorf("%q is taken for the password", wrong)
				}
			}
			if got := e.fresh(u).Credential.Hash; got != known.text {
				t.Errorf("a wrong password made %q of the hash", got)
			}
			for range 2 { // the second time by what the first has stored
				if !must(e.VerifyPassword(t.Context(), p, u, known.password))(t) {
					t.Fatal("the password is refused")
				}
				if c := e.fresh(u).Credential; c.Hash != "" || len(c.Verifier) == 0 || u.Credential.Hash != "" {
					t.Errorf("the hash was not replaced by a verifier: %q", c.Hash)
				}
			}
		})
	}
}

func TestHashesThatAreNone(t *testing.T) {
	t.Parallel()
	const salt, sum = "c29tZXNhbHQ", "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	for _, text := range []string{
		"", "$", "$$", "password", "5f4dcc3b5aa765d61d8327deb882cf99", "$1$abc$def", "$6$salt$hash", "{SSHA}x",
		"$2a$15$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga", // too dear
		"$2a$03$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga",
		"$2x$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga",
		"$2a$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcg",
		"$argon2d$v=19$m=65536,t=2,p=1$" + salt + "$" + sum,
		"$argon2id$v=16$m=65536,t=2,p=1$" + salt + "$" + sum,
		"$argon2id$v=19$m=262144,t=2,p=1$" + salt + "$" + sum,
		"$argon2id$v=19$m=65536,t=17,p=1$" + salt + "$" + sum,
		"$argon2id$v=19$m=65536,t=4294967295,p=1$" + salt + "$" + sum,
		"$argon2id$v=19$m=65536,t=2147483647,p=1$" + salt + "$" + sum,
		"$argon2id$v=19$m=65536,t=0,p=1$" + salt + "$" + sum,
		"$argon2id$v=19$m=65536,t=2,p=0$" + salt + "$" + sum,
		"$argon2id$v=19$m=65536,t=2,p=257$" + salt + "$" + sum,
		"$argon2id$v=19$m=7,t=2,p=1$" + salt + "$" + sum,
		"$argon2id$v=19$t=2,m=65536,p=1$" + salt + "$" + sum,
		"$argon2id$v=19$m=65536,t=2,p=1$$" + sum,
		"$argon2id$v=19$m=65536,t=2,p=1$" + salt + "$",
		"$argon2id$v=19$m=65536,t=2,p=1$" + salt + "$c2hvcnQ",
		"$argon2id$v=19$m=65536,t=2,p=1$" + salt + "$" + sum + "$",
		"$scrypt$ln=18,r=8,p=1$" + salt + "$" + sum,
		"$scrypt$ln=10,r=8,p=1024$" + salt + "$" + sum,
		"$scrypt$ln=60,r=8,p=1$" + salt + "$" + sum,
		"$scrypt$ln=0,r=8,p=1$" + salt + "$" + sum,
		"$s0$120801$" + salt + "$" + sum,
		"$s0$zz$" + salt + "$" + sum,
		"$pbkdf2-sha256$2000001$" + salt + "$" + sum,
		"$pbkdf2-sha256$0$" + salt + "$" + sum,
		"$pbkdf2-sha256$-1$" + salt + "$" + sum,
		"$pbkdf2-md5$1000$" + salt + "$" + sum,
		"pbkdf2_sha256$12000$$Ybw8zsFxqja97tY/o6G+Fy1ksY4U/Hw3DRrGED6Up4s=",
		"pbkdf2_sha256$12000$seasalt$Ybw8", "bcrypt$$2a$10$x",
		"$pbkdf2-sha256$1000$" + strings.Repeat("c29t", 100) + "$" + sum,
		"$2a$10$" + strings.Repeat("x", 1000),
	} {
		if _, err := credential.CheckHash(text); !errors.Is(err, credential.ErrHash) {
			t.Errorf("%s: got %v, want ErrHash", text, err)
		}
	}
}

func FuzzCheckHash(f *testing.F) {
	for _, known := range knownHashes {
		f.Add(known.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := credential.CheckHash(text); err != nil && !errors.Is(err, credential.ErrHash) {
			t.Error(err)
		}
	})
}

// hashed stores a confirmed user whose password is kept as a hash.
func (e *env) hashed(p *catalog.Pool, name, text string) *store.User {
	e.t.Helper()
	u := e.user(p, name, "")
	return must(e.db.UpdateUser(e.t.Context(), u.Pool, u.ID, store.UpdateOptions{}, func(u *store.User) error {
		u.Credential = store.Credential{Hash: text, Set: e.time(), Seed: []byte("seed")}
		return nil
	}))(e.t)
}

const bcryptUU = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"

// Sign-ins that come together replace a hash once, and all of them are let in.
func TestHashIsReplacedOnce(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	p := e.client("Race").Pool
	u := e.hashed(p, "jane", bcryptUU)
	var wg sync.WaitGroup
	seen := make(chan string, 8)
	for range cap(seen) {
		wg.Go(func() {
			mine := *u
			ok, err := e.VerifyPassword(t.Context(), p, &mine, "U*U")
			if !ok || err != nil {
				t.Errorf("got %t, %v", ok, err)
			}
			seen <- string(mine.Credential.Verifier)
		})
	}
	wg.Wait()
	close(seen)
	now := e.fresh(u)
	for verifier := range seen {
		if verifier != string(now.Credential.Verifier) {
			t.Error("a sign-in went on with another credential than the stored one")
		}
	}
	if string(now.Credential.Seed) != "seed" || !now.Modified.Equal(u.Modified) || !now.Credential.Set.Equal(u.Credential.Set) {
		t.Errorf("replacing the hash changed more: %+v", now)
	}
}

// A password that was set while another was being checked is not overwritten.
func TestHashThatChangedMeanwhile(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	p := e.client("Changed").Pool
	u := e.hashed(p, "jane", bcryptUU)
	stale := *u
	mutate := must(e.Replace(t.Context(), p, u, password))(t)
	must(e.db.UpdateUser(t.Context(), u.Pool, u.ID, store.UpdateOptions{}, mutate))(t)
	if must(e.VerifyPassword(t.Context(), p, &stale, "U*U"))(t) {
		t.Error("a password that was replaced is taken")
	}
	if !must(e.VerifyPassword(t.Context(), p, e.fresh(u), password))(t) {
		t.Error("the new password was overwritten")
	}
}

func TestPoolThatKeepsHashes(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Argon", withPolicy(cognitoidp.PasswordPolicyType{PasswordHistorySize: new(2)}), keepHashes)
	p := c.Pool
	u := e.user(p, "jane", password)
	if !strings.HasPrefix(u.Credential.Hash, "$argon2id$v=19$m=19456,t=2,p=1$") || u.Credential.Verifier != nil || u.Credential.Salt != nil {
		t.Errorf("kept as %+v", u.Credential)
	}
	stranger := must(e.Stranger(t.Context(), p, "nobody"))(t)
	for name, row := range map[string]struct {
		user     *store.User
		password string
		want     bool
	}{
		"right":       {u, password, true},
		"wrong":       {u, "Passw0rd?", false},
		"no password": {e.user(p, "bare", ""), "", false},
		"stranger":    {stranger, password, false},
		"nobody":      {nil, password, false},
	} {
		if ok := must(e.VerifyPassword(t.Context(), p, row.user, row.password))(t); ok != row.want {
			t.Errorf("%s: got %t", name, ok)
		}
	}
	if e.fresh(u).Version != u.Version {
		t.Error("a sign-in wrote although the hash is the pool's own")
	}
	imported := e.hashed(p, "ann", bcryptUU)
	if !must(e.VerifyPassword(t.Context(), p, imported, "U*U"))(t) || !strings.HasPrefix(e.fresh(imported).Credential.Hash, "$argon2id$") || imported.Credential.Verifier != nil {
		t.Errorf("a foreign hash became %+v", e.fresh(imported).Credential)
	}
	_, err := e.StartSRP(t.Context(), c, u, nil, credential.Exchange{})
	wantFault(t, err, "InvalidParameterException", "SRP is not available in this user pool: its tag cenote:password-hash makes it "+
		"keep passwords as hashes that SRP cannot prove. Send the password, as in USER_PASSWORD_AUTH.")

	// History, temporary passwords.
	for i, next := range []string{password, "Passw0rd-1", password, "Passw0rd-2", password} {
		mutate, err := e.Replace(t.Context(), p, e.fresh(u), next)
		if used := i == 0 || i == 2; used {
			wantFault(t, err, "PasswordHistoryPolicyViolationException", historyText)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		must(e.db.UpdateUser(t.Context(), u.Pool, u.ID, store.UpdateOptions{}, mutate))(t)
	}
	temporary := must(e.NewTemporary(t.Context(), p, "jane", password))(t)
	if temporary.Hash == "" || !temporary.TemporaryUntil.Equal(e.time().Add(7*24*time.Hour)) {
		t.Errorf("a temporary password is kept as %+v", temporary)
	}
}

func keepHashes(config *cognitoidp.UserPoolType, _ *store.Client) {
	config.UserPoolTags = map[string]string{catalog.TagPasswordHash: catalog.ArgonHash}
}
