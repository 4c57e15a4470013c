package kafkatest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/millrace-io/millrace/embedded"
)

// Set for a child process: the folder to serve, and the address.
const (
	envServe = "MILLRACE_SERVE_EMBEDDED"
	envAddr  = "MILLRACE_SERVE_ADDR"
)

// Embedded starts the embedded broker on a folder in a child process, so that a
// test can kill it, freeze it and start it again on its port and folder (Kill,
// Stop, Pause, Restart). The child is this test binary run again, which needs
// Main in its TestMain. It ends with t.
func Embedded(t testing.TB) *Broker {
	t.Helper()
	others(t)
	if !shared.owned {
		t.Fatal("kafkatest: Embedded runs this binary again: call kafkatest.Main in TestMain")
	}
	c := &child{dir: t.TempDir()}
	for range 5 {
		p, err := freePorts()
		if err != nil {
			t.Fatalf("kafkatest: %v", err)
		}
		c.addr = fmt.Sprintf("127.0.0.1:%d", p.client)
		err = c.start(context.Background())
		if errors.Is(err, errPortTaken) {
			continue
		}
		if err != nil {
			t.Fatalf("kafkatest: %v", err)
		}
		t.Cleanup(func() { c.proc.kill() })
		return c.broker()
	}
	t.Fatalf("kafkatest: start the embedded broker: five times in a row %v", errPortTaken)
	return nil
}

// child is an embedded broker in a process of its own.
type child struct {
	dir  string
	addr string
	proc *process
}

func (c *child) process() *process { return c.proc }

func (c *child) log() string { return filepath.Join(c.dir, "log") }

func (c *child) broker() *Broker { return &Broker{Addrs: []string{c.addr}, server: c} }

func (c *child) start(ctx context.Context) error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	before := logSize(c.log())
	env := []string{envServe + "=" + filepath.Join(c.dir, "data"), envAddr + "=" + c.addr}
	if c.proc, err = start(c.log(), exe, env); err != nil {
		return err
	}
	if err := c.proc.await(ctx, c.broker()); err != nil {
		log := logSince(c.log(), before)
		if bytes.Contains(log, []byte("address already in use")) {
			return errPortTaken
		}
		return fmt.Errorf("the embedded broker did not start: %w; its log (%s):\n%s", err, c.log(), log)
	}
	return nil
}

// serve is the child's side: it serves until SIGTERM, or until the broker gives
// up.
func serve(dir, addr string) int {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, os.Interrupt)
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	b, err := embedded.Start(embedded.Config{Dir: dir, Addr: addr, Logger: log})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	select {
	case <-stop:
	case <-b.Done():
	}
	if err := b.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
