package lsm

import (
	"errors"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// newTestGate has a budget of 1000 bytes; used says how much of it is.
func newTestGate(used *atomic.Uint64) *gate {
	g := newGuard(vfs.Default, "folder")
	g.armed.Store(true)
	gate := newGate(g, 1000)
	gate.metrics = func() *pebble.Metrics {
		m := &pebble.Metrics{}
		m.MemTable.Size = used.Load()
		return m
	}
	return gate
}

func TestWritersWaitUntilMemtablesAreWithinBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var used atomic.Uint64
		used.Store(2000)
		g := newTestGate(&used)
		if err := g.pass(); err != nil { // no new memtable: not asked for
			t.Fatal(err)
		}
		g.rotations.Add(1)
		var passed atomic.Int32
		for range 3 {
			go func() {
				if err := g.pass(); err != nil {
					t.Error(err)
				}
				passed.Add(1)
			}()
		}
		time.Sleep(time.Second)
		used.Store(1500)
		g.wake()
		synctest.Wait()
		if n := passed.Load(); n != 0 {
			t.Fatalf("%d writers passed with memtables over budget", n)
		}
		time.Sleep(time.Second)
		used.Store(900)
		g.wake()
		synctest.Wait()
		if n := passed.Load(); n != 3 {
			t.Fatalf("%d of 3 writers passed", n)
		}
		if got := time.Duration(g.stalledNanos.Load()); got != 6*time.Second {
			t.Fatalf("stalled %v, want 6s", got)
		}
	})
}

func TestWaitingWriterIsToldThatTheDiskFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var used atomic.Uint64
		used.Store(2000)
		g := newTestGate(&used)
		g.rotations.Add(1)
		told := make(chan error, 1)
		go func() { told <- g.pass() }()
		synctest.Wait()
		if len(told) > 0 {
			t.Fatal("passed with memtables over budget")
		}
		g.guard.fail(syscall.ENOSPC)
		if err := <-told; !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("error of the gate: %v", err)
		}
	})
}
