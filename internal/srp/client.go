package srp

import (
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
)

// Client is the client's side of one exchange.
type Client struct {
	secret, public *big.Int
}

// NewClient begins an exchange with a secret from random.
func NewClient(random io.Reader) (*Client, error) {
	var secret [exponentSize]byte
	if _, err := io.ReadFull(random, secret[:]); err != nil {
		return nil, fmt.Errorf("make srp secret: %w", err)
	}
	return newClient(new(big.Int).SetBytes(secret[:])), nil
}

func newClient(secret *big.Int) *Client {
	var m *Arithmetic
	return &Client{secret: secret, public: m.generate(secret)}
}

// A returns SRP_A.
func (c *Client) A() string { return c.public.Text(16) }

// Answer returns the PASSWORD_CLAIM_SIGNATURE for a challenge: salt is SALT and
// serverPublic is SRP_B, both hexadecimal, secretBlock is SECRET_BLOCK decoded, and
// timestamp is the TIMESTAMP that goes along. The error is ErrMalformed for numbers that
// are none, and ErrZero for a server that would learn something about the password.
func (c *Client) Answer(id Identity, password, salt, serverPublic string, secretBlock []byte, timestamp string) (string, error) {
	s, err := parseHex(salt)
	if err != nil {
		return "", err
	}
	b, err := parseHex(serverPublic)
	if err != nil {
		return "", err
	}
	key, err := c.key(id.secret(password, s), b)
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(Signature(key, id, secretBlock, timestamp)), nil
}

// key returns the key for the password's secret x and the server's public number.
func (c *Client) key(x, serverPublic *big.Int) ([]byte, error) {
	if err := checkPublic(serverPublic); err != nil {
		return nil, err
	}
	u, err := scramble(c.public, serverPublic)
	if err != nil {
		return nil, err
	}
	var m *Arithmetic
	base := m.generate(x)
	base.Mul(base, k)
	base.Sub(serverPublic, base)
	base.Mod(base, prime)
	exponent := new(big.Int).Mul(u, x)
	exponent.Add(exponent, c.secret)
	return deriveKey(u, m.power(base, exponent)), nil
}
