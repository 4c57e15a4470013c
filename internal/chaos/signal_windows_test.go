package chaos

import (
	"os"
	"syscall"
)

func childAttr() *syscall.SysProcAttr { return nil }

func killGroup(p *os.Process) { _ = p.Kill() }

// terminate ends the process at once: Windows has no signal that asks.
func terminate(p *os.Process) error { return p.Kill() }

const canTerminate = false
