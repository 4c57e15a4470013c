package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// stopTimeout is how long a program may take to end after SIGTERM.
const stopTimeout = time.Minute

// child is a running program.
type child struct {
	cmd        *exec.Cmd
	started    time.Time      // just before it was started
	processing chan time.Time // gets the time of the event
	done       chan struct{}  // closed when it has ended
	err        error          // how it ended; read after done
	log        tail
	memory     *memory
}

// startChild runs a command until stop, with one more variable in its environment if
// env names one. Its standard error is kept for errors.
func startChild(command []string, env string) (*child, error) {
	c := &child{
		cmd:        exec.Command(command[0], command[1:]...),
		processing: make(chan time.Time, 1),
		done:       make(chan struct{}),
	}
	c.cmd.Stderr = &c.log
	if env != "" {
		c.cmd.Env = append(os.Environ(), env)
	}
	c.cmd.SysProcAttr = childAttr()
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	// The thread that starts a child stays: see childAttr.
	started := make(chan error, 1)
	go func() {
		lockThread()
		defer close(c.done)
		c.started = time.Now()
		err := c.cmd.Start()
		started <- err
		if err == nil {
			c.events(out)
			c.err = c.cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", command[0], err)
	}
	c.memory = watchMemory(c.cmd.Process.Pid)
	return c, nil
}

// events reads what the program prints, to its end. Lines that are no events
// are kept as its log.
func (c *child) events(out io.Reader) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var e struct {
			Event  string `json:"event"`
			UnixMS int64  `json:"unix_ms"`
		}
		if json.Unmarshal(lines.Bytes(), &e) != nil || e.Event != "processing" {
			_, _ = c.log.Write(append(bytes.Clone(lines.Bytes()), '\n'))
			continue
		}
		select {
		case c.processing <- time.UnixMilli(e.UnixMS):
		default: // said twice: the first counts
		}
	}
}

// begun waits for the first record that is processed.
func (c *child) begun(ctx context.Context) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, stallTimeout)
	defer cancel()
	select {
	case t := <-c.processing:
		return t, nil
	case <-c.done:
		return time.Time{}, c.failure("it ended before it processed anything")
	case <-ctx.Done():
		return time.Time{}, c.failure("it processes nothing: " + ctx.Err().Error())
	}
}

// running is an error once the program has ended.
func (c *child) running() error {
	select {
	case <-c.done:
		return c.failure("it ended by itself")
	default:
		return nil
	}
}

func (c *child) failure(what string) error {
	return fmt.Errorf("%s; it logged:\n%s", what, c.log.String())
}

// stop ends the program as an operator would and returns what it used.
func (c *child) stop() (usage, error) {
	peak := c.memory.stop()
	_ = terminate(c.cmd.Process)
	select {
	case <-c.done:
	case <-time.After(stopTimeout):
		c.kill()
		return usage{}, c.failure("it did not end within " + stopTimeout.String() + " of SIGTERM")
	}
	if c.err != nil {
		return usage{}, c.failure("it ended with " + c.err.Error())
	}
	return usageOf(c.cmd.ProcessState, peak), nil
}

// kill ends the program at once. It does nothing after stop.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	<-c.done
	c.memory.stop()
}

// usage is what a program used until its end.
type usage struct {
	cpu  time.Duration // user and system
	peak int64         // resident memory in bytes; 0 if the platform does not tell
}

func usageOf(s *os.ProcessState, peak int64) usage {
	return usage{cpu: s.UserTime() + s.SystemTime(), peak: peak}
}

// tail keeps the last bytes that are written to it.
type tail struct {
	mu sync.Mutex // guards b
	b  []byte
}

const tailBytes = 8 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	t.b = t.b[max(0, len(t.b)-tailBytes):]
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.b)
}
