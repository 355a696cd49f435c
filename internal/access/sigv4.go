package access

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cenote-id/cenote/internal/fault"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	terminator = "aws4_request"
	// basicISO is the form of dates in Signature Version 4.
	basicISO = "20060102T150405Z"
)

// The exceptions of AWS's front end.
const (
	codeMissing      = "MissingAuthenticationTokenException"
	codeIncomplete   = "IncompleteSignatureException"
	codeInvalid      = "InvalidSignatureException"
	codeUnrecognized = "UnrecognizedClientException"
	codeExpired      = "ExpiredTokenException"
)

const (
	textMissing      = "Missing Authentication Token"
	textUnrecognized = "The security token included in the request is invalid."
	textExpired      = "The security token included in the request is expired"
	textMismatch     = "The request signature we calculated does not match the signature you provided. " +
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	textHostUnsigned = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
)

// signature is a request's claim: who signed it, what for, and which headers.
type signature struct {
	keyID, day, region, service, terminator string
	headers                                 []string // as sent: lower case, in the client's order
	value                                   string   // hex
	token                                   string   // of temporary credentials; mostly empty
	date                                    time.Time
	query                                   bool // the claim stands in the query, not in a header
}

// parse reads the signature of a request from its Authorization header or its query.
func parse(r *http.Request) (*signature, error) {
	if header := r.Header.Get("Authorization"); header != "" {
		return parseHeader(r, header)
	}
	if strings.Contains(r.URL.RawQuery, "X-Amz-") {
		if q := r.URL.Query(); q.Has("X-Amz-Signature") || q.Has("X-Amz-Algorithm") || q.Has("X-Amz-Credential") {
			return parseQuery(q)
		}
	}
	return nil, fault.New(codeMissing, textMissing)
}

// parseHeader reads "AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=...";
// the parameters come in any order, with or without spaces between them.
func parseHeader(r *http.Request, header string) (*signature, error) {
	params := map[string]string{}
	if rest, ok := strings.CutPrefix(header, algorithm); ok {
		for part := range strings.SplitSeq(rest, ",") {
			if name, value, ok := strings.Cut(strings.TrimSpace(part), "="); ok {
				params[name] = value
			}
		}
	}
	date := r.Header.Get("X-Amz-Date")
	if date == "" {
		date = r.Header.Get("Date")
	}
	missing := ""
	for _, name := range []string{"Credential", "Signature", "SignedHeaders"} {
		if params[name] == "" {
			missing += "Authorization header requires '" + name + "' parameter. "
		}
	}
	if date == "" {
		missing += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
	}
	if missing != "" {
		hash := sha256.Sum256([]byte(header))
		return nil, fault.New(codeIncomplete, missing+"(Hashed with SHA-256 and encoded with Base64) Authorization="+
			base64.StdEncoding.EncodeToString(hash[:]))
	}
	s := &signature{value: params["Signature"], token: r.Header.Get("X-Amz-Security-Token")}
	return s, s.read(params["Credential"], params["SignedHeaders"], date)
}

// parseQuery reads the signature of a pre-signed URL. X-Amz-Expires is not looked at: as
// at STS and IAM, the window of the date is all the time that it has.
func parseQuery(q url.Values) (*signature, error) {
	missing := ""
	for _, name := range []string{"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"} {
		if q.Get(name) == "" || name == "X-Amz-Algorithm" && q.Get(name) != algorithm {
			missing += "AWS query-string parameters must include '" + name + "'. "
		}
	}
	if missing != "" {
		return nil, fault.New(codeIncomplete, missing+"Re-examine the query-string parameters.")
	}
	s := &signature{value: q.Get("X-Amz-Signature"), token: q.Get("X-Amz-Security-Token"), query: true}
	return s, s.read(q.Get("X-Amz-Credential"), q.Get("X-Amz-SignedHeaders"), q.Get("X-Amz-Date"))
}

func (s *signature) read(credential, headers, date string) error {
	parts := strings.Split(credential, "/")
	if len(parts) != 5 {
		return fault.New(codeIncomplete, "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '"+credential+"'")
	}
	s.keyID, s.day, s.region, s.service, s.terminator = parts[0], parts[1], parts[2], parts[3], parts[4]
	s.headers = strings.Split(headers, ";")
	t, err := time.Parse(basicISO, date)
	if err != nil {
		// The Date header has HTTP's own form.
		if t, err = http.ParseTime(date); err != nil {
			return fault.New(codeIncomplete, "Date must be in ISO-8601 'basic format'. Got '"+date+"'. See http://en.wikipedia.org/wiki/ISO_8601")
		}
	}
	s.date = t.UTC()
	return nil
}

// checkScope compares what the signature was made for with where it arrived. Any region
// will do: a server stands in one, whatever its clients call it.
func (s *signature) checkScope(service string) error {
	text := ""
	if s.region == "" {
		text += "Credential should be scoped to a valid region. "
	}
	if s.service != service {
		text += "Credential should be scoped to correct service: '" + service + "'. "
	}
	if s.terminator != terminator {
		text += "Credential should be scoped with a valid terminator: '" + terminator + "'. "
	}
	if day := s.date.Format("20060102"); s.day != day {
		text += "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP. "
	}
	if text != "" {
		return fault.New(codeInvalid, strings.TrimSuffix(text, " "))
	}
	return nil
}

// checkDate refuses a signature whose date is too far from now.
func (s *signature) checkDate(now time.Time) error {
	now = now.UTC().Truncate(time.Second)
	shown := func(t time.Time) string { return t.Format(basicISO) }
	switch {
	case s.date.Before(now.Add(-skew)):
		return fault.New(codeInvalid, "Signature expired: "+shown(s.date)+" is now earlier than "+shown(now.Add(-skew))+" ("+shown(now)+" - 5 min.)")
	case s.date.After(now.Add(skew)):
		return fault.New(codeInvalid, "Signature not yet current: "+shown(s.date)+" is still later than "+shown(now.Add(skew))+" ("+shown(now)+" + 5 min.)")
	}
	return nil
}
