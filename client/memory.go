package client

import (
	"context"
	"maps"
	"sync"
)

// Memory is a Storage that lasts as long as the process. The zero value is empty and
// ready for use.
type Memory struct {
	mu    sync.Mutex
	items map[string]string
	locks keyLocks
}

// Get returns the items that exist among keys.
func (m *Memory) Get(_ context.Context, keys ...string) (map[string]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return pick(m.items, keys), nil
}

// Set stores items.
func (m *Memory) Set(_ context.Context, items map[string]string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.items == nil {
		m.items = make(map[string]string)
	}
	maps.Copy(m.items, items)
	return nil
}

// Remove removes the items that exist among keys.
func (m *Memory) Remove(_ context.Context, keys ...string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, key := range keys {
		delete(m.items, key)
	}
	return nil
}

// Lock waits until key is free and takes it.
func (m *Memory) Lock(ctx context.Context, key string) (release func(), err error) {
	return m.locks.lock(ctx, key)
}

// pick returns the items of keys.
func pick(items map[string]string, keys []string) map[string]string {
	out := make(map[string]string, len(keys))
	for _, key := range keys {
		if value, ok := items[key]; ok {
			out[key] = value
		}
	}
	return out
}

// keyLocks are locks by name, taken within a process.
type keyLocks struct {
	mu   sync.Mutex
	held map[string]chan struct{} // closed when the key is released
}

func (l *keyLocks) lock(ctx context.Context, key string) (release func(), err error) {
	for {
		l.mu.Lock()
		busy, taken := l.held[key]
		if !taken {
			break
		}
		l.mu.Unlock()
		select {
		case <-busy:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	defer l.mu.Unlock()
	if l.held == nil {
		l.held = make(map[string]chan struct{})
	}
	free := make(chan struct{})
	l.held[key] = free
	return sync.OnceFunc(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.held, key)
		close(free)
	}), nil
}
