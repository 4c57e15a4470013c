package joins

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/state/lsm"
	"github.com/millrace-io/millrace/windowing"
)

// loose is a task with the stores of one node, and a clock.
type loose struct {
	graph.Task
	stores     map[string]graph.TaskStore
	bases      map[string]state.Store
	streamTime int64
	dropped    uint64
	seq        uint64
	m          graph.Meta
}

func (t *loose) Context(*graph.Node) processor.Context { return silent{} }
func (t *loose) Store(name string) graph.TaskStore     { return t.stores[name] }
func (t *loose) Counter(*graph.Node, string) *uint64   { return &t.dropped }
func (t *loose) OperatorTime(*graph.Node) *int64       { return &t.streamTime }
func (t *loose) Watermark() *int64                     { return nil }

type anyContext = processor.Context

// silent is a Context of which only the clock is asked.
type silent struct{ anyContext }

func (silent) Now() int64 { return 0 }

// commit freezes and applies what the stores have done.
func (t *loose) commit(tb testing.TB) {
	t.seq++
	for name, s := range t.stores {
		var batch state.Batch
		if err := s.Freeze(t.seq, &batch); err != nil {
			tb.Fatal(err)
		}
		if err := t.bases[name].Apply(&batch, state.Position{}); err != nil {
			tb.Fatal(err)
		}
		s.Applied(t.seq)
		s.Evict(8 << 20)
	}
}

// looseJoin is a join of two streams of 100 bytes within a second, as the
// workload of the same name has it.
func looseJoin(tb testing.TB, outer bool, backend state.Backend) (t *loose, left, right graph.Receiver[int64, []byte]) {
	p := pairing[int64, []byte, []byte, int64]{
		op: "join-streams", name: "joined", window: Within(time.Second).Grace(time.Second), options: &graph.Options{},
		pair: func(key int64, l, r []byte) int64 { return key + int64(len(l)+len(r)) },
		ks:   serde.Int64, ls: serde.Bytes, rs: serde.Bytes,
	}
	if outer {
		p.leftAlone = func(key int64, l []byte) int64 { return key }
		p.rightAlone = func(key int64, r []byte) int64 { return key }
	}
	p.arithmetic = p.window.arithmetic()
	b, n := graph.NewBuilder(), &graph.Node{Op: p.op}
	p.addStores(b, n)
	t = &loose{stores: map[string]graph.TaskStore{}, bases: map[string]state.Store{}, streamTime: -1}
	db, err := backend.Open(tb.Context(), state.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	for _, name := range n.Stores {
		if t.bases[name], err = db.Store(state.ID{Name: name}); err != nil {
			tb.Fatal(err)
		}
	}
	first, second, waiting := p.storeNames()
	o := store.Options{Retention: 2 * time.Second}
	t.stores[first] = store.NewRecords(t.bases[first], p.ks, p.ls, o)
	t.stores[second] = store.NewRecords(t.bases[second], p.ks, p.rs, o)
	if outer {
		t.stores[waiting] = store.NewUnmatched(t.bases[waiting], p.ks, o)
	}
	for _, s := range t.stores {
		if c, ok := s.(graph.Clocked); ok {
			c.Clock(&t.streamTime)
		}
	}
	ins := p.instance(t, n, []any{
		graph.Receiver[int64, int64](nowhere[int64, int64]{}), graph.Receiver[int64, windowing.Late[[]byte]](nowhere[int64, windowing.Late[[]byte]]{}), graph.Receiver[int64, windowing.Late[[]byte]](nowhere[int64, windowing.Late[[]byte]]{}),
	})
	return t, ins[0].(graph.Receiver[int64, []byte]), ins[1].(graph.Receiver[int64, []byte])
}

// What a record costs: 100,000 keys, 50 records a millisecond, each of which
// meets at most a few of the other side, and of the outer join none half of the
// time. 2,000,000 iterations are the million of both sides.
func BenchmarkJoinStreams(b *testing.B) {
	for _, outer := range []bool{false, true} {
		for name, backend := range map[string]func() state.Backend{
			"memory": state.Memory, "disk": func() state.Backend { return lsm.Dir(b.TempDir()) },
		} {
			b.Run(fmt.Sprintf("outer=%t/%s", outer, name), func(b *testing.B) {
				t, left, right := looseJoin(b, outer, backend())
				b.ReportAllocs()
				b.ResetTimer()
				t.feed(b, left, right, outer, 0, int64(b.N))
			})
		}
	}
}

var hundred = make([]byte, 100)

// feed has the join receive the records from first up to end.
func (t *loose) feed(tb testing.TB, left, right graph.Receiver[int64, []byte], outer bool, first, end int64) {
	for i := first; i < end; i++ {
		for _, s := range t.stores {
			s.Mark()
		}
		side, key := left, i/2*7919%100_000
		if i%2 > 0 {
			side = right
		}
		if outer && i%4 == 3 {
			key += 100_000
		}
		t.m = graph.Meta{Time: i / 50, HasKey: true, HasValue: true}
		if err := side.Receive(key, hundred, &t.m); err != nil {
			tb.Fatal(err)
		}
		if i%10_000 == 9_999 {
			t.commit(tb)
		}
	}
}

// A million records on each side, as one run, and the most that is held
// meanwhile: on the heap after a collection, and in files.
//
//	go test ./joins -run - -bench MillionByMillion -benchtime 1x
func BenchmarkMillionByMillion(b *testing.B) {
	const records, step = 2_000_000, 200_000
	for _, outer := range []bool{false, true} {
		for _, disk := range []bool{false, true} {
			b.Run(fmt.Sprintf("outer=%t/disk=%t", outer, disk), func(b *testing.B) {
				heap, files := int64(0), int64(0)
				for range b.N {
					b.StopTimer()
					dir, backend := "", state.Memory()
					if disk {
						dir = b.TempDir()
						backend = lsm.Dir(dir)
					}
					before := heapInUse()
					t, left, right := looseJoin(b, outer, backend)
					for i := int64(0); i < records; i += step {
						b.StartTimer()
						t.feed(b, left, right, outer, i, i+step)
						b.StopTimer()
						heap, files = max(heap, heapInUse()-before), max(files, sizeOf(dir))
					}
				}
				b.ReportMetric(float64(b.N)*records/b.Elapsed().Seconds(), "records/s")
				b.ReportMetric(float64(heap)/1e6, "heap-MB")
				b.ReportMetric(float64(files)/1e6, "files-MB")
				b.ReportAllocs()
			})
		}
	}
}

func heapInUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// sizeOf is the size of the files in a folder, 0 for none.
func sizeOf(dir string) (size int64) {
	_ = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			if info, err := e.Info(); err == nil {
				size += info.Size()
			}
		}
		return nil
	})
	return size
}
