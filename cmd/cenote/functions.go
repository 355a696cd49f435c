package main

import (
	"bytes"
	"fmt"
	"path/filepath"

	"go.yaml.in/yaml/v3"

	"github.com/cenote-id/cenote"
)

// readFunctions reads functions:, a mapping from patterns of ARNs to where such functions
// run. Folders are meant from the configuration file's.
func (c *configFile) readFunctions(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return c.errorAt(n, "functions: PATTERN: {kind: ...} is expected")
	}
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], followed(n.Content[i+1])
		entry := cenote.Function{}
		if err := decodeStrictly(value, &entry); err != nil {
			return c.errorAt(value, "function %q: %v", key.Value, err)
		}
		entry.Pattern = key.Value
		if entry.Dir != "" && !filepath.IsAbs(entry.Dir) {
			entry.Dir = filepath.Join(filepath.Dir(c.name), entry.Dir)
		}
		c.functions = append(c.functions, entry)
	}
	return nil
}

// decodeStrictly reads a node, refusing keys that the value has no member for.
func decodeStrictly(n *yaml.Node, into any) error {
	text, err := yaml.Marshal(n)
	if err != nil {
		return err
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	return decoder.Decode(into)
}

// configureFunctions puts the functions of the configuration file into a server's
// configuration, with the secrets that stand in the environment.
func (p *program) configureFunctions(c *cenote.Config) error {
	for _, entry := range p.functions {
		if entry.SecretEnv != "" {
			secret, err := p.secret(entry.SecretEnv)
			if err != nil {
				return err
			}
			if secret == "" {
				return fmt.Errorf("function %q: the variable %s is not set", entry.Pattern, entry.SecretEnv)
			}
			entry.Secrets = append([]string{secret}, entry.Secrets...)
		}
		c.Functions = append(c.Functions, entry)
	}
	return nil
}
