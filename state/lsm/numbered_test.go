package lsm

import (
	"fmt"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/state"
)

// numbered is the n-th batch of a known history: it deletes, overwrites and
// inserts, with values big enough to fill memtables soon.
func numbered(n int64) *state.Batch {
	b := &state.Batch{}
	for i := range int64(40) {
		k := fmt.Appendf(nil, "key-%03d", (n*7+i*13)%300)
		if i%5 == 4 {
			b.Delete(k, 0)
		} else {
			b.Set(k, fmt.Appendf(nil, "%d/%d %s", n, i, strings.Repeat("x", int(100+i*20))), 0)
		}
	}
	return b
}

// wantNumbered fails unless the store holds what batches first to n make.
func wantNumbered(t *testing.T, s state.Store, first, n int64) {
	t.Helper()
	if err := compareNumbered(s, first, n); err != nil {
		t.Fatalf("after batch %d: %v", n, err)
	}
}

// compareNumbered says how the store differs from what batches first to n make.
func compareNumbered(s state.Store, first, n int64) error {
	want := map[string]string{}
	for i := first; i <= n; i++ {
		b := numbered(i)
		for j := range b.Len() {
			if w := b.At(j); w.Delete {
				delete(want, string(w.Key))
			} else {
				want[string(w.Key)] = string(w.Value)
			}
		}
	}
	c := s.Scan(nil, nil, false)
	defer c.Close()
	for c.Next() {
		k := string(c.Key())
		if v, ok := want[k]; !ok || v != string(c.Value()) {
			return fmt.Errorf("%s is %.20q, want %.20q, %v", k, c.Value(), v, ok)
		}
		got, ok, err := s.Get(nil, c.Key())
		if err != nil || !ok || string(got) != want[k] {
			return fmt.Errorf("get %s: %.20q, %v, %v", k, got, ok, err)
		}
		delete(want, k)
	}
	if c.Err() != nil || len(want) > 0 {
		return fmt.Errorf("%d keys are missing, %v", len(want), c.Err())
	}
	return nil
}
