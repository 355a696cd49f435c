package message

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/cenote-id/cenote/internal/clock"
)

// file writes each message into a file of its own: mails as they would go out (.eml), text
// messages with their destination on top (.txt).
type file struct {
	dir   string
	clock *clock.Clock
}

// newFile returns a sender for file:DIRECTORY, which it makes.
func newFile(rawURL string, c *clock.Clock) (*file, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("the URL must have the form file:DIRECTORY")
	}
	dir := u.Opaque
	if dir == "" {
		dir = u.Path
	}
	if dir == "" {
		return nil, fmt.Errorf("the URL must have the form file:DIRECTORY")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the directory of messages: %w", err)
	}
	return &file{dir: dir, clock: c}, nil
}

// Name is the transport's name in metrics and logs.
func (f *file) Name() string { return "file" }

// Send writes e. A message that is sent again replaces its file.
func (f *file) Send(_ context.Context, e Envelope) error {
	name := filepath.Join(f.dir, f.clock.Now().UTC().Format("20060102T150405.000Z")+"-"+e.ID)
	if e.Medium == SMS {
		return os.WriteFile(name+".txt", []byte("To: "+e.Destination+"\n\n"+e.Body+"\n"), 0o600)
	}
	m, err := mailOf(e)
	if err != nil {
		return err
	}
	if err := m.WriteToFile(name + ".eml"); err != nil {
		return fmt.Errorf("write mail: %w", err)
	}
	return os.Chmod(name+".eml", 0o600)
}
