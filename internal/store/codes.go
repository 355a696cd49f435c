package store

import (
	"bytes"
	"context"
)

// putCode stores a code in place of the one of the same purpose and attribute.
func (t *tx) putCode(pool PoolID, id UserID, c *Code) error {
	_, err := t.exec(`INSERT INTO codes (pool, uid, purpose, attribute, medium, destination, hash, created, expires)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (pool, uid, purpose, attribute) DO UPDATE
		SET medium = $5, destination = $6, hash = $7, created = $8, expires = $9`,
		pool, id, string(c.Purpose), c.Attribute, c.Medium, c.Destination, c.Hash, c.Created, c.Expires)
	return err
}

// code returns the user's code of a purpose and attribute, nil when there is none.
func (t *tx) code(pool PoolID, id UserID, purpose CodePurpose, attribute string) (*Code, error) {
	c := &Code{Purpose: purpose, Attribute: attribute}
	found, err := t.query(`SELECT medium, destination, hash, created, expires FROM codes
		WHERE pool = $1 AND uid = $2 AND purpose = $3 AND attribute = $4`, pool, id, string(purpose), attribute).
		one(&c.Medium, &c.Destination, &c.Hash, at{&c.Created}, at{&c.Expires})
	if !found || err != nil {
		return nil, err
	}
	return c, nil
}

// hasCode is ErrNotFound when the code that ref names is not there any more.
func (t *tx) hasCode(pool PoolID, id UserID, ref *CodeRef) error {
	c, err := t.code(pool, id, ref.Purpose, ref.Attribute)
	if err == nil && (c == nil || !bytes.Equal(c.Hash, ref.Hash)) {
		err = ErrNotFound
	}
	return err
}

// useCode deletes the code that ref names; errLost when someone else was first.
func (t *tx) useCode(pool PoolID, id UserID, ref *CodeRef) error {
	return t.must(`DELETE FROM codes WHERE pool = $1 AND uid = $2 AND purpose = $3 AND attribute = $4 AND hash = $5`,
		pool, id, string(ref.Purpose), ref.Attribute, ref.Hash)
}

// PutCode stores a code in place of the user's code of the same purpose and attribute.
func (db *DB) PutCode(ctx context.Context, pool PoolID, id UserID, c Code) error {
	return db.engine.write(ctx, true, func(t *tx) error { return t.putCode(pool, id, &c) })
}

// Code returns a user's code of a purpose and attribute, expired or not. The error is
// ErrNotFound when there is none.
func (db *DB) Code(ctx context.Context, pool PoolID, id UserID, purpose CodePurpose, attribute string) (c *Code, err error) {
	err = db.engine.read(ctx, func(t *tx) error {
		c, err = t.code(pool, id, purpose, attribute)
		return err
	})
	if err == nil && c == nil {
		err = ErrNotFound
	}
	return c, err
}
