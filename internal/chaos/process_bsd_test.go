//go:build unix && !linux

package chaos

import "syscall"

// childAttr gives a child a process group of its own.
func childAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
