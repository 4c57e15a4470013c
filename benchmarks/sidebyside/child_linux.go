package main

import (
	"runtime"
	"syscall"
)

// childAttr ends a program with the driver: the kernel kills it when the thread
// that started it ends, which lockThread keeps for as long as the child.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func lockThread() { runtime.LockOSThread() }
