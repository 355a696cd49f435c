package wire

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/cenote-id/cenote/api"
)

// Caller is who makes a call from inside the process.
type Caller struct {
	// IAM is the principal of operations that need an AWS signature; nil may not call them.
	IAM       *api.IAMPrincipal
	RemoteIP  netip.Addr
	UserAgent string
}

// Through makes a call from inside the process: from the seed, the login pages, the
// console. It takes every phase but decoding and encoding; op is one of a mounted service.
// The error is *fault.Error as a client would see it.
func Through[Out any](ctx context.Context, s *Server, op *api.Operation, from Caller, in api.Input) (*Out, error) {
	out, err := s.Call(ctx, op, from, in)
	if err != nil {
		return nil, err
	}
	typed, ok := out.(*Out)
	if !ok {
		return nil, fmt.Errorf("wire: %s answers %T, not %T", op.Name, out, typed)
	}
	return typed, nil
}

// Call is Through for callers that know the operation only at run time.
func (s *Server) Call(ctx context.Context, op *api.Operation, from Caller, in api.Input) (any, error) {
	e := s.byOp[op]
	if e == nil {
		return nil, fmt.Errorf("wire: operation %s is not mounted", op.Name)
	}
	began := s.clock.Outside()
	id := s.requestID()
	ctx = withRequestID(ctx, id)
	call := &api.Call{Operation: op, RequestID: id, Time: s.clock.Now(), RemoteIP: from.RemoteIP, UserAgent: from.UserAgent}
	out, err := s.run(ctx, e, call, in, func() (*api.IAMPrincipal, error) {
		if from.IAM == nil {
			return nil, fmt.Errorf("wire: %s was called from inside without a principal", op.Name)
		}
		return from.IAM, nil
	})
	if err != nil {
		f := e.inOwnWords(fate(err))
		s.observe(ctx, op.Name, e.category, f.Code, s.clock.Outside().Sub(began), f.Cause)
		return nil, f
	}
	s.observe(ctx, op.Name, e.category, codeOK, s.clock.Outside().Sub(began), nil)
	return out, nil
}
