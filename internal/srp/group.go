package srp

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
)

// The group: RFC 3526 section 5 (group 15) with the generator 2, and RFC 5054's k with
// Cognito's padding. They are computed constants and never change.
var (
	prime     = mustHex(primeHex)
	generator = big.NewInt(2)
	k         = hash(pad(prime), pad(generator))
)

// size is the size of the prime in bytes.
const size = 384

const primeHex = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD" +
	"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" +
	"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F" +
	"83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B" +
	"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510" +
	"15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7" +
	"ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C" +
	"BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"

var (
	// ErrMalformed says that a number is not hexadecimal, is empty or is not of the group.
	ErrMalformed = errors.New("srp: not a hexadecimal number of the group's size")
	// ErrZero says that the other side's public number, or what is hashed from it, is
	// zero: with it the key would not depend on the password. RFC 5054 section 2.5.
	ErrZero = errors.New("srp: public number is zero in the group")
)

// maxDigits allows for leading zeros before the 768 digits of the largest number: some
// clients send two.
const maxDigits = 2*size + 2

// ParseA reads SRP_A, the client's public number: hexadecimal digits of either case, any
// number of them up to 770. The error is ErrMalformed, or ErrZero where A mod N is zero.
func ParseA(text string) (*big.Int, error) {
	a, err := parseHex(text)
	if err != nil {
		return nil, err
	}
	return a, checkPublic(a)
}

func parseHex(text string) (*big.Int, error) {
	if len(text) == 0 || len(text) > maxDigits {
		return nil, ErrMalformed
	}
	for _, c := range []byte(text) {
		// SetString would also take signs and underscores.
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return nil, ErrMalformed
		}
	}
	n, ok := new(big.Int).SetString(text, 16)
	if !ok {
		return nil, ErrMalformed
	}
	return n, nil
}

// checkPublic refuses numbers that are zero in the group.
func checkPublic(n *big.Int) error {
	if new(big.Int).Mod(n, prime).Sign() == 0 {
		return ErrZero
	}
	return nil
}

// pad returns a number that is not negative as it enters hashes: big-endian, as short as
// possible, with a zero byte before a set top bit.
func pad(n *big.Int) []byte {
	out := make([]byte, n.BitLen()/8+1)
	return n.FillBytes(out)
}

// digest returns SHA-256 over the parts.
func digest(parts ...[]byte) []byte {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// hash returns digest as a number.
func hash(parts ...[]byte) *big.Int { return new(big.Int).SetBytes(digest(parts...)) }

func mustHex(text string) *big.Int {
	n, err := parseHex(text)
	if err != nil {
		panic(fmt.Sprintf("srp: constant: %v", err))
	}
	return n
}
