package devtools

import (
	"context"
	"errors"
	"hash/fnv"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cenote-id/cenote/internal/message"
)

// maxWait is how long a request may wait for a message.
const maxWait = time.Minute

// listMessages answers the messages that match the query. With wait it answers as soon as
// one matches; with If-None-Match besides, as soon as the answer would be another than
// the one of that ETag, which is how the page follows the inbox. When the wait is over it
// answers with what there is: nothing, or 304.
func (t *Tools) listMessages(w http.ResponseWriter, r *http.Request) {
	filter, wait, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		refuse(w, http.StatusBadRequest, "Bad query: "+err.Error()+".")
		return
	}
	// The wait is limited here; a server's limit for responses would lose the late ones.
	// Writers without deadlines need none.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
	ctx, cancel := context.WithTimeout(r.Context(), wait)
	defer cancel()

	known := r.Header.Get("If-None-Match")
	var found []message.Entry
	if known == "" {
		found = t.inbox.Wait(ctx, filter)
	} else {
		found = t.inbox.Until(ctx, filter, func(found []message.Entry) bool { return etag(found) != known })
	}
	tag := etag(found)
	w.Header().Set("ETag", tag)
	if tag == known {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	for i := range found {
		found[i].Time = stamp(found[i].Time)
	}
	answer(w, struct {
		Messages []message.Entry `json:"messages"`
	}{found})
}

// etag identifies a list of entries: they never change, so their ids are enough.
func etag(entries []message.Entry) string {
	h := fnv.New64a()
	for _, e := range entries {
		_, _ = h.Write([]byte(e.ID + "\n")) // a hash takes everything
	}
	return `"` + strconv.FormatUint(h.Sum64(), 36) + `"`
}

// stamp is a time as this API shows it: UTC, in milliseconds.
func stamp(at time.Time) time.Time { return at.UTC().Truncate(time.Millisecond) }

func (t *Tools) clearMessages(w http.ResponseWriter, r *http.Request) {
	// Whoever sends a filter means to keep the rest.
	if r.URL.RawQuery != "" {
		refuse(w, http.StatusBadRequest, "DELETE empties the inbox and takes no parameters.")
		return
	}
	t.inbox.Clear()
	answer(w, struct{}{})
}

func (t *Tools) deleteMessage(w http.ResponseWriter, r *http.Request) {
	if !t.inbox.Delete(r.PathValue("id")) {
		refuse(w, http.StatusNotFound, noSuchMessage)
		return
	}
	answer(w, struct{}{})
}

const noSuchMessage = "There is no message with this id."

// parseQuery reads the parameters of a list. A misspelt one is an error: ignored, it would
// let a test see the code of somebody else.
func parseQuery(raw string) (f message.Filter, wait time.Duration, err error) {
	query, err := url.ParseQuery(raw)
	if err != nil {
		return f, 0, errors.New("it is malformed")
	}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		values := query[name]
		if len(values) > 1 {
			return f, 0, errors.New(name + " is given more than once")
		}
		switch value := values[0]; name {
		case "to":
			f.To = plus(value)
		case "username":
			f.Username = plus(value)
		case "userPoolId":
			f.UserPoolID = value
		case "medium":
			f.Medium, err = parseMedium(value)
		case "limit":
			f.Limit, err = parseLimit(value)
		case "wait":
			wait, err = parseWait(value)
		default:
			err = errors.New("there is no parameter " + strconv.Quote(name) + ", only to, username, userPoolId, medium, limit and wait")
		}
		if err != nil {
			return f, 0, err
		}
	}
	return f, wait, nil
}

// plus undoes what form encoding does to +15555550100 and ann+test@example.com when they
// are put into a URL as they are: neither a destination nor a user name has spaces.
func plus(s string) string { return strings.ReplaceAll(s, " ", "+") }

func parseMedium(s string) (string, error) {
	if s != "" && !strings.EqualFold(s, string(message.Email)) && !strings.EqualFold(s, string(message.SMS)) {
		return "", errors.New("medium must be EMAIL or SMS")
	}
	return s, nil
}

func parseLimit(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return 0, errors.New("limit must be a whole number greater than 0")
	}
	return n, nil
}

func parseWait(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, errors.New("wait must be a duration such as 5s")
	}
	return min(d, maxWait), nil
}
