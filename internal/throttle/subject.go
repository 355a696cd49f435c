package throttle

import (
	"reflect"
	"strings"

	"github.com/cenote-id/cenote/api"
)

// subject is whose call it is; empty parts are not known.
type subject struct{ client, user string }

// subjectOf returns the app client and the user that a call names: by its access token, or
// by its members. A user's reads and writes are apart.
func subjectOf(call *api.Call, in api.Input) subject {
	s := subject{client: member(in, "ClientId")}
	if u := call.Principal.User; u != nil {
		s.client, s.user = u.ClientID, u.PoolID+"/"+u.Sub
	} else {
		name := member(in, "Username")
		for _, parameters := range []string{"AuthParameters", "ChallengeResponses"} {
			if name == "" {
				name = parameter(in, parameters)
			}
		}
		if name != "" {
			place := s.client
			if target, ok := in.(api.PoolTarget); ok {
				place = api.Value(target.TargetPoolID())
			}
			s.user = place + "/" + strings.ToLower(name)
		}
	}
	if s.user != "" {
		s.user = kindOf(call.Operation.Name) + s.user
	}
	return s
}

func kindOf(operation string) string {
	operation = strings.TrimPrefix(operation, "Admin")
	if strings.HasPrefix(operation, "Get") || strings.HasPrefix(operation, "List") {
		return "r:"
	}
	return "w:"
}

// member returns a member of an input that is a text, empty where there is none.
func member(in api.Input, name string) string {
	f := field(in, name)
	if !f.IsValid() {
		return ""
	}
	text, _ := f.Interface().(*string)
	return api.Value(text)
}

// parameter returns the USERNAME in a member that is a map.
func parameter(in api.Input, name string) string {
	f := field(in, name)
	if !f.IsValid() {
		return ""
	}
	texts, _ := f.Interface().(api.StringMap)
	return texts["USERNAME"]
}

func field(in api.Input, name string) reflect.Value {
	v := reflect.ValueOf(in)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return reflect.Value{}
	}
	return v.Elem().FieldByName(name)
}
