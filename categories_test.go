package cenote

import (
	"testing"

	"github.com/cenote-id/cenote/api/cognitoidp"
)

func TestRateCategories(t *testing.T) {
	t.Parallel()
	got := rateCategories(cognitoidp.Service)
	if len(got) != len(cognitoidp.Service.Operations) {
		t.Errorf("%d operations have a category, of %d", len(got), len(cognitoidp.Service.Operations))
	}
	for operation, want := range map[string]string{
		"InitiateAuth": "UserAuthentication", "SignUp": "UserCreation", "ChangePassword": "UserAccountRecovery",
		"GetUser": "UserRead", "GlobalSignOut": "UserUpdate", "RevokeToken": "UserToken", "ListUsers": "UserList",
		"DescribeUserPool": "UserPoolRead", "CreateUserPoolClient": "UserPoolClientUpdate",
		"DescribeIdentityProvider": "UserPoolResourceRead", "SetUICustomization": "UserPoolResourceUpdate",
		"AddCustomAttributes": "UserPoolResourceUpdate", "StopUserImportJob": "UserPoolResourceUpdate", "TagResource": "",
	} {
		if got[operation] != want {
			t.Errorf("%s is in category %q, want %q", operation, got[operation], want)
		}
	}
	count := map[string]int{}
	for _, category := range got {
		count[category]++
	}
	// The sizes of the lists: a misspelt operation would be missing in its own.
	for category, want := range map[string]int{"UserAuthentication": 4, "UserUpdate": 13, "UserResourceRead": 11, "UserResourceUpdate": 18, "": 3} {
		if count[category] != want {
			t.Errorf("%d operations in category %q, want %d", count[category], category, want)
		}
	}
}
