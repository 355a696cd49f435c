package throttle

import (
	"crypto/sha256"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// maxBuckets is how many keys each half of a set of buckets remembers.
	maxBuckets = 20_000
	// maxKey is how long a key may be that is remembered as it is. A name that somebody makes
	// up may have 131,072 characters.
	maxKey = 100
)

// buckets are token buckets by key. When the young half is full it becomes the old one, and
// what is in the old one then is forgotten; a key that is used becomes young.
type buckets struct {
	mu         sync.Mutex
	young, old map[string]*rate.Limiter
	most       int
}

func newBuckets() *buckets {
	return &buckets{young: map[string]*rate.Limiter{}, most: maxBuckets}
}

// take takes a call from the bucket of a key; false says that it is empty. No key and no
// positive limit are no limit.
func (b *buckets) take(key string, perSecond float64, now time.Time) bool {
	if key == "" || perSecond <= 0 {
		return true
	}
	if len(key) > maxKey {
		sum := sha256.Sum256([]byte(key))
		key = string(sum[:])
	}
	return b.bucket(key, perSecond, now).AllowN(now, 1)
}

func (b *buckets) bucket(key string, perSecond float64, now time.Time) *rate.Limiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.young[key]
	if l == nil {
		l = b.old[key]
		if l == nil {
			l = newBucket(perSecond)
		}
		if len(b.young) >= b.most {
			b.old, b.young = b.young, make(map[string]*rate.Limiter, b.most)
		}
		b.young[key] = l
	}
	if l.Limit() != rate.Limit(perSecond) {
		fresh := newBucket(perSecond)
		l.SetLimitAt(now, fresh.Limit())
		l.SetBurstAt(now, fresh.Burst())
	}
	return l
}
