package store_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// row is a value of the model: a number that stands for the value, and a time.
type row struct {
	n    byte
	time int64
}

// values makes and reads values of one type for the model, which knows numbers.
type values[V any] struct {
	serde serde.Serde[V]
	make  func(n byte) V
	read  func(v V) byte
	spoil func(v V) // what a careless user does to a value that it has
}

var (
	numbers = values[int64]{
		serde: number{},
		make:  func(n byte) int64 { return int64(n) },
		read:  func(v int64) byte { return byte(v) },
		spoil: func(int64) {},
	}
	lists = values[[]byte]{
		serde: list{},
		make:  func(n byte) []byte { return []byte{n, n} },
		read:  func(v []byte) byte { return v[1] },
		spoil: func(v []byte) { v[0], v[1] = 99, 99 },
	}
	clones = values[[]byte]{serde: cloned{}, make: lists.make, read: lists.read, spoil: lists.spoil}
)

func TestAgreesWithMapsWhateverTheOrder(t *testing.T) {
	for _, format := range []state.Format{state.Timestamped, state.Plain} {
		name := [...]string{"timestamped", "plain"}[format]
		t.Run(name+"/decoded", func(t *testing.T) { rapid.Check(t, keyValueModel(numbers, format)) })
		t.Run(name+"/encoded", func(t *testing.T) { rapid.Check(t, keyValueModel(lists, format)) })
		t.Run(name+"/cloned", func(t *testing.T) { rapid.Check(t, keyValueModel(clones, format)) })
	}
}

// contents are what a store holds.
type contents map[string]row

func (c contents) clone() contents { return maps.Clone(c) }

// machine runs a view beside the maps that say what it must show.
type machine[V any] struct {
	values[V]
	life[contents]
	s     *store.KeyValue[string, V]
	now   int64
	depth int // of scans in scans
}

func keyValueModel[V any](v values[V], format state.Format) func(t *rapid.T) {
	return func(t *rapid.T) {
		m := &machine[V]{values: v, life: life[contents]{format: format, newBase: inMap, committed: contents{}}}
		m.open = func(*rapid.T) view {
			m.s = store.NewKeyValue(m.base, text{}, v.serde, store.Options{Name: "test", Format: format, Now: &m.now})
			return m.s
		}
		m.lead(t, map[string]func(*rapid.T){
			"get":    m.get,
			"put":    m.put,
			"again":  m.put, // writes are what makes the rest interesting
			"fill":   m.fill,
			"delete": m.delete,
			"all":    m.all,
			"range":  m.part,
			"":       m.check,
		})
	}
}

// fill makes the base one of which the view knows little.
func (m *machine[V]) fill(t *rapid.T) {
	for _, k := range rapid.SliceOfN(keys, 0, 6).Draw(t, "committed") {
		m.write(t, k, byte(len(m.current)))
	}
	m.freeze(t)
	m.apply(t)
	m.restart(t)
}

// keys are few, so that they meet, of different lengths, one is empty.
var keys = rapid.SampledFrom([]string{"", "a", "aa", "ab", "b", "c", "ca", "d", "z"})

func (m *machine[V]) time(ms int64) int64 {
	if m.format == state.Plain {
		return -1
	}
	return ms
}

// bytes is what the base holds for r.
func (m *machine[V]) bytes(r row) string {
	var b []byte
	if m.format == state.Timestamped {
		b = binary.BigEndian.AppendUint64(b, uint64(r.time))
	}
	b, err := m.serde.Append(b, m.make(r.n))
	if err != nil {
		panic(err)
	}
	return string(b)
}

func (m *machine[V]) get(t *rapid.T) {
	key := keys.Draw(t, "key")
	want, there := m.current[key]
	v, ts, ok, err := m.s.GetWithTime(key)
	if err != nil || ok != there {
		t.Fatalf("got ok %v, error %v, want %v", ok, err, there)
	}
	if !ok {
		return
	}
	if got := (row{m.read(v), ts}); got != want {
		t.Fatalf("got %v, want %v", got, want)
	}
	m.spoil(v)
}

func (m *machine[V]) put(t *rapid.T) {
	m.write(t, keys.Draw(t, "key"), rapid.Byte().Filter(func(b byte) bool { return b < 200 }).Draw(t, "n"))
}

func (m *machine[V]) write(t *rapid.T, key string, n byte) {
	m.now++
	v := m.make(n)
	if err := m.s.Put(key, v); err != nil {
		t.Fatal(err)
	}
	m.spoil(v)
	m.current[key] = row{n, m.time(m.now)}
}

func (m *machine[V]) delete(t *rapid.T) {
	key := keys.Draw(t, "key")
	m.now++
	if err := m.s.Delete(key); err != nil {
		t.Fatal(err)
	}
	delete(m.current, key)
}

func (m *machine[V]) all(t *rapid.T) { m.scan(t, "", "\xff", m.s.All()) }

func (m *machine[V]) part(t *rapid.T) {
	from, to := keys.Draw(t, "from"), keys.Draw(t, "to")
	m.scan(t, from, to, m.s.Range(from, to))
}

// scan compares a scan with the model as of its start; its body may write,
// undo, commit, abort and scan, and it may end early.
func (m *machine[V]) scan(t *rapid.T, from, to string, seq func(func(string, V) bool)) {
	want := m.rows(from, to)
	stop := rapid.IntRange(0, 12).Draw(t, "stop")
	body := map[string]func(*rapid.T){
		"put": m.put, "delete": m.delete, "undo": m.undo, "get": m.get, "evict": m.evict,
		"freeze": m.freeze, "applied": m.apply, "discard": m.discard,
		"nothing": func(*rapid.T) {},
	}
	if m.depth++; m.depth < 3 {
		body["all"], body["range"] = m.all, m.part
	}
	defer func() { m.depth-- }()
	names := slices.Sorted(maps.Keys(body))
	var got []string
	for k, v := range seq {
		got = append(got, fmt.Sprint(k, "=", m.read(v)))
		m.spoil(v)
		if len(got) > stop {
			want = want[:min(len(want), len(got))]
			break
		}
		body[rapid.SampledFrom(names).Draw(t, "body")](t)
	}
	if err := m.s.ScanErr(); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("scan (-want +got):\n%s", d)
	}
}

func (m *machine[V]) rows(from, to string) (rows []string) {
	for _, k := range slices.Sorted(maps.Keys(m.current)) {
		if bytes.Compare([]byte(from), []byte(k)) <= 0 && k < to {
			rows = append(rows, fmt.Sprint(k, "=", m.current[k].n))
		}
	}
	return rows
}

// check compares the base with what was frozen.
func (m *machine[V]) check(t *rapid.T) {
	m.life.check(t)
	want, got := map[string]string{}, map[string]string{}
	for k, r := range m.committed {
		want[k] = m.bytes(r)
	}
	m.base.(*base).m.Scan(func(k, v string) bool { got[k] = v; return true })
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("the base differs from what was frozen (-want +got):\n%s", d)
	}
}
