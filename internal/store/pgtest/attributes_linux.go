package pgtest

import "syscall"

// processAttributes make the server end with the test's process, even when that is killed.
func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
}
