package store

import (
	"context"
	"errors"
	"time"

	"github.com/cenote-id/cenote/internal/seal"
)

// Device is a device that its user has confirmed.
type Device struct {
	Pool     PoolID
	User     UserID
	Key      string // DeviceKey, unique among the user's devices
	GroupKey string // DeviceGroupKey, part of what the verifier is made of
	Name     string // as the user's app calls it, may be empty
	// Remembered says that the device may stand in for a second factor.
	Remembered        bool
	IP                string // from where it signed in last, may be empty
	Created, Modified time.Time
	Authenticated     time.Time // when it signed in last
	// Tokens is when the last refresh token that names the device has expired.
	Tokens time.Time
	// Salt and Verifier are what the device's password is proved by (SRP). Sealed at rest.
	Salt, Verifier []byte
}

const deviceColumns = `device_key, group_key, name, remembered, ip, created, modified, authenticated, tokens, proof`

// context is what the device's sealed column is bound to.
func (d *Device) context() []byte {
	return poolContext(d.Pool, string(seal.Context("device", string(d.User[:]), d.Key)))
}

func (db *DB) scanDevice(scan scanner, pool PoolID, id UserID) (*Device, error) {
	d := &Device{Pool: pool, User: id}
	var sealed []byte
	if err := scan(&d.Key, &d.GroupKey, &d.Name, flag{&d.Remembered}, &d.IP, at{&d.Created}, at{&d.Modified},
		at{&d.Authenticated}, at{&d.Tokens}, &sealed); err != nil {
		return nil, err
	}
	plain, err := db.keyring.Open(seal.Credential, d.context(), sealed)
	if err != nil {
		return nil, err
	}
	u := unpacker{b: plain}
	if d.Salt, d.Verifier = u.bytes(), u.bytes(); u.bad {
		return nil, errPacked
	}
	return d, nil
}

// ConfirmDevice stores a device. The error is *ExistsError when the user has it already,
// ErrNotFound when the user has forgotten it: a key never comes back.
func (db *DB) ConfirmDevice(ctx context.Context, d *Device) error {
	sealed, err := db.keyring.Seal(seal.Credential, d.context(), appendBytes(appendBytes(nil, d.Salt), d.Verifier))
	if err != nil {
		return err
	}
	return db.engine.write(ctx, false, func(t *tx) error {
		if gone, err := t.forgotten(d.Pool, d.User, d.Key); gone || err != nil {
			return orNotFound(err)
		}
		n, err := t.exec(`INSERT INTO devices (pool, uid, device_key, group_key, name, remembered, ip, created,
				modified, authenticated, tokens, proof)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
			ON CONFLICT (pool, uid, device_key) DO NOTHING`,
			d.Pool, d.User, d.Key, d.GroupKey, d.Name, d.Remembered, d.IP, d.Created,
			d.Modified, d.Authenticated, d.Tokens, sealed)
		if err == nil && n == 0 {
			err = &ExistsError{}
		}
		return err
	})
}

// forgotten says whether the user had a device of the key and gave it up.
func (t *tx) forgotten(pool PoolID, id UserID, key string) (bool, error) {
	f, _, err := t.family(&Family{Pool: pool, User: id, OriginJTI: key})
	return f.revoked, err
}

// Device returns a device of a user. The error is ErrNotFound when there is none.
func (db *DB) Device(ctx context.Context, pool PoolID, id UserID, key string) (d *Device, err error) {
	err = db.engine.read(ctx, func(t *tx) error {
		d = nil
		return t.query(`SELECT `+deviceColumns+` FROM devices WHERE pool = $1 AND uid = $2 AND device_key = $3`,
			pool, id, key).
			each(func(scan scanner) (err error) {
				d, err = db.scanDevice(scan, pool, id)
				return err
			})
	})
	if err == nil && d == nil {
		err = ErrNotFound
	}
	return d, err
}

// Devices returns up to limit devices of a user whose key comes after the given one, in the
// byte order of keys.
func (db *DB) Devices(ctx context.Context, pool PoolID, id UserID, after string, limit int) (list []*Device, err error) {
	err = db.engine.read(ctx, func(t *tx) error {
		list = nil
		return t.query(`SELECT `+deviceColumns+` FROM devices
			WHERE pool = $1 AND uid = $2 AND device_key > $3 ORDER BY device_key LIMIT $4`, pool, id, after, limit).
			each(func(scan scanner) error {
				d, err := db.scanDevice(scan, pool, id)
				list = append(list, d)
				return err
			})
	})
	return list, err
}

// RememberDevice says whether a device may stand in for a second factor. The error is
// ErrNotFound when the user has no such device.
func (db *DB) RememberDevice(ctx context.Context, pool PoolID, id UserID, key string, remembered bool, now time.Time) error {
	return db.engine.write(ctx, true, func(t *tx) error {
		n, err := t.exec(`UPDATE devices SET remembered = $4, modified = $5
			WHERE pool = $1 AND uid = $2 AND device_key = $3`, pool, id, key, remembered, now)
		if err == nil && n == 0 {
			err = ErrNotFound
		}
		return err
	})
}

// DeviceUse is a sign-in with a device that has proved itself.
type DeviceUse struct {
	Pool PoolID
	User UserID
	Key  string
	// Remembered asks that the user still remembers the device.
	Remembered bool
	IP         string
	Time       time.Time
	Tokens     time.Time // when the sign-in's refresh token expires
}

// UseDevice writes a sign-in down at its device and spends the proofs that brought it
// there, both or neither. first is as in Spend. The error is ErrNotFound, and nothing is
// spent, when the user does not have the device any more or does not remember it as asked.
func (db *DB) UseDevice(ctx context.Context, u DeviceUse, proofs ...Proof) (first bool, err error) {
	err = db.engine.write(ctx, false, func(t *tx) error {
		n, err := t.exec(`UPDATE devices SET ip = $4, authenticated = $5, tokens = CASE WHEN tokens < $6 THEN $6 ELSE tokens END
			WHERE pool = $1 AND uid = $2 AND device_key = $3 AND remembered >= $7`,
			u.Pool, u.User, u.Key, u.IP, u.Time, u.Tokens, u.Remembered)
		if err == nil && n == 0 {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		return t.spendAll(proofs)
	})
	if errors.Is(err, ErrSpent) {
		return false, nil
	}
	return err == nil, err
}

// ForgetDevice deletes a device and ends the sign-ins in which it took part: TokenUser
// reports their tokens as Forgotten. The error is ErrNotFound when the user has no such
// device.
func (db *DB) ForgetDevice(ctx context.Context, pool PoolID, id UserID, key string) error {
	return db.engine.write(ctx, false, func(t *tx) error {
		var tokens time.Time
		found, err := t.query(`SELECT tokens FROM devices WHERE pool = $1 AND uid = $2 AND device_key = $3`,
			pool, id, key).one(at{&tokens})
		if err != nil || !found {
			return orNotFound(err)
		}
		// The tokens are those that were just read, or a sign-in was faster.
		if err := t.must(`DELETE FROM devices WHERE pool = $1 AND uid = $2 AND device_key = $3 AND tokens = $4`,
			pool, id, key, tokens); err != nil {
			return err
		}
		return t.revokeFamily(Family{Pool: pool, User: id, OriginJTI: key, Expires: tokens})
	})
}
