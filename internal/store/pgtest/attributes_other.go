//go:build unix && !linux

package pgtest

import "syscall"

// processAttributes are the usual ones.
func processAttributes() *syscall.SysProcAttr { return new(syscall.SysProcAttr) }
