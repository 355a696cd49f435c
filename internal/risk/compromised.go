package risk

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha1" //nolint:gosec // the form in which lists of compromised passwords are published
	_ "embed"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
)

// common is the list that ships: the passwords of at least six characters of
// @zxcvbn-ts/language-common, in lower case, sorted (MIT licence, see passwords.LICENSE).
//
//go:embed passwords.txt.gz
var common []byte

// Passwords are the passwords that attackers know. It is safe for concurrent use.
type Passwords struct {
	once  sync.Once
	short []uint64 // sorted prefixes of hashes
	err   error

	file *os.File // nil without a file of the operator's
	size int64
}

// OpenPasswords returns the list that ships and, unless path is empty, with it the
// operator's file: a text with the SHA-1 of a password in hexadecimal and, after a colon, a
// count on each line, in the order of the hashes, as the downloader of Have I Been Pwned
// makes it. The file is searched where it lies and never read as a whole.
func OpenPasswords(path string) (*Passwords, error) {
	p := &Passwords{}
	if path == "" {
		return p, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("compromised passwords: %w", err)
	}
	p.file = file
	if err := p.examine(); err != nil {
		return nil, errors.Join(fmt.Errorf("compromised passwords: %s: %w", path, err), file.Close())
	}
	return p, nil
}

// Close closes the file.
func (p *Passwords) Close() error {
	if p == nil || p.file == nil {
		return nil
	}
	return p.file.Close()
}

var errForm = errors.New("it is not a sorted list of SHA-1 hashes in hexadecimal, one to a line")

// examine looks at both ends of the file: a file of another kind would let every password pass.
func (p *Passwords) examine() error {
	info, err := p.file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Size() < hashSize {
		return errForm
	}
	p.size = info.Size()
	first, _, err := p.lineFrom(0)
	if err != nil {
		return err
	}
	last, _, err := p.lineFrom(max(0, p.size-longestLine))
	if err != nil {
		return err
	}
	if first == nil || last == nil || bytes.Compare(first, last) > 0 {
		return errForm
	}
	return nil
}

// Contains says whether a password is known to attackers. The list that ships is in lower
// case and is compared without regard to case, since attackers vary it first; the
// operator's file is exact.
func (p *Passwords) Contains(password string) (bool, error) {
	if p.once.Do(p.unpack); p.err != nil {
		return false, p.err
	}
	if _, found := slices.BinarySearch(p.short, prefix(strings.ToLower(password))); found {
		return true, nil
	}
	if p.file == nil {
		return false, nil
	}
	hash := sha1.Sum([]byte(password)) //nolint:gosec // see the import
	return p.inFile(hash[:])
}

// unpack reads the list that ships. 42,000 passwords are a third of a megabyte as hashes;
// that two share a prefix of 64 bits does not happen by chance.
func (p *Passwords) unpack() {
	r, err := gzip.NewReader(bytes.NewReader(common))
	if err != nil {
		p.err = fmt.Errorf("compromised passwords: %w", err)
		return
	}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		p.short = append(p.short, prefix(lines.Text()))
	}
	if err := lines.Err(); err != nil {
		p.err = fmt.Errorf("compromised passwords: %w", err)
	}
	slices.Sort(p.short)
}

func prefix(password string) uint64 {
	hash := sha1.Sum([]byte(password)) //nolint:gosec // see the import
	return binary.BigEndian.Uint64(hash[:])
}

const (
	hashSize    = 2 * sha1.Size // in hexadecimal
	longestLine = 128           // with count and line end, generously
	block       = 4096
)

// inFile finds a hash by its place: hashes are spread evenly, so the first guesses come
// close, and halving does the rest.
func (p *Passwords) inFile(hash []byte) (bool, error) {
	low, high := int64(0), p.size // the hash, if there, begins a line in [low, high)
	share := float64(binary.BigEndian.Uint64(hash)) / math.MaxUint64
	for guesses := 0; high-low > block; guesses++ {
		at := low + (high-low)/2
		if guesses < 2 {
			// Around the place where an even spread would have it, a little to either side.
			spread := int64(1-2*guesses) * block * 64
			if guess := int64(share*float64(p.size)) - spread; guess > low && guess < high {
				at = guess
			}
		}
		found, begins, err := p.lineFrom(at)
		if err != nil {
			return false, err
		}
		switch {
		case found == nil || begins >= high:
			high = at // no line begins between at and high
		default:
			switch c := bytes.Compare(hash, found); {
			case c == 0:
				return true, nil
			case c < 0:
				high = begins
			default:
				low = begins + 1
			}
		}
	}
	return p.scan(hash, low, high)
}

// scan looks through the lines that begin in [low, high).
func (p *Passwords) scan(hash []byte, low, high int64) (bool, error) {
	for at := low; at < high; {
		found, begins, err := p.lineFrom(at)
		if err != nil || found == nil || begins >= high {
			return false, err
		}
		if bytes.Equal(found, hash) {
			return true, nil
		}
		at = begins + 1
	}
	return false, nil
}

// lineFrom returns the hash of the first line that begins at or after an offset, and where
// it begins; nil at the end of the file.
func (p *Passwords) lineFrom(at int64) (hash []byte, begins int64, err error) {
	from := max(0, at-1)
	buffer := make([]byte, 2*longestLine)
	n, err := p.file.ReadAt(buffer, from)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, fmt.Errorf("compromised passwords: %w", err)
	}
	buffer = buffer[:n]
	skip := 0
	if at > 0 {
		end := bytes.IndexByte(buffer, '\n')
		if end < 0 {
			return nil, 0, nil
		}
		skip = end + 1
	}
	line := buffer[skip:]
	if len(bytes.TrimSpace(line)) == 0 {
		return nil, 0, nil
	}
	hash = make([]byte, sha1.Size)
	if len(line) < hashSize || len(line) > hashSize && !strings.ContainsRune(":\r\n", rune(line[hashSize])) {
		return nil, 0, errForm
	}
	if _, err := hex.Decode(hash, line[:hashSize]); err != nil {
		return nil, 0, errForm
	}
	return hash, from + int64(skip), nil
}
