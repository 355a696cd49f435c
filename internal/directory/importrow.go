package directory

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/credential"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/store"
)

// rowError is why a row makes no user, as the log says it.
type rowError string

func (e rowError) Error() string { return string(e) }

// rowMaker makes users of the rows of a job's file.
type rowMaker struct {
	*Service
	pool    *catalog.Pool
	job     *cognitoidp.UserImportJobType
	columns []string
	now     time.Time
}

// user returns what a row asks for. What is wrong with a row is an rowError; other errors are
// the server's.
func (m *rowMaker) user(row []byte) (store.ImportRow, error) {
	values := splitRow(row)
	if len(values) != len(m.columns) {
		return store.ImportRow{}, rowError(lineFields)
	}
	var list []attribute
	var name, mfa, hash string
	for i, column := range m.columns {
		switch value := values[i]; {
		case column == columnUsername:
			name = value
		case column == columnMFA:
			mfa = value
		case column == columnHash:
			hash = value
		case value != "":
			list = append(list, normal(m.pool, column, value))
		}
	}
	user, err := m.make(name, mfa, hash, list)
	if f, ok := errors.AsType[*fault.Error](err); ok {
		err = rowError(oneLine(f.Message))
	}
	return user, err
}

func (m *rowMaker) make(name, mfa, hash string, list []attribute) (store.ImportRow, error) {
	var none store.ImportRow
	if err := checkRowName(name); err != nil {
		return none, err
	}
	enabled, err := m.mfaEnabled(mfa)
	if err != nil {
		return none, err
	}
	nameIs, err := nameOf(m.pool, name)
	if err != nil {
		return none, err
	}
	if list, err = withName(m.pool, nameIs, name, list); err != nil {
		return none, err
	}
	attributes := values(list)
	if err := m.checkAttributes(list, attributes); err != nil {
		return none, err
	}
	u, err := m.newUser(name, attributes)
	if err != nil {
		return none, err
	}
	if u.Credential, u.Status, err = m.credentialOf(hash); err != nil {
		return none, err
	}
	if enabled {
		u.MFA = chosenFactor(attributes)
	}
	u.Keys = KeysOf(m.pool, u)
	return store.ImportRow{User: u, Rivals: rivalsOf(m.pool, u)}, nil
}

// checkRowName judges a user name as the model and the guide do.
func checkRowName(name string) error {
	if name == "" {
		return rowError(lineNoName)
	}
	strange := func(r rune) bool {
		return !unicode.In(r, unicode.L, unicode.M, unicode.S, unicode.N, unicode.P)
	}
	if utf8.RuneCountInString(name) > 128 || strings.ContainsFunc(name, strange) {
		return rowError(lineBadName)
	}
	return nil
}

// mfaEnabled reads cognito:mfa_enabled, which must agree with the pool.
func (m *rowMaker) mfaEnabled(text string) (bool, error) {
	enabled := strings.EqualFold(text, "true")
	if !enabled && !strings.EqualFold(text, "false") {
		return false, rowError(lineMFA)
	}
	switch mode := api.Value(m.pool.Config.MfaConfiguration); {
	case mode == cognitoidp.UserPoolMfaTypeOn && !enabled:
		return false, rowError(lineMFAOn)
	case enabled && (mode == "" || mode == cognitoidp.UserPoolMfaTypeOff):
		return false, rowError(lineMFAOff)
	}
	return enabled, nil
}

// chosenFactor is what a user has chosen for whom cognito:mfa_enabled is true: text
// messages, the one factor of the time when the column was made, else e-mails.
func chosenFactor(attributes map[string]string) store.MFA {
	switch {
	case attributes[catalog.PhoneNumber] != "":
		return store.MFA{Legacy: []string{catalog.PhoneNumber}}
	case attributes[catalog.Email] != "":
		return store.MFA{Email: true}
	default:
		return store.MFA{}
	}
}

// checkAttributes judges the attributes of a row. A flag of a contact that is not there
// says nothing, and is left out.
func (m *rowMaker) checkAttributes(list []attribute, attributes map[string]string) error {
	if err := checkSchema(m.pool, list, requiredMissing(m.pool, attributes)); err != nil {
		return err
	}
	if err := checkFormats(list); err != nil {
		return err
	}
	if date := attributes["birthdate"]; date != "" {
		if _, err := time.Parse("01/02/2006", date); err != nil {
			return rowError(lineBirthdate)
		}
	}
	sure := false
	for _, contact := range contacts() {
		flag := attributes[verifiedFlag(contact)]
		switch {
		case attributes[contact] != "":
			sure = sure || flag == "true" && m.pool.AutoVerified(contact)
		case flag == "true":
			return rowError(fmt.Sprintf(lineNoContact, contact, contact))
		default:
			delete(attributes, verifiedFlag(contact))
		}
	}
	if !sure {
		return rowError(lineVerify)
	}
	return checkPreferred(m.pool, attributes[catalog.PreferredUsername])
}

// newUser returns an enabled user with ids, without what follows from the rest of the row.
func (m *rowMaker) newUser(name string, attributes map[string]string) (*store.User, error) {
	return m.Service.newUser(&api.Call{Time: m.now}, m.pool, name, attributes)
}

// credentialOf returns what a row's hash makes of a user: a password that works, or one that
// must be reset first.
func (m *rowMaker) credentialOf(hash string) (store.Credential, cognitoidp.UserStatusType, error) {
	if hash == "" {
		return store.Credential{}, cognitoidp.UserStatusTypeResetRequired, nil
	}
	algorithm, err := credential.CheckHash(hash)
	if err != nil {
		return store.Credential{}, "", rowError(lineHash)
	}
	if want := api.Value(m.job.PasswordHashingAlgorithm); want != "" && want != algorithm {
		return store.Credential{}, "", rowError(lineHashOther)
	}
	return store.Credential{Hash: hash, Set: m.now}, cognitoidp.UserStatusTypeConfirmed, nil
}

// rivalsOf are the names besides the user's own that must find nobody, as nameTaken has
// them.
func rivalsOf(pool *catalog.Pool, u *store.User) []store.Key {
	var out []store.Key
	if u.Username != u.Sub {
		out = usernameRivals(pool, u.Username)[1:]
	}
	for _, key := range u.Keys[2:] {
		out = append(out, rivals(key)[1:]...)
	}
	return out
}

// nameLine is what the log says of a row one of whose names is taken, and whether the row
// was skipped, because its user exists, or failed.
func nameLine(pool *catalog.Pool, kind store.KeyKind) (line string, skipped bool) {
	if kind == store.KeyUsername || kind == store.KeySub || pool.UsernameAttributes().Has(string(kind)) {
		return lineExists, true
	}
	return fmt.Sprintf(textAlias, kind), false
}
