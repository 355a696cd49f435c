package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the hash of RFC 6238 that authenticator apps use
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/store"
)

// Users with an authenticator app come besides the others. The server takes the codes of
// three steps, each once; so many users need not wait for a new one within a measurement.
const factorUsers = 2000

func factorName(i int) string { return fmt.Sprintf("totp%05d", i) }

// seed is the secret of a user's authenticator app.
func seed(username string) []byte {
	digest := sha256.Sum256([]byte("seed of " + username))
	return digest[:]
}

// withFactor makes a user one whom the server asks for a code.
func withFactor(u *store.User) {
	u.Credential.Seed = seed(u.Username)
	u.MFA = store.MFA{TOTP: true, Preferred: cognitoidp.ChallengeNameTypeSoftwareTokenMfa}
}

const (
	totpStep = 30 * time.Second
	// totpMargin is how much later than its choice a code may reach the server.
	totpMargin = 5 * time.Second
)

// totpCode is the code of a step (RFC 4226, section 5.3).
func totpCode(seed []byte, step int64) string {
	mac := hmac.New(sha1.New, seed)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:])&0x7fffffff%1_000_000)
}

// apps are the authenticator apps of the users: which steps they have shown.
type apps struct {
	mu    sync.Mutex
	shown map[string]int64
}

// step returns a step whose code the user has not shown and the server takes, which may be
// one step off its own. It waits for one where there is none.
func (a *apps) step(ctx context.Context, username string) (int64, error) {
	for {
		now := time.Now()
		if step, ok := a.next(username, now); ok {
			return step, nil
		}
		until := now.Truncate(totpStep).Add(totpStep)
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(until.Sub(now)):
		}
	}
}

func (a *apps) next(username string, now time.Time) (step int64, ok bool) {
	number := func(at time.Time) int64 { return at.Unix() / int64(totpStep/time.Second) }
	a.mu.Lock()
	defer a.mu.Unlock()
	step = max(number(now.Add(totpMargin))-1, a.shown[username]+1)
	if step > number(now)+1 {
		return 0, false
	}
	if a.shown == nil {
		a.shown = make(map[string]int64)
	}
	a.shown[username] = step
	return step, true
}

var errNoChallenge = errors.New("the server asks for no code")

// totpStart is the password, which the server answers with the challenge.
func totpStart(ctx context.Context, w *work, i int) error {
	var challenge struct{ ChallengeName, Session string }
	err := into(&challenge)(w.caller.call(ctx, "InitiateAuth", map[string]any{
		"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": w.ClientID,
		"AuthParameters": map[string]string{"USERNAME": factorName(i % w.Factors), "PASSWORD": password},
	}))
	if err == nil && challenge.ChallengeName != "SOFTWARE_TOKEN_MFA" {
		err = errNoChallenge
	}
	w.sessions.Store(i, challenge.Session)
	return err
}

// totpAnswer is the code. A database that is used again may have seen the code before, which
// leaves the session good; one that the server had no time for may be spent.
func totpAnswer(ctx context.Context, w *work, i int) error {
	username := factorName(i % w.Factors)
	for {
		session, ok := w.sessions.LoadAndDelete(i)
		if !ok {
			return fmt.Errorf("there is no sign-in %d", i)
		}
		step, err := w.apps.step(ctx, username)
		if err != nil {
			return err
		}
		body, err := w.caller.once(ctx, "RespondToAuthChallenge", map[string]any{
			"ChallengeName": "SOFTWARE_TOKEN_MFA", "ClientId": w.ClientID, "Session": session,
			"ChallengeResponses": map[string]string{"USERNAME": username, "SOFTWARE_TOKEN_MFA_CODE": totpCode(seed(username), step)},
		})
		switch {
		case tooMany(err):
			err = totpStart(ctx, w, i)
		case err != nil && strings.Contains(err.Error(), "ExpiredCodeException"):
			w.sessions.Store(i, session)
			err = nil
		default:
			return holding(idToken)(body, err)
		}
		if err != nil {
			return err
		}
		w.caller.repeated.Add(1)
	}
}
