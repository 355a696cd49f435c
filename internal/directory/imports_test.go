package directory_test

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/directory"
	"github.com/cenote-id/cenote/internal/message"
	"github.com/cenote-id/cenote/internal/store"
)

const importRole = "arn:aws:iam::000000000000:role/import"

// importJob is a job of a house's pool.
type importJob struct {
	*house
	id *string
}

func (h *house) importJob(change ...func(*cognitoidp.CreateUserImportJobRequest)) importJob {
	h.t.Helper()
	in := &cognitoidp.CreateUserImportJobRequest{UserPoolId: &h.poolID, JobName: new("job"), CloudWatchLogsRoleArn: new(importRole)}
	for _, f := range change {
		f(in)
	}
	out, err := h.CreateUserImportJob(h.t.Context(), h.call(), in)
	must(h.t, err)
	return importJob{h, out.UserImportJob.JobId}
}

func (j importJob) describe() *cognitoidp.UserImportJobType {
	j.t.Helper()
	out, err := j.DescribeUserImportJob(j.t.Context(), j.call(), &cognitoidp.DescribeUserImportJobRequest{UserPoolId: &j.poolID, JobId: j.id})
	must(j.t, err)
	return out.UserImportJob
}

// address returns what a pre-signed address asks for.
func (j importJob) address() *url.URL {
	j.t.Helper()
	u, err := url.Parse(*j.describe().PreSignedUrl)
	must(j.t, err)
	return u
}

func (j importJob) upload(file string) error {
	j.t.Helper()
	return j.ReceiveImport(j.t.Context(), j.poolID, *j.id, j.address().Query(), strings.NewReader(file))
}

func (j importJob) start() error {
	_, err := j.StartUserImportJob(j.t.Context(), j.call(), &cognitoidp.StartUserImportJobRequest{UserPoolId: &j.poolID, JobId: j.id})
	return err
}

func (j importJob) stop() error {
	_, err := j.StopUserImportJob(j.t.Context(), j.call(), &cognitoidp.StopUserImportJobRequest{UserPoolId: &j.poolID, JobId: j.id})
	return err
}

// chunk takes the job a step further.
func (j importJob) chunk() bool {
	j.t.Helper()
	done, err := j.ImportChunk(j.t.Context(), j.pool.ID, *j.id)
	must(j.t, err)
	return done
}

func (j importJob) run() {
	j.t.Helper()
	for range 1000 {
		if j.chunk() {
			return
		}
	}
	j.t.Fatal("the job does not end")
}

func (j importJob) log() string {
	j.t.Helper()
	var log strings.Builder
	must(j.t, j.SendImportLog(j.t.Context(), j.poolID, *j.id, j.address().Query(), func() {}, &log))
	return log.String()
}

// ended checks the last status and the counters.
func (j importJob) ended(status cognitoidp.UserImportJobStatusType, message string, imported, skipped, failed int64) {
	j.t.Helper()
	got := j.describe()
	if *got.Status != status || api.Value(got.CompletionMessage) != message {
		j.t.Errorf("ended as %s %q, want %s %q", *got.Status, api.Value(got.CompletionMessage), status, message)
	}
	if *got.ImportedUsers != imported || *got.SkippedUsers != skipped || *got.FailedUsers != failed {
		j.t.Errorf("imported %d, skipped %d, failed %d; want %d, %d, %d", *got.ImportedUsers, *got.SkippedUsers, *got.FailedUsers, imported, skipped, failed)
	}
	if got.CompletionDate == nil {
		j.t.Error("no CompletionDate")
	}
}

// table makes a file: the header of the house's pool, and rows of values by column.
func (h *house) table(extra []string, rows ...map[string]string) string {
	h.t.Helper()
	out, err := h.GetCSVHeader(h.t.Context(), h.call(), &cognitoidp.GetCSVHeaderRequest{UserPoolId: &h.poolID})
	must(h.t, err)
	columns := append(out.CSVHeader, extra...)
	var file strings.Builder
	file.WriteString(strings.Join(columns, ",") + "\n")
	for _, row := range rows {
		values := make([]string, len(columns))
		for i, c := range columns {
			values[i] = strings.ReplaceAll(row[c], ",", `\,`)
		}
		file.WriteString(strings.Join(values, ",") + "\n")
	}
	return file.String()
}

// person is a good row, changed by names and values in turn.
func rowOf(name string, pairs ...string) map[string]string {
	row := map[string]string{
		"cognito:username": name, "cognito:mfa_enabled": "false",
		"email": strings.ReplaceAll(name, " ", "") + "@example.com", "email_verified": "TRUE",
	}
	for i := 0; i < len(pairs); i += 2 {
		row[pairs[i]] = pairs[i+1]
	}
	return row
}

func TestImport(t *testing.T) {
	t.Parallel()
	h := newHouse(t, autoVerify(email))
	h.add("exists")
	j := h.importJob()
	created := j.describe()
	want := &cognitoidp.UserImportJobType{
		JobName: new("job"), JobId: j.id, UserPoolId: &h.poolID, Status: new(cognitoidp.UserImportJobStatusTypeCreated),
		CreationDate: api.Time(h.now), CloudWatchLogsRoleArn: new(importRole), PreSignedUrl: created.PreSignedUrl,
		ImportedUsers: new(int64(0)), SkippedUsers: new(int64(0)), FailedUsers: new(int64(0)),
	}
	if diff := cmp.Diff(want, created); diff != "" {
		t.Error(diff)
	}
	if prefix := "http://cenote.test/" + h.poolID + "/import/" + *j.id + "?X-Amz-"; !strings.HasPrefix(*created.PreSignedUrl, prefix) {
		t.Errorf("the file goes to %s", *created.PreSignedUrl)
	}
	wantFault(t, "no file", j.start(), "PreconditionNotMetException", "No file was uploaded for the user import job.")
	wantFault(t, "not running", j.stop(), "PreconditionNotMetException", "The user import job is not running.")
	must(t, j.upload(h.table(nil)))
	must(t, j.upload(h.table(nil, // the last file counts
		rowOf("ann", "name", "Ann, the first", "birthdate", "02/29/2000", "custom:plan", "gold", "custom:flag", "False"),
		rowOf("exists"), rowOf("bob", "email", ""), rowOf("ann"), rowOf("Ännie", "custom:seats", "11"),
		rowOf("zoë", "phone_number_verified", "false"))))
	must(t, j.start())
	wantFault(t, "twice", j.start(), "PreconditionNotMetException", "The user import job was started already, or has expired.")
	if got := j.describe(); *got.Status != "Pending" || got.StartDate == nil || got.CompletionDate != nil {
		t.Errorf("after its start the job is %+v", got)
	}
	wantFault(t, "late upload", j.upload(""), "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.")
	h.sleep(time.Minute)
	j.run()
	j.ended("Succeeded", "Import Job Completed Successfully.", 2, 2, 2)
	wantLog := "[SKIPPED] Line Number 3 - The user already exists.\n" +
		"[FAILED] Line Number 4 - email is required, because email_verified is true.\n" +
		"[SKIPPED] Line Number 5 - The user already exists.\n" +
		"[FAILED] Line Number 6 - Attributes did not conform to the schema: custom:seats: Number must be <= 10\n"
	if diff := cmp.Diff(wantLog, j.log()); diff != "" {
		t.Error(diff)
	}
	u := h.user("ann")
	if u.Status != "RESET_REQUIRED" || !u.Enabled || !u.Created.Equal(h.time()) || u.Credential.HasPassword() {
		t.Errorf("an imported user is %+v", u)
	}
	attributes := map[string]string{
		"name": "Ann, the first", "birthdate": "02/29/2000", "custom:plan": "gold", "custom:flag": "false",
		"email": "ann@example.com", "email_verified": "true",
	}
	if diff := cmp.Diff(attributes, u.Attributes); diff != "" {
		t.Error(diff)
	}
	if _, ok := h.user("zoë").Attributes["phone_number_verified"]; ok {
		t.Error("a flag of a phone number without a phone number was stored")
	}
	if len(h.inbox.List(message.Filter{})) != 0 {
		t.Error("an import sent messages")
	}
	if !j.chunk() {
		t.Error("a job that has ended goes on")
	}
	wantFault(t, "again", j.start(), "PreconditionNotMetException", "The user import job was started already, or has expired.")
}

func TestImportRows(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	mfa := func(mode cognitoidp.UserPoolMfaType) option {
		return func(p *cognitoidp.UserPoolType, _ *store.Client) { p.MfaConfiguration = &mode }
	}
	const verify = "The User Record does not set any of the auto verified attributes to true. (Example: email_verified to true)."
	const badName = "cognito:username has blanks, or characters that are not allowed, or more than 128 of them."
	for _, tt := range []struct {
		name string
		pool []option
		row  map[string]string
		line string // empty where the row makes a user
	}{
		{"good", nil, rowOf("a"), ""},
		{"no name", nil, rowOf("", "email", "a@example.com"), "cognito:username is required."},
		{"blank in the name", nil, rowOf("a b"), badName},
		{"long name", nil, rowOf(strings.Repeat("n", 129), "email", "a@example.com"), badName},
		{"longest name", nil, rowOf(strings.Repeat("n", 128), "email", "a@example.com"), ""},
		{"no MFA", nil, rowOf("a", "cognito:mfa_enabled", ""), "cognito:mfa_enabled must be true or false."},
		{"odd MFA", nil, rowOf("a", "cognito:mfa_enabled", "yes"), "cognito:mfa_enabled must be true or false."},
		{"MFA where it is off", nil, rowOf("a", "cognito:mfa_enabled", "True"), "cognito:mfa_enabled must be false, because MFA is off in the user pool."},
		{"no MFA where it is on", []option{mfa("ON")}, rowOf("a"), "cognito:mfa_enabled must be true, because the user pool requires MFA."},
		{"MFA where it is on", []option{mfa("ON")}, rowOf("a", "cognito:mfa_enabled", "true"), ""},
		{"MFA where it is optional", []option{mfa("OPTIONAL")}, rowOf("a", "cognito:mfa_enabled", "true"), ""},
		{"not verified", nil, rowOf("a", "email_verified", "false"), verify},
		{"nothing said of verification", nil, rowOf("a", "email_verified", ""), verify},
		{"the other one verified", nil, rowOf("a", "email_verified", "false", "phone_number", "+15555550100", "phone_number_verified", "true"), verify},
		{"one of two verified", []option{autoVerify(email, phone)}, rowOf("a", "email_verified", "false", "phone_number", "+15555550100", "phone_number_verified", "true"), ""},
		{"no phone number", []option{autoVerify(email, phone)}, rowOf("a", "phone_number_verified", "true"), "phone_number is required, because phone_number_verified is true."},
		{"odd flag", nil, rowOf("a", "email_verified", "1"), "Attributes did not conform to the schema: email_verified: Boolean must be true or false"},
		{"bad address", nil, rowOf("a", "email", "nowhere"), "Invalid email address format."},
		{"bad number", nil, rowOf("a", "phone_number", "0815"), "Invalid phone number format."},
		{"required", []option{require("given_name"), require("family_name")}, rowOf("a"), "Attributes did not conform to the schema: given_name: The attribute is required; family_name: The attribute is required"},
		{"birthdate", nil, rowOf("a", "birthdate", "2000-01-31"), "birthdate must have the form mm/dd/yyyy."},
		{"no such day", nil, rowOf("a", "birthdate", "02/30/2000"), "birthdate must have the form mm/dd/yyyy."},
		{"name that is an alias", []option{aliases("email")}, rowOf("a", "cognito:username", "b@example.com"), "Username cannot be of email format, since user pool is configured for email alias."},
		{"name that is no e-mail address", []option{usernames("email")}, rowOf("a"), "Username should be an email."},
		{"e-mail address for a name", []option{usernames("email")}, rowOf("a", "cognito:username", "a@example.com"), ""},
		{"two addresses", []option{usernames("email")}, rowOf("a", "cognito:username", "b@example.com"), "Username and the attribute email should have the same value."},
		{"hash", nil, rowOf("a", "cenote:password_hash", bcryptHash), ""},
		{"no hash", nil, rowOf("a", "cenote:password_hash", "5f4dcc3b5aa765d61d8327deb882cf99"), "cenote:password_hash is no password hash that can be checked."},
		{"dear hash", nil, rowOf("a", "cenote:password_hash", strings.Replace(bcryptHash, "$05$", "$31$", 1)), "cenote:password_hash is no password hash that can be checked."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := g.house(t, append([]option{autoVerify(email)}, tt.pool...)...)
			j := h.importJob()
			must(t, j.upload(h.table([]string{"cenote:password_hash"}, tt.row)))
			must(t, j.start())
			j.run()
			if tt.line == "" {
				j.ended("Succeeded", "Import Job Completed Successfully.", 1, 0, 0)
				u := h.user(tt.row["cognito:username"])
				if want := tt.row["cenote:password_hash"]; u.Credential.Hash != want || (u.Status == "CONFIRMED") != (want != "") {
					t.Errorf("the user is %s with the hash %q", u.Status, u.Credential.Hash)
				}
				if enabled := u.MFA.Email || len(u.MFA.Legacy) > 0; enabled != (tt.row["cognito:mfa_enabled"] == "true") {
					t.Errorf("the user's factors are %+v", u.MFA)
				}
				return
			}
			j.ended("Failed", "Too many users have failed or been skipped during the import.", 0, 0, 1)
			if want := "[FAILED] Line Number 2 - " + tt.line + "\n"; j.log() != want {
				t.Errorf("the log is %q, want %q", j.log(), want)
			}
		})
	}
}

const bcryptHash = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"

func TestImportNames(t *testing.T) {
	t.Parallel()
	h := newHouse(t, autoVerify(email), aliases("email", "preferred_username"), ignoreCase)
	h.add("ann", "email", "ann@example.com", "email_verified", "true", "preferred_username", "queen")
	j := h.importJob()
	must(t, j.upload(h.table(nil,
		rowOf("ANN", "email", "x@example.com"), rowOf("b", "email", "ANN@example.com"), rowOf("queen"), rowOf("c", "preferred_username", "Queen"),
		rowOf("d", "preferred_username", "king"), rowOf("King"), rowOf("e", "email", "D@example.com"), rowOf(h.user("ann").Sub))))
	must(t, j.start())
	j.run()
	j.ended("Succeeded", "Import Job Completed Successfully.", 1, 4, 3)
	want := "[SKIPPED] Line Number 2 - The user already exists.\n" +
		"[FAILED] Line Number 3 - An account with the email already exists.\n" +
		"[SKIPPED] Line Number 4 - The user already exists.\n" +
		"[FAILED] Line Number 5 - An account with the preferred_username already exists.\n" +
		"[SKIPPED] Line Number 7 - The user already exists.\n" +
		"[FAILED] Line Number 8 - An account with the email already exists.\n" +
		"[SKIPPED] Line Number 9 - The user already exists.\n"
	if diff := cmp.Diff(want, j.log()); diff != "" {
		t.Error(diff)
	}
}

func TestImportOddRows(t *testing.T) {
	t.Parallel()
	h := newHouse(t, autoVerify(email))
	j := h.importJob()
	file := h.table(nil, rowOf("ann"))
	file = strings.ReplaceAll(file, "\n", "\r\n") + "\r\n\n" + // blank lines are none
		"only,three,values\n" + strings.Repeat("x", 16_001) + "\n" + strings.Repeat("y", 3*directory.UploadPiece) + "\n"
	must(t, j.upload(file+strings.SplitN(h.table(nil, rowOf("bob")), "\n", 2)[1]))
	must(t, j.start())
	j.run()
	j.ended("Succeeded", "Import Job Completed Successfully.", 2, 0, 3)
	want := "[FAILED] Line Number 5 - The row does not have as many values as the header.\n" +
		"[FAILED] Line Number 6 - The row has more than 16,000 characters.\n" +
		"[FAILED] Line Number 7 - The row has more than 16,000 characters.\n"
	if diff := cmp.Diff(want, j.log()); diff != "" {
		t.Error(diff)
	}
}

func TestImportHashingAlgorithm(t *testing.T) {
	t.Parallel()
	h := newHouse(t, autoVerify(email))
	j := h.importJob(func(in *cognitoidp.CreateUserImportJobRequest) {
		in.PasswordHashingAlgorithm = new(cognitoidp.PasswordHashingAlgorithmTypeScrypt)
	})
	wantFault(t, "no column", j.upload(h.table(nil)), "InvalidRequest", "The file is no CSV file in UTF-8: the header row lacks the column cenote:password_hash.")
	must(t, j.upload(h.table([]string{"cenote:password_hash"}, rowOf("ann", "cenote:password_hash", bcryptHash), rowOf("bob"))))
	must(t, j.start())
	j.run()
	j.ended("Succeeded", "Import Job Completed Successfully.", 1, 0, 1)
	if want := "[FAILED] Line Number 2 - cenote:password_hash was not made by the job's PasswordHashingAlgorithm.\n"; j.log() != want {
		t.Errorf("the log is %q", j.log())
	}
}

func TestUploads(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	g.imports = directory.ImportLimits{Rows: 3, Bytes: 2 * directory.UploadPiece}
	h := g.house(t, autoVerify(email))
	other := g.house(t, autoVerify(email))
	j := h.importJob()
	good := h.table(nil, rowOf("ann"))
	header, _, _ := strings.Cut(good, "\n")
	for name, tt := range map[string]struct{ file, code, message string }{
		"empty":          {"", "InvalidRequest", "The file is no CSV file in UTF-8: it is empty."},
		"picture":        {"\x89PNG\r\n\x1a\n\x00", "InvalidRequest", "The file is no CSV file in UTF-8: it has a NUL character."},
		"Latin-1":        {header + "\nM\xfcller", "InvalidRequest", "The file is no CSV file in UTF-8: it is not UTF-8."},
		"BOM":            {"\xef\xbb\xbf" + good, "InvalidRequest", "The file is no CSV file in UTF-8: it begins with a byte order mark."},
		"unknown column": {header + ",colour\n", "InvalidRequest", `The file is no CSV file in UTF-8: the header row has the column "colour", which the user pool does not know.`},
		"column twice":   {header + ",email\n", "InvalidRequest", "The file is no CSV file in UTF-8: the header row has the column email twice."},
		"lacking column": {strings.Replace(header, ",email,", ",", 1) + "\n", "InvalidRequest", "The file is no CSV file in UTF-8: the header row lacks the column email."},
		"one long line":  {strings.Repeat("a", directory.UploadPiece+1), "InvalidRequest", "The file is no CSV file in UTF-8: its first row is too long."},
		"too many rows":  {header + "\na\nb\nc\nd\n", "EntityTooLarge", "The file has more rows than a user import job may have."},
		"too large":      {header + "\n" + strings.Repeat("a", 2*directory.UploadPiece), "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size"},
	} {
		wantFault(t, name, j.upload(tt.file), tt.code, tt.message)
		wantFault(t, "start after "+name, j.start(), "PreconditionNotMetException", "No file was uploaded for the user import job.")
	}
	err := j.ReceiveImport(t.Context(), h.poolID, *j.id, j.address().Query(), io.MultiReader(strings.NewReader(good), iotest.ErrReader(errors.New("gone"))))
	wantFault(t, "broken off", err, "IncompleteBody", "The upload broke off.")

	// A refused file leaves the one that was there.
	must(t, j.upload(good))
	wantFault(t, "later", j.upload(""), "InvalidRequest", "The file is no CSV file in UTF-8: it is empty.")

	// Addresses that are none.
	query := j.address().Query()
	change := func(name, value string) url.Values {
		q := j.address().Query()
		q.Set(name, value)
		return q
	}
	k := other.importJob()
	signature := query.Get("X-Amz-Signature")
	const mismatch = "The request signature we calculated does not match the signature you provided."
	for name, tt := range map[string]struct {
		pool, job     string
		query         url.Values
		code, message string
	}{
		"nothing signed":   {h.poolID, *j.id, nil, "AccessDenied", "Access Denied"},
		"signature twice":  {h.poolID, *j.id, url.Values{"X-Amz-Signature": {signature, signature}}, "AccessDenied", "Access Denied"},
		"changed":          {h.poolID, *j.id, change("X-Amz-Signature", strings.Repeat("0", 64)), "SignatureDoesNotMatch", mismatch},
		"no hexadecimals":  {h.poolID, *j.id, change("X-Amz-Signature", "xyz"), "SignatureDoesNotMatch", mismatch},
		"longer":           {h.poolID, *j.id, change("X-Amz-Expires", "604800"), "SignatureDoesNotMatch", mismatch},
		"later":            {h.poolID, *j.id, change("X-Amz-Date", "20991231T235959Z"), "SignatureDoesNotMatch", mismatch},
		"other algorithm":  {h.poolID, *j.id, change("X-Amz-Algorithm", "AWS4-HMAC-SHA256"), "SignatureDoesNotMatch", mismatch},
		"other headers":    {h.poolID, *j.id, change("X-Amz-SignedHeaders", "host;x-amz-acl"), "SignatureDoesNotMatch", mismatch},
		"other job":        {other.poolID, *k.id, query, "SignatureDoesNotMatch", mismatch},
		"other pool":       {other.poolID, *j.id, query, "SignatureDoesNotMatch", mismatch},
		"no job":           {h.poolID, "import-none", query, "SignatureDoesNotMatch", mismatch},
		"no pool":          {"us-east-1_None", *j.id, query, "SignatureDoesNotMatch", mismatch},
		"of another's job": {h.poolID, *j.id, k.address().Query(), "SignatureDoesNotMatch", mismatch},
	} {
		err := j.ReceiveImport(t.Context(), tt.pool, tt.job, tt.query, strings.NewReader(good))
		wantFault(t, name, err, tt.code, tt.message)
	}
	err = j.SendImportLog(t.Context(), h.poolID, *j.id, query, func() { t.Error("a log is shown") }, io.Discard)
	wantFault(t, "address of an upload for a log", err, "SignatureDoesNotMatch", mismatch)

	g.sleep(15*time.Minute - time.Second)
	must(t, j.ReceiveImport(t.Context(), h.poolID, *j.id, query, strings.NewReader(good)))
	g.sleep(time.Second)
	wantFault(t, "expired", j.ReceiveImport(t.Context(), h.poolID, *j.id, query, strings.NewReader(good)), "AccessDenied", "Request has expired")
	old := j.address().Query()
	must(t, j.start())
	wantFault(t, "after the start", j.ReceiveImport(t.Context(), h.poolID, *j.id, old, strings.NewReader(good)), "AccessDenied", "The user import job takes no file any more.")
}

// Of two uploads at the same time the one that began last counts, and the other is told.
func TestUploadsTogether(t *testing.T) {
	t.Parallel()
	h := newHouse(t, autoVerify(email))
	j := h.importJob()
	first := strings.NewReader(h.table(nil, rowOf("first")))
	late := readerFunc(func(b []byte) (int, error) {
		if first.Len() > 0 {
			must(t, j.upload(h.table(nil, rowOf("second"))))
		}
		return first.Read(b)
	})
	err := j.ReceiveImport(t.Context(), h.poolID, *j.id, j.address().Query(), late)
	wantFault(t, "overtaken", err, "OperationAborted", "Another upload to the same user import job has begun.")
	must(t, j.start())
	j.run()
	j.ended("Succeeded", "Import Job Completed Successfully.", 1, 0, 0)
	h.user("second")
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

func TestImportStops(t *testing.T) {
	t.Parallel()
	h := newHouse(t, autoVerify(email))
	rows := make([]map[string]string, 10_050) // more than a step
	for i := range rows {
		rows[i] = rowOf(fmt.Sprintf("user%05d", i))
	}
	j, k := h.importJob(), h.importJob()
	must(t, j.upload(h.table(nil, rows...)))
	must(t, k.upload(h.table(nil, rows...)))
	must(t, j.start())
	wantFault(t, "another", k.start(), "PreconditionNotMetException", "Another user import job is running in the user pool.")
	if j.chunk() {
		t.Fatal("a step took all rows")
	}
	if got := j.describe(); *got.Status != "InProgress" || *got.ImportedUsers != 10_000 {
		t.Errorf("after a step the job is %s with %d users", *got.Status, *got.ImportedUsers)
	}
	must(t, j.stop())
	if got := j.describe(); *got.Status != "Stopping" || got.CompletionMessage != nil {
		t.Errorf("the job is %s", *got.Status)
	}
	wantFault(t, "twice", j.stop(), "PreconditionNotMetException", "The user import job is not running.")
	j.run()
	j.ended("Stopped", "The Import Job was stopped by the developer.", 10_000, 0, 0)
	wantFault(t, "again", j.start(), "PreconditionNotMetException", "The user import job was started already, or has expired.")
	must(t, k.start())
	k.run()
	k.ended("Succeeded", "Import Job Completed Successfully.", 50, 10_000, 0)
	if n, err := h.store.CountUsers(t.Context(), h.pool.ID); n != 10_050 || err != nil {
		t.Errorf("the pool has %d users, %v", n, err)
	}
}

func TestImportExpires(t *testing.T) {
	t.Parallel()
	h := newHouse(t, autoVerify(email))
	j := h.importJob()
	must(t, j.upload(h.table(nil, rowOf("ann"))))
	h.sleep(24*time.Hour - time.Millisecond)
	if got := j.describe(); *got.Status != "Created" {
		t.Errorf("the job is %s", *got.Status)
	}
	h.sleep(time.Millisecond)
	if got := j.describe(); *got.Status != "Expired" || *got.CompletionMessage != "The user import job has expired." {
		t.Errorf("the job is %s", *got.Status)
	}
	wantFault(t, "start", j.start(), "PreconditionNotMetException", "The user import job was started already, or has expired.")
	if !j.chunk() {
		t.Error("an expired job goes on")
	}
	j.ended("Expired", "The user import job has expired.", 0, 0, 0)
	if j.log() != "" {
		t.Error("an expired job has a log")
	}
}

func TestImportRefusals(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	nowhere, nothing := new("us-east-1_Nowhere"), new("import-nothing")
	j := h.importJob()
	must(t, j.upload(h.table(nil, rowOf("ann"))))
	wantFault(t, "nothing to verify", j.start(), "PreconditionNotMetException", "The user pool must verify at least one of email and phone_number to import users.")
	const noPool, noJob = "User pool us-east-1_Nowhere does not exist.", "User import job import-nothing does not exist."
	for _, tt := range []struct {
		pool, job *string
		text      string
	}{{nowhere, j.id, noPool}, {&h.poolID, nothing, noJob}} {
		ctx, call := t.Context(), h.call()
		_, err := h.DescribeUserImportJob(ctx, call, &cognitoidp.DescribeUserImportJobRequest{UserPoolId: tt.pool, JobId: tt.job})
		wantFault(t, "describe", err, "ResourceNotFoundException", tt.text)
		_, err = h.StartUserImportJob(ctx, call, &cognitoidp.StartUserImportJobRequest{UserPoolId: tt.pool, JobId: tt.job})
		wantFault(t, "start", err, "ResourceNotFoundException", tt.text)
		_, err = h.StopUserImportJob(ctx, call, &cognitoidp.StopUserImportJobRequest{UserPoolId: tt.pool, JobId: tt.job})
		wantFault(t, "stop", err, "ResourceNotFoundException", tt.text)
	}
	_, err := h.CreateUserImportJob(t.Context(), h.call(), &cognitoidp.CreateUserImportJobRequest{UserPoolId: nowhere, JobName: new("j"), CloudWatchLogsRoleArn: new(importRole)})
	wantFault(t, "create", err, "ResourceNotFoundException", noPool)
	_, err = h.GetCSVHeader(t.Context(), h.call(), &cognitoidp.GetCSVHeaderRequest{UserPoolId: nowhere})
	wantFault(t, "header", err, "ResourceNotFoundException", noPool)
	_, err = h.ListUserImportJobs(t.Context(), h.call(), &cognitoidp.ListUserImportJobsRequest{UserPoolId: nowhere, MaxResults: new(1)})
	wantFault(t, "list", err, "ResourceNotFoundException", noPool)
}

func TestListImports(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	h, other := g.house(t), g.house(t)
	other.importJob()
	var want []string
	for i := range 5 {
		want = append([]string{*h.importJob().id}, want...)
		if i != 2 {
			h.sleep(time.Second)
		}
	}
	if want[2] > want[1] { // those of one moment come by their ids
		want[1], want[2] = want[2], want[1]
	}
	list := func(token *string, limit int) (*cognitoidp.ListUserImportJobsResponse, error) {
		return h.ListUserImportJobs(t.Context(), h.call(), &cognitoidp.ListUserImportJobsRequest{UserPoolId: &h.poolID, MaxResults: &limit, PaginationToken: token})
	}
	var got []string
	var token *string
	for {
		out, err := list(token, 2)
		must(t, err)
		for _, j := range out.UserImportJobs {
			got = append(got, *j.JobId)
		}
		if token = out.PaginationToken; token == nil {
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	_, err := list(new("nonsense"), 2)
	wantFault(t, "token", err, "InvalidParameterException", "Invalid pagination token.")
	all, err := list(nil, 5)
	must(t, err)
	if all.PaginationToken != nil || len(all.UserImportJobs) != 5 {
		t.Errorf("%d jobs in one page, more: %v", len(all.UserImportJobs), all.PaginationToken != nil)
	}
}
