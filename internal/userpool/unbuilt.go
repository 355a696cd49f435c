package userpool

import (
	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
)

// refuseForeignKeys answers 501 where a pool asks for an encryption key of its own, which
// would be stored without effect: the server's master key seals everything.
func refuseForeignKeys(operation string, r *cognitoidp.UserPoolType) error {
	k := r.KeyConfiguration
	if k == nil || k.KmsKeyArn == nil && api.Value(k.KeyType) != cognitoidp.EncryptionKeyTypeCustomerManagedKey {
		return nil
	}
	return &api.NotImplementedError{Operation: operation, Member: "KeyConfiguration.KeyType"}
}
