package seal

import "bytes"

// XAES seals with XAES-256-GCM alone, for the vectors of its specification.
func XAES(key, nonce, plaintext, additional []byte) ([]byte, error) {
	x, err := newXAES(key)
	if err != nil {
		return nil, err
	}
	aead, err := x.message(bytes.Clone(nonce))
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nonce[12:], plaintext, additional), nil
}

// PurposeNames lists what key derivation sees of the purposes.
func PurposeNames() []string {
	var out []string
	for p := Purpose(1); p.valid(); p++ {
		out = append(out, p.name())
	}
	return out
}
