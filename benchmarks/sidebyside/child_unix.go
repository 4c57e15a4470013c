//go:build unix && !linux

package main

import "syscall"

// childAttr keeps a Ctrl-C at the terminal from the programs: the driver ends
// them.
func childAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func lockThread() {}
