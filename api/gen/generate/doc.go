// Package generate turns the service models of api/model into Go: the types, enums,
// constraint checks, redaction and operation table of each service's package below
// api, and the constructors of package fault.
//
// A model is the service's own description of its API: operations, shapes and the
// constraints on them. What the model cannot say (which sensitive members are no
// secret, which records an update replaces) stands in Services, one entry a service.
//
// The output depends on nothing but its input: the same model gives the same bytes.
package generate
