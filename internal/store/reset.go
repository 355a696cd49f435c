package store

import "context"

// Reset deletes all data but the keys of the installation: the data key and the root
// access key. It is for development, where the tables are small.
func (db *DB) Reset(ctx context.Context) error {
	change, err := db.newChange(ChangeAll, "")
	if err != nil {
		return err
	}
	return db.engine.write(ctx, true, func(t *tx) error {
		for _, text := range []string{
			`DELETE FROM pools`, `DELETE FROM pool_ids`, `DELETE FROM pool_keys`, `DELETE FROM clients`,
			`DELETE FROM changes`, `DELETE FROM users`, `DELETE FROM user_keys`, `DELETE FROM user_attrs`,
			`DELETE FROM user_counts`, `DELETE FROM codes`, `DELETE FROM attempts`, `DELETE FROM families`,
			`DELETE FROM passkeys`, `DELETE FROM devices`, `DELETE FROM groups_of_users`, `DELETE FROM members`,
			`DELETE FROM memberships`, `DELETE FROM resources`, `DELETE FROM resource_aliases`, `DELETE FROM domains`,
			`DELETE FROM request_rates`, `DELETE FROM imports`, `DELETE FROM running_imports`, `DELETE FROM blobs`, `DELETE FROM auth_events`, `DELETE FROM custom_states`,
			`DELETE FROM spent`, `DELETE FROM jobs`, `DELETE FROM access_keys WHERE root = 0`,
		} {
			if err := t.script(text); err != nil {
				return err
			}
		}
		return change.insert(t)
	})
}
