package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"

	"github.com/cenote-id/cenote"
)

// senders are the keys below senders: and the flags that they stand for.
var senders = map[string]string{
	"senders.email.url":    "smtp-url",
	"senders.email.secret": "mail-webhook-secret",
	"senders.email.from":   "mail-from",
	"senders.sms.url":      "sms-webhook-url",
	"senders.sms.secret":   "sms-webhook-secret",
}

// secretFileSuffix makes of a secret's key the key that names a file with the secret.
const secretFileSuffix = "-file"

// configFile is a configuration file that has been read.
type configFile struct {
	name  string
	flags map[string]*kong.Flag // those that may be set
	// values are by flag; those of secrets in files under the flag with secretFileSuffix.
	values map[string]string
	// functions are the entries below functions:, by pattern.
	functions []cenote.Function
}

// readConfigFile reads a YAML file that sets some of the flags. Whatever it cannot use it
// refuses, naming the key but no value, which may be secret.
func readConfigFile(name string, flags map[string]*kong.Flag) (*configFile, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("configuration file: %w", err)
	}
	defer file.Close()
	c := &configFile{name: name, flags: flags, values: map[string]string{}}
	decoder := yaml.NewDecoder(file)
	var document, another yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return c, nil
	case err != nil:
		return nil, fmt.Errorf("configuration file %s: %w", name, err)
	}
	if err := decoder.Decode(&another); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("configuration file %s has more than one document", name)
	}
	return c, c.read("", document.Content[0])
}

// read takes the settings from a mapping whose keys stand below path.
func (c *configFile) read(path string, n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		if path == "" && n.ShortTag() == "!!null" {
			return nil
		}
		return c.errorAt(n, "settings are expected, KEY: VALUE")
	}
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], followed(n.Content[i+1])
		name := path + key.Value
		var err error
		switch {
		case strings.Contains(key.Value, "."):
			err = c.errorAt(key, "unknown key %q", name)
		case name == "functions":
			err = c.readFunctions(value)
		case name == "senders" || name == "senders.email" || name == "senders.sms":
			err = c.read(name+".", value)
		default:
			err = c.set(name, key, value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// set keeps the value of a key in the form that it has on a command line.
func (c *configFile) set(name string, key, value *yaml.Node) error {
	setting, flag := c.setting(name)
	if flag == nil {
		return c.errorAt(key, "unknown key %q", name)
	}
	for _, other := range []string{flag.Name, flag.Name + secretFileSuffix} {
		if _, twice := c.values[other]; twice {
			return c.errorAt(key, "%q sets %s, which has been set already", name, flag.Name)
		}
	}
	if flag.IsMap() {
		if value.Kind != yaml.MappingNode {
			return c.errorAt(value, "%q takes settings, KEY: VALUE", name)
		}
		pairs, err := c.pairs("", value)
		c.values[setting] = kong.JoinEscaped(pairs, flag.Tag.MapSep)
		return err
	}
	if value.Kind != yaml.SequenceNode || !flag.IsSlice() {
		text, err := c.text(name, value)
		c.values[setting] = text
		return err
	}
	texts := make([]string, len(value.Content))
	for i, item := range value.Content {
		var err error
		if texts[i], err = c.text(name, followed(item)); err != nil {
			return err
		}
	}
	c.values[setting] = kong.JoinEscaped(texts, flag.Tag.Sep)
	return nil
}

// pairs returns the plain values of a mapping, and of the mappings in it, each as
// PATH=VALUE.
func (c *configFile) pairs(path string, n *yaml.Node) (out []string, err error) {
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], followed(n.Content[i+1])
		name := path + key.Value
		if strings.ContainsAny(key.Value, ".=;") {
			return nil, c.errorAt(key, "unknown key %q", name)
		}
		if value.Kind == yaml.MappingNode {
			inner, err := c.pairs(name+".", value)
			if err != nil {
				return nil, err
			}
			out = append(out, inner...)
			continue
		}
		text, err := c.text(name, value)
		if err != nil {
			return nil, err
		}
		out = append(out, name+"="+text)
	}
	return out, nil
}

// text returns a plain value as it was written: YAML would read an account id as a number.
func (c *configFile) text(name string, n *yaml.Node) (string, error) {
	if n.Kind != yaml.ScalarNode {
		return "", c.errorAt(n, "%q takes plain values", name)
	}
	if n.ShortTag() == "!!null" {
		return "", c.errorAt(n, "%q has no value", name)
	}
	return n.Value, nil
}

// setting returns the flag that a key sets, nil where there is none, and under which name
// its value is kept.
func (c *configFile) setting(key string) (string, *kong.Flag) {
	if flag := c.flag(key); flag != nil {
		return flag.Name, flag
	}
	if of, ok := strings.CutSuffix(key, secretFileSuffix); ok {
		if flag := c.flag(of); flag != nil && flag.Tag.Has("secret") {
			return flag.Name + secretFileSuffix, flag
		}
	}
	return "", nil
}

func (c *configFile) flag(key string) *kong.Flag {
	if name := senders[key]; name != "" {
		key = name
	}
	if flag := c.flags[key]; flag != nil && isSetting(flag) {
		return flag
	}
	return nil
}

func (c *configFile) errorAt(n *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("configuration file %s, line %d: %s", c.name, n.Line, fmt.Sprintf(format, args...))
}

// look is the source of the file's settings.
func (c *configFile) look(name string, secret bool) (string, bool, error) {
	if file, ok := c.values[name+secretFileSuffix]; secret && ok {
		value, err := readSecret(file)
		if err != nil {
			err = fmt.Errorf("configuration file %s, %s%s: %w", c.name, name, secretFileSuffix, err)
		}
		return value, true, err
	}
	value, found := c.values[name]
	return value, found, nil
}

// followed returns the node that an alias stands for.
func followed(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}
