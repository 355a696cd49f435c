package store_test

import (
	"testing"

	"github.com/cenote-id/cenote/internal/store/storetest"
)

func TestSQLite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.SQLite)
}
