package userpool

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/naming"
)

// Tags with a meaning here. What AWS has no member for is a tag cenote:*, and an unknown
// one is refused. _custom_id_ is how LocalStack names the same wish; where ids cannot be
// chosen it is a tag like any other.
const (
	ownTagPrefix = "cenote:"
	tagFixedID   = "cenote:id"
	tagCustomID  = "_custom_id_"
	// catalog.TagPasswordHash is the other one.

	clientNameCustomID = "_custom_id_:" // before the id, in a client's name

	maxTags = 50

	textTooManyTags = "A user pool can have at most 50 tags."
)

var (
	poolNameShape = regexp.MustCompile(`^[0-9a-zA-Z]+$`) // the part after the region
	clientIDShape = regexp.MustCompile(`^[\w+]{1,128}$`)
)

// checkTags refuses tags that ask for something that is not done. id is the pool's, empty
// for a pool that is being made, and old are the tags that it has.
func (s *Service) checkTags(id string, old, tags api.StringMap) error {
	if len(tags) > maxTags {
		return fault.UserPoolTagging(textTooManyTags)
	}
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		if !strings.HasPrefix(name, ownTagPrefix) {
			continue
		}
		if name == catalog.TagPasswordHash {
			if tags[name] != catalog.ArgonHash {
				return fault.InvalidParameter("The tag cenote:password-hash can only have the value argon2id.")
			}
			continue
		}
		if name != tagFixedID {
			return fault.InvalidParameter("The tag " + name + " is not known; tags that begin with cenote: are settings of this server.")
		}
		switch {
		case id == "" && !s.deps.FixedIDs:
			return fault.InvalidParameter("The tag cenote:id chooses the id of a user pool, which is possible in development mode only.")
		case id != "" && tags[name] != id:
			return fault.InvalidParameter("The tag cenote:id cannot change the id of a user pool.")
		}
	}
	// The users of a pool keep their passwords in one form, and none can be made of another.
	if id != "" && tags[catalog.TagPasswordHash] != old[catalog.TagPasswordHash] {
		return fault.InvalidParameter("The tag cenote:password-hash is chosen when a user pool is made, and cannot be changed.")
	}
	return nil
}

// poolID returns the id that the tags choose, or a new one.
func (s *Service) poolID(tags api.StringMap) (string, error) {
	if s.deps.FixedIDs {
		for _, name := range []string{tagFixedID, tagCustomID} {
			if id, ok := tags[name]; ok {
				return id, s.checkFixedPoolID(id)
			}
		}
	}
	return s.deps.Place.UserPoolID(s.deps.Random)
}

func (s *Service) checkFixedPoolID(id string) error {
	if len(id) > 55 || !s.deps.Place.HasPool(id) || !poolNameShape.MatchString(naming.PoolName(id)) {
		return fault.InvalidParameter("A user pool id here is " + s.deps.Place.Region + "_ followed by letters and digits, at most 55 characters in all.")
	}
	return nil
}

// clientID returns the id that a client's name chooses, or a new one.
func (s *Service) clientID(name string) (string, error) {
	id, chosen := strings.CutPrefix(name, clientNameCustomID)
	if !chosen || !s.deps.FixedIDs {
		return naming.ClientID(s.deps.Random)
	}
	if !clientIDShape.MatchString(id) {
		return "", fault.InvalidParameter("A client id has 1 to 128 letters, digits, underscores and plus signs.")
	}
	return id, nil
}
