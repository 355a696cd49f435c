package wire

import (
	"context"
	"errors"
	"log/slog"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/gate"
)

// signer returns who signed the call; it is asked only for operations that need it.
type signer func() (*api.IAMPrincipal, error)

// run takes a decoded call through the phases up to the encoding. The order is AWS's:
// constraints are reported before anything is asked of the caller.
func (s *Server) run(ctx context.Context, e *endpoint, call *api.Call, in api.Input, by signer) (any, error) {
	if s.log.Enabled(ctx, slog.LevelDebug) {
		s.log.DebugContext(ctx, "call", "operation", e.op.Name, "input", api.Log(in))
	}
	var broken api.Violations
	checked := in
	if e.mount.Checked != nil {
		checked = e.mount.Checked(in)
	}
	checked.Check(&broken)
	if message := broken.Message(); message != "" {
		return nil, fault.New(e.mount.Violation, message)
	}
	if err := s.authorise(ctx, e, call, in, by); err != nil {
		return nil, err
	}
	if s.throttle != nil {
		if err := s.throttle(ctx, call, e.category, in); err != nil {
			return nil, err
		}
	}
	out, err := e.op.Invoke(ctx, e.mount.Impl, call, in)
	if err != nil && e.mount.Explain != nil {
		err = e.mount.Explain(err)
	}
	if err != nil {
		return nil, s.declared(ctx, e, err)
	}
	return out, nil
}

// textTokenMissing is how the absence of a required token reads; the models leave the
// member optional in a few operations that cannot do without it (ForgetDevice).
const textTokenMissing = "1 validation error detected: Value at 'accessToken' failed to satisfy constraint: Member must not be null"

func (s *Server) authorise(ctx context.Context, e *endpoint, call *api.Call, in api.Input, by signer) error {
	switch e.op.Class {
	case api.Public:
		return nil
	case api.AccessToken, api.AccessTokenOrSession:
		carrier, _ := in.(api.TokenCarrier)
		if carrier == nil || carrier.CarriedToken() == nil {
			if e.op.Class == api.AccessTokenOrSession {
				return nil
			}
			return fault.New(e.mount.Violation, textTokenMissing)
		}
		user, err := s.gate.User(ctx, *carrier.CarriedToken())
		if err != nil {
			return e.tokenRefused(err)
		}
		call.Principal.User = user
		return nil
	default:
		principal, err := by()
		if err != nil {
			return err
		}
		call.Principal.IAM = principal
		return s.gate.Allow(ctx, principal, e.mount.Service, e.op, in)
	}
}

// tokenRefused is the refusal of an access token as the operation can tell it: not every
// one declares all that can have become of the token's user and client.
func (e *endpoint) tokenRefused(err error) error {
	const instead = "NotAuthorizedException"
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || e.errors[f.Code] || universal(f.Code) || !e.errors[instead] {
		return err
	}
	return fault.New(instead, f.Message).Because(err)
}

// universal are the exceptions that any operation may answer.
func universal(code string) bool {
	return code == codeInternal || code == codeTooMany || code == "AccessDeniedException"
}

// declared returns the error of a handler, or in its place an internal error when the
// operation does not declare it and the server is strict: clients generated from the
// model cannot catch what it does not name.
func (s *Server) declared(ctx context.Context, e *endpoint, err error) error {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || e.errors[f.Code] || universal(f.Code) {
		return err
	}
	s.log.ErrorContext(ctx, "operation answered an exception that it does not declare",
		"operation", e.op.Name, "code", f.Code, "message", f.Message)
	if !s.strict {
		return err
	}
	return fault.InternalError(textUndeclared + f.Code).Because(err)
}

const textUndeclared = "The operation answered an exception that it does not declare: "

// The exceptions that wire itself answers.
const (
	codeInternal       = "InternalErrorException"
	codeServer         = "InternalServerException"
	codeTooMany        = "TooManyRequestsException"
	codeSerialization  = "SerializationException"
	codeUnknown        = "UnknownOperationException"
	codeTooLarge       = "RequestEntityTooLargeException"
	codeNotImplemented = "NotImplemented"
)

const (
	// textInternal is AWS's text where it tells nothing more.
	textInternal = "Something went wrong"
	textBusy     = "Rate exceeded"
)

// fate returns the error of a call as the client may see it.
func fate(err error) *fault.Error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f
	}
	if n, ok := errors.AsType[*api.NotImplementedError](err); ok {
		return fault.New(codeNotImplemented, n.Error())
	}
	if errors.Is(err, gate.ErrBusy) {
		return fault.New(codeTooMany, textBusy).Because(err)
	}
	return fault.New(codeInternal, textInternal).Because(err)
}

// inOwnWords returns an error under the name by which the operation declares it: some
// newer operations call an internal error InternalServerException.
func (e *endpoint) inOwnWords(f *fault.Error) *fault.Error {
	if e == nil || f.Code != codeInternal || e.errors[codeInternal] || !e.errors[codeServer] {
		return f
	}
	named := *f
	named.Code = codeServer
	return &named
}

// statusOf returns the HTTP status of an exception: a fact of the service that answers,
// or of the framework around all services.
func statusOf(service *api.Service, code string) int {
	if service != nil {
		if x, ok := service.Exceptions[code]; ok {
			return x.Status
		}
	}
	switch code {
	case codeInternal:
		return 500
	case codeNotImplemented:
		return 501
	case codeTooLarge:
		return 413
	default:
		return 400
	}
}
