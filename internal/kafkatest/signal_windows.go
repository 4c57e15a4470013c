package kafkatest

import (
	"errors"
	"os"
	"syscall"
)

func childAttr() *syscall.SysProcAttr { return nil }

func killGroup(p *os.Process) { _ = p.Kill() }

var errSignal = errors.New("windows has no such signal: kill the broker instead")

func terminate(*os.Process) error { return errSignal }

func suspend(*os.Process) error { return errSignal }

func resume(*os.Process) error { return errSignal }
