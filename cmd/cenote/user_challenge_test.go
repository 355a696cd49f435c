package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"rsc.io/qr"
)

// signedIn is the answer that ends ann's sign-in; more goes into the result.
func signedIn(more string) string {
	encode := base64.RawURLEncoding.EncodeToString
	token := fmt.Sprintf("%s.%s.%s", encode([]byte("{}")),
		encode(fmt.Appendf(nil, `{"username":"ann","iat":%d,"exp":%d}`, time.Now().Unix(), time.Now().Unix()+3600)), encode([]byte("x")))
	return fmt.Sprintf(`{"AuthenticationResult":{"AccessToken":%q,"IdToken":%q%s}}`, token, token, more)
}

// step is a call that a login makes and the answer that it gets.
type step struct {
	operation string
	// members are some of the call's, of AuthParameters or ChallengeResponses where it
	// has such, in the form name=value.
	members []string
	answer  string
}

// play answers a login's calls step by step.
func play(t *testing.T, steps []step) *httptest.Server {
	t.Helper()
	at := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		var in map[string]any
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		for _, inner := range []string{"AuthParameters", "ChallengeResponses"} {
			members, _ := in[inner].(map[string]any)
			for name, value := range members {
				in[name] = value
			}
		}
		if at == len(steps) || steps[at].operation != operation {
			t.Errorf("call %d is %s: %v", at+1, operation, in)
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		for _, member := range steps[at].members {
			name, want, _ := strings.Cut(member, "=")
			if got := fmt.Sprint(in[name]); got != want {
				t.Errorf("%s of %s is %q, want %q", name, operation, got, want)
			}
		}
		answer := steps[at].answer
		at++
		if strings.HasPrefix(answer, `{"__type"`) {
			w.WriteHeader(http.StatusBadRequest)
		}
		fmt.Fprint(w, answer)
	}))
	t.Cleanup(func() {
		server.Close()
		if at != len(steps) {
			t.Errorf("%d calls, want %d", at, len(steps))
		}
	})
	return server
}

// A login answers whatever a pool, of AWS say, may ask for.
func TestLoginAnswers(t *testing.T) {
	t.Parallel()
	const (
		choice   = `{"ChallengeName":"SELECT_CHALLENGE","Session":"s","ChallengeParameters":{},"AvailableChallenges":["PASSWORD_SRP","PASSWORD","EMAIL_OTP","WEB_AUTHN"]}`
		email    = `{"ChallengeName":"EMAIL_OTP","Session":"t","ChallengeParameters":{"CODE_DELIVERY_DESTINATION":"a***@e***","CODE_DELIVERY_DELIVERY_MEDIUM":"EMAIL"}}`
		app      = `{"ChallengeName":"SOFTWARE_TOKEN_MFA","Session":"t","ChallengeParameters":{}}`
		mismatch = `{"__type":"CodeMismatchException","message":"Invalid code received for user"}`
		disabled = `{"__type":"InvalidParameterException","message":"USER_SRP_AUTH is not enabled for the client."}`
		device   = `,"NewDeviceMetadata":{"DeviceKey":"us-east-1_d","DeviceGroupKey":"-g"}`
	)
	const custom = `{"ChallengeName":"CUSTOM_CHALLENGE","Session":"s","ChallengeParameters":{"USERNAME":"ann","question":"2 + 3","hint":"prime"}}`
	setUp := func(choices string) string {
		return `{"ChallengeName":"MFA_SETUP","Session":"s","ChallengeParameters":{"MFAS_CAN_SETUP":` + choices + `}}`
	}
	initiate := func(answer string, members ...string) step { return step{"InitiateAuth", members, answer} }
	respond := func(answer string, members ...string) step { return step{"RespondToAuthChallenge", members, answer} }
	tests := map[string]struct {
		args  []string
		stdin string
		steps []step
		out   string   // the end of standard output
		notes []string // on standard error
		fails bool
	}{
		"second factor by number": {
			args: []string{"--flow", "password"}, stdin: "Passw0rd!\n2\n424242\n",
			steps: []step{
				initiate(`{"ChallengeName":"SELECT_MFA_TYPE","Session":"s","ChallengeParameters":{"MFAS_CAN_CHOOSE":"[\"SMS_MFA\",\"SOFTWARE_TOKEN_MFA\"]"}}`),
				respond(app, "ChallengeName=SELECT_MFA_TYPE", "ANSWER=SOFTWARE_TOKEN_MFA"),
				respond(signedIn(""), "SOFTWARE_TOKEN_MFA_CODE=424242"),
			},
			out: "Signed in as ann.\n", notes: []string{"1  code by SMS (SMS_MFA)\n2  code of an authenticator app (SOFTWARE_TOKEN_MFA)\n"},
		},
		"no such second factor": {
			args: []string{"--flow", "password"}, stdin: "Passw0rd!\n3\n",
			steps: []step{
				initiate(`{"ChallengeName":"SELECT_MFA_TYPE","Session":"s","ChallengeParameters":{"MFAS_CAN_CHOOSE":"[\"SMS_MFA\",\"SOFTWARE_TOKEN_MFA\"]"}}`),
			},
			fails: true, notes: []string{`cenote: Second factor: "3" is none of the choices`},
		},
		"set-up of an app": {
			args: []string{"--flow", "password"}, stdin: "Passw0rd!\n424242\n",
			steps: []step{
				initiate(setUp(`"[\"SMS_MFA\",\"SOFTWARE_TOKEN_MFA\"]"`)),
				{"AssociateSoftwareToken", []string{"Session=s"}, `{"SecretCode":"ABCDEFGHIJKLMNOP","Session":"t"}`},
				{"VerifySoftwareToken", []string{"Session=t", "UserCode=424242"}, `{"Status":"SUCCESS","Session":"u"}`},
				respond(signedIn(""), "ChallengeName=MFA_SETUP", "Session=u"),
			},
			out: "Signed in as ann.\n",
			notes: []string{
				"The user pool demands a second factor, which has to be set up.\n",
				"\nABCDEFGHIJKLMNOP\notpauth://totp/us-east-1_x:ann?secret=ABCDEFGHIJKLMNOP&issuer=us-east-1_x\n",
			},
		},
		"set-up by e-mail": {
			args: []string{"--flow", "password", "-a", "email=ann@example.com"}, stdin: "Passw0rd!\nEMAIL_OTP\n424242\n",
			steps: []step{
				initiate(setUp(`"[\"SOFTWARE_TOKEN_MFA\",\"EMAIL_OTP\"]"`)),
				respond(email, "ChallengeName=MFA_SETUP", "EMAIL=ann@example.com"),
				respond(signedIn(""), "EMAIL_OTP_CODE=424242"),
			},
			out: "Signed in as ann.\n",
		},
		"nothing to set up": {
			args: []string{"--flow", "password"}, stdin: "Passw0rd!\n",
			steps: []step{initiate(setUp(`"[\"SMS_MFA\"]"`))},
			fails: true, notes: []string{"cenote: an administrator has to give the user a second factor\n"},
		},
		"choice of a code": {
			args: []string{"--flow", "choice"}, stdin: "2\n42424242\n",
			steps: []step{
				initiate(choice, "AuthFlow=USER_AUTH"),
				respond(email, "ChallengeName=SELECT_CHALLENGE", "ANSWER=EMAIL_OTP"),
				respond(signedIn(""), "EMAIL_OTP_CODE=42424242"),
			},
			out: "Signed in as ann.\n", notes: []string{"1  password (PASSWORD_SRP)\n2  code by e-mail (EMAIL_OTP)\n"},
		},
		"choice by a flag": {
			args: []string{"--flow", "choice", "--factor", "email"}, stdin: "1\n",
			steps: []step{initiate(email, "PREFERRED_CHALLENGE=EMAIL_OTP"), respond(mismatch, "EMAIL_OTP_CODE=1")},
			fails: true, notes: []string{"cenote: CodeMismatchException: Invalid code received for user\n"},
		},
		"password that is sent": {
			args: []string{"--flow", "choice"}, stdin: "Passw0rd!\n",
			steps: []step{
				initiate(`{"ChallengeName":"SELECT_CHALLENGE","Session":"s","AvailableChallenges":["PASSWORD","WEB_AUTHN"]}`),
				respond(signedIn(""), "ANSWER=PASSWORD", "PASSWORD=Passw0rd!"),
			},
			out: "Signed in as ann.\n",
		},
		"passkey alone": {
			args:  []string{"--flow", "choice"},
			steps: []step{initiate(`{"ChallengeName":"SELECT_CHALLENGE","Session":"s","AvailableChallenges":["WEB_AUTHN"]}`)},
			fails: true, notes: []string{"cenote: the user has nothing to sign in with at a terminal\n"},
		},
		"client with choice alone": {
			stdin: "Passw0rd!\n42424242\n",
			steps: []step{initiate(disabled), initiate(email, "AuthFlow=USER_AUTH", "PREFERRED_CHALLENGE=PASSWORD_SRP"), respond(signedIn(""))},
			out:   "Signed in as ann.\n",
		},
		"client with neither": {
			stdin: "Passw0rd!\n",
			steps: []step{initiate(disabled), initiate(`{"__type":"InvalidParameterException","message":"USER_AUTH flow not enabled for this client"}`)},
			fails: true, notes: []string{"cenote: InvalidParameterException: USER_SRP_AUTH is not enabled for the client.\n"},
		},
		"custom challenges": {
			args: []string{"--flow", "custom"}, stdin: "6\n5\n",
			steps: []step{
				initiate(custom, "AuthFlow=CUSTOM_AUTH", "USERNAME=ann"),
				respond(custom, "ChallengeName=CUSTOM_CHALLENGE", "ANSWER=6"), respond(signedIn(""), "ANSWER=5"),
			},
			out: "Signed in as ann.\n", notes: []string{"hint: prime\nquestion: 2 + 3\nhint: prime\nquestion: 2 + 3\n"},
		},
		"custom challenges after the password": {
			args: []string{"--flow", "custom-srp"}, stdin: "Passw0rd!\n5\n",
			steps: []step{initiate(custom, "AuthFlow=CUSTOM_AUTH", "CHALLENGE_NAME=SRP_A"), respond(signedIn(""), "ANSWER=5")},
			out:   "Signed in as ann.\n",
		},
		"factor without choice": {
			args: []string{"--factor", "sms"}, fails: true, notes: []string{"cenote: --factor is for --flow choice\n"},
		},
		"device to remember": {
			args: []string{"--flow", "password", "--remember-device"}, stdin: "Passw0rd!\n",
			steps: []step{
				initiate(signedIn(device)),
				{"ConfirmDevice", []string{"DeviceKey=us-east-1_d", "DeviceName=" + deviceName()}, `{"UserConfirmationNecessary":true}`},
				{"UpdateDeviceStatus", []string{"DeviceKey=us-east-1_d", "DeviceRememberedStatus=remembered"}, `{}`},
			},
			out: "Signed in as ann.\n", notes: []string{"This device is remembered.\n"},
		},
		"device not to remember": {
			args: []string{"--flow", "password", "--no-remember-device"}, stdin: "Passw0rd!\n",
			steps: []step{initiate(signedIn(device)), {"ConfirmDevice", nil, `{"UserConfirmationNecessary":true}`}},
			out:   "Signed in as ann.\n",
		},
		"device that is refused": {
			args: []string{"--flow", "password"}, stdin: "Passw0rd!\n",
			steps: []step{initiate(signedIn(device)), {"ConfirmDevice", nil, `{"__type":"InvalidParameterException","message":"Invalid device key given."}`}},
			out:   "Signed in as ann.\n", notes: []string{"This device could not be registered: InvalidParameterException: Invalid device key given.\n"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := play(t, test.steps)
			command := exec.CommandContext(t.Context(), os.Args[0], append([]string{
				"login", "ann", "--endpoint", server.URL, "--user-pool-id", "us-east-1_x", "--client-id", "x",
			}, test.args...)...)
			command.Args[0] = "cenote" // which TestMain runs as the program
			command.Env = append(os.Environ(), "XDG_CONFIG_HOME="+filepath.Join(t.TempDir(), "config"))
			command.Stdin = strings.NewReader(test.stdin)
			var stdout, stderr strings.Builder
			command.Stdout, command.Stderr = &stdout, &stderr
			err := command.Run()
			if (err != nil) != test.fails || !strings.HasSuffix(stdout.String(), test.out) {
				t.Errorf("%v, output %q, errors %q; want %q", err, stdout.String(), stderr.String(), test.out)
			}
			for _, note := range test.notes {
				if !strings.Contains(stderr.String(), note) {
					t.Errorf("the errors lack %q:\n%s", note, stderr.String())
				}
			}
		})
	}
}

// What is drawn is the code, module for module, in a light frame.
func TestDrawQR(t *testing.T) {
	t.Parallel()
	const text = "otpauth://totp/us-east-1_aB12cDe34:alice?secret=ABCDEFGHIJKLMNOPQRSTUVWXYZ234567ABCDEFGHIJKLMNOPQRST&issuer=us-east-1_aB12cDe34"
	drawn, ok := drawQR(text, 80, 40)
	if !ok {
		t.Fatal("it does not fit")
	}
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for y := -quietZone; y < code.Size+quietZone+1; y++ {
		row := ""
		for x := -quietZone; x < code.Size+quietZone; x++ {
			row += map[bool]string{true: "#", false: "."}[code.Black(x, y)]
		}
		want = append(want, row)
	}
	for line := range strings.Lines(drawn) {
		line = strings.TrimSuffix(strings.TrimPrefix(line, "\x1b[30;47m"), "\x1b[0m\n")
		got = append(got, strings.NewReplacer("█", "#", "▀", "#", "▄", ".", " ", ".").Replace(line),
			strings.NewReplacer("█", "#", "▀", ".", "▄", "#", " ", ".").Replace(line))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("modules (-want +got):\n%s", diff)
	}
	for _, size := range [][2]int{{20, 40}, {80, 10}} {
		if _, ok := drawQR(text, size[0], size[1]); ok {
			t.Errorf("it fits into %v", size)
		}
	}
}
