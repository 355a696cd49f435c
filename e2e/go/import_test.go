package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// importJob makes a user import job and returns its id.
func (s *scene) importJob(pool string) string {
	s.t.Helper()
	out := must(s.CreateUserImportJob(s.ctx, &idp.CreateUserImportJobInput{
		UserPoolId: &pool, JobName: ptr("e2e"), CloudWatchLogsRoleArn: ptr("arn:aws:iam::000000000000:role/import"),
	}))(s.t)
	return *out.UserImportJob.JobId
}

func (s *scene) importState(pool, job string) *types.UserImportJobType {
	s.t.Helper()
	j := must(s.DescribeUserImportJob(s.ctx, &idp.DescribeUserImportJobInput{UserPoolId: &pool, JobId: &job}))(s.t).UserImportJob
	u := must(url.Parse(*j.PreSignedUrl))(s.t)
	book.add("signature of an address", u.Query().Get("X-Amz-Signature"))
	return j
}

// put uploads a file as AWS's guide says, with curl -T.
func (s *scene) put(address, file string) answer {
	s.t.Helper()
	r := must(http.NewRequestWithContext(s.ctx, http.MethodPut, address, strings.NewReader(file)))(s.t)
	r.Header.Set("x-amz-server-side-encryption", "aws:kms")
	return s.do(r)
}

// upload uploads a file that must be taken.
func (s *scene) upload(pool, job, file string) {
	s.t.Helper()
	if got := s.put(*s.importState(pool, job).PreSignedUrl, file); got.status != http.StatusOK {
		s.t.Fatalf("the upload is answered with %d %s", got.status, got.body)
	}
}

func (s *scene) startImport(pool, job string) error {
	_, err := s.StartUserImportJob(s.ctx, &idp.StartUserImportJobInput{UserPoolId: &pool, JobId: &job})
	return err
}

// awaitImport waits for the end of a job.
func (s *scene) awaitImport(pool, job string, within time.Duration) *types.UserImportJobType {
	s.t.Helper()
	var j *types.UserImportJobType
	eventually(s.t, within, "the import ends", func() bool {
		j = s.importState(pool, job)
		return j.CompletionDate != nil
	})
	return j
}

// csv makes a file of a pool's header and rows of values by column.
func (s *scene) csv(pool string, extra []string, rows func(yield func(map[string]string) bool)) string {
	s.t.Helper()
	columns := append(must(s.GetCSVHeader(s.ctx, &idp.GetCSVHeaderInput{UserPoolId: &pool}))(s.t).CSVHeader, extra...)
	var file strings.Builder
	file.WriteString(strings.Join(columns, ",") + "\n")
	for row := range rows {
		for i, c := range columns {
			if i > 0 {
				file.WriteByte(',')
			}
			file.WriteString(strings.ReplaceAll(row[c], ",", `\,`))
		}
		file.WriteByte('\n')
	}
	return file.String()
}

func imported(name, address string, pairs ...string) map[string]string {
	row := map[string]string{"cognito:username": name, "cognito:mfa_enabled": "false", "email": address, "email_verified": "true"}
	for i := 0; i < len(pairs); i += 2 {
		row[pairs[i]] = pairs[i+1]
	}
	return row
}

func rowsOf(rows ...map[string]string) func(func(map[string]string) bool) {
	return func(yield func(map[string]string) bool) {
		for _, r := range rows {
			if !yield(r) {
				return
			}
		}
	}
}

// many are n good rows.
func many(n int) func(func(map[string]string) bool) {
	return func(yield func(map[string]string) bool) {
		for i := range n {
			name := fmt.Sprintf("import%06d", i)
			if !yield(imported(name, name+"@example.com", "given_name", "Given", "family_name", "Family, the "+strconv.Itoa(i)+"th")) {
				return
			}
		}
	}
}

// bcryptOf is a hash of hashedPassword (crypt_blowfish's own test vector).
const (
	hashedPassword = "U*U"
	bcryptOf       = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
)

func TestImport(t *testing.T) {
	t.Parallel()
	s := open(t)
	pool := s.pool()
	legacy, hides := s.app(pool), s.app(pool, hiding)
	exists := s.member(pool)
	reset := person{username(), email(), "An0ther-horse!"}
	hashed := person{username(), email(), hashedPassword}
	job := s.importJob(pool)
	s.upload(pool, job, s.csv(pool, []string{"cenote:password_hash"}, rowsOf(
		imported(reset.name, reset.email, "name", "Reset, R."), imported(exists.name, email()),
		imported(username(), "nowhere"), imported(hashed.name, hashed.email, "cenote:password_hash", bcryptOf),
	)))
	if err := s.startImport(pool, job); err != nil {
		t.Fatal(err)
	}
	j := s.awaitImport(pool, job, patience)
	if j.Status != "Succeeded" || j.ImportedUsers != 2 || j.SkippedUsers != 1 || j.FailedUsers != 1 ||
		aws.ToString(j.CompletionMessage) != "Import Job Completed Successfully." || j.StartDate == nil {
		t.Fatalf("the job ended as %+v", j)
	}
	log := s.do(must(http.NewRequestWithContext(s.ctx, http.MethodGet, *j.PreSignedUrl, nil))(t))
	want := "[SKIPPED] Line Number 3 - The user already exists.\n[FAILED] Line Number 4 - Invalid email address format.\n"
	if log.status != http.StatusOK || log.body != want || log.header.Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("the log is %d %q", log.status, log.body)
	}

	// Who has no hash resets the password first.
	if u := s.user(pool, reset.name); u.UserStatus != "RESET_REQUIRED" || !u.Enabled || valueOf(u.UserAttributes, "name") != "Reset, R." {
		t.Errorf("the user is %+v", u)
	}
	_, err := s.signIn(legacy, reset.name, password)
	refused[*types.PasswordResetRequiredException](t, err, "Password reset required for the user")
	_, err = s.signIn(hides, reset.name, password)
	refused[*types.NotAuthorizedException](t, err, "Incorrect username or password.")
	must(s.ForgotPassword(s.ctx, &idp.ForgotPasswordInput{ClientId: &legacy.id, Username: &reset.name}))(t)
	code := s.codeFor(reset.email)
	must(s.ConfirmForgotPassword(s.ctx, &idp.ConfirmForgotPasswordInput{
		ClientId: &legacy.id, Username: &reset.name, ConfirmationCode: &code, Password: &reset.password,
	}))(t)
	s.tokens(legacy, reset.name, reset.password)

	// Who has one signs in with it; SRP works from the first sign-in with the password on.
	if u := s.user(pool, hashed.name); u.UserStatus != "CONFIRMED" {
		t.Errorf("the user with a hash is %s", u.UserStatus)
	}
	_, err = s.signIn(legacy, hashed.name, "U*u")
	refused[*types.NotAuthorizedException](t, err, "Incorrect username or password.")
	_, err = s.signInSRP(legacy, hashed.name, hashedPassword)
	refused[*types.NotAuthorizedException](t, err, "Incorrect username or password.")
	s.tokens(legacy, hashed.name, hashedPassword)
	if out := must(s.signInSRP(legacy, hashed.name, hashedPassword))(t); out.AuthenticationResult == nil {
		t.Error("no tokens by SRP after the hash was replaced")
	}
	s.tokens(legacy, hashed.name, hashedPassword)
}

func TestImportRefusals(t *testing.T) {
	t.Parallel()
	s := openAlone(t)
	pool := s.pool()
	job := s.importJob(pool)
	address := *s.importState(pool, job).PreSignedUrl
	xml := func(code, message string) string {
		return `<?xml version="1.0" encoding="UTF-8"?>` + "\n<Error><Code>" + code + "</Code><Message>" + message + "</Message></Error>"
	}
	is := func(what string, got answer, status int, code, message string) {
		t.Helper()
		if got.status != status || got.body != xml(code, message) || got.header.Get("Content-Type") != "application/xml" {
			t.Errorf("%s: %d %s", what, got.status, got.body)
		}
	}
	good := s.csv(pool, nil, many(3))
	const mismatch = "The request signature we calculated does not match the signature you provided."
	is("picture", s.put(address, "\x89PNG\r\n\x1a\n\x00"), 400, "InvalidRequest", "The file is no CSV file in UTF-8: it has a NUL character.")
	is("other columns", s.put(address, "a,b\n"), 400, "InvalidRequest", "The file is no CSV file in UTF-8: the header row has the column &#34;a&#34;, which the user pool does not know.")
	is("tampered", s.put(strings.Replace(address, "Signature=", "Signature=0", 1), good), 403, "SignatureDoesNotMatch", mismatch)
	is("other job", s.put(strings.Replace(address, job, "import-other", 1), good), 403, "SignatureDoesNotMatch", mismatch)
	is("unsigned", s.put(s.url+"/"+pool+"/import/"+job, good), 403, "AccessDenied", "Access Denied")
	is("log", s.send(http.MethodGet, "/"+pool+"/import/"+job+"/log?"+must(url.Parse(address))(t).RawQuery, ""), 403, "SignatureDoesNotMatch", mismatch)
	is("large", s.send(http.MethodPut, strings.TrimPrefix(address, s.url), good+strings.Repeat(strings.Repeat("x", 1023)+"\n", 100<<10)), 400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
	err := s.startImport(pool, job)
	refused[*types.PreconditionNotMetException](t, err, "No file was uploaded for the user import job.")
	if got := s.put(address, good); got.status != http.StatusOK {
		t.Errorf("a good file: %d %s", got.status, got.body)
	}
	s.server.Advance(15 * time.Minute)
	is("expired", s.put(address, good), 403, "AccessDenied", "Request has expired")
	s.server.Advance(24 * time.Hour)
	if j := s.importState(pool, job); j.Status != "Expired" || aws.ToString(j.CompletionMessage) != "The user import job has expired." {
		t.Errorf("the job is %+v", j)
	}
	err = s.startImport(pool, job)
	refused[*types.PreconditionNotMetException](t, err, "The user import job was started already, or has expired.")
}

// While an import runs, what it goes by cannot change; when it is stopped, it can.
func TestImportStops(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := serve(t, dir, sqlite(dir)...)
	s := n.scene(t)
	pool := s.pool()
	const rows = 20_000
	job, second := s.importJob(pool), s.importJob(pool)
	file := s.csv(pool, nil, many(rows))
	s.upload(pool, job, file)
	s.upload(pool, second, file)
	if err := s.startImport(pool, job); err != nil {
		t.Fatal(err)
	}
	refused[*types.PreconditionNotMetException](t, s.startImport(pool, second), "Another user import job is running in the user pool.")
	eventually(t, patience, "the import makes users", func() bool { return s.importState(pool, job).ImportedUsers > 0 })
	const running = "A user import job is running in the user pool."
	_, err := s.UpdateUserPool(s.ctx, &idp.UpdateUserPoolInput{UserPoolId: &pool})
	refused[*types.UserImportInProgressException](t, err, running)
	_, err = s.AddCustomAttributes(s.ctx, &idp.AddCustomAttributesInput{UserPoolId: &pool, CustomAttributes: []types.SchemaAttributeType{{Name: ptr("x"), AttributeDataType: "String"}}})
	refused[*types.UserImportInProgressException](t, err, running)
	_, err = s.DeleteUserPool(s.ctx, &idp.DeleteUserPoolInput{UserPoolId: &pool})
	refused[*types.UserImportInProgressException](t, err, running)
	must(s.StopUserImportJob(s.ctx, &idp.StopUserImportJobInput{UserPoolId: &pool, JobId: &job}))(t)
	j := s.awaitImport(pool, job, patience)
	if j.Status != "Stopped" || aws.ToString(j.CompletionMessage) != "The Import Job was stopped by the developer." || j.ImportedUsers >= rows {
		t.Errorf("the job is %s after %d users: %s", j.Status, j.ImportedUsers, aws.ToString(j.CompletionMessage))
	}
	if users := s.poolSize(pool); users != j.ImportedUsers {
		t.Errorf("the job counts %d users, the pool has %d", j.ImportedUsers, users)
	}
	if err := s.startImport(pool, second); err != nil {
		t.Fatal(err)
	}
	if k := s.awaitImport(pool, second, 2*time.Minute); k.Status != "Succeeded" || k.SkippedUsers != j.ImportedUsers || k.ImportedUsers != rows-j.ImportedUsers {
		t.Errorf("the second job is %s after %d imported and %d skipped", k.Status, k.ImportedUsers, k.SkippedUsers)
	}
	must(s.UpdateUserPool(s.ctx, &idp.UpdateUserPoolInput{UserPoolId: &pool}))(t)
	if peak := peakMemory(t, n.process.Pid); peak > 200<<20 {
		t.Errorf("the server took %d MiB", peak>>20)
	}
}

func (s *scene) poolSize(pool string) int64 {
	s.t.Helper()
	return int64(must(s.DescribeUserPool(s.ctx, &idp.DescribeUserPoolInput{UserPoolId: &pool}))(s.t).UserPool.EstimatedNumberOfUsers)
}

// peakMemory is how much memory a process has had at most, 0 where the system does not tell.
func peakMemory(t *testing.T, pid int) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "VmHWM:" {
			return must(strconv.ParseInt(fields[1], 10, 64))(t) << 10
		}
	}
	return 0
}

// An import goes on where it was when its server was killed, and makes every user once.
func TestImportSurvivesKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := serve(t, dir, sqlite(dir)...)
	s := n.scene(t)
	pool := s.pool()
	const rows = 20_000
	job := s.importJob(pool)
	s.upload(pool, job, s.csv(pool, nil, many(rows)))
	if err := s.startImport(pool, job); err != nil {
		t.Fatal(err)
	}
	eventually(t, patience, "the import makes users", func() bool { return s.importState(pool, job).ImportedUsers > 0 })
	n.kill(t)

	s = serve(t, dir, sqlite(dir)...).scene(t)
	before := s.importState(pool, job)
	if before.Status != "InProgress" || before.ImportedUsers == 0 || before.ImportedUsers >= rows || s.poolSize(pool) != before.ImportedUsers {
		t.Errorf("after the kill the job is %s with %d users, the pool has %d", before.Status, before.ImportedUsers, s.poolSize(pool))
	}
	// Another node may go on when the lease of the dead one has ended, after a minute.
	j := s.awaitImport(pool, job, 3*time.Minute)
	if j.Status != "Succeeded" || j.ImportedUsers != rows || j.SkippedUsers != 0 || j.FailedUsers != 0 || s.poolSize(pool) != rows {
		t.Errorf("the job is %s with %d imported, %d skipped, %d failed; the pool has %d users",
			j.Status, j.ImportedUsers, j.SkippedUsers, j.FailedUsers, s.poolSize(pool))
	}
}

// A pool that keeps hashes serves every way to set a password, and no SRP.
func TestPoolWithoutSRP(t *testing.T) {
	t.Parallel()
	s := open(t)
	pool := s.pool(func(in *idp.CreateUserPoolInput) {
		in.UserPoolTags = map[string]string{"cenote:password-hash": "argon2id"}
	})
	a, hides := s.app(pool), s.app(pool, hiding)
	const noSRP = "SRP is not available in this user pool: its tag cenote:password-hash makes it keep passwords as hashes " +
		"that SRP cannot prove. Send the password, as in USER_PASSWORD_AUTH."
	p := s.newcomer(a)
	code := s.codeFor(p.email)
	must(s.ConfirmSignUp(s.ctx, &idp.ConfirmSignUpInput{ClientId: &a.id, Username: &p.name, ConfirmationCode: &code}))(t)
	tokens := s.tokens(a, p.name, p.password)
	for _, name := range []string{p.name, username()} {
		for _, app := range []app{a, hides} {
			_, err := s.signInSRP(app, name, p.password)
			refused[*types.InvalidParameterException](t, err, noSRP)
		}
		_, err := s.signIn(hides, name, "Wr0ng-horse!")
		refused[*types.NotAuthorizedException](t, err, "Incorrect username or password.")
	}
	must(s.ChangePassword(s.ctx, &idp.ChangePasswordInput{AccessToken: tokens.AccessToken, PreviousPassword: &p.password, ProposedPassword: ptr("N3w-horse!!")}))(t)
	s.tokens(a, p.name, "N3w-horse!!")
	_, err := s.signIn(a, p.name, p.password)
	refused[*types.NotAuthorizedException](t, err, "Incorrect username or password.")
	s.setPassword(pool, p.name, "S3t-horse!!")
	s.tokens(a, p.name, "S3t-horse!!")
	must(s.ForgotPassword(s.ctx, &idp.ForgotPasswordInput{ClientId: &a.id, Username: &p.name}))(t)
	code = s.codeFor(p.email)
	must(s.ConfirmForgotPassword(s.ctx, &idp.ConfirmForgotPasswordInput{ClientId: &a.id, Username: &p.name, ConfirmationCode: &code, Password: ptr("F0rgot-horse!")}))(t)
	s.tokens(a, p.name, "F0rgot-horse!")

	// A temporary password, replaced in sign-in.
	name := username()
	must(s.AdminCreateUser(s.ctx, &idp.AdminCreateUserInput{
		UserPoolId: &pool, Username: &name, MessageAction: types.MessageActionTypeSuppress, TemporaryPassword: ptr("T3mporary-horse!"),
	}))(t)
	out := must(s.signIn(a, name, "T3mporary-horse!"))(t)
	if out.ChallengeName != types.ChallengeNameTypeNewPasswordRequired {
		t.Fatalf("got %s", out.ChallengeName)
	}
	must(s.RespondToAuthChallenge(s.ctx, &idp.RespondToAuthChallengeInput{
		ClientId: &a.id, ChallengeName: out.ChallengeName, Session: out.Session,
		ChallengeResponses: map[string]string{"USERNAME": name, "NEW_PASSWORD": "P3rmanent-horse!"},
	}))(t)
	s.tokens(a, name, "P3rmanent-horse!")
	_, err = s.UpdateUserPool(s.ctx, &idp.UpdateUserPoolInput{UserPoolId: &pool, UserPoolTags: map[string]string{"stage": "test"}})
	refused[*types.InvalidParameterException](t, err, "The tag cenote:password-hash is chosen when a user pool is made, and cannot be changed.")
}

// importSamples are the samples of the operations on imports.
func importSamples() map[string]sample {
	role := "arn:aws:iam::000000000000:role/import"
	return map[string]sample{
		"GetCSVHeader": {"UserPoolId": "{pool}"},
		"CreateUserImportJob": {
			"UserPoolId": "{pool}", "JobName": "job", "CloudWatchLogsRoleArn": role, "PasswordHashingAlgorithm": "BCRYPT",
		},
		"DescribeUserImportJob": {"UserPoolId": "{pool}", "JobId": "{job}"},
		"ListUserImportJobs":    {"UserPoolId": "{pool}", "MaxResults": 2, "PaginationToken": "x"},
		"StartUserImportJob":    {"UserPoolId": "{pool}", "JobId": "{job}"},
		"StopUserImportJob":     {"UserPoolId": "{pool}", "JobId": "{job}"},
	}
}

// prepareImport makes a job with a file without rows.
func (w *world) prepareImport() {
	if !strings.Contains(w.operation, "ImportJob") {
		return
	}
	job := w.importJob(w.app.pool)
	w.tokens["{job}"] = job
	w.upload(w.app.pool, job, w.csv(w.app.pool, nil, many(0)))
}
