//go:build !unix

package function

import "os/exec"

// isolate has no groups to make here; the command alone is ended.
func isolate(*exec.Cmd) {}

func endGroup(c *exec.Cmd) {
	if c.Process != nil {
		_ = c.Process.Kill() // it may have ended by itself
	}
}
