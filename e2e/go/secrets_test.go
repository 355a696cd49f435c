package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// book holds everything that was logged, and everything that must not have been.
var book secrets

// secrets collects secrets and logs. It is safe for concurrent use.
type secrets struct {
	mu     sync.Mutex
	log    bytes.Buffer
	values map[string]string // secret -> what it is
}

// Write takes a piece of a log.
func (s *secrets) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.Write(p)
}

// add notes that a value must not be logged. Short values are left out: they occur in a
// log by chance.
func (s *secrets) add(what, value string) {
	if len(value) < minSecret && !code.MatchString(value) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.values == nil {
		s.values = make(map[string]string)
	}
	s.values[value] = what
}

const minSecret = 8

var (
	code  = regexp.MustCompile(`^[0-9]{6}$`)
	codes = regexp.MustCompile(`\b[0-9]{6}\b`)
	// durations are the numbers that stand in every line, and are any code now and then.
	durations = regexp.MustCompile(`"duration":[0-9]+`)
)

// secretMembers are the members whose values are secrets or personal data, in requests and
// answers of every operation, and in maps like AuthParameters.
var secretMembers = []string{
	"Password", "PreviousPassword", "ProposedPassword", "TemporaryPassword", "ConfirmationCode", "Code",
	"AccessToken", "IdToken", "RefreshToken", "Token", "Session", "SecretHash", "ClientSecret",
	"PASSWORD", "NEW_PASSWORD", "SECRET_HASH", "REFRESH_TOKEN", "SECRET_BLOCK", "PASSWORD_CLAIM_SECRET_BLOCK",
	"PASSWORD_CLAIM_SIGNATURE", "SRP_A", "SRP_B", "SALT",
	"SecretCode", "UserCode", "SMS_MFA_CODE", "SOFTWARE_TOKEN_MFA_CODE", "EMAIL_OTP_CODE", "SMS_OTP_CODE",
	"CREDENTIAL", "PasswordVerifier", "FeedbackToken", "ClientSecretValue", "client_secret", "private_key",
}

// addJSON notes the secrets in a body.
func (s *secrets) addJSON(body []byte) {
	var v any
	if json.Unmarshal(body, &v) == nil {
		s.walk(v)
	}
}

func (s *secrets) walk(v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			if text, ok := member.(string); ok && slices.Contains(secretMembers, name) {
				s.add(name, text)
			}
			s.walk(member)
		}
	case []any:
		for _, element := range v {
			s.walk(element)
		}
	}
}

// leaks names the secrets that were logged. It looks up each place of the log in a table
// of the secrets' beginnings, since there are many of both.
func (s *secrets) leaks() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	begins := make(map[[minSecret]byte][]string)
	for value := range s.values {
		if len(value) >= minSecret {
			key := [minSecret]byte([]byte(value[:minSecret]))
			begins[key] = append(begins[key], value)
		}
	}
	found := map[string]bool{}
	log := s.log.String()
	for i := 0; i+minSecret <= len(log); i++ {
		for _, value := range begins[[minSecret]byte([]byte(log[i:i+minSecret]))] {
			if strings.HasPrefix(log[i:], value) {
				found[leaked(s.values[value], log, i, i+len(value))] = true
			}
		}
	}
	log = durations.ReplaceAllString(log, `"duration":0`)
	for _, at := range codes.FindAllStringIndex(log, -1) {
		if what, ok := s.values[log[at[0]:at[1]]]; ok {
			found[leaked(what, log, at[0], at[1])] = true
		}
	}
	var out []string
	for leak := range found {
		out = append(out, leak)
	}
	slices.Sort(out)
	return out[:min(len(out), 5)]
}

// leaked describes a secret at a place of the log, with what stands around it.
func leaked(what, log string, begin, end int) string {
	return fmt.Sprintf("%s %q in %q", what, log[begin:end], log[max(0, begin-200):min(len(log), end+50)])
}
