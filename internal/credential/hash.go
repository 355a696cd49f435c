package credential

import (
	"context"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"io"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/scrypt"

	"github.com/cenote-id/cenote/api/cognitoidp"
)

// ErrHash says that a text is no password hash that can be checked here: the format is not
// known, or checking it would cost more than a server should spend on one password.
var ErrHash = errors.New("credential: no password hash that can be checked")

// What checking a foreign hash may cost at most: about a second of one CPU, and memory that
// every slot of the slow gate may take.
const (
	maxHashText      = 512
	maxBcryptCost    = 14
	maxHashKiB       = 128 << 10 // memory of argon2 and scrypt
	maxArgonKiB      = 1 << 20   // memory times passes
	maxArgonLanes    = 16
	maxScryptBlocks  = 1 << 22 // N*r*p
	maxPBKDF2Blocks  = 2_000_000
	leastSum, maxSum = 16, 64 // bytes of a hash
	maxHashSalt      = 128    // bytes
)

// The parameters of the hashes that are made here (OWASP Password Storage Cheat Sheet:
// argon2id with 19 MiB, two passes, one lane).
const (
	argonKiB    = 19 << 10
	argonPasses = 2
	argonLanes  = 1
	argonSalt   = 16
	argonSum    = 32
)

// slowHash is a password hash that was read from its text.
type slowHash struct {
	// algorithm is empty for those that Cognito has no name for.
	algorithm cognitoidp.PasswordHashingAlgorithmType
	check     func(password string) bool
	// strong says that a hash made here would not be harder to guess.
	strong bool
}

// CheckHash says whether the text of a password hash can be checked here, with ErrHash where
// it cannot, and by which of Cognito's algorithms it was made, empty for others.
func CheckHash(text string) (cognitoidp.PasswordHashingAlgorithmType, error) {
	h, err := parseHash(text)
	return h.algorithm, err
}

// parseHash reads a hash: bcrypt in its modular format, argon2i and argon2id in the PHC
// string format, scrypt as PHC string or $s0$, PBKDF2 as PHC string, in passlib's form or in
// Django's. Its error is ErrHash.
func parseHash(text string) (slowHash, error) {
	if len(text) > maxHashText {
		return slowHash{}, ErrHash
	}
	if fields := strings.Split(text, "$"); fields[0] != "" {
		return parseDjango(fields)
	}
	fields := strings.Split(text, "$")[1:]
	if text == "" || len(fields) < 2 {
		return slowHash{}, ErrHash
	}
	switch fields[0] {
	case "2a", "2b", "2y":
		return parseBcrypt(text)
	case "argon2i", "argon2id":
		return parseArgon2(fields)
	case "scrypt":
		return parseScrypt(fields)
	case "s0":
		return parseSimpleScrypt(fields)
	case "pbkdf2", "pbkdf2-sha1", "pbkdf2-sha256", "pbkdf2-sha512":
		return parsePBKDF2(fields)
	default:
		return slowHash{}, ErrHash
	}
}

func parseBcrypt(text string) (slowHash, error) {
	cost, err := bcrypt.Cost([]byte(text))
	if err != nil || cost > maxBcryptCost || len(text) != 60 {
		return slowHash{}, ErrHash
	}
	check := func(password string) bool {
		return bcrypt.CompareHashAndPassword([]byte(text), []byte(password)) == nil
	}
	return slowHash{algorithm: cognitoidp.PasswordHashingAlgorithmTypeBcrypt, check: check}, nil
}

// parseArgon2 reads argon2id, v=19, m=19456,t=2,p=1, salt, hash. Version 16 cannot be
// computed here.
func parseArgon2(fields []string) (slowHash, error) {
	if len(fields) != 5 || fields[1] != "v=19" {
		return slowHash{}, ErrHash
	}
	n, ok := numbers(fields[2], "m", "t", "p")
	if !ok {
		return slowHash{}, ErrHash
	}
	memory, passes, lanes := n[0], n[1], n[2]
	salt, sum, ok := saltAndSum(fields[3], fields[4])
	if !ok || lanes > maxArgonLanes || memory < 8*lanes || memory > maxHashKiB || memory*passes > maxArgonKiB {
		return slowHash{}, ErrHash
	}
	derive, h := argon2.Key, slowHash{}
	if fields[0] == "argon2id" {
		derive, h.algorithm = argon2.IDKey, cognitoidp.PasswordHashingAlgorithmTypeArgon2id
		h.strong = memory >= argonKiB && passes >= argonPasses && len(sum) >= argonSum
	}
	h.check = func(password string) bool {
		got := derive([]byte(password), salt, uint32(passes), uint32(memory), uint8(lanes), uint32(len(sum)))
		return subtle.ConstantTimeCompare(got, sum) == 1
	}
	return h, nil
}

// parseScrypt reads scrypt, ln=15,r=8,p=1, salt, hash.
func parseScrypt(fields []string) (slowHash, error) {
	if len(fields) != 4 {
		return slowHash{}, ErrHash
	}
	n, ok := numbers(fields[1], "ln", "r", "p")
	if !ok {
		return slowHash{}, ErrHash
	}
	salt, sum, ok := saltAndSum(fields[2], fields[3])
	if !ok {
		return slowHash{}, ErrHash
	}
	return newScrypt(n[0], n[1], n[2], salt, sum)
}

// parseSimpleScrypt reads s0, the parameters in hexadecimal (ln, then two digits each of r
// and p), salt, hash.
func parseSimpleScrypt(fields []string) (slowHash, error) {
	if len(fields) != 4 {
		return slowHash{}, ErrHash
	}
	n, err := strconv.ParseUint(fields[1], 16, 32)
	salt, sum, ok := saltAndSum(fields[2], fields[3])
	if err != nil || !ok {
		return slowHash{}, ErrHash
	}
	return newScrypt(int(n>>16), int(n>>8&0xff), int(n&0xff), salt, sum)
}

func newScrypt(ln, r, p int, salt, sum []byte) (slowHash, error) {
	if ln < 1 || ln > 22 || r < 1 || r > 1<<10 || p < 1 || p > 1<<10 ||
		(128<<ln)*r > maxHashKiB<<10 || (1<<ln)*r*p > maxScryptBlocks {
		return slowHash{}, ErrHash
	}
	check := func(password string) bool {
		got, err := scrypt.Key([]byte(password), salt, 1<<ln, r, p, len(sum))
		return err == nil && subtle.ConstantTimeCompare(got, sum) == 1
	}
	return slowHash{algorithm: cognitoidp.PasswordHashingAlgorithmTypeScrypt, check: check}, nil
}

// parsePBKDF2 reads pbkdf2-sha256, i=600000 or 600000 alone, salt, hash.
func parsePBKDF2(fields []string) (slowHash, error) {
	if len(fields) != 4 {
		return slowHash{}, ErrHash
	}
	parameters, _, _ := strings.Cut(fields[1], ",l=") // the length shows in the hash
	iterations, ok := number(strings.TrimPrefix(parameters, "i="))
	salt, sum, good := saltAndSum(fields[2], fields[3])
	if !ok || !good {
		return slowHash{}, ErrHash
	}
	digest, _ := strings.CutPrefix(fields[0], "pbkdf2-")
	return newPBKDF2(digest, iterations, salt, sum)
}

// parseDjango reads pbkdf2_sha256, the iterations, the salt as text, hash.
func parseDjango(fields []string) (slowHash, error) {
	digest, ok := strings.CutPrefix(fields[0], "pbkdf2_")
	if !ok || len(fields) != 4 || fields[2] == "" || len(fields[2]) > maxHashSalt {
		return slowHash{}, ErrHash
	}
	iterations, ok := number(fields[1])
	sum, err := base64.StdEncoding.Strict().DecodeString(fields[3])
	if !ok || err != nil || len(sum) < leastSum || len(sum) > maxSum {
		return slowHash{}, ErrHash
	}
	return newPBKDF2(digest, iterations, []byte(fields[2]), sum)
}

func newPBKDF2(digest string, iterations int, salt, sum []byte) (slowHash, error) {
	var h slowHash
	var make func() hash.Hash
	switch digest {
	case "sha1", "pbkdf2": // passlib calls PBKDF2 with SHA-1 pbkdf2
		make = sha1.New
	case "sha256":
		make, h.algorithm = sha256.New, cognitoidp.PasswordHashingAlgorithmTypePbkdf2Sha256
	case "sha512":
		make = sha512.New
	default:
		return slowHash{}, ErrHash
	}
	size := make().Size()
	if iterations*((len(sum)+size-1)/size) > maxPBKDF2Blocks {
		return slowHash{}, ErrHash
	}
	h.check = func(password string) bool {
		got, err := pbkdf2.Key(make, password, salt, iterations, len(sum))
		return err == nil && subtle.ConstantTimeCompare(got, sum) == 1
	}
	return h, nil
}

// numbers reads name=number,name=number, with all of the names in their order.
func numbers(text string, names ...string) ([]int, bool) {
	parts := strings.Split(text, ",")
	if len(parts) != len(names) {
		return nil, false
	}
	out := make([]int, len(names))
	for i, part := range parts {
		name, value, _ := strings.Cut(part, "=")
		n, ok := number(value)
		if name != names[i] || !ok {
			return nil, false
		}
		out[i] = n
	}
	return out, true
}

// number reads a positive number of which no product with another one overflows.
func number(text string) (int, bool) {
	n, err := strconv.ParseUint(text, 10, 31)
	return int(n), err == nil && n > 0
}

// saltAndSum reads base64 without padding, as PHC strings have it, or with padding, or with
// passlib's '.' for '+'.
func saltAndSum(saltText, sumText string) (salt, sum []byte, ok bool) {
	decode := func(text string) ([]byte, error) {
		text = strings.ReplaceAll(strings.TrimRight(text, "="), ".", "+")
		return base64.RawStdEncoding.Strict().DecodeString(text)
	}
	salt, err := decode(saltText)
	if err != nil || len(salt) == 0 || len(salt) > maxHashSalt {
		return nil, nil, false
	}
	sum, err = decode(sumText)
	return salt, sum, err == nil && len(sum) >= leastSum && len(sum) <= maxSum
}

// newHash returns the argon2id hash of a password.
func (s *Service) newHash(ctx context.Context, password string) (text string, err error) {
	salt := make([]byte, argonSalt)
	if _, err := io.ReadFull(s.random, salt); err != nil {
		return "", fmt.Errorf("make salt: %w", err)
	}
	err = s.computeSlowly(ctx, func() { text = hashWith(salt, password) })
	return text, err
}

func hashWith(salt []byte, password string) string {
	sum := argon2.IDKey([]byte(password), salt, argonPasses, argonKiB, argonLanes, argonSum)
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", argonKiB, argonPasses, argonLanes, encode(salt), encode(sum))
}

// checkHash says whether password is that of a hash. One that cannot be read, which no
// import lets in, is nobody's.
func (s *Service) checkHash(ctx context.Context, text, password string) (ok bool, h slowHash, err error) {
	h, err = parseHash(text)
	if err != nil {
		return false, h, nil
	}
	err = s.computeSlowly(ctx, func() { ok = h.check(password) })
	return ok, h, err
}

// checkNoHash takes as long as the check of a hash made here.
func (s *Service) checkNoHash(ctx context.Context, password string) error {
	return s.computeSlowly(ctx, func() { hashWith(make([]byte, argonSalt), password) })
}
