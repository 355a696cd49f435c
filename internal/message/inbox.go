package message

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// inboxSize is how many messages an Inbox keeps; older ones make room for newer ones.
const inboxSize = 10_000

// Entry is one message as developers see it; the JSON names are part of the contract.
type Entry struct {
	ID           string    `json:"id"`
	Time         time.Time `json:"time"`
	UserPoolID   string    `json:"userPoolId"`
	UserPoolName string    `json:"userPoolName"`
	ClientID     string    `json:"clientId"`
	Username     string    `json:"username"`
	Medium       string    `json:"medium"`
	From         string    `json:"from"`    // e-mail only
	ReplyTo      string    `json:"replyTo"` // e-mail only
	Destination  string    `json:"destination"`
	Subject      string    `json:"subject"`
	Body         string    `json:"body"`
	// Text is the body without HTML: the mail's own plain text, or what its HTML says.
	Text string `json:"text"`
	Code string `json:"code"`
	Link string `json:"link"`
	// Function is the ARN of the pool's own sender function that got the code; then there is
	// no message to be seen.
	Function string `json:"function,omitempty"`
	Source   string `json:"source"`

	plain string // the mail's own plain text, as Envelope.Text
}

// Mail returns a mail as it goes out by SMTP. Its error says why it could not.
func (e *Entry) Mail() ([]byte, error) {
	m, err := mailOf(Envelope{
		ID: e.ID, From: e.From, ReplyTo: e.ReplyTo, Destination: e.Destination, Subject: e.Subject, Body: e.Body, Text: e.plain,
	})
	if err != nil {
		return nil, err
	}
	m.SetDateWithValue(e.Time)
	var source bytes.Buffer
	if _, err := m.WriteTo(&source); err != nil {
		return nil, fmt.Errorf("write mail: %w", err)
	}
	return source.Bytes(), nil
}

// Filter selects entries; empty members select everything.
type Filter struct {
	To         string // exact destination
	Username   string
	UserPoolID string
	Medium     string
	Limit      int // 0 means all
}

func (f Filter) matches(e *Entry) bool {
	return (f.To == "" || f.To == e.Destination) &&
		(f.Username == "" || f.Username == e.Username) &&
		(f.UserPoolID == "" || f.UserPoolID == e.UserPoolID) &&
		(f.Medium == "" || strings.EqualFold(f.Medium, e.Medium))
}

// Inbox keeps the messages of development mode in memory and, when it has a console,
// prints each one there. It is safe for concurrent use.
type Inbox struct {
	console io.Writer

	mu      sync.Mutex
	entries []Entry       // oldest first
	change  chan struct{} // closed and replaced whenever entries change
}

// NewInbox returns an empty inbox; a nil console prints nothing.
func NewInbox(console io.Writer) *Inbox {
	return &Inbox{console: console, change: make(chan struct{})}
}

func (b *Inbox) add(e Entry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.entries) == inboxSize {
		b.entries = slices.Delete(b.entries, 0, inboxSize/10)
	}
	b.entries = append(b.entries, e)
	b.wake()
	if b.console != nil {
		fmt.Fprintf(b.console, "%s to %s (%s, user %s): code %s\n", e.Medium, e.Destination, e.Source, e.Username, e.Code)
	}
}

// wake lets every waiting reader look again. The caller holds mu.
func (b *Inbox) wake() {
	close(b.change)
	b.change = make(chan struct{})
}

// List returns the matching entries, newest first.
func (b *Inbox) List(f Filter) []Entry {
	found, _ := b.look(f)
	return found
}

// Wait returns the matching entries, newest first, as soon as there is one; when ctx ends
// before that it returns none.
func (b *Inbox) Wait(ctx context.Context, f Filter) []Entry {
	return b.Until(ctx, f, func(found []Entry) bool { return len(found) > 0 })
}

// Until returns the matching entries, newest first, as soon as enough says so of them. When
// ctx ends before that it returns those that there are.
func (b *Inbox) Until(ctx context.Context, f Filter, enough func([]Entry) bool) []Entry {
	for {
		found, change := b.look(f)
		if enough(found) {
			return found
		}
		select {
		case <-change:
		case <-ctx.Done():
			return found
		}
	}
}

// Get returns the entry with the given id and whether there is one.
func (b *Inbox) Get(id string) (Entry, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.entries, func(e Entry) bool { return e.ID == id })
	if i < 0 {
		return Entry{}, false
	}
	return b.entries[i], true
}

// look returns the matching entries and the channel that closes at the next change.
func (b *Inbox) look(f Filter) ([]Entry, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	found := []Entry{}
	for i := len(b.entries) - 1; i >= 0; i-- {
		if f.matches(&b.entries[i]) {
			found = append(found, b.entries[i])
		}
		if f.Limit > 0 && len(found) == f.Limit {
			break
		}
	}
	return found, b.change
}

// Delete removes the entry with the given id and says whether there was one.
func (b *Inbox) Delete(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := len(b.entries)
	b.entries = slices.DeleteFunc(b.entries, func(e Entry) bool { return e.ID == id })
	b.wake()
	return len(b.entries) < n
}

// Clear removes all entries.
func (b *Inbox) Clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.entries = nil
	b.wake()
}
