package libcrypto

import (
	"math/big"
	"time"
)

// Acceptable judges a version number of OpenSSL.
func Acceptable(version uintptr) error { return acceptable(version) }

// Prove runs the self-test again.
func (l *Library) Prove(now func() time.Time) error { return l.prove(now) }

// Stretch returns the self-test's numbers.
func Stretch(seed string, size int) *big.Int { return stretch(seed, size) }

// OnFree calls f after each key that C frees.
func (l *Library) OnFree(f func()) {
	free := l.c.FreeKey
	l.c.FreeKey = func(key uintptr) {
		free(key)
		f()
	}
}

// BreakSigning makes C's signatures fail, or come out wrong.
func (l *Library) BreakSigning(fail bool) {
	sign := l.c.Sign
	l.c.Sign = func(ctx uintptr, sig *byte, sigSize *uintptr, digest *byte, digestSize uintptr) int32 {
		if fail {
			return 0
		}
		result := sign(ctx, sig, sigSize, digest, digestSize)
		*sig ^= 1
		return result
	}
}

// BreakPowers makes C's powers fail, or come out wrong.
func (l *Library) BreakPowers(fail bool) {
	fill := l.c.FillBytes
	l.c.FillBytes = func(n uintptr, to *byte, size int32) int32 {
		if fail {
			return -1
		}
		result := fill(n, to, size)
		*to ^= 1
		return result
	}
}

// BreakKeys makes C refuse keys, or contexts for them.
func (l *Library) BreakKeys(keys bool) {
	if keys {
		l.c.DecodeKey = func(int32, uintptr, **byte, int) uintptr { return 0 }
		return
	}
	l.c.NewContext = func(uintptr, uintptr) uintptr { return 0 }
}
