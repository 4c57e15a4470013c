package chaos

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// process is one run of the word count.
type process struct {
	cmd  *exec.Cmd
	log  string        // file with all that it printed
	done chan struct{} // closed when it has ended and been reaped
	err  error         // how it ended; read after done
}

// launch starts a program with its output in a file. The goroutine that starts
// it keeps its thread until the end: Linux sends the parent-death signal when
// the thread ends that forked the child, not the process.
func launch(log, name string, args ...string) (*process, error) {
	out, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.Command(name, args...), log: log, done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.SysProcAttr = childAttr()
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread goes with the child
		defer close(p.done)
		defer func() { _ = out.Close() }()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			p.err = p.cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		<-p.done
		return nil, err
	}
	return p, nil
}

// ended reports whether the process has ended.
func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// kill ends the process at once and waits for its end.
func (p *process) kill() {
	if !p.ended() {
		killGroup(p.cmd.Process)
	}
	<-p.done
}

// tail returns the last lines of the log.
func (p *process) tail(lines int) string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
