package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"
)

// Timestamp is a point in time in milliseconds since the Unix epoch. In JSON it is a
// number: seconds since the epoch with up to three decimals, as Cognito writes it.
type Timestamp int64

// Time returns t as a Timestamp, cut to milliseconds.
func Time(t time.Time) *Timestamp {
	ts := Timestamp(t.UnixMilli())
	return &ts
}

// Time returns the timestamp in UTC.
func (t Timestamp) Time() time.Time { return time.UnixMilli(int64(t)).UTC() }

// String returns the timestamp in the form of RFC 3339.
func (t Timestamp) String() string { return t.Time().Format(time.RFC3339Nano) }

// MarshalJSON writes seconds with at most three decimals.
func (t Timestamp) MarshalJSON() ([]byte, error) {
	sign, ms := "", int64(t)
	if ms < 0 {
		sign, ms = "-", -ms
	}
	text := append([]byte(sign), strconv.FormatInt(ms/1000, 10)...)
	if fraction := ms % 1000; fraction != 0 {
		text = bytes.TrimRight(fmt.Appendf(text, ".%03d", fraction), "0")
	}
	return text, nil
}

// UnmarshalJSON reads a JSON number of seconds, to the nearest millisecond; null leaves
// the timestamp as it is.
func (t *Timestamp) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	var seconds float64
	if err := json.Unmarshal(data, &seconds); err != nil {
		return err
	}
	ms := math.Round(seconds * 1000)
	if math.Abs(ms) > 1<<53 {
		return fmt.Errorf("timestamp %s is out of range", data)
	}
	*t = Timestamp(ms)
	return nil
}

// StringMap is a map of strings. An entry whose value is null in JSON counts as absent,
// as browsers send what their storage does not hold.
type StringMap map[string]string

// UnmarshalJSON replaces the map by what the object holds; null makes it nil.
func (m *StringMap) UnmarshalJSON(data []byte) error {
	var entries map[string]string
	if err := json.Unmarshal(data, &entries); err != nil {
		return err
	}
	if entries != nil && bytes.Contains(data, []byte("null")) {
		var pointers map[string]*string
		if err := json.Unmarshal(data, &pointers); err != nil {
			return err
		}
		for name, value := range pointers {
			if value == nil {
				delete(entries, name)
			}
		}
	}
	*m = entries
	return nil
}

// Document is a JSON value that the API takes and returns as it is; nil when absent.
type Document []byte

// MarshalJSON writes the value, null when it is nil.
func (d Document) MarshalJSON() ([]byte, error) {
	if d == nil {
		return []byte("null"), nil
	}
	return d, nil
}

// UnmarshalJSON keeps a copy of the value; null counts as absent.
func (d *Document) UnmarshalJSON(data []byte) error {
	*d = nil
	if string(data) != "null" {
		*d = bytes.Clone(data)
	}
	return nil
}
