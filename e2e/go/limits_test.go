package e2e

import (
	"context"
	"crypto/sha1"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cenote-id/cenote"
)

// impatient makes a scene's client show each refusal instead of trying again.
func (s *scene) impatient() *scene {
	o := s.Options()
	o.Retryer = aws.NopRetryer{}
	s.Client = idp.New(o)
	return s
}

func TestRequestRates(t *testing.T) {
	t.Parallel()
	limited := func(l cenote.Limits) *scene {
		l.Requests = cenote.On
		now := time.Now() // stands still, so that no bucket fills up again
		return sceneOn(t, own(t, func(c *cenote.Config) {
			c.Limits, c.Now = l, func() time.Time { return now }
		})).impatient()
	}
	// takes counts the calls until one is refused.
	takes := func(call func() error) int {
		t.Helper()
		for i := range 50 {
			if err := call(); err != nil {
				if _, slow := errorAs[*types.TooManyRequestsException](err); slow {
					refused[*types.TooManyRequestsException](t, err, "Rate exceeded")
					return i
				}
			}
		}
		return -1
	}
	s := limited(cenote.Limits{PerUser: 3, Rates: map[string]float64{"UserCreation": 2, "UserAuthentication": 20}})
	a := s.app(s.pool())
	who := s.member(a.pool)
	if got := takes(func() error { _, err := s.signIn(a, who.name, who.password); return err }); got != 3 {
		t.Errorf("one user signed in %d times, want 3", got)
	}
	if got := takes(func() error { _, err := s.signIn(a, username(), password); return err }); got != 17 {
		t.Errorf("%d attempts of others, want the 17 that are left", got)
	}
	if got := takes(func() error {
		_, err := s.SignUp(s.ctx, &idp.SignUpInput{ClientId: &a.id, Username: ptr(username()), Password: ptr(password)})
		return err
	}); got != 2 {
		t.Errorf("%d sign-ups, want 2", got)
	}
	for range 30 { // administrators are not limited
		s.user(a.pool, who.name)
	}

	// What is provisioned while the server runs counts at once.
	limit := `"LimitDefinition":{"LimitClass":"API_CATEGORY","Attributes":{"Category":"UserCreation"}}`
	const signed = "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/cognito-idp/aws4_request, SignedHeaders=host, Signature=00"
	for _, call := range []string{"UpdateProvisionedLimit", "GetProvisionedLimit"} {
		body := "{" + limit + "}"
		if call == "UpdateProvisionedLimit" {
			body = "{" + limit + `,"RequestedLimitValue":60}`
		}
		got := s.post(call, body, "Authorization", signed)
		if got.status != 200 || !strings.Contains(got.body, `"ProvisionedLimitValue":60,"FreeLimitValue":2`) {
			t.Errorf("%s: %d %s", call, got.status, got.body)
		}
	}
	s.server.Advance(time.Hour) // which moves no bucket
	if got := takes(func() error {
		_, err := s.SignUp(s.ctx, &idp.SignUpInput{ClientId: &a.id, Username: ptr(username()), Password: ptr(password)})
		return err
	}); got != 0 {
		t.Errorf("%d sign-ups from an empty bucket, want none", got)
	}

	s = limited(cenote.Limits{Admin: true, Rates: map[string]float64{"UserRead": 4}})
	pool := s.pool()
	who = s.member(pool)
	if got := takes(func() error {
		_, err := s.AdminGetUser(s.ctx, &idp.AdminGetUserInput{UserPoolId: &pool, Username: &who.name})
		return err
	}); got != 4 {
		t.Errorf("an administrator read %d times, want 4", got)
	}
}

func TestQuotas(t *testing.T) {
	t.Parallel()
	s := sceneOn(t, own(t, func(c *cenote.Config) {
		c.Limits.Quotas = map[string]int{"UserPools": 2, "UsersPerUserPool": 1, "AppClientsPerUserPool": 1, "GroupsPerUserPool": 1, "ResourceServersPerUserPool": 1}
	}))
	pool := s.pool()
	second := s.pool()
	_, err := s.CreateUserPool(s.ctx, &idp.CreateUserPoolInput{PoolName: ptr("third")})
	limitExceeded(t, err)
	s.app(pool)
	_, err = s.CreateUserPoolClient(s.ctx, &idp.CreateUserPoolClientInput{UserPoolId: &pool, ClientName: ptr("second")})
	limitExceeded(t, err)
	a := s.app(second)
	s.newcomer(a)
	_, err = s.SignUp(s.ctx, &idp.SignUpInput{ClientId: &a.id, Username: ptr(username()), Password: ptr(password), UserAttributes: attributes("email", email())})
	limitExceeded(t, err)
	_, err = s.AdminCreateUser(s.ctx, &idp.AdminCreateUserInput{UserPoolId: &a.pool, Username: ptr(username())})
	refused[*types.InvalidParameterException](t, err, "The limit of 1 users in a user pool is reached.")
	for i := range 2 {
		name := fmt.Sprint("g", i)
		_, err = s.CreateGroup(s.ctx, &idp.CreateGroupInput{UserPoolId: &pool, GroupName: &name})
		if i == 0 && err != nil {
			t.Error(err)
		}
	}
	limitExceeded(t, err)
	for i := range 2 {
		name := fmt.Sprint("s", i)
		_, err = s.CreateResourceServer(s.ctx, &idp.CreateResourceServerInput{UserPoolId: &pool, Identifier: &name, Name: &name})
		if i == 0 && err != nil {
			t.Error(err)
		}
	}
	limitExceeded(t, err)
}

func limitExceeded(t *testing.T, err error) {
	t.Helper()
	if _, ok := errorAs[*types.LimitExceededException](err); !ok {
		t.Errorf("got %v, want LimitExceededException", err)
	}
}

// What a node was told to count is written before it ends, whatever was under way.
func TestEventsOutliveTheNode(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	list := filepath.Join(dir, "pwned.txt")
	lines := []string{hashLine("Hunter2-hunter2"), hashLine("a"), hashLine("b")}
	slices.Sort(lines)
	if err := os.WriteFile(list, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := append(sqlite(dir), "--limits", "requests=off", "--compromised-passwords", list)
	n := serve(t, dir, flags...)
	s := n.scene(t)
	a := s.app(s.pool(protected(types.AdvancedSecurityModeTypeEnforced)))
	_, err := s.SignUp(s.ctx, &idp.SignUpInput{ClientId: &a.id, Username: ptr(username()), Password: ptr("Hunter2-hunter2")})
	refused[*types.InvalidPasswordException](t, err, textLeaked)
	who := s.member(a.pool)
	var signedIn atomic.Int64
	ended := make(chan struct{})
	for range 4 {
		go func() {
			defer func() { ended <- struct{}{} }()
			for {
				_, err := s.signIn(a, who.name, who.password)
				if err != nil {
					return
				}
				signedIn.Add(1)
			}
		}()
	}
	eventually(t, patience, "sign-ins", func() bool { return signedIn.Load() > 50 })
	n.stop(t)
	for range 4 {
		<-ended
	}
	s = serve(t, dir, flags...).scene(t)
	events := map[string]bool{}
	pages := idp.NewAdminListUserAuthEventsPaginator(s, &idp.AdminListUserAuthEventsInput{UserPoolId: &a.pool, Username: &who.name})
	for pages.HasMorePages() {
		for _, e := range must(pages.NextPage(context.Background()))(t).AuthEvents {
			events[*e.EventId] = true
		}
	}
	if got, want := len(events), int(signedIn.Load()); got < want {
		t.Errorf("%d events of %d sign-ins were kept", got, want)
	}
}

func hashLine(password string) string { return fmt.Sprintf("%X:3", sha1.Sum([]byte(password))) }
