package devtools

import (
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
)

const (
	// maxOffset is how far the clock may be moved in all; it keeps the offset from
	// overflowing and years within four digits.
	maxOffset = 100 * 365 * 24 * time.Hour
	// clockBody is more than any request to move the clock needs, in bytes.
	clockBody = 1 << 10

	textClockBody = `The body must be {"advance":"61m"} or {"reset":true}.`
)

// clockState is the clock as clients see it.
type clockState struct {
	Now    string `json:"now"`
	Offset string `json:"offset"`
}

func (t *Tools) readClock(w http.ResponseWriter, _ *http.Request) {
	answer(w, clockState{
		Now:    stamp(t.clock.Now()).Format("2006-01-02T15:04:05.000Z07:00"),
		Offset: t.clock.Offset().String(),
	})
}

// moveClock takes {"advance":"61m"} or {"reset":true}, and answers with the clock as it is
// then. Time goes backwards only by a reset.
func (t *Tools) moveClock(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Advance *string `json:"advance"`
		Reset   *bool   `json:"reset"`
	}
	err := json.UnmarshalRead(http.MaxBytesReader(w, r.Body, clockBody), &in, json.RejectUnknownMembers(true))
	switch {
	case err != nil || (in.Advance == nil) == (in.Reset == nil):
		refuse(w, http.StatusBadRequest, textClockBody)
		return
	case in.Advance != nil:
		if text := t.advance(*in.Advance); text != "" {
			refuse(w, http.StatusBadRequest, text)
			return
		}
	case !*in.Reset:
		refuse(w, http.StatusBadRequest, textClockBody)
		return
	default:
		t.moving.Lock()
		t.clock.Reset()
		t.moving.Unlock()
	}
	t.readClock(w, r)
}

// advance moves the clock by a duration in Go's notation, or says why it cannot.
func (t *Tools) advance(by string) (refusal string) {
	d, err := time.ParseDuration(by)
	if err != nil || d < 0 {
		return `advance must be a duration such as "90s", "61m" or "720h".`
	}
	t.moving.Lock()
	defer t.moving.Unlock()
	if d > maxOffset-t.clock.Offset() {
		return "The clock cannot be more than 100 years ahead."
	}
	t.clock.Advance(d)
	return ""
}
