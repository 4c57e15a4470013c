package main

import (
	"errors"
	"os"
	"syscall"
)

func childAttr() *syscall.SysProcAttr { return nil }

func lockThread() {}

// terminate cannot be had on Windows: the driver says so before anything runs.
func terminate(*os.Process) error { return errors.New("windows has no SIGTERM") }
