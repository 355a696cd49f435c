package directory

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
)

// The columns that are no attributes.
const (
	columnUsername = "cognito:username"
	columnMFA      = "cognito:mfa_enabled"
	// columnHash may be there besides: a password hash, or nothing, per user.
	columnHash = "cenote:password_hash"
)

const (
	// maxRowRunes is how long a row may be, in characters (guide).
	maxRowRunes = 16_000
	// maxRowBytes is what a row of so many characters has at most.
	maxRowBytes = maxRowRunes * utf8.UTFMax
)

// csvHeader returns the columns of a file: the attributes of the schema that somebody can
// give a value, in its order, and two that are no attributes.
func csvHeader(pool *catalog.Pool) []string {
	header := make([]string, 0, len(pool.Config.SchemaAttributes)+1)
	for i := range pool.Config.SchemaAttributes {
		if name := api.Value(pool.Config.SchemaAttributes[i].Name); !serverOwned(name) {
			header = append(header, name)
		}
	}
	return append(header, columnMFA, columnUsername)
}

// checkHeader reads the header row of a file: all columns of csvHeader in any order, and
// the one for hashes where the job wants it or nobody minds. The error says what is wrong.
func checkHeader(pool *catalog.Pool, job *cognitoidp.UserImportJobType, row []byte) (columns []string, err error) {
	columns = splitRow(row)
	known := append(csvHeader(pool), columnHash)
	for i, name := range columns {
		switch {
		case !slices.Contains(known, name):
			return nil, fmt.Errorf("the header row has the column %.100q, which the user pool does not know", name)
		case slices.Contains(columns[:i], name):
			return nil, fmt.Errorf("the header row has the column %s twice", name)
		}
	}
	required := known[:len(known)-1]
	if job.PasswordHashingAlgorithm != nil {
		required = known
	}
	for _, name := range required {
		if !slices.Contains(columns, name) {
			return nil, fmt.Errorf("the header row lacks the column %s", name)
		}
	}
	return columns, nil
}

// splitRow returns the values of a row: separated by commas that no backslash stands
// before, without the blanks around them. Nothing is quoted (guide).
func splitRow(row []byte) []string {
	var values []string
	var value []byte
	for i := 0; i < len(row); i++ {
		switch c := row[i]; {
		case c == '\\' && i+1 < len(row) && row[i+1] == ',':
			i++
			value = append(value, ',')
		case c == ',':
			values = append(values, string(bytes.TrimSpace(value)))
			value = value[:0]
		default:
			value = append(value, c)
		}
	}
	return append(values, string(bytes.TrimSpace(value)))
}

// rowReader reads the rows of a file that comes in pieces.
type rowReader struct {
	// piece returns the n-th piece of the file, io.EOF behind the last. All pieces but the
	// last have uploadPiece bytes.
	piece  func(n int64) ([]byte, error)
	offset int64 // of what is read next
	line   int64 // lines before it
	rest   []byte
	row    []byte
}

// next returns the next line without its end; the caller has it until the call after. A
// line that is too long comes as nil. The error is io.EOF at the end of the file.
func (r *rowReader) next() (row []byte, err error) {
	r.row = r.row[:0]
	long, begun := false, false
	for {
		if len(r.rest) == 0 {
			err := r.fill()
			if errors.Is(err, io.EOF) && begun {
				return r.end(long), nil
			}
			if err != nil {
				return nil, err
			}
		}
		begun = true
		part := r.rest
		i := bytes.IndexByte(part, '\n')
		if i >= 0 {
			part = part[:i]
		}
		if long = long || len(r.row)+len(part) > maxRowBytes+1; !long {
			r.row = append(r.row, part...)
		}
		r.offset += int64(len(part))
		r.rest = r.rest[len(part):]
		if i >= 0 {
			r.offset++
			r.rest = r.rest[1:]
			return r.end(long), nil
		}
	}
}

// fill reads the piece in which offset stands.
func (r *rowReader) fill() error {
	piece, err := r.piece(r.offset / uploadPiece)
	if err != nil {
		return err
	}
	within := r.offset % uploadPiece
	if within >= int64(len(piece)) {
		return io.EOF
	}
	r.rest = piece[within:]
	return nil
}

// end counts a line.
func (r *rowReader) end(long bool) []byte {
	r.line++
	row := bytes.TrimSuffix(r.row, []byte{'\r'})
	if long || utf8.RuneCount(row) > maxRowRunes {
		return nil
	}
	if row == nil {
		row = []byte{}
	}
	return row
}

// textChecker judges a file while it comes: UTF-8 without a byte order mark, without NUL,
// and not more rows than a job may have.
type textChecker struct {
	maxRows int64
	lines   int64  // that have ended
	carry   []byte // of a character that the last piece cut
	begun   bool
	head    []byte // as many bytes as a byte order mark has
	open    bool   // the last line has begun and not ended
}

const byteOrderMark = "\xef\xbb\xbf"

// errRows says that a file has too many rows.
var errRows = errors.New("the file has too many rows")

// check judges the next piece. The error is errRows, or says why the file is no CSV.
func (c *textChecker) check(piece []byte) error {
	c.begun = true
	if missing := len(byteOrderMark) - len(c.head); missing > 0 {
		c.head = append(c.head, piece[:min(missing, len(piece))]...)
		if string(c.head) == byteOrderMark {
			return errors.New("it begins with a byte order mark")
		}
	}
	if bytes.IndexByte(piece, 0) >= 0 {
		return errors.New("it has a NUL character")
	}
	rest := piece
	if len(c.carry) > 0 {
		n := min(utf8.UTFMax, len(piece))
		joined := append(slices.Clone(c.carry), piece[:n]...)
		r, size := utf8.DecodeRune(joined)
		switch {
		case r == utf8.RuneError && size <= 1 && utf8.FullRune(joined):
			return errNoUTF8
		case !utf8.FullRune(joined):
			c.carry = joined
			return nil
		}
		rest = piece[size-len(c.carry):]
		c.carry = nil
	}
	for cut := 0; cut < utf8.UTFMax && cut < len(rest); cut++ {
		if last := rest[len(rest)-1-cut:]; utf8.RuneStart(last[0]) {
			if !utf8.FullRune(last) {
				c.carry = slices.Clone(last)
				rest = rest[:len(rest)-len(last)]
			}
			break
		}
	}
	if !utf8.Valid(rest) {
		return errNoUTF8
	}
	c.lines += int64(bytes.Count(piece, []byte{'\n'}))
	if len(piece) > 0 {
		c.open = piece[len(piece)-1] != '\n'
	}
	return c.rows()
}

var errNoUTF8 = errors.New("it is not UTF-8")

// end judges the end of the file.
func (c *textChecker) end() error {
	switch {
	case len(c.carry) > 0:
		return errNoUTF8
	case !c.begun:
		return errors.New("it is empty")
	default:
		return c.rows()
	}
}

func (c *textChecker) rows() error {
	lines := c.lines
	if c.open {
		lines++
	}
	if lines-1 > c.maxRows {
		return errRows
	}
	return nil
}

// firstLine returns the first line of a piece, and false where it does not end in it.
func firstLine(piece []byte) ([]byte, bool) {
	line, _, whole := bytes.Cut(piece, []byte{'\n'})
	return bytes.TrimSuffix(line, []byte{'\r'}), whole
}

// oneLine makes a line of the log of a text that may have several.
func oneLine(text string) string {
	return strings.ReplaceAll(strings.TrimSpace(text), "\n", "; ")
}
