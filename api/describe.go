package api

import "context"

// Describe returns the description of an operation whose method is do, an expression
// such as API.InitiateAuth. The generated tables are made of it.
func Describe[S, In, Out any, P interface {
	*In
	Input
}](name string, class Class, hasOutput bool, do func(S, context.Context, *Call, *In) (*Out, error), errors []string) *Operation {
	return &Operation{
		Name:      name,
		Class:     class,
		HasOutput: hasOutput,
		Errors:    errors,
		NewInput:  func() Input { return P(new(In)) },
		Invoke: func(ctx context.Context, service any, call *Call, in Input) (any, error) {
			out, err := do(service.(S), ctx, call, (*In)(in.(P)))
			if err != nil {
				return nil, err
			}
			return out, nil
		},
	}
}
