package credential

import (
	"context"
	"time"

	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/store"
)

// The schedule of Cognito's lockout (guide: "Lockout behavior for failed sign-in
// attempts"): the n-th failure, from the fifth on, locks the user for 2^(n-5) seconds.
const (
	freeFailures   = 4
	longestLockout = 15 * time.Minute
	// forgetAfter is how long a user who has been locked must leave the door alone for the
	// count to begin again. Attempts refused during a lockout are not written down, so the
	// time runs from its end.
	forgetAfter = 15 * time.Minute
)

// door is what failures are counted at.
type door struct {
	kind store.FailureKind
	text string // of the refusal while it is locked, recorded from AWS
}

var (
	passwordDoor = door{store.FailedPassword, "Password attempts exceeded"}
	codeDoor     = door{store.FailedMFA, "Too many invalid credentials attempts. User temporarily locked. Please try again after few seconds."}
)

func (d door) refuse(f store.Failures, now time.Time) error {
	if now.Before(f.Until) {
		return fault.NotAuthorized(d.text)
	}
	return nil
}

// CheckLockout refuses with NotAuthorizedException "Password attempts exceeded" while the
// user is locked. Every password attempt asks it first; what it refuses is not counted.
func (s *Service) CheckLockout(u *store.User) error {
	return passwordDoor.refuse(u.Failures, s.clock.Now())
}

// Failed counts a wrong password and waits for the write. When attempts made meanwhile
// locked the user, this one is not counted, and the error is CheckLockout's.
func (s *Service) Failed(ctx context.Context, p *catalog.Pool, u *store.User) error {
	return s.failed(ctx, p, u, passwordDoor)
}

// Succeeded reads the failures again after a right password, refuses as CheckLockout does
// when attempts made meanwhile locked the user, and clears the count, waiting for the write
// when there is one to clear. Without the second look, guesses sent all at once would all
// be judged before the first of them counts.
func (s *Service) Succeeded(ctx context.Context, p *catalog.Pool, u *store.User) error {
	return s.succeeded(ctx, p, u, passwordDoor)
}

// CheckCodeLockout is CheckLockout for the codes that a sign-in asks for, sent ones and
// those of authenticator apps, which have failures of their own.
func (s *Service) CheckCodeLockout(ctx context.Context, p *catalog.Pool, u *store.User) error {
	_, err := s.look(ctx, p, u, codeDoor)
	return err
}

// FailedCode is Failed for the codes that a sign-in asks for.
func (s *Service) FailedCode(ctx context.Context, p *catalog.Pool, u *store.User) error {
	return s.failed(ctx, p, u, codeDoor)
}

// SucceededCode is Succeeded for the codes that a sign-in asks for.
func (s *Service) SucceededCode(ctx context.Context, p *catalog.Pool, u *store.User) error {
	return s.succeeded(ctx, p, u, codeDoor)
}

// look reads a user's failures fresh and refuses while the door is locked.
func (s *Service) look(ctx context.Context, p *catalog.Pool, u *store.User, d door) (store.Failures, error) {
	f, err := s.store.Failures(ctx, p.Internal(), u.ID, d.kind)
	if err != nil {
		return f, err
	}
	return f, d.refuse(f, s.clock.Now())
}

func (s *Service) failed(ctx context.Context, p *catalog.Pool, u *store.User, d door) error {
	now, locked := s.clock.Now(), error(nil)
	_, err := s.store.CountFailure(ctx, p.Internal(), u.ID, d.kind, func(f store.Failures) store.Failures {
		if locked = d.refuse(f, now); locked != nil {
			return f
		}
		return nextFailure(f, now)
	})
	if err != nil {
		return err
	}
	return locked
}

func (s *Service) succeeded(ctx context.Context, p *catalog.Pool, u *store.User, d door) error {
	f, err := s.look(ctx, p, u, d)
	if err != nil || f.Count == 0 {
		return err
	}
	return s.store.ClearFailures(ctx, p.Internal(), u.ID, d.kind)
}

// nextFailure returns the count after one more failure at now.
func nextFailure(f store.Failures, now time.Time) store.Failures {
	if f.Count > freeFailures && !now.Before(f.Until.Add(forgetAfter)) {
		f = store.Failures{}
	}
	f.Count++
	f.Last = now
	if f.Count > freeFailures {
		f.Until = now.Add(lockout(f.Count))
	}
	return f
}

// lockout is how long the n-th failure locks the user.
func lockout(n int) time.Duration {
	shift := n - freeFailures - 1
	if shift >= 10 { // 2^10 s is beyond the longest
		return longestLockout
	}
	return time.Second << shift
}
