package main

import (
	"syscall"
	"time"
)

// cpuTime is the processor time of this process, user and kernel.
func cpuTime() time.Duration {
	var created, ended, kernel, user syscall.Filetime
	self, err := syscall.GetCurrentProcess()
	if err == nil {
		err = syscall.GetProcessTimes(self, &created, &ended, &kernel, &user)
	}
	if err != nil {
		return 0
	}
	ticks := func(t syscall.Filetime) time.Duration {
		return time.Duration(int64(t.HighDateTime)<<32 | int64(t.LowDateTime)) // of 100 ns
	}
	return 100 * (ticks(kernel) + ticks(user))
}
