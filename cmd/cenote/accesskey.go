package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"text/tabwriter"
	"time"

	"github.com/cenote-id/cenote"
	"github.com/cenote-id/cenote/internal/store"
)

// accessKeyCommands are `cenote access-key ...`.
type accessKeyCommands struct {
	Create  createKeyCommand  `cmd:"" help:"Make an access key and print it, this once."`
	List    listKeysCommand   `cmd:"" help:"List the access keys, without their secrets."`
	Disable disableKeyCommand `cmd:"" help:"End the use of an access key; running servers notice within a second."`
}

// keyJSON is an access key under the names of IAM's AccessKey.
type keyJSON struct {
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string `json:",omitempty"` // only when it is made
	UserName        string `json:",omitempty"` // empty for the root key
	Status          string
	CreateDate      time.Time
}

func describeKey(k store.AccessKey) keyJSON {
	status := "Active"
	if k.Disabled {
		status = "Inactive"
	}
	return keyJSON{AccessKeyID: k.ID, UserName: k.User, Status: status, CreateDate: k.Created.UTC()}
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// createKeyCommand is `cenote access-key create`.
type createKeyCommand struct {
	User string `args:"" default:"admin" placeholder:"NAME" help:"Who will use the key, as ARNs will name them (default ${default})."`
	JSON bool   `args:"" name:"json" help:"Print JSON."`
	adminFlags
}

// userName is the form of a user's name (IAM's userNameType).
var userName = regexp.MustCompile(`^[\w+=,.@-]{1,64}$`)

// Validate is called by kong.
func (c *createKeyCommand) Validate() error {
	if !userName.MatchString(c.User) {
		return errors.New("--user: a name has 1 to 64 letters, digits and characters of _+=,.@-")
	}
	return nil
}

// Run makes a key.
func (c *createKeyCommand) Run(ctx context.Context, p *program) error {
	made, err := cenote.NewRootKey(nil)
	if err != nil {
		return err
	}
	k := store.AccessKey{ID: made.ID, Secret: string(made.Secret), User: c.User, Created: time.Now().Truncate(time.Millisecond)}
	if err := c.withStore(ctx, p, func(db *store.DB) error { return db.CreateAccessKey(ctx, k) }); err != nil {
		return err
	}
	if c.JSON {
		shown := describeKey(k)
		shown.SecretAccessKey = k.Secret
		return writeJSON(p.stdout, shown)
	}
	_, err = fmt.Fprintf(p.stdout, "AWS_ACCESS_KEY_ID=%s\nAWS_SECRET_ACCESS_KEY=%s\n", k.ID, k.Secret)
	return err
}

// listKeysCommand is `cenote access-key list`.
type listKeysCommand struct {
	JSON bool `args:"" name:"json" help:"Print JSON."`
	adminFlags
}

// Run lists the keys.
func (c *listKeysCommand) Run(ctx context.Context, p *program) error {
	shown := []keyJSON{}
	err := c.withStore(ctx, p, func(db *store.DB) error {
		keys, err := db.ListAccessKeys(ctx)
		for _, k := range keys {
			shown = append(shown, describeKey(k))
		}
		return err
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(p.stdout, shown)
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ACCESS KEY\tUSER\tSTATUS\tCREATED")
	for _, k := range shown {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", k.AccessKeyID, cmp.Or(k.UserName, "(root)"), k.Status, k.CreateDate.Format(time.RFC3339))
	}
	return w.Flush()
}

// disableKeyCommand is `cenote access-key disable`.
type disableKeyCommand struct {
	ID string `arg:"" name:"access-key-id" help:"The key's id."`
	adminFlags
}

// Run disables a key.
func (c *disableKeyCommand) Run(ctx context.Context, p *program) error {
	return c.withStore(ctx, p, func(db *store.DB) error {
		err := db.DisableAccessKey(ctx, c.ID)
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("there is no access key %s", c.ID)
		}
		return err
	})
}
