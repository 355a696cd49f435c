// Package store keeps Cenote's records in SQLite or PostgreSQL. It is the only room with
// SQL, and the only state that nodes share.
//
//	method (one atomic use case, SQL in it)
//	   | read: one statement             | write: a closure over a transaction, may run again
//	   v                                 v
//	SQLite      reader connections       one writer: up to 64 closures per commit (writer.go)
//	PostgreSQL  pool, retries            a transaction each, retries (postgres.go)
//
// One text serves both engines and keeps to what their distributed relatives run too: ids
// are made here, every key is led by its pool, uniqueness is a primary key, texts are
// compared byte by byte, pages go by key and never by offset, and there are no sequences,
// foreign keys, triggers or savepoints. A test reads every statement and holds it to that.
//
// A write closure is a pure function of what it reads, because it runs again when its
// transaction is lost. It checks first and writes then: one that has to refuse does so
// before its first write, so that the others of its commit need not be repeated.
//
// Users: the row of users is the truth. user_keys (names that find a user, unique) and
// user_attrs (what ListUsers searches) are derived from it in the same transaction.
//
// Secrets are sealed before they reach SQL: credentials are bound to pool and user,
// client secrets to pool and client, signing keys to their pool, access keys to their id.
// The data key that seals them lies wrapped in the database; the master key that wraps it
// does not.
//
// Times are stored as milliseconds UTC, 0 for none, and SQL never asks for the time.
//
// The package judges no expiry of what it returns, sends nothing, and knows no rule of
// Cognito's beyond what must be atomic.
package store
