package throttle

// Forgetful makes a limiter remember few keys, for tests.
func Forgetful(l *Limiter, most int) {
	for _, b := range []*buckets{l.clients, l.addresses, l.users, l.pools} {
		b.most = most
	}
}

// Remembered is how many addresses a limiter remembers.
func Remembered(l *Limiter) int { return len(l.addresses.young) + len(l.addresses.old) }
