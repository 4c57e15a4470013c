package statetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/state"
)

// model is what two stores of a database should hold.
type model struct {
	entries [2]map[string]string
	next    [2]int64 // 0 if never written
}

// agreesWithModel runs random operations on two stores and compares them with
// maps. Keys are few and short, so that they collide and nest.
func agreesWithModel(f *fixture) {
	stores := [2]state.Store{f.store(id(0)), f.store(id(1))}
	key := rapid.StringOfN(rapid.RuneFrom([]rune{'a', 'b', '\x00', '\x7f'}), 0, 4, -1)
	value := rapid.StringN(0, 8, -1)
	rapid.Check(f.t, func(t *rapid.T) {
		m := model{entries: [2]map[string]string{{}, {}}}
		for _, s := range stores {
			if err := s.Clear(); err != nil {
				t.Fatal(err)
			}
		}
		// Scans that are held while others write, with what they must see.
		var held []func(*rapid.T)
		next := int64(0)
		pick := func(t *rapid.T) (int, state.Store) {
			i := rapid.IntRange(0, 1).Draw(t, "store")
			return i, stores[i]
		}
		apply := func(t *rapid.T, load bool) {
			i, s := pick(t)
			b := &state.Batch{}
			for range rapid.IntRange(0, 60).Draw(t, "writes") {
				k := key.Draw(t, "key")
				switch rapid.IntRange(0, 12).Draw(t, "delete") {
				case 0, 1, 2:
					b.Delete([]byte(k), 0)
					delete(m.entries[i], k)
				case 3:
					to := key.Draw(t, "to")
					b.DeleteRange([]byte(k), []byte(to))
					maps.DeleteFunc(m.entries[i], func(at, _ string) bool { return k <= at && at < to })
				default:
					v := value.Draw(t, "value")
					b.Set([]byte(k), []byte(v), 0)
					m.entries[i][k] = v
				}
			}
			next++
			m.next[i] = next
			do := s.Apply
			if load {
				do = s.Load
			}
			if rapid.Bool().Draw(t, "sort") {
				b.Sort()
			}
			if err := do(b, at(next)); err != nil {
				t.Fatal(err)
			}
		}
		actions := map[string]func(*rapid.T){
			"apply": func(t *rapid.T) { apply(t, false) },
			"load":  func(t *rapid.T) { apply(t, true) },
			"clear": func(t *rapid.T) {
				i, s := pick(t)
				if err := s.Clear(); err != nil {
					t.Fatal(err)
				}
				m.entries[i], m.next[i] = map[string]string{}, 0
			},
			"get": func(t *rapid.T) {
				i, s := pick(t)
				k := key.Draw(t, "key")
				got, ok, err := s.Get(nil, []byte(k))
				want, wantOK := m.entries[i][k]
				if err != nil || ok != wantOK || string(got) != want {
					t.Fatalf("get %q: %q, %v, %v; want %q, %v", k, got, ok, err, want, wantOK)
				}
			},
			"scan": func(t *rapid.T) {
				i, s := pick(t)
				check := m.scan(t, i, s, key)
				if rapid.Bool().Draw(t, "hold") {
					held = append(held, check)
				} else {
					check(t)
				}
			},
			"": func(t *rapid.T) {
				for i, s := range stores {
					p, ok := s.Position()
					if ok != (m.next[i] > 0) || (ok && p != at(m.next[i])) {
						t.Fatalf("position %v, %v; want offset %d", p, ok, m.next[i])
					}
				}
			},
		}
		if f.db.Durable() {
			actions["reopen"] = func(t *rapid.T) {
				for _, check := range held {
					check(t)
				}
				held = nil
				f.reopen()
				stores = [2]state.Store{f.store(id(0)), f.store(id(1))}
			}
		}
		defer func() {
			// Closes the cursors of a failed run too.
			for _, check := range held {
				check(t)
			}
		}()
		t.Repeat(actions)
	})
}

// scan opens a cursor over a random range. The function that it returns walks
// over it, and closes it.
func (m *model) scan(t *rapid.T, i int, s state.Store, key *rapid.Generator[string]) func(*rapid.T) {
	bound := func(name string) []byte {
		if rapid.Bool().Draw(t, "no "+name) {
			return nil
		}
		return []byte(key.Draw(t, name))
	}
	from, to := bound("from"), bound("to")
	reverse := rapid.Bool().Draw(t, "reverse")
	var want []string
	for _, k := range slices.Sorted(maps.Keys(m.entries[i])) {
		if k >= string(from) && (to == nil || k < string(to)) {
			want = append(want, fmt.Sprintf("%q=%q", k, m.entries[i][k]))
		}
	}
	if reverse {
		slices.Reverse(want)
	}
	c := s.Scan(from, to, reverse)
	return func(t *rapid.T) {
		defer c.Close()
		var got []string
		for c.Next() {
			got = append(got, fmt.Sprintf("%q=%q", c.Key(), c.Value()))
		}
		if c.Err() != nil || !slices.Equal(got, want) {
			t.Fatalf("scan [%q, %q) reverse %v: %v\n got %s\nwant %s",
				from, to, reverse, c.Err(), strings.Join(got, " "), strings.Join(want, " "))
		}
	}
}
