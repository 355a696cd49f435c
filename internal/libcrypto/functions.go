package libcrypto

// functions are the C functions in use, by the names in their tags. Handles of C
// objects are uintptr: they point to C's memory, which Go neither moves nor frees.
type functions struct {
	VersionNumber func() uintptr                               `c:"OpenSSL_version_num"`
	VersionText   func(what int32) string                      `c:"OpenSSL_version"`
	Init          func(options uint64, settings uintptr) int32 `c:"OPENSSL_init_crypto"`

	DecodeKey   func(kind int32, reuse uintptr, der **byte, size int) uintptr                          `c:"d2i_PrivateKey"`
	FreeKey     func(key uintptr)                                                                      `c:"EVP_PKEY_free"`
	NewContext  func(key, engine uintptr) uintptr                                                      `c:"EVP_PKEY_CTX_new"`
	FreeContext func(ctx uintptr)                                                                      `c:"EVP_PKEY_CTX_free"`
	SignInit    func(ctx uintptr) int32                                                                `c:"EVP_PKEY_sign_init"`
	SetPadding  func(ctx uintptr, padding int32) int32                                                 `c:"EVP_PKEY_CTX_set_rsa_padding"`
	SetDigest   func(ctx, digest uintptr) int32                                                        `c:"EVP_PKEY_CTX_set_signature_md"`
	SHA256      func() uintptr                                                                         `c:"EVP_sha256"`
	Sign        func(ctx uintptr, sig *byte, sigSize *uintptr, digest *byte, digestSize uintptr) int32 `c:"EVP_PKEY_sign"`

	NewNumber   func() uintptr                                                     `c:"BN_new"`
	FreeNumber  func(n uintptr)                                                    `c:"BN_clear_free"`
	ClearNumber func(n uintptr)                                                    `c:"BN_clear"`
	SetBytes    func(from *byte, size int32, n uintptr) uintptr                    `c:"BN_bin2bn"`
	FillBytes   func(n uintptr, to *byte, size int32) int32                        `c:"BN_bn2binpad"`
	NewScratch  func() uintptr                                                     `c:"BN_CTX_new"`
	FreeScratch func(scratch uintptr)                                              `c:"BN_CTX_free"`
	NewMont     func() uintptr                                                     `c:"BN_MONT_CTX_new"`
	SetMont     func(mont, modulus, scratch uintptr) int32                         `c:"BN_MONT_CTX_set"`
	FreeMont    func(mont uintptr)                                                 `c:"BN_MONT_CTX_free"`
	ModExp      func(result, base, exponent, modulus, scratch, mont uintptr) int32 `c:"BN_mod_exp_mont_consttime"`
}

// Constants of OpenSSL's headers.
const (
	keyRSA       = 6 // EVP_PKEY_RSA
	paddingPKCS1 = 1 // RSA_PKCS1_PADDING
	versionText  = 0 // OPENSSL_VERSION

	initNoConfig = 0x00000080 // OPENSSL_INIT_NO_LOAD_CONFIG
	// Go ends a process without C's exit handlers; other threads may still be signing.
	initNoAtExit = 0x00080000 // OPENSSL_INIT_NO_ATEXIT
)
