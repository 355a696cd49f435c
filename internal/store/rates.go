package store

import "context"

// RequestRates returns the request rates that were provisioned, in calls per second, by
// category.
func (db *DB) RequestRates(ctx context.Context) (rates map[string]int64, err error) {
	err = db.engine.read(ctx, func(t *tx) error {
		rates = map[string]int64{}
		return t.query(`SELECT category, rate FROM request_rates`).
			each(func(scan scanner) error {
				var category string
				var rate int64
				err := scan(&category, &rate)
				rates[category] = rate
				return err
			})
	})
	return rates, err
}

// SetRequestRate provisions the request rate of a category, in calls per second.
func (db *DB) SetRequestRate(ctx context.Context, category string, rate int64) error {
	change, err := db.newChange(ChangeRates, "")
	if err != nil {
		return err
	}
	return db.engine.write(ctx, false, func(t *tx) error {
		if _, err := t.exec(`INSERT INTO request_rates (category, rate) VALUES ($1, $2)
			ON CONFLICT (category) DO UPDATE SET rate = excluded.rate`, category, rate); err != nil {
			return err
		}
		return change.insert(t)
	})
}
