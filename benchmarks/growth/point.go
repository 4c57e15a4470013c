package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/millrace-io/millrace"
)

// point is one measurement: what its process is told.
type point struct {
	Series  string
	At      int64 // on the axis
	Records int64
	Seconds int

	// Of an application.
	Brokers []string
	App, In string
	Tasks   int
	Workers int
	Memory  millrace.Memory
	RAM     bool
	Dir     string // for state
	Profile string // file for a profile of processor time; empty for none
}

// sample is what a process says of its point.
type sample struct {
	Records int64
	Seconds float64 // by the wall clock
	CPU     float64 // seconds of the process, user and system
	Peak    int64   // resident bytes; 0 if the platform does not tell
}

// childEnv holds the point that a process is to measure.
const childEnv = "MILLRACE_GROWTH_POINT"

// pointTimeout is how long one may take.
const pointTimeout = 10 * time.Minute

// run measures a point in a process of its own.
func (p *point) run(ctx context.Context) (s sample, err error) {
	self, err := os.Executable()
	if err != nil {
		return s, err
	}
	spec, err := json.Marshal(p)
	if err != nil {
		return s, err
	}
	ctx, cancel := context.WithTimeout(ctx, pointTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), childEnv+"="+string(spec))
	var log strings.Builder
	cmd.Stderr = &log
	// It ends with this process, whose end closes the pipe.
	in, err := cmd.StdinPipe()
	if err != nil {
		return s, err
	}
	defer in.Close()
	out, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(out, &s)
	}
	if err = cmp.Or(ctx.Err(), err); err != nil {
		text := log.String()
		return s, fmt.Errorf("%w; it logged:\n%s", err, text[max(0, len(text)-4096):])
	}
	return s, nil
}

// child measures the point that spec says and prints its sample.
func child(spec string) (status int) {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
	s, err := func() (s sample, err error) {
		var p point
		if err := json.Unmarshal([]byte(spec), &p); err != nil {
			return s, err
		}
		if known[p.Series] == nil {
			return s, errors.New("there is no series " + p.Series)
		}
		s, err = known[p.Series].measure(context.Background(), &p)
		s.Peak = peakMemory()
		return s, err
	}()
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(s)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// meter measures from its making on, with a profile if one is asked for.
type meter struct {
	began time.Time
	cpu   time.Duration
}

func (p *point) meter() (meter, error) {
	if p.Profile != "" {
		f, err := os.Create(p.Profile)
		if err != nil {
			return meter{}, err
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			return meter{}, err
		}
	}
	return meter{time.Now(), cpuTime()}, nil
}

// sample is what was used since, up to a moment for the wall clock. It ends the
// profile.
func (m meter) sample(records int64, until time.Time) sample {
	cpu := cpuTime() - m.cpu
	pprof.StopCPUProfile()
	return sample{Records: records, Seconds: until.Sub(m.began).Seconds(), CPU: cpu.Seconds()}
}
