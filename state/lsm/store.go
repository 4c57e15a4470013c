package lsm

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/millrace-io/millrace/state"
)

// store is one opening of a table.
type store struct {
	db          *db
	id          state.ID
	table       *table
	prefix, end []byte // keys of the table are in [prefix, end)

	// mu guards closed. A call holds it for reading, so that the database is
	// not closed below it.
	mu     sync.RWMutex
	closed bool
}

// keys lends buffers for prefixed keys.
var keys = sync.Pool{New: func() any { return new([]byte) }}

func (s *store) Get(dst, key []byte) ([]byte, bool, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return dst, false, state.ErrClosed
	}
	whole := keys.Get().(*[]byte)
	defer keys.Put(whole)
	*whole = append(append((*whole)[:0], s.prefix...), key...)
	return s.db.get(dst, *whole)
}

func (s *store) Scan(from, to []byte, reverse bool) state.Cursor {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return &cursor{err: state.ErrClosed}
	}
	return newCursor(s, from, to, reverse)
}

func (s *store) Apply(b *state.Batch, p state.Position) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return state.ErrClosed
	}
	return s.apply(b, p, pebble.NoSync)
}

// apply is called with mu held.
func (s *store) apply(b *state.Batch, p state.Position, o *pebble.WriteOptions) error {
	if err := s.db.gate.pass(); err != nil {
		return fmt.Errorf("apply to %s: %w", nameOf(s.id), err)
	}
	now := &progress{lastUsedMs: time.Now().UnixMilli(), written: true, position: p}
	pb := s.db.pebble.NewBatchWithSize(b.Bytes() + (b.Len()+1)*(prefixLen+writeOverhead) + progressLen)
	defer pb.Close()
	for i := range b.Len() {
		if err := s.add(pb, b.At(i)); err != nil {
			return fmt.Errorf("apply to %s: %w", nameOf(s.id), err)
		}
	}
	if err := pb.Set(storeKey(kindProgress, s.table.id), now.append(make([]byte, 0, progressLen)), nil); err != nil {
		return fmt.Errorf("apply to %s: %w", nameOf(s.id), err)
	}
	if err := pb.Commit(o); err != nil {
		return fmt.Errorf("apply to %s in state folder %s: %w", nameOf(s.id), s.db.lock.dir, err)
	}
	if o.GetSync() {
		// The guard has hidden what became of the sync.
		if err := s.db.guard.failure(); err != nil {
			return fmt.Errorf("apply to %s: %w", nameOf(s.id), err)
		}
	}
	s.table.progress.Store(now)
	return nil
}

// writeOverhead is roughly what a write needs in a batch besides its bytes.
const writeOverhead = 8

func (s *store) add(pb *pebble.Batch, w state.Write) error {
	var op *pebble.DeferredBatchOp
	switch {
	case w.To != nil:
		op = pb.DeleteRangeDeferred(prefixLen+len(w.Key), prefixLen+len(w.To))
		copy(op.Value, s.prefix)
		copy(op.Value[prefixLen:], w.To)
	case w.Delete:
		op = pb.DeleteDeferred(prefixLen + len(w.Key))
	default:
		op = pb.SetDeferred(prefixLen+len(w.Key), len(w.Value))
		copy(op.Value, w.Value)
	}
	copy(op.Key, s.prefix)
	copy(op.Key[prefixLen:], w.Key)
	return op.Finish()
}

// Load ingests a batch that is sorted and large, and then writes the position,
// durable like the rows: little else goes to the log meanwhile, so that it could
// stay behind for long. A crash between the two leaves a position that is too
// old, from which the changelog brings the same rows again. Other batches go
// through the log as in Apply.
func (s *store) Load(b *state.Batch, p state.Position) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return state.ErrClosed
	}
	done, err := s.ingest(b)
	if err != nil {
		return fmt.Errorf("load %s: %w", nameOf(s.id), err)
	}
	if !done {
		return s.apply(b, p, pebble.NoSync)
	}
	return s.apply(new(state.Batch), p, pebble.Sync)
}

func (s *store) Position() (state.Position, bool) {
	p := s.table.progress.Load()
	return p.position, p.written
}

func (s *store) Clear() error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return state.ErrClosed
	}
	empty := &progress{lastUsedMs: time.Now().UnixMilli()}
	err := s.db.write(func(b *pebble.Batch) error {
		return errors.Join(
			b.DeleteRange(s.prefix, s.end, nil),
			b.Set(storeKey(kindProgress, s.table.id), empty.append(nil), nil))
	}, pebble.NoSync)
	if err != nil {
		return fmt.Errorf("clear %s: %w", nameOf(s.id), err)
	}
	s.table.progress.Store(empty)
	return nil
}

// Close waits for calls that are under way. It notes the time: retention counts
// from when the task was here last, not from its last write.
func (s *store) Close() error {
	if !s.shut() {
		return nil
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	s.table.open = nil
	if s.db.closed || s.db.guard.failure() != nil {
		return nil
	}
	return s.db.write(func(b *pebble.Batch) error {
		return touch(b, s.table, time.Now().UnixMilli())
	}, pebble.NoSync)
}

// shut ends all calls; it reports false if that was done already.
func (s *store) shut() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.closed
	s.closed = true
	return !was
}
