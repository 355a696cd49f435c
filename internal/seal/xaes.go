package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"io"
)

const (
	version    = 1
	headerSize = 1 + 4
	nonceSize  = 24
	tagSize    = 16
	overhead   = headerSize + nonceSize + tagSize
)

// xaes is XAES-256-GCM with the work that its key allows done in advance.
type xaes struct {
	block cipher.Block
	k1    [aes.BlockSize]byte // CMAC's first subkey, NIST SP 800-38B section 6.1
}

func newXAES(key []byte) (*xaes, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	x := &xaes{block: block}
	block.Encrypt(x.k1[:], x.k1[:])
	var carry byte
	for i := len(x.k1) - 1; i >= 0; i-- {
		next := x.k1[i] >> 7
		x.k1[i] = x.k1[i]<<1 | carry
		carry = next
	}
	x.k1[len(x.k1)-1] ^= carry * 0b10000111
	return x, nil
}

// message returns the AEAD for one message: its key is the CMAC-based KDF of NIST SP
// 800-108 over the first twelve bytes of the nonce; the other twelve are GCM's nonce.
func (x *xaes) message(nonce []byte) (cipher.AEAD, error) {
	key := make([]byte, 0, 2*aes.BlockSize)
	for counter := byte(1); counter <= 2; counter++ {
		block := [aes.BlockSize]byte{0, counter, 'X', 0}
		copy(block[4:], nonce[:12])
		for i := range block {
			block[i] ^= x.k1[i]
		}
		key = append(key, block[:]...)
		last := key[len(key)-aes.BlockSize:]
		x.block.Encrypt(last, last)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// envelope seals plaintext under x as a message of the data key with the given id.
func (x *xaes) envelope(random io.Reader, id uint32, context, plaintext []byte) ([]byte, error) {
	out := make([]byte, headerSize+nonceSize, overhead+len(plaintext))
	header(out, id)
	nonce := out[headerSize:]
	if _, err := io.ReadFull(random, nonce); err != nil {
		return nil, fmt.Errorf("read nonce: %w", err)
	}
	aead, err := x.message(nonce)
	if err != nil {
		return nil, err
	}
	return aead.Seal(out, nonce[12:], plaintext, additional(out, context)), nil
}

// open is the reverse of envelope. The caller has checked the length with keyID.
func (x *xaes) open(context, envelope []byte) ([]byte, error) {
	nonce := envelope[headerSize : headerSize+nonceSize]
	aead, err := x.message(nonce)
	if err != nil {
		return nil, ErrOpen
	}
	plaintext, err := aead.Open(nil, nonce[12:], envelope[headerSize+nonceSize:], additional(envelope, context))
	if err != nil {
		return nil, ErrOpen
	}
	return plaintext, nil
}

// header writes the version and the data key's id.
func header(out []byte, id uint32) {
	out[0] = version
	out[1], out[2], out[3], out[4] = byte(id>>24), byte(id>>16), byte(id>>8), byte(id)
}

// keyID reads the header of an envelope; it says no to what cannot be one.
func keyID(envelope []byte) (uint32, bool) {
	if len(envelope) < overhead || envelope[0] != version {
		return 0, false
	}
	e := envelope[:headerSize]
	return uint32(e[1])<<24 | uint32(e[2])<<16 | uint32(e[3])<<8 | uint32(e[4]), true
}

// additional is what the tag covers besides the ciphertext. The header's size is
// fixed, so header and context cannot run into each other.
func additional(envelope, context []byte) []byte {
	out := make([]byte, 0, headerSize+len(context))
	return append(append(out, envelope[:headerSize]...), context...)
}
