package kafkatest

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
)

// process is a child with an owner: a goroutine that starts it and waits for
// its end. That goroutine keeps its operating-system thread, because Linux
// sends the parent-death signal when the *thread* that forked the child ends.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when the child has ended and been reaped
	err  error         // how it ended; read after done
}

// start runs name with its output appended to the file log.
func start(log, name string, env []string, args ...string) (*process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.Command(name, args...), done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.SysProcAttr = childAttr()
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the child
		defer close(p.done)
		defer out.Close()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			p.err = p.cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		<-p.done
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return p, nil
}

// running reports whether the child has not ended yet.
func (p *process) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// kill ends the child, and what it started, at once and waits for its end.
func (p *process) kill() {
	if p.running() {
		killGroup(p.cmd.Process)
	}
	<-p.done
}
