package libcrypto

import (
	"fmt"
	"math/big"
	"runtime"
	"time"
)

// maxSize is the size in bytes of the largest modulus: 4096 bits.
const maxSize = 512

// Library is a loaded libcrypto that has passed its self-test. A nil Library is never
// faster than Go. A Library is safe for concurrent use.
type Library struct {
	c       *functions
	version string
	// desks is a pool and a limit at once: a call into C holds an operating system
	// thread for its whole time, so there are at most GOMAXPROCS at once, the rest in
	// the order of arrival.
	desks     chan *desk
	signing   timing
	exponents timing
}

// desk is what one call into C works with.
type desk struct {
	numbers
	in, out [maxSize]byte
	size    uintptr
}

// numbers are the C objects of a desk.
type numbers struct{ scratch, base, exponent, result uintptr }

// timing is what one operation took at best, here and now.
type timing struct{ here, inGo time.Duration }

func (t timing) faster() bool { return t.here < t.inGo }

// Load opens libcrypto.so.3, tests it against Go and measures both with now, which
// must tell real time. That takes some milliseconds. The error says why there is no
// library to use: none is installed, it is not OpenSSL 3, it is the release 3.0.4,
// which corrupts memory (CVE-2022-2274), it failed the test, or the build has none.
func Load(now func() time.Time) (*Library, error) {
	c, err := open()
	if err != nil {
		return nil, err
	}
	l := &Library{c: c, version: c.VersionText(versionText)}
	if err := acceptable(c.VersionNumber()); err != nil {
		return nil, fmt.Errorf("libcrypto: %s: %w", l.version, err)
	}
	if c.Init(initNoConfig|initNoAtExit, 0) != 1 {
		return nil, fmt.Errorf("libcrypto: %s: cannot be initialised", l.version)
	}
	l.desks = make(chan *desk, runtime.GOMAXPROCS(0))
	for range cap(l.desks) {
		d, err := newDesk(c)
		if err != nil {
			return nil, err
		}
		l.desks <- d
	}
	if err := l.prove(now); err != nil {
		return nil, fmt.Errorf("libcrypto: %s: %w", l.version, err)
	}
	return l, nil
}

// acceptable judges a version number, 0xMNN00PP0.
func acceptable(version uintptr) error {
	switch major, patch := version>>28, version&^0xf; {
	case major != 3:
		return fmt.Errorf("major version %d is not 3", major)
	case patch == 0x30000040:
		return fmt.Errorf("release 3.0.4 corrupts memory (CVE-2022-2274)")
	}
	return nil
}

func newDesk(c *functions) (*desk, error) {
	d := &desk{numbers: numbers{c.NewScratch(), c.NewNumber(), c.NewNumber(), c.NewNumber()}}
	runtime.AddCleanup(d, func(n numbers) {
		c.FreeScratch(n.scratch)
		c.FreeNumber(n.base)
		c.FreeNumber(n.exponent)
		c.FreeNumber(n.result)
	}, d.numbers)
	if d.scratch == 0 || d.base == 0 || d.exponent == 0 || d.result == 0 {
		return nil, errMemory
	}
	return d, nil
}

// at runs work at a free desk, whose memory stays where it is meanwhile, and wipes the
// desk afterwards.
func (l *Library) at(work func(*desk)) {
	d := <-l.desks
	var pin runtime.Pinner
	pin.Pin(d)
	defer func() {
		clear(d.in[:])
		clear(d.out[:])
		pin.Unpin()
		l.desks <- d
	}()
	work(d)
}

// SignsFaster says whether signatures are faster here than in Go.
func (l *Library) SignsFaster() bool { return l != nil && l.signing.faster() }

// ExponentiatesFaster says whether modular powers are faster here than in Go.
func (l *Library) ExponentiatesFaster() bool { return l != nil && l.exponents.faster() }

// String tells the version and the measurements, for the log.
func (l *Library) String() string {
	if l == nil {
		return "none"
	}
	return fmt.Sprintf("%s (RSA-2048 signature %v, in Go %v; 3072-bit power %v, in Go %v)", l.version,
		l.signing.here.Round(time.Microsecond), l.signing.inGo.Round(time.Microsecond),
		l.exponents.here.Round(time.Microsecond), l.exponents.inGo.Round(time.Microsecond))
}

// Modulus is an odd modulus prepared for powers. It is safe for concurrent use.
type Modulus struct {
	library *Library
	value   *big.Int
	modular modular
}

// modular are the C objects of a Modulus.
type modular struct{ number, mont uintptr }

// NewModulus prepares an odd modulus of at most 4096 bits.
func (l *Library) NewModulus(value *big.Int) (*Modulus, error) {
	if value.Sign() <= 0 || value.Bit(0) == 0 || value.BitLen() > 8*maxSize {
		return nil, fmt.Errorf("libcrypto: a modulus is odd and has at most %d bits", 8*maxSize)
	}
	m := &Modulus{library: l, value: new(big.Int).Set(value)}
	m.modular = modular{l.c.NewNumber(), l.c.NewMont()}
	runtime.AddCleanup(m, func(n modular) {
		l.c.FreeNumber(n.number)
		l.c.FreeMont(n.mont)
	}, m.modular)
	ok := m.modular.number != 0 && m.modular.mont != 0
	l.at(func(d *desk) {
		ok = ok && l.load(d, m.modular.number, value) &&
			l.c.SetMont(m.modular.mont, m.modular.number, d.scratch) == 1
	})
	if !ok {
		return nil, errMemory
	}
	return m, nil
}

// Exp returns base^exponent modulo m like big.Int's method, in time that does not
// depend on the values as long as the exponent is not negative and has at most 4096
// bits.
func (m *Modulus) Exp(base, exponent *big.Int) *big.Int {
	if exponent.Sign() < 0 || exponent.BitLen() > 8*maxSize {
		return new(big.Int).Exp(base, exponent, m.value)
	}
	if base.Sign() < 0 || base.Cmp(m.value) >= 0 {
		base = new(big.Int).Mod(base, m.value)
	}
	l, c := m.library, m.library.c
	result := new(big.Int)
	ok := false
	l.at(func(d *desk) {
		size := (m.value.BitLen() + 7) / 8
		ok = l.load(d, d.base, base) && l.load(d, d.exponent, exponent) &&
			c.ModExp(d.result, d.base, d.exponent, m.modular.number, d.scratch, m.modular.mont) == 1 &&
			c.FillBytes(d.result, &d.out[0], int32(size)) == int32(size)
		result.SetBytes(d.out[:size])
		c.ClearNumber(d.base)
		c.ClearNumber(d.exponent)
		c.ClearNumber(d.result)
	})
	runtime.KeepAlive(m)
	if !ok {
		// C was out of memory.
		return result.Exp(base, exponent, m.value)
	}
	return result
}

// load sets a C number to value.
func (l *Library) load(d *desk, number uintptr, value *big.Int) bool {
	size := (value.BitLen() + 7) / 8
	value.FillBytes(d.in[:size])
	return l.c.SetBytes(&d.in[0], int32(size), number) != 0
}
