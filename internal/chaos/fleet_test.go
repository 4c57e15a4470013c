package chaos

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/internal/kafkatest"
)

// fleet is the copies of a program.
type fleet struct {
	t       *testing.T
	rnd     *rand.Rand
	command []string // how the program is called
	args    []string // of every copy
	logs    string   // folder
	states  string   // folder of the copies' state folders
	moves   bool     // see again
	copies  []*instance
	added   int // copies
	folders int // state folders
	started int // runs of copies
}

// instance is a copy with its state folder. A copy that has ended is started
// again in place.
type instance struct {
	*process
	index int
	state string
}

// stopTimeout is how long a copy may take to commit and leave the group: the
// broker may be busy with a rebalance.
const stopTimeout = 30 * time.Second

func newFleet(t *testing.T, b *kafkatest.Broker, rnd *rand.Rand, command []string, args ...string) *fleet {
	f := &fleet{t: t, rnd: rnd, command: command, logs: t.ArtifactDir(), states: t.TempDir()}
	f.args = append([]string{"-brokers", strings.Join(b.Addrs, ",")}, args...)
	t.Cleanup(func() {
		if t.Failed() {
			f.printLogs()
		}
		for _, c := range f.copies {
			c.kill()
		}
	})
	return f
}

// add starts one more copy.
func (f *fleet) add() *instance {
	f.t.Helper()
	c := &instance{index: f.added, state: f.folder()}
	f.added++
	f.start(c)
	f.copies = append(f.copies, c)
	return c
}

// folder returns the path of a new state folder.
func (f *fleet) folder() string {
	f.folders++
	return filepath.Join(f.states, fmt.Sprint(f.folders))
}

// start runs a copy that does not run.
func (f *fleet) start(c *instance) {
	f.t.Helper()
	f.started++
	log := filepath.Join(f.logs, fmt.Sprintf("copy-%d-run-%02d.log", c.index, f.started))
	args := slices.Concat(f.command[1:], []string{"-state", c.state}, f.args)
	var err error
	if c.process, err = launch(log, f.command[0], args...); err != nil {
		f.t.Fatalf("start copy %d: %v", c.index, err)
	}
}

// again starts a copy that was ended: where it was or, if the fleet moves, once
// in three times on a machine that has no state.
func (f *fleet) again(c *instance) {
	f.t.Helper()
	if f.moves && f.rnd.IntN(3) == 0 {
		c.state = f.folder()
	}
	f.start(c)
}

// pick returns a running copy by chance.
func (f *fleet) pick() *instance {
	f.t.Helper()
	f.check()
	return f.copies[f.rnd.IntN(len(f.copies))]
}

// check fails the test if a copy has ended by itself.
func (f *fleet) check() {
	f.t.Helper()
	for _, c := range f.copies {
		if c.ended() {
			f.t.Fatalf("copy %d ended by itself: %v; its log (%s) ends in\n%s", c.index, c.err, c.log, c.tail(100))
		}
	}
}

// remove lets the copy at a place leave for good.
func (f *fleet) remove(at int) {
	f.t.Helper()
	f.leave(f.copies[at])
	f.copies = slices.Delete(f.copies, at, at+1)
}

// leave asks a copy to stop and waits until it has.
func (f *fleet) leave(c *instance) {
	f.t.Helper()
	if err := terminate(c.cmd.Process); err != nil {
		f.t.Fatalf("stop copy %d: %v", c.index, err)
	}
	f.gone(c)
}

// gone waits for the clean end of a copy that was asked to stop.
func (f *fleet) gone(c *instance) {
	f.t.Helper()
	select {
	case <-c.done:
	case <-time.After(stopTimeout):
		f.t.Fatalf("copy %d has not stopped %s after it was asked to; its log (%s) ends in\n%s", c.index, stopTimeout, c.log, c.tail(100))
	}
	if c.err != nil && canTerminate {
		f.t.Fatalf("copy %d was asked to stop and ended with %v; its log (%s) ends in\n%s", c.index, c.err, c.log, c.tail(100))
	}
}

// stop ends all copies cleanly.
func (f *fleet) stop() {
	f.t.Helper()
	f.check()
	for _, c := range f.copies {
		if err := terminate(c.cmd.Process); err != nil {
			f.t.Fatalf("stop copy %d: %v", c.index, err)
		}
	}
	for _, c := range f.copies {
		f.gone(c)
	}
}

// printLogs shows how each copy's last run ended, or how far it is.
func (f *fleet) printLogs() {
	for _, c := range f.copies {
		f.t.Logf("copy %d, %s:\n%s", c.index, c.log, c.tail(100))
	}
}
