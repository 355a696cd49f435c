package main

import "testing"

// TestUserScripts runs the commands of users against a server: testdata/users/*.txtar.
func TestUserScripts(t *testing.T) {
	t.Parallel()
	runScripts(t, "testdata/users/*.txtar", nil)
}
