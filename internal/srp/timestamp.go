package srp

import (
	"fmt"
	"time"
)

// timestampLayout is the form of TIMESTAMP: English, UTC, the day without a leading zero.
const timestampLayout = "Mon Jan 2 15:04:05 UTC 2006"

// Timestamp returns t as a client sends it, such as Tue Mar 3 09:05:07 UTC 2026.
func Timestamp(t time.Time) string { return t.UTC().Format(timestampLayout) }

// ParseTimestamp reads a client's TIMESTAMP. How far it may be off is the caller's rule.
func ParseTimestamp(text string) (time.Time, error) {
	t, err := time.Parse(timestampLayout, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("srp: timestamp not understood: %w", err)
	}
	return t, nil
}
