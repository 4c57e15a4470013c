package kafkatest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"time"
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

const (
	startTimeout = 90 * time.Second // cold file cache, two busy cores
	stopTimeout  = 30 * time.Second
)

// await waits until the broker that the child is serves. If that fails the
// child is killed.
func (p *process) await(ctx context.Context, b *Broker) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	ended, stop := context.WithCancelCause(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-p.done:
			stop(fmt.Errorf("its process ended: %w", cmp.Or(p.err, errors.New("exit status 0"))))
		case <-ended.Done():
		}
	}()
	err := ready(ended, b)
	stop(nil)
	<-watched
	if err != nil {
		p.kill()
	}
	return err
}

func logSize(path string) int64 {
	fi, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return fi.Size()
}

// logSince returns what was logged behind an offset, at most the last 16 kB.
func logSince(path string, offset int64) []byte {
	b, err := os.ReadFile(path)
	if err != nil {
		return []byte(err.Error())
	}
	b = b[min(offset, int64(len(b))):]
	return b[max(0, len(b)-16<<10):]
}
