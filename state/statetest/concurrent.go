package statetest

import (
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/millrace-io/millrace/state"
)

// readersWhileApplying writes the number of the batch under every key, batch
// after batch. Any scan must therefore see one number throughout, and nobody may
// see a number fall.
func readersWhileApplying(f *fixture) {
	const keys, batches, readers = 200, 150, 4
	s := f.store(id(0))
	write := func(n uint64) error {
		b := &state.Batch{}
		for k := range keys {
			b.Set(fmt.Appendf(nil, "%04d", k), binary.BigEndian.AppendUint64(nil, n), 0)
		}
		return s.Apply(b, at(int64(n)))
	}
	f.check(write(0))

	var done atomic.Bool
	var wg sync.WaitGroup
	errs := make(chan error, readers)
	for r := range readers {
		wg.Go(func() {
			var last uint64
			for i := 0; !done.Load() || i == 0; i++ {
				n, err := scanOne(s, r%2 == 1, keys)
				if err == nil && n < last {
					err = fmt.Errorf("scan saw batch %d after batch %d", n, last)
				}
				last = max(last, n)
				if err == nil {
					n, err = getOne(s, i%keys)
				}
				if err == nil && n < last {
					err = fmt.Errorf("get saw batch %d after a scan saw %d", n, last)
				}
				if err != nil {
					errs <- err
					return
				}
			}
		})
	}
	for n := range uint64(batches) {
		if err := write(n); err != nil {
			f.t.Error(err)
			break
		}
	}
	done.Store(true)
	wg.Wait()
	close(errs)
	for err := range errs {
		f.t.Error(err)
	}
}

// scanOne returns the number that all entries have.
func scanOne(s state.Store, reverse bool, keys int) (number uint64, err error) {
	c := s.Scan(nil, nil, reverse)
	defer c.Close()
	n := 0
	for c.Next() {
		v := binary.BigEndian.Uint64(c.Value())
		if n > 0 && v != number {
			return 0, fmt.Errorf("scan saw batches %d and %d", number, v)
		}
		number = v
		n++
	}
	if c.Err() == nil && n != keys {
		return 0, fmt.Errorf("scan saw %d of %d keys", n, keys)
	}
	return number, c.Err()
}

func getOne(s state.Store, key int) (uint64, error) {
	v, ok, err := s.Get(nil, fmt.Appendf(nil, "%04d", key))
	if err != nil || !ok {
		return 0, fmt.Errorf("get: found %v, %w", ok, err)
	}
	return binary.BigEndian.Uint64(v), nil
}
