package generate

import "strings"

// Constructors generates the functions of package fault that make the errors named
// after the services' exceptions. An exception that several services have under one
// code is made by one function; services that give one name to two codes get the later
// one prefixed with the package's name.
func Constructors(services []Service, models []*Model) ([]byte, error) {
	codes := map[string]string{} // function -> code
	for i, m := range models {
		for _, s := range m.exceptions() {
			name := exported(strings.TrimSuffix(s.code(), "Exception"))
			if other, ok := codes[name]; ok && other != s.code() {
				name = strings.ToUpper(services[i].Package) + name
			}
			codes[name] = s.code()
		}
	}
	w := new(source)
	for _, name := range keys(codes) {
		w.p("// %s returns %s with the message that the client sees.", name, codes[name])
		w.p("func %s(message string) *Error { return New(%q, message) }\n", name, codes[name])
	}
	return w.file("fault")
}
