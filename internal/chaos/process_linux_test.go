package chaos

import "syscall"

// childAttr gives a child a process group of its own and ties its life to
// ours, however we end.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
