package srp

import "math/big"

// Internals that the published vectors name.

func X(id Identity, password string, salt []byte) *big.Int {
	return id.secret(password, new(big.Int).SetBytes(salt))
}

func K() *big.Int { return new(big.Int).Set(k) }

func Prime() *big.Int { return new(big.Int).Set(prime) }

func Pad(n *big.Int) []byte { return pad(n) }

func ClientWithSecret(a []byte) *Client { return newClient(new(big.Int).SetBytes(a)) }

func (c *Client) Public() *big.Int { return c.public }

func (c *Client) Key(id Identity, password string, salt []byte, serverPublic *big.Int) ([]byte, error) {
	return c.key(X(id, password, salt), serverPublic)
}

func Scramble(clientPublic, serverPublic *big.Int) (*big.Int, error) {
	return scramble(clientPublic, serverPublic)
}

func (m *Arithmetic) Premaster(clientPublic, u, v, secret *big.Int) *big.Int {
	return m.premaster(clientPublic, u, v, secret)
}

func (m *Arithmetic) Generate(exponent *big.Int) *big.Int { return m.generate(exponent) }

func (m *Arithmetic) Power(base, exponent *big.Int) *big.Int { return m.power(base, exponent) }
