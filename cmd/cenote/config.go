package main

import (
	"fmt"
	"net"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/cenote-id/cenote"
)

// settings gives the flags of a server that are not on the command line their values.
type settings struct {
	// sources are asked in this order.
	sources []source
}

// source looks a setting up by the name of its flag. A setting that is a secret may also
// be found in a file that is named instead of it.
type source func(name string, secret bool) (value string, found bool, err error)

// Validate implements kong.Resolver.
func (s *settings) Validate(*kong.Application) error { return nil }

// Resolve implements kong.Resolver.
func (s *settings) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if !isSetting(flag) {
		return nil, nil //nolint:nilnil // what kong expects where there is no value
	}
	for _, look := range s.sources {
		value, found, err := look(flag.Name, flag.Tag.Has("secret"))
		if err != nil {
			return nil, err
		}
		if found {
			return value, nil
		}
	}
	return nil, nil //nolint:nilnil // what kong expects where there is no value
}

// isSetting says whether a flag is a setting of a server, and not one for the command
// line only.
func isSetting(flag *kong.Flag) bool { return flag.Name != "help" && !flag.Tag.Has("args") }

// addSettings lets the environment and the configuration file set the flags of the
// commands that take --config. The commands of users have variables of their own.
func (p *program) addSettings(ctx *kong.Context) error {
	command := ctx.Selected()
	if command == nil {
		return nil
	}
	known := map[string]*kong.Flag{}
	for _, flag := range command.Flags {
		known[flag.Name] = flag
	}
	config := known["config"]
	if config == nil {
		return nil
	}
	s := settings{sources: []source{p.environment}}
	if command.Name == "dev" {
		s.sources = append(s.sources, p.cognitoLocal)
	}
	name, _ := ctx.FlagValue(config).(string)
	if name == "" {
		name = p.getenv(variable(config.Name))
	}
	if name != "" {
		file, err := readConfigFile(name, known)
		if err != nil {
			return err
		}
		s.sources = append(s.sources, file.look)
		p.functions = file.functions
	}
	ctx.AddResolver(&s)
	return nil
}

// variable returns the environment variable of a flag.
func variable(flag string) string {
	return "CENOTE_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// environment is the source of CENOTE_<FLAG> and, for secrets, CENOTE_<FLAG>_FILE.
func (p *program) environment(name string, secret bool) (string, bool, error) {
	name = variable(name)
	if secret {
		value, err := p.secret(name)
		return value, value != "", err
	}
	value := p.getenv(name)
	return value, value != "", nil
}

// secret returns the value of an environment variable, or the content of the file that
// the variable NAME_FILE names; empty where neither is set.
func (p *program) secret(name string) (string, error) {
	value, file := p.getenv(name), p.getenv(name+"_FILE")
	if value != "" && file != "" {
		return "", fmt.Errorf("%s and %s_FILE are both set", name, name)
	}
	if file == "" {
		return value, nil
	}
	value, err := readSecret(file)
	if err != nil {
		return "", fmt.Errorf("%s_FILE: %w", name, err)
	}
	return value, nil
}

// cognitoLocal is the source of HOST, PORT and CODE, as users of cognito-local know them.
func (p *program) cognitoLocal(name string, _ bool) (string, bool, error) {
	switch name {
	case "listen":
		host, port := p.getenv("HOST"), p.getenv("PORT")
		if host == "" && port == "" {
			return "", false, nil
		}
		return completeAddress(host, port), true, nil
	case "code":
		code := p.getenv("CODE")
		return code, code != "", nil
	}
	return "", false, nil
}

// completeAddress takes what is missing of an address from the default one.
func completeAddress(host, port string) string {
	// The default is a constant that splits.
	defaultHost, defaultPort, _ := net.SplitHostPort(cenote.DefaultListen)
	if host == "" {
		host = defaultHost
	}
	if port == "" {
		port = defaultPort
	}
	return net.JoinHostPort(host, port)
}
