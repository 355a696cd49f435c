package directory

import (
	"fmt"
	"maps"
	"slices"

	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/store"
)

// CheckWrite judges the attributes that come with the answer to NEW_PASSWORD_REQUIRED and
// returns the mutation that stores them, which judges the fresh record again. It refuses
// what the client may not write, what the schema does not have, a value that the user has
// already (an unchanged one counts as not given), and an answer that leaves a required
// attribute without a value. Where the mutation makes a name of the user, UpdateUser may
// answer store.ExistsError: see AliasTaken.
func CheckWrite(client *catalog.Client, u *store.User, attributes map[string]string) (func(*store.User) error, error) {
	pool := client.Pool
	var list []attribute
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		list = append(list, normal(pool, name, attributes[name]))
	}
	apply := func(u *store.User) error {
		fresh, err := checkProvided(client, u, list)
		if err != nil {
			return err
		}
		for _, a := range fresh {
			setAttribute(u, a.name, a.value)
			if isContact(a.name) {
				setAttribute(u, verifiedFlag(a.name), "false")
			}
		}
		if missing := RequiredMissing(pool, u); len(missing) > 0 {
			return fault.InvalidParameter(fmt.Sprintf(textMissing, missing[0]))
		}
		u.Keys = KeysOf(pool, u)
		return nil
	}
	trial := *u
	trial.Attributes = maps.Clone(u.Attributes)
	return apply, apply(&trial)
}

// checkProvided returns the attributes that are new to u, after judging all of them.
func checkProvided(client *catalog.Client, u *store.User, list []attribute) ([]attribute, error) {
	pool := client.Pool
	var fresh []attribute
	for _, a := range list {
		has := u.Attributes[a.name]
		switch {
		case a.value == "" || a.value == has || a.name == catalog.Sub && a.value == u.Sub:
			continue
		case isVerifiedFlag(a.name):
			return nil, fault.NotAuthorized(fmt.Sprintf(textNonMutable, a.name))
		case has != "":
			return nil, fault.NotAuthorized(fmt.Sprintf(textProvided, a.name))
		}
		fresh = append(fresh, a)
	}
	if err := checkWritable(client, namesOf(fresh)...); err != nil {
		return nil, err
	}
	if err := checkSchema(pool, fresh, nil); err != nil {
		return nil, err
	}
	var immutable complaints
	for _, a := range fresh {
		// What is required must be settable once, or the user could never sign in.
		required := slices.Contains(pool.RequiredAttributes(), a.name)
		if reason := unchangeable(pool, a); reason != "" && !required {
			immutable.add("user.", a.name, reason)
		}
	}
	if err := immutable.fault(""); err != nil {
		return nil, err
	}
	if err := checkFormats(fresh); err != nil {
		return nil, err
	}
	for _, a := range fresh {
		if a.name == catalog.PreferredUsername {
			return fresh, checkPreferred(pool, a.value)
		}
	}
	return fresh, nil
}
