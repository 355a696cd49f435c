package userpool

import (
	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
)

// unbuiltMember is a member of which some values have no effect here.
type unbuiltMember[R any] struct {
	path string
	// asked says whether the record asks for such a value.
	asked func(r *R) bool
}

// refuse answers 501, naming the first member with a value that would be stored without
// effect.
func refuse[R any](operation string, members []unbuiltMember[R], r *R) error {
	for _, m := range members {
		if m.asked(r) {
			return &api.NotImplementedError{Operation: operation, Member: m.path}
		}
	}
	return nil
}

var unbuiltPoolMembers = []unbuiltMember[cognitoidp.UserPoolType]{
	{"KeyConfiguration.KeyType", func(r *cognitoidp.UserPoolType) bool {
		return r.KeyConfiguration != nil && (r.KeyConfiguration.KmsKeyArn != nil ||
			api.Value(r.KeyConfiguration.KeyType) == cognitoidp.EncryptionKeyTypeCustomerManagedKey)
	}},
}
