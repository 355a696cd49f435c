package risk

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"
)

// The failures that one address collects, among all users of this process.
const (
	addressTime = 10 * time.Minute
	maxAddress  = 20_000 // addresses that are remembered
	maxUsers    = 32     // users of an address that are told apart
)

// addresses counts failed sign-ins by address: many users from one is somebody who tries
// one password on all of them.
type addresses struct {
	mu   sync.Mutex
	seed maphash.Seed
	by   map[netip.Prefix]*suspect
}

type suspect struct {
	since time.Time
	users map[uint64]struct{}
}

func newAddresses() *addresses {
	return &addresses{seed: maphash.MakeSeed(), by: map[netip.Prefix]*suspect{}}
}

// host is what one machine has of addresses: an IPv4 address, or a network of IPv6.
func host(ip netip.Addr) netip.Prefix {
	bits := 64
	if ip.Is4() {
		bits = 32
	}
	p, err := ip.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

// failed counts a failure of a name from an address.
func (a *addresses) failed(ip netip.Addr, name string, now time.Time) {
	key := host(ip)
	if !key.IsValid() {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.by[key]
	if s == nil || now.Sub(s.since) >= addressTime {
		if s == nil && len(a.by) >= maxAddress {
			a.forget(now)
		}
		s = &suspect{since: now, users: map[uint64]struct{}{}}
		a.by[key] = s
	}
	if len(s.users) < maxUsers {
		s.users[maphash.String(a.seed, name)] = struct{}{}
	}
}

// forget makes room: what is over goes, and where that is nothing, anything.
func (a *addresses) forget(now time.Time) {
	for key, s := range a.by {
		if now.Sub(s.since) >= addressTime {
			delete(a.by, key)
		}
	}
	for key := range a.by {
		if len(a.by) < maxAddress*3/4 {
			return
		}
		delete(a.by, key)
	}
}

// points are what an address has earned by now.
func (a *addresses) points(ip netip.Addr, now time.Time) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.by[host(ip)]
	switch {
	case s == nil || now.Sub(s.since) >= addressTime:
		return 0
	case len(s.users) >= maxUsers:
		return 40
	case len(s.users) >= 10:
		return 20
	case len(s.users) >= 3:
		return 10
	default:
		return 0
	}
}
