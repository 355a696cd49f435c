package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestUserScripts runs the commands of users against a server: testdata/users/*.txtar.
func TestUserScripts(t *testing.T) {
	t.Parallel()
	runScripts(t, "testdata/users/*.txtar", nil)
}

// A pool, of AWS say, may ask for the code of a second factor.
func TestLoginWithSecondFactor(t *testing.T) {
	t.Parallel()
	encode := base64.RawURLEncoding.EncodeToString
	token := fmt.Sprintf("%s.%s.%s", encode([]byte("{}")),
		encode(fmt.Appendf(nil, `{"username":"ann","iat":%d,"exp":%d}`, time.Now().Unix(), time.Now().Unix()+3600)), encode([]byte("x")))
	tests := map[string]struct {
		challenge, code, stdin string
		want                   string // on standard output, or at the end of standard error
		fails                  bool
	}{
		"sms":           {challenge: "SMS_MFA", code: "SMS_MFA_CODE", stdin: "Passw0rd!\n424242\n", want: "Signed in as ann.\n"},
		"authenticator": {challenge: "SOFTWARE_TOKEN_MFA", code: "SOFTWARE_TOKEN_MFA_CODE", stdin: "Passw0rd!\n424242\n", want: "Signed in as ann.\n"},
		"e-mail":        {challenge: "EMAIL_OTP", code: "EMAIL_OTP_CODE", stdin: "Passw0rd!\n424242\n", want: "Signed in as ann.\n"},
		"wrong code": {
			challenge: "SMS_MFA", code: "SMS_MFA_CODE", stdin: "Passw0rd!\n111111\n", fails: true,
			want: "cenote: CodeMismatchException: Invalid code or auth state for the user.\n",
		},
		"no code":          {challenge: "SMS_MFA", stdin: "Passw0rd!\n", fails: true, want: "cenote: Code sent to +*******9934: standard input has ended\n"},
		"new challenge":    {challenge: "NEW_CHALLENGE", stdin: "Passw0rd!\n", fails: true, want: "cenote: sign-in needs an answer to NEW_CHALLENGE\n"},
		"custom challenge": {challenge: "CUSTOM_CHALLENGE", code: "ANSWER", stdin: "Passw0rd!\n424242\n", want: "Signed in as ann.\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				var in struct{ ChallengeResponses map[string]string }
				if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
					t.Error(err)
				}
				switch {
				case strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".InitiateAuth"):
					fmt.Fprintf(w, `{"ChallengeName":%q,"ChallengeParameters":{"CODE_DELIVERY_DESTINATION":"+*******9934"},"Session":"s"}`, test.challenge)
				case in.ChallengeResponses[test.code] == "424242":
					fmt.Fprintf(w, `{"AuthenticationResult":{"AccessToken":%q,"IdToken":%q}}`, token, token)
				default:
					w.WriteHeader(http.StatusBadRequest)
					fmt.Fprint(w, `{"__type":"CodeMismatchException","message":"Invalid code or auth state for the user."}`)
				}
			}))
			defer server.Close()
			command := exec.CommandContext(t.Context(), os.Args[0], "login", "ann", "--flow", "password",
				"--endpoint", server.URL, "--user-pool-id", "us-east-1_x", "--client-id", "x")
			command.Args[0] = "cenote" // which TestMain runs as the program
			command.Env = append(os.Environ(), "XDG_CONFIG_HOME="+t.TempDir())
			command.Stdin = strings.NewReader(test.stdin)
			var stdout, stderr strings.Builder
			command.Stdout, command.Stderr = &stdout, &stderr
			err := command.Run()
			got := stdout.String()
			if test.fails {
				got = stderr.String()
			}
			if (err != nil) != test.fails || !strings.HasSuffix(got, test.want) {
				t.Errorf("%v, output %q, errors %q; want %q", err, stdout.String(), stderr.String(), test.want)
			}
		})
	}
}
