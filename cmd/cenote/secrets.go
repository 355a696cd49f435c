package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/cenote-id/cenote"
)

// maxSecretSize bounds what is read of a file that should hold a secret.
const maxSecretSize = 64 << 10

// readSecret returns the content of a file, without the newlines that end it.
func readSecret(name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxSecretSize))
	if err != nil {
		return "", err
	}
	secret := strings.TrimRight(string(content), "\r\n")
	if secret == "" {
		return "", fmt.Errorf("%s is empty", name)
	}
	return secret, nil
}

// keyID is what may stand as a key's id in a signature (IAM's AccessKeyIdType).
var keyID = regexp.MustCompile(`^\w{1,128}$`)

// rootKey returns the root access key that the environment gives, nil where it gives none.
func (p *program) rootKey() (*cenote.RootKey, error) {
	const idName, secretName = "CENOTE_ROOT_ACCESS_KEY_ID", "CENOTE_ROOT_SECRET_ACCESS_KEY"
	id, idErr := p.secret(idName)
	secret, secretErr := p.secret(secretName)
	if err := errors.Join(idErr, secretErr); err != nil {
		return nil, err
	}
	switch {
	case id == "" && secret == "":
		return nil, nil //nolint:nilnil // none is given
	case id == "" || secret == "":
		return nil, fmt.Errorf("%s and %s belong together; one is missing", idName, secretName)
	case !keyID.MatchString(id):
		return nil, fmt.Errorf("%s is not made of letters, digits and underscores", idName)
	}
	return &cenote.RootKey{ID: id, Secret: cenote.Secret(secret)}, nil
}

// keyFile is the path of the file with the master key.
type keyFile string

// masterKey returns the master key that CENOTE_MASTER_KEY holds, else the file that does.
func (f *storeFlags) masterKey(p *program) (cenote.Secret, keyFile, error) {
	if key := p.getenv("CENOTE_MASTER_KEY"); key != "" {
		if f.MasterKeyFile != "" {
			return "", "", errors.New("a master key is in CENOTE_MASTER_KEY and a master key file is named as well")
		}
		return cenote.Secret(key), "", nil
	}
	if f.MasterKeyFile == "" {
		return "", keyName, nil
	}
	return "", keyFile(f.MasterKeyFile), nil
}

// read returns the key. The error is os.ErrNotExist where there is no file; a file that
// others than its owner may read is refused.
func (f keyFile) read() (cenote.Secret, error) {
	file, err := os.Open(string(f))
	if err != nil {
		return "", fmt.Errorf("master key file: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", fmt.Errorf("master key file: %w", err)
	}
	// Windows keeps permissions elsewhere.
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return "", fmt.Errorf("master key file %s can be reached by others (mode %04o); chmod 600 it", f, mode)
	}
	content, err := io.ReadAll(io.LimitReader(file, maxSecretSize))
	if err != nil {
		return "", fmt.Errorf("master key file: %w", err)
	}
	if len(content) == 0 {
		return "", fmt.Errorf("master key file %s is empty", f)
	}
	return cenote.Secret(content), nil
}

// draft is the name of a key file until a database has been made with the key.
func (f keyFile) draft() keyFile { return f + ".new" }

// makeDraft returns the key of the draft, and writes one where there is none.
func (f keyFile) makeDraft() (cenote.Secret, error) {
	if key, err := f.draft().read(); err == nil || !errors.Is(err, os.ErrNotExist) {
		return key, err
	}
	key, err := cenote.NewMasterKey(nil)
	if err != nil {
		return "", err
	}
	if err := f.draft().create(key); err != nil {
		return "", fmt.Errorf("make master key file: %w", err)
	}
	return key, nil
}

// create writes a new file, for its owner alone, that survives loss of power.
func (f keyFile) create(key cenote.Secret) error {
	file, err := os.OpenFile(string(f), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(string(key))
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return f.syncName()
}

// adoptDraft gives the draft the file's name.
func (f keyFile) adoptDraft() error {
	// A link, unlike a rename, does not replace a file that has come up meanwhile.
	if err := os.Link(string(f.draft()), string(f)); err != nil {
		return fmt.Errorf("name master key file: %w", err)
	}
	if err := f.syncName(); err != nil {
		return err
	}
	return os.Remove(string(f.draft()))
}

// syncName makes the name in its directory survive loss of power, where the system lets
// a directory be synced.
func (f keyFile) syncName() error {
	if runtime.GOOS == "windows" {
		return nil
	}
	dir, err := os.Open(filepath.Dir(string(f)))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
