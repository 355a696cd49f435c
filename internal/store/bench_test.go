package store_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/store/storetest"
)

// population is how many users the benchmarks' pool has.
const population = 10_000

// populated returns a database with many users in a pool.
func populated(b *testing.B, o store.Options) (*store.DB, store.PoolID) {
	b.Helper()
	db := storetest.Open(b, o)
	p := storetest.Pool(b, db, "us-east-1_bench")
	users := make([]*store.User, population)
	for i := range users {
		users[i] = storetest.NewUser(p.ID, userName(i))
		users[i].Attributes["name"], users[i].Attributes["family_name"] = "Some One", "One"
	}
	if err := db.CreateUsers(b.Context(), users); err != nil {
		b.Fatal(err)
	}
	return db, p.ID
}

func userName(i int) string { return fmt.Sprintf("user%07d", i*7919%population) }

func BenchmarkRead(b *testing.B) {
	db, pool := populated(b, storetest.SQLite(b))
	find := func(i int, kinds ...int) error {
		u := storetest.NewUser(pool, userName(i%population))
		var keys []store.Key
		for _, k := range kinds {
			keys = append(keys, u.Keys[k])
		}
		_, err := db.FindUser(b.Context(), pool, keys...)
		return err
	}
	for name, read := range map[string]func(i int) error{
		"FindUser/username":    func(i int) error { return find(i, 0) },
		"FindUser/three-kinds": func(i int) error { return find(i, 0, 1, 2) },
		"FindUser/email":       func(i int) error { return find(i, 2) },
		"TokenUser": func(i int) error {
			_, _, err := db.TokenUser(b.Context(), pool, storetest.NewUser(pool, userName(i%population)).Sub, "jti", "")
			return err
		},
		"ListUsers/email": func(i int) error {
			_, _, err := db.ListUsers(b.Context(), pool, store.ListQuery{Attribute: "email", Value: userName(i%population) + "@example.com", Limit: 60})
			return err
		},
		"ListUsers/page": func(i int) error {
			_, _, err := db.ListUsers(b.Context(), pool, store.ListQuery{Limit: 60})
			return err
		},
		"CountUsers": func(int) error { _, err := db.CountUsers(b.Context(), pool); return err },
		"AccessKey":  func(int) error { _, _ = db.AccessKey(b.Context(), "none"); return nil },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if err := read(i); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkWrite(b *testing.B) {
	for name, sync := range map[string]store.Sync{"full": store.SyncFull, "normal": store.SyncNormal} {
		o := storetest.SQLite(b)
		o.Sync = sync
		db, pool := populated(b, o)
		var serial atomic.Int64
		create := func() error {
			u := storetest.NewUser(pool, fmt.Sprintf("new%d", serial.Add(1)))
			return db.CreateUser(b.Context(), u, store.CreateOptions{})
		}
		spend := func() error {
			n := serial.Add(1)
			_, err := db.Spend(b.Context(), [32]byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)}, time.UnixMilli(4e12))
			return err
		}
		for what, write := range map[string]func() error{"CreateUser": create, "Spend": spend} {
			b.Run(what+"/"+name+"/alone", func(b *testing.B) {
				for b.Loop() {
					if err := write(); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run(what+"/"+name+"/32", func(b *testing.B) {
				b.SetParallelism(16)
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if err := write(); err != nil {
							b.Error(err)
						}
					}
				})
			})
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	for b.Loop() {
		db, err := store.Open(b.Context(), storetest.SQLite(b))
		if err != nil {
			b.Fatal(err)
		}
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkGroups shows that who is in what does not depend on how many there are: every
// user of a pool is in one group, and the user who is asked for in three.
func BenchmarkGroups(b *testing.B) {
	for _, population := range []int{1000, 50_000} {
		db := storetest.New(b)
		p := storetest.Pool(b, db, "us-east-1_bench")
		users := make([]*store.User, population)
		for i := range users {
			users[i] = storetest.NewUser(p.ID, fmt.Sprintf("user%07d", i))
		}
		if err := db.CreateUsers(b.Context(), users); err != nil {
			b.Fatal(err)
		}
		everybody := storetest.Group(b, db, p.ID, "everybody")
		for _, u := range users {
			if err := db.AddMember(b.Context(), p.ID, "everybody", u.ID, 100); err != nil {
				b.Fatal(err)
			}
		}
		one := users[population/2]
		for _, name := range []string{"a", "b"} {
			storetest.Group(b, db, p.ID, name)
			if err := db.AddMember(b.Context(), p.ID, name, one.ID, 100); err != nil {
				b.Fatal(err)
			}
		}
		for name, do := range map[string]func() error{
			"GroupsOfUser": func() error {
				_, err := db.GroupsOfUser(b.Context(), p.ID, one.ID, "", 61)
				return err
			},
			"Members": func() error {
				_, err := db.Members(b.Context(), everybody, one.ID, 61)
				return err
			},
			"AddAndRemove": func() error {
				g, err := db.Group(b.Context(), p.ID, "a")
				if err != nil {
					return err
				}
				if err := db.RemoveMember(b.Context(), g, one.ID); err != nil {
					return err
				}
				return db.AddMember(b.Context(), p.ID, "a", one.ID, 100)
			},
		} {
			b.Run(fmt.Sprintf("%s/%d", name, population), func(b *testing.B) {
				for b.Loop() {
					if err := do(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
