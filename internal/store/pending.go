package store

import (
	"context"
	"errors"
	"time"

	"github.com/cenote-id/cenote/internal/seal"
)

var errPending = errors.New("store: being written")

type DB struct{}

func Open(ctx context.Context, o Options) (*DB, error)                         { return nil, errPending }
func Restore(ctx context.Context, o Options, path string) error                { return errPending }
func (db *DB) Close() error                                                    { return errPending }
func (db *DB) Ping(ctx context.Context) error                                  { return errPending }
func (db *DB) Ready(ctx context.Context) error                                 { return errPending }
func (db *DB) Run(ctx context.Context) error                                   { return errPending }
func (db *DB) Fresh() bool                                                     { return false }
func (db *DB) HasRootKey() bool                                                { return false }
func (db *DB) ClockSkew(ctx context.Context) (time.Duration, error)            { return 0, errPending }
func (db *DB) Keyring() *seal.Keyring                                          { return nil }
func (db *DB) CreatePool(ctx context.Context, p *Pool, keys SigningKeys) error { return errPending }
func (db *DB) Pool(ctx context.Context, externalID string) (*Pool, error)      { return nil, errPending }
func (db *DB) ListPools(ctx context.Context, after string, limit int) ([]*Pool, error) {
	return nil, errPending
}
func (db *DB) UpdatePool(ctx context.Context, p *Pool) error { return errPending }
func (db *DB) DeletePool(ctx context.Context, p *Pool) error { return errPending }
func (db *DB) SigningKeys(ctx context.Context, pool PoolID) (SigningKeys, error) {
	return SigningKeys{}, errPending
}
func (db *DB) CountUsers(ctx context.Context, pool PoolID) (int64, error) { return 0, errPending }
func (db *DB) CreateClient(ctx context.Context, c *Client) error          { return errPending }
func (db *DB) UpdateClient(ctx context.Context, c *Client) error          { return errPending }
func (db *DB) Client(ctx context.Context, clientID string) (*Client, error) {
	return nil, errPending
}
func (db *DB) DeleteClient(ctx context.Context, pool PoolID, clientID string) error {
	return errPending
}
func (db *DB) ListClients(ctx context.Context, pool PoolID, after string, limit int) ([]*Client, error) {
	return nil, errPending
}
func (db *DB) Changes(ctx context.Context, since time.Time) ([]Change, error) {
	return nil, errPending
}
func (db *DB) CreateUser(ctx context.Context, u *User, o CreateOptions) error { return errPending }
func (db *DB) CreateUsers(ctx context.Context, users []*User) error           { return errPending }
func (db *DB) FindUser(ctx context.Context, pool PoolID, keys ...Key) (*User, error) {
	return nil, errPending
}
func (db *DB) TokenUser(ctx context.Context, pool PoolID, sub, originJTI string) (u *User, revoked bool, err error) {
	return nil, false, errPending
}
func (db *DB) UpdateUser(ctx context.Context, pool PoolID, id UserID, o UpdateOptions, mutate func(*User) error) (*User, error) {
	return nil, errPending
}
func (db *DB) DeleteUser(ctx context.Context, pool PoolID, id UserID) error { return errPending }
func (db *DB) SignOutEverywhere(ctx context.Context, pool PoolID, id UserID, now time.Time) error {
	return errPending
}
func (db *DB) ListUsers(ctx context.Context, pool PoolID, q ListQuery) (users []*User, next []byte, err error) {
	return nil, nil, errPending
}
func (db *DB) PutCode(ctx context.Context, pool PoolID, id UserID, c Code) error { return errPending }
func (db *DB) Code(ctx context.Context, pool PoolID, id UserID, purpose CodePurpose, attribute string) (*Code, error) {
	return nil, errPending
}
func (db *DB) TakeAttempt(ctx context.Context, pool PoolID, id UserID, kind string, limit int, window time.Duration) (bool, error) {
	return false, errPending
}
func (db *DB) CountFailure(ctx context.Context, pool PoolID, id UserID, kind FailureKind, next func(Failures) Failures) (Failures, error) {
	return Failures{}, errPending
}
func (db *DB) ClearFailures(ctx context.Context, pool PoolID, id UserID, kind FailureKind) error {
	return errPending
}
func (db *DB) Failures(ctx context.Context, pool PoolID, id UserID, kind FailureKind) (Failures, error) {
	return Failures{}, errPending
}
func (db *DB) Spend(ctx context.Context, key [32]byte, until time.Time) (first bool, err error) {
	return false, errPending
}
func (db *DB) RevokeFamily(ctx context.Context, f Family) error { return errPending }
func (db *DB) Rotate(ctx context.Context, r Rotation) (RotateOutcome, error) {
	return RotateOutcome{}, errPending
}
func (db *DB) CreateAccessKey(ctx context.Context, k AccessKey) error { return errPending }
func (db *DB) AccessKey(ctx context.Context, id string) (*AccessKey, error) {
	return nil, errPending
}
func (db *DB) ListAccessKeys(ctx context.Context) ([]AccessKey, error) { return nil, errPending }
func (db *DB) DisableAccessKey(ctx context.Context, id string) error   { return errPending }
func (db *DB) Reset(ctx context.Context) error                         { return errPending }
func (db *DB) Backup(ctx context.Context, path string) error           { return errPending }
