package directory

import (
	"context"
	"fmt"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/trigger"
)

// GetUserAttributeVerificationCode sends a code to one of the caller's contacts, verified
// already or not: to the value that waits for its verification, where there is one.
func (s *Service) GetUserAttributeVerificationCode(ctx context.Context, call *api.Call, in *cognitoidp.GetUserAttributeVerificationCodeRequest) (*cognitoidp.GetUserAttributeVerificationCodeResponse, error) {
	client, user, err := s.self(ctx, call)
	if err != nil {
		return nil, err
	}
	pool, to := client.Pool, contact{attribute: api.Value(in.AttributeName)}
	if !isContact(to.attribute) {
		return nil, fault.InvalidParameter(fmt.Sprintf(textNotVerifiable, to.attribute))
	}
	if to.value = unverified(user, to.attribute); to.value == "" {
		return nil, fault.InvalidParameter(fmt.Sprintf(textNoValue, to.attribute))
	}
	details, err := s.sendAsked(ctx, call, asked{
		pool: pool, clientID: client.ID(), user: user, purpose: store.CodeAttribute, to: to,
		limit: limitAttributeCode, source: trigger.MessageVerifyUserAttribute, metadata: in.ClientMetadata,
	})
	return &cognitoidp.GetUserAttributeVerificationCodeResponse{CodeDeliveryDetails: details}, err
}

// unverified returns the value of a contact that a code would verify: the one that waits,
// else the one that the user has.
func unverified(u *store.User, contact string) string {
	if pending := u.Pending[contact]; pending != "" {
		return pending
	}
	return u.Attributes[contact]
}

// VerifyUserAttribute verifies a contact of the caller by the code that it received. A
// value that waited replaces the old one. An alias that becomes live that way and belongs
// to another user is refused, and the code stays good.
func (s *Service) VerifyUserAttribute(ctx context.Context, call *api.Call, in *cognitoidp.VerifyUserAttributeRequest) (*cognitoidp.VerifyUserAttributeResponse, error) {
	client, user, err := s.self(ctx, call)
	if err != nil {
		return nil, err
	}
	pool, name := client.Pool, api.Value(in.AttributeName)
	if !isContact(name) {
		return nil, fault.InvalidParameter(fmt.Sprintf(textNotVerifiable, name))
	}
	if err := s.attempt(ctx, pool, user.ID, limitVerify); err != nil {
		return nil, err
	}
	code, err := s.judge(ctx, call, pool, user.ID, store.CodeAttribute, name, api.Value(in.Code))
	if err != nil {
		return nil, err
	}
	_, err = s.store.UpdateUser(ctx, pool.Internal(), user.ID, store.UpdateOptions{UseCode: ref(code)}, func(u *store.User) error {
		if code.Destination != unverified(u, name) { // the code proves nothing about that one
			return fault.ExpiredCode(textOldCode)
		}
		setAttribute(u, name, code.Destination)
		setAttribute(u, verifiedFlag(name), "true")
		delete(u.Pending, name)
		u.Keys = KeysOf(pool, u)
		return nil
	})
	if err != nil {
		return nil, aliasTaken(usedUp(err), textAlias)
	}
	return &cognitoidp.VerifyUserAttributeResponse{}, nil
}
