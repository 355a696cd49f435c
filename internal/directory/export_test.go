package directory

import (
	"errors"
	"io"
)

// UploadPiece is how many bytes of an upload are stored together.
const UploadPiece = uploadPiece

// Rows returns the rows of a file that comes in pieces, from an offset on, each with the
// offset behind it; nil stands for a row that is too long.
func Rows(file []byte, offset int64) (rows [][]byte, offsets []int64) {
	r := &rowReader{offset: offset, piece: func(n int64) ([]byte, error) {
		if n*uploadPiece >= int64(len(file)) {
			return nil, io.EOF
		}
		return file[n*uploadPiece : min((n+1)*uploadPiece, int64(len(file)))], nil
	}}
	for {
		row, err := r.next()
		if errors.Is(err, io.EOF) {
			return rows, offsets
		}
		if row != nil {
			row = append([]byte{}, row...)
		}
		rows, offsets = append(rows, row), append(offsets, r.offset)
	}
}

// SplitRow returns the values of a row.
func SplitRow(row []byte) []string { return splitRow(row) }

// CheckText says why a file that comes in the given pieces is refused.
func CheckText(maxRows int64, pieces ...[]byte) error {
	c := textChecker{maxRows: maxRows}
	for _, p := range pieces {
		if err := c.check(p); err != nil {
			return err
		}
	}
	return c.end()
}
