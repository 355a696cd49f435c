package store

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// searchCode is the stored code of an attribute that ListUsers searches through user_attrs,
// 0 for others. Codes never change their meaning.
func searchCode(attribute string) int64 {
	switch attribute {
	case "email":
		return 1
	case "phone_number":
		return 2
	case "name":
		return 3
	case "given_name":
		return 4
	case "family_name":
		return 5
	case "preferred_username":
		return 6
	}
	return 0
}

// indexedBytes is how much of a value the search index holds; the user's row decides what
// that leaves open.
const indexedBytes = 256

// indexed returns a value as the search index has it: lower case, cut.
func indexed(value string) string {
	value = strings.ToLower(value)
	if len(value) <= indexedBytes {
		return value
	}
	end := indexedBytes
	for !utf8.RuneStart(value[end]) {
		end--
	}
	return value[:end]
}

// searchRow is a row of user_attrs without its user.
type searchRow struct {
	attribute int64
	value     string
}

// searchRows are the rows that attributes have in the search index.
func searchRows(attributes map[string]string) []searchRow {
	var rows []searchRow
	for name, value := range attributes {
		if code := searchCode(name); code != 0 {
			rows = append(rows, searchRow{code, indexed(value)})
		}
	}
	return rows
}

// changeSearch makes user_attrs follow a user from old to next.
func (t *tx) changeSearch(u *User, old, next []searchRow) error {
	for _, r := range old {
		if slices.Contains(next, r) {
			continue
		}
		if _, err := t.exec(`DELETE FROM user_attrs WHERE pool = $1 AND attr = $2 AND value = $3 AND uid = $4`,
			u.Pool, r.attribute, r.value, u.ID); err != nil {
			return err
		}
	}
	var rows [][]any
	for _, r := range next {
		if !slices.Contains(old, r) {
			rows = append(rows, []any{u.Pool, r.attribute, r.value, u.ID})
		}
	}
	return t.insert(`INSERT INTO user_attrs (pool, attr, value, uid)`, rows)
}
