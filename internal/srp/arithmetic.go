package srp

import (
	"context"
	"math/big"
	"sync/atomic"

	"github.com/cenote-id/cenote/internal/libcrypto"
)

// exponentSize is the size in bytes of the exponents in use: x is a SHA-256 hash, and
// RFC 5054 section 2.5.4 asks for at least 256 bits of a and b. In a safe-prime group
// that is as strong as the hash, at a third of the cost of 1024 bits.
const exponentSize = 32

// Arithmetic computes in the group. The zero value and nil compute with math/big alone;
// the same numbers come out of all. It is safe for concurrent use.
type Arithmetic struct {
	native *libcrypto.Modulus // nil where Go is faster
	table  atomic.Pointer[table]
	missed chan struct{} // has one element once the table would have been of use
}

// NewArithmetic returns an Arithmetic that uses the library where it is faster than Go.
// The library may be nil.
func NewArithmetic(library *libcrypto.Library) *Arithmetic {
	m := &Arithmetic{missed: make(chan struct{}, 1)}
	if library.ExponentiatesFaster() {
		// An error leaves Go's arithmetic.
		m.native, _ = library.NewModulus(prime)
	}
	return m
}

// Prepare computes a table of powers of the generator (3 MiB, some 50 ms of CPU), which
// makes verifiers, password checks and challenges several times cheaper from then on.
// Until it has ended everything works without the table. The error is ctx's.
func (m *Arithmetic) Prepare(ctx context.Context) error {
	t, err := newTable(ctx)
	if err != nil {
		return err
	}
	m.table.Store(t)
	return nil
}

// PrepareWhenUsed is Prepare as soon as the table would be of use: a server that checks no
// passwords does without it. The arithmetic is one of NewArithmetic.
func (m *Arithmetic) PrepareWhenUsed(ctx context.Context) error {
	select {
	case <-m.missed:
		return m.Prepare(ctx)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// generate returns g^exponent.
func (m *Arithmetic) generate(exponent *big.Int) *big.Int {
	if m != nil && exponent.BitLen() <= 8*exponentSize {
		if t := m.table.Load(); t != nil {
			return t.power(exponent)
		}
		select {
		case m.missed <- struct{}{}:
		default: // it is known, or nobody waits for it
		}
	}
	return m.power(generator, exponent)
}

// power returns base^exponent.
func (m *Arithmetic) power(base, exponent *big.Int) *big.Int {
	if m != nil && m.native != nil {
		return m.native.Exp(base, exponent)
	}
	return new(big.Int).Exp(base, exponent, prime)
}

const (
	positions = exponentSize // one for each byte of an exponent
	digits    = 256
)

// table holds g^(digit * 256^position) for every byte of an exponent, so that a power is
// a product of one entry each.
type table struct {
	words []big.Word
	width int // words of an entry
}

func newTable(ctx context.Context) (*table, error) {
	width := len(prime.Bits())
	t := &table{words: make([]big.Word, positions*digits*width), width: width}
	step, entry := new(big.Int).Set(generator), new(big.Int)
	var r reducer
	for position := range positions {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		entry.SetInt64(1)
		for digit := range digits {
			copy(t.words[(position*digits+digit)*width:], entry.Bits())
			r.multiply(entry, step)
		}
		// The last product was step^256.
		step.Set(entry)
	}
	return t, nil
}

// entry makes n the table's entry without copying it; n is for reading only.
func (t *table) entry(n *big.Int, position int, digit byte) *big.Int {
	at := (position*digits + int(digit)) * t.width
	return n.SetBits(t.words[at : at+t.width : at+t.width])
}

func (t *table) power(exponent *big.Int) *big.Int {
	var e [exponentSize]byte
	exponent.FillBytes(e[:])
	var entry big.Int
	var r reducer
	product := big.NewInt(1)
	for position := range positions {
		r.multiply(product, t.entry(&entry, position, e[positions-1-position]))
	}
	return product
}

// reducer multiplies modulo the prime, reusing its memory.
type reducer struct{ product, quotient big.Int }

// multiply sets x to x*y.
func (r *reducer) multiply(x, y *big.Int) {
	r.product.Mul(x, y)
	r.quotient.QuoRem(&r.product, prime, x)
}
