package directory

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/url"
	"strconv"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/message"
	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/trigger"
)

// The parameters of a confirmation link; all but the last are Cognito's.
const (
	LinkClient   = "client_id"
	LinkUser     = "user_name"
	LinkCode     = "confirmation_code"
	linkMark     = "mark"
	linkMarkSize = 16
)

// confirmsByLink says whether a sign-up's mail holds a link and no code.
func confirmsByLink(pool *catalog.Pool, source trigger.MessageSource, medium message.Medium) bool {
	t := pool.Config.VerificationMessageTemplate
	return t != nil && api.Value(t.DefaultEmailOption) == cognitoidp.DefaultEmailOptionTypeConfirmWithLink &&
		medium == message.Email && (source == trigger.MessageSignUp || source == trigger.MessageResendCode)
}

// link returns the link that confirms a user by the code of its sign-up.
func (s *Service) link(pool *catalog.Pool, clientID, username, code string) string {
	return s.publicURL + "/" + pool.ID() + "/confirmUser?" + url.Values{
		LinkClient: {clientID}, LinkUser: {username}, LinkCode: {code},
		linkMark: {s.mark(pool, clientID, username, code)},
	}.Encode()
}

// mark shows that a link was made here. Mail scanners follow links before their readers do:
// a marked link of a user who is confirmed already has done its work.
func (s *Service) mark(pool *catalog.Pool, clientID, username, code string) string {
	sum := s.store.Keyring().Derive(seal.Code, seal.Context(
		"confirmation link", strconv.FormatInt(int64(pool.Internal()), 10), clientID, username, code))
	return base64.RawURLEncoding.EncodeToString(sum[:linkMarkSize])
}

// ConfirmByLink confirms the user of a confirmation link of a pool. Its errors are those of
// ConfirmSignUp; a link that is followed again is no error.
func (s *Service) ConfirmByLink(ctx context.Context, call *api.Call, poolID string, parameters url.Values) error {
	client, err := s.catalog.ClientOf(ctx, poolID, parameters.Get(LinkClient))
	if err != nil {
		return err
	}
	name, code := parameters.Get(LinkUser), parameters.Get(LinkCode)
	wanted := s.mark(client.Pool, client.ID(), name, code)
	if subtle.ConstantTimeCompare([]byte(parameters.Get(linkMark)), []byte(wanted)) != 1 {
		return fault.CodeMismatch(textBadCode)
	}
	user, err := s.Find(ctx, client.Pool, name)
	if errors.Is(err, store.ErrNotFound) {
		return fault.ExpiredCode(textOldCode)
	}
	if err != nil {
		return err
	}
	if user.Status == cognitoidp.UserStatusTypeConfirmed {
		return nil
	}
	origin, err := s.origin(client, call, nil)
	if err != nil {
		return err
	}
	user, _, err = s.confirmByCode(ctx, call, client, user, code, false)
	if err != nil {
		return err
	}
	s.recordEnd(ctx, s.risk.Open(client, cognitoidp.EventTypeSignUp, user, user.Created, origin), user, nil)
	return s.confirmed(ctx, client.Pool, client.ID(), user, trigger.PostConfirmationConfirmSignUp, nil)
}
