package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"runtime"
	"time"

	"github.com/cenote-id/cenote/internal/keys"
	"github.com/cenote-id/cenote/internal/libcrypto"
	"github.com/cenote-id/cenote/internal/srp"
	"github.com/cenote-id/cenote/internal/store"
)

// units are the costs that targets are made of.
type units struct {
	S time.Duration // an RSA-2048 signature by crypto/rsa
	L time.Duration // one by the signer that the server uses
	M time.Duration // a server's arithmetic in one SRP sign-in
	C time.Duration // a grouped commit of one small row
	P time.Duration // a password sign-in on the server, in the same round; 0 where none was measured
}

// yardstick measures units in this process.
type yardstick struct {
	library *libcrypto.Library // nil where Go signs
	works   [3]func() error
	spent   [4]time.Duration
	done    [4]int
	commits *commits
}

// newYardstick sets up the same signer and arithmetic as a server sets up here.
func newYardstick(ctx context.Context, connections int) (*yardstick, error) {
	library, err := libcrypto.Load(time.Now)
	if err != nil {
		library = nil // Go's arithmetic will do, here as in the server
	}
	private, err := rsa.GenerateKey(rand.Reader, keys.Bits)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	pair, err := keys.Open(store.SigningKeys{ID: der, Access: der}, library)
	if err != nil {
		return nil, err
	}
	exchange, err := newExchange(ctx, library)
	if err != nil {
		return nil, err
	}
	commits, err := newCommits(ctx, connections)
	if err != nil {
		return nil, err
	}
	y := &yardstick{library: library, commits: commits}
	digest := sha256.Sum256([]byte("digest"))
	y.works = [3]func() error{
		func() error { _, err := rsa.SignPKCS1v15(nil, private, crypto.SHA256, digest[:]); return err },
		func() error { _, err := pair.ID.Sign(digest[:]); return err },
		exchange,
	}
	return y, nil
}

// newExchange returns the server's arithmetic of a sign-in.
func newExchange(ctx context.Context, library *libcrypto.Library) (func() error, error) {
	arithmetic := srp.NewArithmetic(library)
	if err := arithmetic.Prepare(ctx); err != nil {
		return nil, err
	}
	client, err := srp.NewClient(rand.Reader)
	if err != nil {
		return nil, err
	}
	public, err := srp.ParseA(client.A())
	if err != nil {
		return nil, err
	}
	verifier := arithmetic.Verifier(srp.Identity{Group: "pool", User: "user"}, password, []byte("a salt of sixteen"))
	secret := make([]byte, srp.SecretSize)
	if _, err := rand.Read(secret); err != nil {
		return nil, err
	}
	return func() error {
		_, err := arithmetic.Key(public, arithmetic.Challenge(secret, verifier), secret, verifier)
		return err
	}, nil
}

// signer names what makes L.
func (y *yardstick) signer() string {
	if y.library.SignsFaster() {
		return y.library.String()
	}
	return "crypto/rsa"
}

// measure adds a little to what take returns: about as much time for each unit.
func (y *yardstick) measure(ctx context.Context, scale float64) error {
	for i, times := range [3]float64{20, 40, 10} {
		n := max(1, int(times*scale))
		spent, err := threadCost(n, y.works[i])
		if err != nil {
			return fmt.Errorf("measure the units: %w", err)
		}
		y.spent[i] += spent
		y.done[i] += n
	}
	n := max(1, int(80*scale))
	spent, err := y.commits.cost(ctx, n)
	if err != nil {
		return fmt.Errorf("measure commits: %w", err)
	}
	y.spent[3] += spent
	y.done[3] += n
	return nil
}

func (y *yardstick) close() error { return y.commits.close() }

// take returns the units as measured since the last time.
func (y *yardstick) take() units {
	mean := func(i int) time.Duration { return y.spent[i] / time.Duration(y.done[i]) }
	u := units{S: mean(0), L: mean(1), M: mean(2), C: mean(3)}
	y.spent, y.done = [4]time.Duration{}, [4]int{}
	return u
}

// threadCost returns the CPU time that n runs of work take, on the one thread that they
// stay on.
func threadCost(n int, work func() error) (time.Duration, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before, err := threadTime()
	if err != nil {
		return 0, err
	}
	for range n {
		if err := work(); err != nil {
			return 0, err
		}
	}
	after, err := threadTime()
	return after - before, err
}
