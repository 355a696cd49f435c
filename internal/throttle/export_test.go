package throttle

// Forgetful makes a limiter remember few keys, for tests.
func Forgetful(l *Limiter, most int) {
	for _, b := range []*buckets{l.clients, l.addresses, l.users, l.pools} {
		b.most = most
	}
}

// Remembered is how many addresses a limiter remembers.
func Remembered(l *Limiter) int { return len(l.addresses.young) + len(l.addresses.old) }

// LongestUser is how long the longest name of a user is that a limiter remembers.
func LongestUser(l *Limiter) (n int) {
	for key := range l.users.young {
		n = max(n, len(key))
	}
	return n
}
