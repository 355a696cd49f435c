package credential

// TOTP is totp, for its published values.
func TOTP(seed []byte, step int64, digits int) string { return totp(seed, step, digits) }
