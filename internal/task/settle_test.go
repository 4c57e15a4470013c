package task

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
)

// lingering is a store whose rows are needed that one transaction and later ones
// have written.
type lingering struct {
	graph.TaskStore
	from   uint64
	encode func() error
}

func (l *lingering) Lingers(committed uint64) (uint64, bool)    { return l.from, l.from <= committed }
func (l *lingering) Release(uint64, *state.Batch, *state.Batch) {}
func (l *lingering) Encode([]uint64, []*state.Batch) error      { return l.encode() }

func TestTransactionsAreRipeUpToTheFirstThatLingers(t *testing.T) {
	r := newRig(t, tally, "a")
	early, late := &lingering{}, &lingering{}
	for name, l := range map[string]*lingering{"early": early, "late": late} {
		l.TaskStore = newMemView(&memStore{})
		r.cfg.Sub.Stores = append(r.cfg.Sub.Stores, &graph.StoreSpec{Name: name, New: func(state.Store) graph.TaskStore { return l }})
		r.cfg.Stores[name] = r.base
	}
	r.start()
	r.want("nothing has committed", r.Ripe(), 0)
	for _, seq := range []uint64{2, 3, 5} { // 4 was another task's
		r.add("a", fmt.Sprintf("k=1@%d", seq))
		r.process(0)
		r.Settled(r.commit(seq))
	}
	for _, c := range []struct {
		early, late uint64
		want        int
	}{{2, 2, 0}, {3, 5, 1}, {3, 9, 1}, {4, 5, 2}, {5, 9, 2}, {9, 9, 3}} {
		early.from, late.from = c.early, c.late
		r.want(fmt.Sprintf("from %d and %d on", c.early, c.late), r.Ripe(), c.want)
	}
}

func TestBatchesEndWhereTheirWritesWereLogged(t *testing.T) {
	r := newRig(t, tally, "a").start()
	for i, end := range []int64{10, 0, 30, 0} { // 0: of that one nothing was logged
		r.add("a", fmt.Sprintf("k=1@%d", i))
		r.process(0)
		c := r.commit(uint64(i + 1))
		c.Stores[0].End = end
		r.Settled(c)
	}
	for _, c := range []struct {
		n    int
		want []int64
	}{{2, []int64{10, 0}}, {1, []int64{30}}, {1, []int64{0}}} {
		var ends []int64
		for _, s := range r.prune(c.n) {
			ends = append(ends, s.End)
		}
		r.want(fmt.Sprintf("ends of %d", c.n), fmt.Sprint(ends), fmt.Sprint(c.want))
		r.Applied()
	}
}

// What lingers is encoded a second time, by serdes that may do otherwise then.
func TestAStoreThatCannotEncodeWhatLingeredSaysSo(t *testing.T) {
	for name, encode := range map[string]func() error{
		"refuses": func() error { return errors.New("no such tariff") },
		"panics":  func() error { panic("no such tariff") },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, tally, "a")
			l := &lingering{TaskStore: newMemView(&memStore{}), encode: encode}
			r.cfg.Sub.Stores = append(r.cfg.Sub.Stores, &graph.StoreSpec{Name: "left", New: func(state.Store) graph.TaskStore { return l }})
			r.cfg.Stores["left"] = r.base
			r.start()
			r.add("a", "k=1@1")
			r.process(0)
			r.Settled(r.commit(1))
			_, err := r.Prune(1)
			var e *processor.Error
			if !errors.As(err, &e) || e.Class != processor.Commit || !strings.Contains(err.Error(), "store left") || !strings.Contains(err.Error(), "no such tariff") {
				t.Errorf("Prune: %v", err)
			}
		})
	}
}
