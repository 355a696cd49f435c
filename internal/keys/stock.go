package keys

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"

	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/gate"
	"github.com/cenote-id/cenote/internal/store"
)

// Generator makes RSA private keys of Bits bits.
type Generator func(context.Context) (*rsa.PrivateKey, error)

// Generate is the Generator for everything but tests. Its randomness is always the
// operating system's: crypto/rsa takes no other.
func Generate(context.Context) (*rsa.PrivateKey, error) {
	return rsa.GenerateKey(clock.Random(nil), Bits)
}

// Stock keeps keys for new pools ready, so that CreateUserPool does not wait for their
// generation (70-200 ms each).
type Stock struct {
	generate Generator
	gate     *gate.Gate
	ready    chan *rsa.PrivateKey
}

// NewStock returns an empty stock for the keys of the given number of pools, which Run
// fills. A nil generator is Generate. Generation passes the gate, which may be nil.
func NewStock(generate Generator, g *gate.Gate, pools int) *Stock {
	if generate == nil {
		generate = Generate
	}
	return &Stock{generate: generate, gate: g, ready: make(chan *rsa.PrivateKey, 2*pools)}
}

// Run keeps the stock full until ctx ends. It makes one key at a time, and none while
// the gate has no slot for it. It returns nil when ctx ended, else the generator's
// error.
func (s *Stock) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		key, err := s.make(ctx)
		switch {
		case errors.Is(err, gate.ErrBusy), ctx.Err() != nil:
			continue
		case err != nil:
			return err
		}
		select {
		case s.ready <- key:
		case <-ctx.Done():
		}
	}
	return nil
}

// Take returns fresh keys for a pool: from the stock, or made at once where it has run
// out. The error is gate.ErrBusy, ctx's or the generator's.
func (s *Stock) Take(ctx context.Context) (store.SigningKeys, error) {
	id, err := s.take(ctx)
	if err != nil {
		return store.SigningKeys{}, err
	}
	access, err := s.take(ctx)
	if err != nil {
		return store.SigningKeys{}, err
	}
	return marshal(id, access)
}

func (s *Stock) take(ctx context.Context) (*rsa.PrivateKey, error) {
	select {
	case key := <-s.ready:
		return key, nil
	default:
		return s.make(ctx)
	}
}

func (s *Stock) make(ctx context.Context) (*rsa.PrivateKey, error) {
	leave, err := s.gate.Enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	key, err := s.generate(ctx)
	if err != nil {
		return nil, fmt.Errorf("generate signing key: %w", err)
	}
	return key, nil
}
