package kafkatest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
)

// node is an Apache Kafka on this machine: its folder, ports and process.
type node struct {
	dir   string
	lib   string
	java  string
	opts  Options
	ports ports
	sec   *Security
	proc  *process
}

// errPortTaken says that another process was quicker to bind a port that had
// been found free.
var errPortTaken = errors.New("a port was taken")

// launch formats a folder below dir and starts a broker on it. Free ports are
// found by binding and releasing them, so another process can take one before
// the broker does: then everything is tried again with other ports.
func launch(ctx context.Context, opts Options, dir string) (*node, error) {
	java, err := findJava(ctx)
	if err != nil {
		return nil, err
	}
	lib, err := install(ctx, opts.Version)
	if err != nil {
		return nil, err
	}
	var sec *Security
	if opts.Secure {
		if sec, err = newSecurity(); err != nil {
			return nil, err
		}
	}
	for try := range 5 {
		sub, err := os.MkdirTemp(dir, "kafka-")
		if err != nil {
			return nil, err
		}
		n := &node{dir: sub, lib: lib, java: java, opts: opts, sec: sec}
		if n.ports, err = freePorts(); err != nil {
			return nil, err
		}
		if err = n.format(ctx); err != nil {
			return nil, err
		}
		if err = n.start(ctx); err == nil {
			return n, nil
		}
		// A busy machine may have been too slow once.
		if !errors.Is(err, errPortTaken) && (try > 0 || ctx.Err() != nil) {
			return nil, err
		}
	}
	return nil, fmt.Errorf("start apache kafka: five times in a row %w", errPortTaken)
}

func (n *node) config() string { return filepath.Join(n.dir, "server.properties") }
func (n *node) log() string    { return filepath.Join(n.dir, "kafka.log") }
func (n *node) addr() string   { return fmt.Sprintf("127.0.0.1:%d", n.ports.client) }

func (n *node) classpath() string { return filepath.Join(n.lib, "*") }

// format writes the configuration and the metadata of an empty cluster.
func (n *node) format(ctx context.Context) error {
	props := n.opts.properties(n.dir, n.ports, n.sec)
	if err := os.WriteFile(n.config(), []byte(props), 0o600); err != nil {
		return err
	}
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	args := []string{"-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", n.classpath(), "kafka.tools.StorageTool",
		"format", "--cluster-id=" + base64.RawURLEncoding.EncodeToString(id[:]), "-c", n.config()} // it may begin with "-"
	if n.sec != nil {
		if err := n.sec.writeFiles(n.dir); err != nil {
			return err
		}
		args = append(args, n.sec.formatArgs()...)
	}
	if out, err := exec.CommandContext(ctx, n.java, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("format apache kafka's folder: %w\n%s", err, out)
	}
	return nil
}

// start runs the broker on its folder and waits until it serves.
func (n *node) start(ctx context.Context) error {
	before := logSize(n.log())
	proc, err := start(n.log(), n.java, nil, "-Xms256m", "-Xmx768m",
		"-cp", n.classpath(), "kafka.Kafka", n.config())
	if err != nil {
		return err
	}
	n.proc = proc
	if err := proc.await(ctx, n.broker()); err != nil {
		log := logSince(n.log(), before)
		if bytes.Contains(log, []byte("Address already in use")) {
			return errPortTaken
		}
		return fmt.Errorf("apache kafka %s did not start: %w; its log (%s):\n%s", n.opts.Version, err, n.log(), log)
	}
	return nil
}

func (n *node) process() *process { return n.proc }

func (n *node) broker() *Broker {
	return &Broker{Addrs: []string{n.addr()}, Security: n.sec, server: n}
}

// freePorts finds ports that nobody listens on. All are held until the last
// is found, so they differ.
func freePorts() (ports, error) {
	var found [3]int
	for i := range found {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return ports{}, err
		}
		defer l.Close()
		found[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports{client: found[0], controller: found[1], inter: found[2]}, nil
}
