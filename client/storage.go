package client

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// Storage keeps sessions. Its keys are those of amazon-cognito-identity-js:
//
//	CognitoIdentityServiceProvider.<client id>.LastAuthUser
//	CognitoIdentityServiceProvider.<client id>.<user name>.idToken
//
// and, beside idToken, accessToken, refreshToken and clockDrift (in seconds); where the
// pool tracks devices also deviceKey, deviceGroupKey and randomPasswordKey (the device's
// password), which outlive the session. Memory,
// File and Cookies implement it; another implementation may put the items wherever it
// keeps secrets. A Storage is used by several goroutines at once.
type Storage interface {
	// Get returns the items that exist among keys.
	Get(ctx context.Context, keys ...string) (map[string]string, error)
	// Set stores items, all or none of them.
	Set(ctx context.Context, items map[string]string) error
	// Remove removes the items that exist among keys.
	Remove(ctx context.Context, keys ...string) error
}

// Locker is what a Storage implements beside Storage when several Sessions, possibly in
// several processes, can share it. The session of a user is then refreshed by one of
// them at a time, which matters where each refresh token can be used only once.
type Locker interface {
	// Lock waits until no other caller holds key, or ctx ends. The caller holds it until
	// it calls release. Get, Set and Remove work meanwhile, for everybody.
	Lock(ctx context.Context, key string) (release func(), err error)
}

// The last parts of the keys of a user's items.
const (
	itemID      = "idToken"
	itemAccess  = "accessToken"
	itemRefresh = "refreshToken"
	itemDrift   = "clockDrift"
	// These are the device's.
	itemDeviceKey      = "deviceKey"
	itemDeviceGroup    = "deviceGroupKey"
	itemDevicePassword = "randomPasswordKey"
	// itemUserData is kept by amazon-cognito-identity-js alone; it goes when the session goes.
	itemUserData = "userData"
)

// sessions reads and writes sessions as items of a Storage.
type sessions struct {
	storage Storage
	prefix  string
}

func (p *Pool) sessions() sessions {
	return sessions{storage: p.cfg.Storage, prefix: "CognitoIdentityServiceProvider." + p.cfg.ClientID + "."}
}

func (s sessions) key(username, item string) string { return s.prefix + username + "." + item }

func (s sessions) lastUserKey() string { return s.prefix + "LastAuthUser" }

// lastUser returns the name of the user who signed in last, or ErrNotSignedIn.
func (s sessions) lastUser(ctx context.Context) (string, error) {
	items, err := s.storage.Get(ctx, s.lastUserKey())
	if err != nil {
		return "", fmt.Errorf("client: read session: %w", err)
	}
	name := items[s.lastUserKey()]
	if name == "" {
		return "", ErrNotSignedIn
	}
	return name, nil
}

// load returns the tokens of a user, or ErrNotSignedIn.
func (s sessions) load(ctx context.Context, username string) (Tokens, error) {
	id, access := s.key(username, itemID), s.key(username, itemAccess)
	refresh, drift := s.key(username, itemRefresh), s.key(username, itemDrift)
	items, err := s.storage.Get(ctx, id, access, refresh, drift)
	if err != nil {
		return Tokens{}, fmt.Errorf("client: read session: %w", err)
	}
	if items[id] == "" || items[access] == "" {
		return Tokens{}, ErrNotSignedIn
	}
	tokens, err := parseTokens(items[id], items[access], items[refresh])
	if err != nil {
		return Tokens{}, fmt.Errorf("%w: stored session: %w", ErrNotSignedIn, err)
	}
	// A drift that is no number counts as none, as in amazon-cognito-identity-js.
	ahead, _ := strconv.ParseInt(items[drift], 10, 32)
	tokens.ClockDrift = time.Duration(ahead) * time.Second
	return tokens, nil
}

// save stores the tokens of a user and makes the user the current one.
func (s sessions) save(ctx context.Context, username string, tokens Tokens) error {
	err := s.storage.Set(ctx, map[string]string{
		s.key(username, itemID):      tokens.ID.JWT(),
		s.key(username, itemAccess):  tokens.Access.JWT(),
		s.key(username, itemRefresh): string(tokens.Refresh),
		s.key(username, itemDrift):   strconv.FormatInt(int64(tokens.ClockDrift/time.Second), 10),
		s.lastUserKey():              username,
	})
	if err != nil {
		return fmt.Errorf("client: keep session: %w", err)
	}
	return nil
}

// clear removes everything of a user.
func (s sessions) clear(ctx context.Context, username string) error {
	keys := make([]string, 0, 6)
	for _, item := range []string{itemID, itemAccess, itemRefresh, itemDrift, itemUserData} {
		keys = append(keys, s.key(username, item))
	}
	items, err := s.storage.Get(ctx, s.lastUserKey())
	if err == nil && items[s.lastUserKey()] == username {
		keys = append(keys, s.lastUserKey())
	}
	if err == nil {
		err = s.storage.Remove(ctx, keys...)
	}
	if err != nil {
		return fmt.Errorf("client: forget session: %w", err)
	}
	return nil
}

// device returns the device that the user has signed in from, or a zero one.
func (s sessions) device(ctx context.Context, username string) (device, error) {
	key, group, password := s.key(username, itemDeviceKey), s.key(username, itemDeviceGroup), s.key(username, itemDevicePassword)
	items, err := s.storage.Get(ctx, key, group, password)
	if err != nil {
		return device{}, fmt.Errorf("client: read device: %w", err)
	}
	d := device{key: items[key], group: items[group], password: Secret(items[password])}
	if d.key == "" || d.group == "" || d.password == "" {
		return device{}, nil
	}
	return d, nil
}

// keepDevice stores the device that the user has signed in from.
func (s sessions) keepDevice(ctx context.Context, username string, d device) error {
	err := s.storage.Set(ctx, map[string]string{
		s.key(username, itemDeviceKey):      d.key,
		s.key(username, itemDeviceGroup):    d.group,
		s.key(username, itemDevicePassword): string(d.password),
	})
	if err != nil {
		return fmt.Errorf("client: keep device: %w", err)
	}
	return nil
}

// forgetDevice removes the user's device.
func (s sessions) forgetDevice(ctx context.Context, username string) error {
	err := s.storage.Remove(ctx, s.key(username, itemDeviceKey), s.key(username, itemDeviceGroup), s.key(username, itemDevicePassword))
	if err != nil {
		return fmt.Errorf("client: forget device: %w", err)
	}
	return nil
}

// lock keeps other processes from refreshing the user's session, where the storage can.
func (s sessions) lock(ctx context.Context, username string) (release func(), err error) {
	locker, ok := s.storage.(Locker)
	if !ok {
		return func() {}, nil
	}
	release, err = locker.Lock(ctx, s.prefix+username)
	if err != nil {
		return nil, fmt.Errorf("client: lock session: %w", err)
	}
	return release, nil
}
