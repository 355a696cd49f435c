package userpool

import (
	"encoding/binary"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/seal"
)

// pageLifetime is how long a NextToken can be used.
const pageLifetime = time.Hour

// sealPage makes the NextToken that continues after an id. It is good for one operation
// with the same parameters only.
func (s *Service) sealPage(call *api.Call, after, operation string, parameters ...string) (*string, error) {
	plaintext := binary.BigEndian.AppendUint64(nil, uint64(call.Time.Add(pageLifetime).UnixMilli()))
	plaintext = append(plaintext, after...)
	token, err := s.deps.Store.Keyring().SealText(seal.PageToken, pageContext(operation, parameters), plaintext)
	if err != nil {
		return nil, err
	}
	return &token, nil
}

// openPage returns the id after which to continue; empty where no token was sent.
func (s *Service) openPage(call *api.Call, token *string, operation string, parameters ...string) (string, error) {
	if token == nil {
		return "", nil
	}
	plaintext, err := s.deps.Store.Keyring().OpenText(seal.PageToken, pageContext(operation, parameters), *token)
	if err != nil || len(plaintext) < 8 || call.Time.UnixMilli() > int64(binary.BigEndian.Uint64(plaintext)) {
		return "", fault.InvalidParameter("Invalid pagination token.")
	}
	return string(plaintext[8:]), nil
}

func pageContext(operation string, parameters []string) []byte {
	return seal.Context(append([]string{operation}, parameters...)...)
}
