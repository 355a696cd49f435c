package store_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cenote-id/cenote/internal/store"
)

func TestPackedCredential(t *testing.T) {
	t.Parallel()
	when := time.UnixMilli(1_790_000_000_123).UTC()
	for _, c := range []store.Credential{
		{},
		{Salt: []byte{1}, Verifier: []byte{2, 3}, Set: when},
		{Set: when, TemporaryUntil: when.Add(time.Hour)},
		{Salt: make([]byte, 16), Verifier: make([]byte, 384), History: []store.PastPassword{
			{Salt: []byte("a"), Verifier: []byte("b")}, {}, {Verifier: make([]byte, 300)},
		}},
		{Set: time.UnixMilli(-1).UTC()},
		{Barred: true, Seed: []byte("seed")},
		{Hash: "$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA", Seed: []byte("seed"), NewSeed: []byte("new"), History: []store.PastPassword{
			{Hash: "$2b$04$x"}, {Salt: []byte("a"), Verifier: []byte("b")},
		}},
	} {
		packed := store.EncodeCredential(&c)
		got, err := store.DecodeCredential(packed)
		if err != nil {
			t.Errorf("%+v: %v", c, err)
		}
		if diff := cmp.Diff(c, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("credential (-want +got):\n%s", diff)
		}
		for n := range packed {
			got, err := store.DecodeCredential(packed[:n])
			if err == nil && reflect.DeepEqual(got, c) {
				t.Errorf("%d of %d bytes make the same credential", n, len(packed))
			}
		}
	}
}

func FuzzDecodeCredential(f *testing.F) {
	f.Add(store.EncodeCredential(&store.Credential{Salt: []byte{1}, History: make([]store.PastPassword, 2)}))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := store.DecodeCredential(b)
		if err != nil {
			return
		}
		again, err := store.DecodeCredential(store.EncodeCredential(&c))
		if err != nil || !cmp.Equal(c, again, cmpopts.EquateEmpty()) {
			t.Errorf("%+v becomes %+v, %v", c, again, err)
		}
	})
}

func FuzzDecodeKeys(f *testing.F) {
	f.Add(store.EncodeKeys([]store.Key{{Kind: store.KeyUsername, Value: "alice"}, {Kind: store.KeyEmail, Value: ""}}))
	f.Add([]byte{9, 1, 'x'})
	f.Fuzz(func(t *testing.T, b []byte) {
		keys, err := store.DecodeKeys(b)
		if err != nil {
			return
		}
		again, err := store.DecodeKeys(store.EncodeKeys(keys))
		if err != nil || !cmp.Equal(keys, again, cmpopts.EquateEmpty()) {
			t.Errorf("%+v becomes %+v, %v", keys, again, err)
		}
	})
}

func FuzzHasNUL(f *testing.F) {
	for _, text := range []string{"", "\x00", `\u0000`, `\\u0000`, `\\`, `"\`, "a\x00\\", `\u00000`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		b, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := store.HasNUL(b), strings.Contains(text, "\x00"); got != want {
			t.Errorf("%s: %v, want %v", b, got, want)
		}
		store.HasNUL([]byte(text))
	})
}
