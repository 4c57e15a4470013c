//go:build unix && !linux

package kafkatest

import "syscall"

// childAttr puts the child into a process group of its own, so that a Ctrl-C
// at the terminal ends the tests first.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
