package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/client"
)

// storages are the implementations that the rules of Storage are tested on.
func storages(t *testing.T) map[string]client.Storage {
	t.Helper()
	return map[string]client.Storage{
		"Memory":  new(client.Memory),
		"File":    client.NewFile(filepath.Join(t.TempDir(), "new", "session.json")),
		"Cookies": client.NewCookies(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil), client.CookieOptions{}),
	}
}

func TestStorage(t *testing.T) {
	t.Parallel()
	for name, storage := range storages(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expect := func(step string, want map[string]string) {
				t.Helper()
				got, err := storage.Get(t.Context(), "a", "zoë@example.com;=%", "long", "never")
				if err != nil {
					t.Fatalf("%s: %v", step, err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", step, diff)
				}
			}
			do := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			long := strings.Repeat("long. ", 2000)
			expect("empty", map[string]string{})
			do(storage.Remove(t.Context(), "never"))
			do(storage.Set(t.Context(), map[string]string{"a": "1", "zoë@example.com;=%": "日本 %2F;,\"\\", "long": long}))
			expect("set", map[string]string{"a": "1", "zoë@example.com;=%": "日本 %2F;,\"\\", "long": long})
			do(storage.Set(t.Context(), map[string]string{"a": "", "long": "short"}))
			expect("changed", map[string]string{"a": "", "zoë@example.com;=%": "日本 %2F;,\"\\", "long": "short"})
			do(storage.Remove(t.Context(), "zoë@example.com;=%", "never"))
			expect("removed", map[string]string{"a": "", "long": "short"})
			do(storage.Remove(t.Context(), "a", "long"))
			expect("emptied", map[string]string{})
		})
	}
}

func TestStorageIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	for name, storage := range storages(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var all sync.WaitGroup
			for i := range 8 {
				all.Go(func() {
					key := fmt.Sprint("key", i)
					if err := storage.Set(t.Context(), map[string]string{key: "x", "shared": key}); err != nil {
						t.Error(err)
					}
					if got, err := storage.Get(t.Context(), key); err != nil || got[key] != "x" {
						t.Errorf("%s: %v, error %v", key, got, err)
					}
				})
			}
			all.Wait()
			got, err := storage.Get(t.Context(), "key0", "key1", "key2", "key3", "key4", "key5", "key6", "key7")
			if err != nil || len(got) != 8 {
				t.Errorf("%d items, error %v; want 8", len(got), err)
			}
		})
	}
}

func TestLocker(t *testing.T) {
	t.Parallel()
	for name, storage := range storages(t) {
		locker, ok := storage.(client.Locker)
		if !ok {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			release, err := locker.Lock(t.Context(), "a")
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if _, err := locker.Lock(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("second Lock: %v, want %v", err, context.DeadlineExceeded)
			}
			if err := storage.Set(t.Context(), map[string]string{"x": "y"}); err != nil {
				t.Errorf("Set under the lock: %v", err)
			}
			release()
			release() // harmless
			var holders sync.WaitGroup
			inside := 0
			for range 5 {
				holders.Go(func() {
					release, err := locker.Lock(t.Context(), "a")
					if err != nil {
						t.Error(err)
						return
					}
					inside++ // the race detector sees it when two are inside
					release()
				})
			}
			holders.Wait()
			if inside != 5 {
				t.Errorf("%d holders, want 5", inside)
			}
		})
	}
}
