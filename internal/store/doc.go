// Package store keeps Cenote's records in SQLite or PostgreSQL.
package store
