package cenote_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/cenotetest"
)

// JSON carries texts with a NUL; the databases do not. The client is told, and nothing is
// written.
func TestTextThatCannotBeStored(t *testing.T) {
	t.Parallel()
	s := cenotetest.Start(t)
	pool := s.CreatePool(t, &cognitoidp.CreateUserPoolRequest{PoolName: new("app")})
	body := `{"UserPoolId":"` + *pool.Id + `","Username":"ann","UserAttributes":[{"Name":"nickname","Value":"a\u0000b"}]}`
	for operation, code := range map[string]string{"AdminCreateUser": "InvalidParameterException", "AdminGetUser": "UserNotFoundException"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusBadRequest || !strings.Contains(string(answer), code) {
			t.Errorf("%s answered %d %s (%v), want %s", operation, resp.StatusCode, answer, err, code)
		}
	}
}
