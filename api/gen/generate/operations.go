package generate

import (
	"fmt"
	"slices"
	"strings"
)

// output returns the Go type that an operation's method returns a pointer to.
func (p *pkg) output(op *Operation) string {
	if op.Output == nil {
		return "api.Empty"
	}
	return exported(op.Output.Shape)
}

func (p *pkg) signature(op *Operation) string {
	return fmt.Sprintf("(ctx context.Context, call *api.Call, in *%s) (*%s, error)", exported(op.Input.Shape), p.output(op))
}

// writeAPI writes the interface of the service and Unimplemented.
func (p *pkg) writeAPI(w *source) {
	w.p("// API are the operations of %s.", p.Metadata.EndpointPrefix)
	w.p("type API interface {")
	for _, op := range p.operations() {
		w.p("%s%s", op.Name, p.signature(op))
	}
	w.p("}\n")
	w.p("// Unimplemented answers every operation with api.NotImplementedError. What implements")
	w.p("// some of the operations embeds it for the others.")
	w.p("type Unimplemented struct{}\n")
	w.p("var _ API = Unimplemented{}\n")
	for _, op := range p.operations() {
		w.p("// %s says that it is not implemented.", op.Name)
		w.p("func (Unimplemented) %s(context.Context, *api.Call, *%s) (*%s, error) {", op.Name, exported(op.Input.Shape), p.output(op))
		w.p("return nil, &api.NotImplementedError{Operation: %q}\n}\n", op.Name)
	}
}

// writeOperations writes the description of the service and what wire asks of inputs.
func (p *pkg) writeOperations(w *source) {
	w.p("// Service describes %s. It never changes.", p.Metadata.EndpointPrefix)
	w.p("var Service = &api.Service{")
	w.p("Name: %q,\nProtocol: %q,\nTargetPrefix: %q,", p.Metadata.EndpointPrefix, p.Metadata.Protocol, p.Metadata.TargetPrefix)
	w.p("Operations: map[string]*api.Operation{")
	for _, op := range p.operations() {
		w.p("%q: api.Describe(%q, api.%s, %t, API.%s, []string{%s}),",
			op.Name, op.Name, p.class(op), op.Output != nil, op.Name, p.declared(op))
	}
	w.p("},")
	w.p("Exceptions: map[string]api.Exception{")
	for _, s := range p.exceptions() {
		w.p("%q: {Name: %q, Status: %d},", s.code(), s.code(), p.status(s))
	}
	w.p("},\n}\n")
	for _, s := range p.structures {
		if p.inputs[s.Name] != "" {
			p.writeGetters(w, s)
		}
	}
}

// writeGetters writes the methods by which wire reads members without reflection.
func (p *pkg) writeGetters(w *source, s *Shape) {
	for _, m := range s.Members {
		if p.field(m.Shape) != "*string" {
			continue
		}
		switch m.Name {
		case "AccessToken":
			w.p("// CarriedToken returns the access token, nil when absent.")
			w.p("func (in *%s) CarriedToken() *string { return in.AccessToken }\n", exported(s.Name))
		case "UserPoolId":
			w.p("// TargetPoolID returns the user pool id, nil when absent.")
			w.p("func (in *%s) TargetPoolID() *string { return in.UserPoolId }\n", exported(s.Name))
		}
	}
}

// class returns the name of the operation's class in package api. Some models mark as
// access_token_or_session whatever does not require the token; only what has a Session
// can go without one.
func (p *pkg) class(op *Operation) string {
	has := func(name string) bool {
		return slices.ContainsFunc(p.Shapes[op.Input.Shape].Members, func(m Member) bool { return m.Name == name })
	}
	switch op.Authorization {
	case "none":
		return "Public"
	case "iam":
		return "IAM"
	case "access_token":
		return "AccessToken"
	case "access_token_or_session":
		if has("Session") {
			return "AccessTokenOrSession"
		}
		return "AccessToken"
	}
	return p.fail("operation " + op.Name + " has the unknown authorization " + op.Authorization)
}

// declared returns the codes of the exceptions that an operation declares, quoted.
func (p *pkg) declared(op *Operation) string {
	var codes []string
	for _, e := range op.Errors {
		codes = append(codes, fmt.Sprintf("%q", p.Shapes[e].code()))
	}
	slices.Sort(codes)
	return strings.Join(slices.Compact(codes), ", ")
}

func (m *Model) exceptions() []*Shape {
	return slices.DeleteFunc(m.shapes(), func(s *Shape) bool { return !s.Exception })
}

// code returns the name of an exception as clients see it.
func (s *Shape) code() string {
	if s.Error.Code != "" {
		return s.Error.Code
	}
	return s.Name
}

func (p *pkg) status(s *Shape) int {
	switch {
	case p.Status[s.Name] != 0:
		return p.Status[s.Name]
	case s.Error.HTTPStatusCode != 0:
		return s.Error.HTTPStatusCode
	case s.Fault:
		return 500
	}
	return 400
}
