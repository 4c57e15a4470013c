package lsm

import (
	"errors"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/millrace-io/millrace/state"
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

// heldTables is a file system where making a table waits.
type heldTables struct {
	vfs.FS
	release chan struct{}
}

func (h *heldTables) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if isTable(name) {
		<-h.release
	}
	return h.FS.Create(name, c)
}

func TestMemtablesStayWithinBudgetWhileTheDiskIsSlow(t *testing.T) {
	fs := &heldTables{FS: vfs.Default, release: make(chan struct{})}
	opened, err := dir{path: t.TempDir(), fs: fs}.Open(t.Context(), small)
	if err != nil {
		t.Fatal(err)
	}
	d := opened.(*db)
	defer d.Close()
	stalled := make(chan struct{})
	once := sync.OnceFunc(func() { close(stalled) })
	d.gate.metrics = func() *pebble.Metrics {
		m := d.pebble.Metrics()
		if int64(m.MemTable.Size) > small.MemtableBytes {
			once()
		}
		return m
	}

	s := openStore(t, d, 0)
	var most int64
	loaded := make(chan error, 1)
	go func() {
		var err error
		for n := int64(0); n < 100 && err == nil; n++ {
			b := &state.Batch{}
			for i := range int64(100) {
				b.Set(randomBytes(n*100 + i)[:12], randomBytes(n*100+i), 0)
			}
			err = s.Load(b, state.Position{Next: n})
			most = max(most, int64(d.pebble.Metrics().MemTable.Size))
		}
		loaded <- err
	}()
	select {
	case <-stalled:
	case err := <-loaded:
		t.Errorf("10 MB were loaded without a flush: %v", err)
		loaded <- err
	}
	close(fs.release)
	if err := <-loaded; err != nil {
		t.Fatal(err)
	}
	// The batch that goes over the mark, and the memtable that it opens.
	const slack = 512 << 10
	if most > small.MemtableBytes+slack {
		t.Errorf("memtables had %d bytes, budget %d", most, small.MemtableBytes)
	}
	if d.Figures().WriteStallSeconds <= 0 {
		t.Error("the wait is not in the figures")
	}
}
