package main

import (
	"bytes"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millrace-io/millrace/internal/kafkatest"
)

// program is a run of the word count as a process.
type program struct {
	t           *testing.T
	cmd         *exec.Cmd
	out, errout output
	ended       chan struct{}
}

// output is what a process has printed so far.
type output struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// start runs the program until it ends or the test does.
func start(t *testing.T, stdin io.Reader, args ...string) *program {
	t.Helper()
	exe, err := build()
	if err != nil {
		t.Fatal(err)
	}
	p := &program{t: t, cmd: exec.CommandContext(t.Context(), exe, args...), ended: make(chan struct{})}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = stdin, &p.out, &p.errout
	p.cmd.WaitDelay = time.Second // for a stdin that nobody closes
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait() // what it says is in ProcessState
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.ended
		if t.Failed() {
			t.Logf("wordcount %s printed to standard error:\n%s", strings.Join(args, " "), p.errout.String())
		}
	})
	return p
}

// startOn runs the program on a broker, without the text.
func startOn(t *testing.T, b *kafkatest.Broker, args ...string) *program {
	t.Helper()
	return start(t, nil, slices.Concat([]string{"-brokers", strings.Join(b.Addrs, ","), "-feed=false"}, args)...)
}

// exit waits for the end and returns the exit code.
func (p *program) exit() int {
	p.t.Helper()
	p.await("end of the program", func() bool {
		select {
		case <-p.ended:
			return true
		default:
			return false
		}
	})
	return p.cmd.ProcessState.ExitCode()
}

func (p *program) await(what string, cond func() bool) {
	p.t.Helper()
	kafkatest.WaitFor(p.t, what, cond)
}

var httpAddress = regexp.MustCompile(`on (http://\S+)`)

// get asks the program's HTTP server; status is 0 if it does not answer yet.
func (p *program) get(path string) (status int, body string) {
	m := httpAddress.FindStringSubmatch(p.errout.String())
	if m == nil {
		return 0, ""
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	resp, err := client.Get(m[1] + path)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(text)
}

// awaitReady returns when the program is ready to process.
func (p *program) awaitReady() {
	p.t.Helper()
	p.await("readiness", func() bool {
		status, _ := p.get("/readyz")
		return status == http.StatusOK
	})
}

// closing returns the numbers of the closing line, of which there must be
// exactly one.
func (p *program) closing(how string) (records, restored string) {
	p.t.Helper()
	line := regexp.MustCompile(`(?m)^wordcount: ` + how + ` after \S+: (\d+) records in \d+ commits, \d+ aborted, (\d+) restored$`)
	found := line.FindAllStringSubmatch(p.errout.String(), -1)
	if len(found) != 1 {
		p.t.Fatalf("%d closing lines that say %q, want 1; standard error:\n%s", len(found), how, p.errout.String())
	}
	return found[0][1], found[0][2]
}
