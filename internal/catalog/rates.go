package catalog

import "context"

// rates are the request rates that were provisioned, by category.
type rates struct{ byCategory map[string]int64 }

// allRates is the key under which the cache keeps them.
const allRates = ""

// RequestRate returns the rate in calls per second that was provisioned for a category of
// operations, at most a second old; ok is false where none was, and while the database
// cannot be read.
func (c *Catalog) RequestRate(ctx context.Context, category string) (rate float64, ok bool) {
	all, err := c.rates.get(ctx, c.lease.Load(), allRates, func(ctx context.Context) (*rates, error) {
		byCategory, err := c.deps.Store.RequestRates(ctx)
		return &rates{byCategory}, err
	})
	if err != nil {
		return 0, false
	}
	n, ok := all.byCategory[category]
	return float64(n), ok
}

// DropRates forgets the request rates after one was provisioned on this node.
func (c *Catalog) DropRates() { c.rates.drop(allRates) }
