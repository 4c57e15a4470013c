package changelog

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace-io/millrace/state"
)

// copy loads the log from the position pos to the target, a run at a time.
func (s *restore) copy(ctx context.Context, pos int64) (err error) {
	if s.rows, err = s.Format.Restoring(s.Store, s.Retention); err != nil {
		return err
	}
	if s.Keep {
		s.rows.Keep()
	}
	s.run = s.runs.Get().(*run)
	defer s.runs.Put(s.run)
	for pos < s.target {
		// The budget is taken and given back for each run, so that many
		// restores take turns.
		s.held = s.share()
		if err := s.memory.Acquire(ctx, s.held); err != nil {
			return context.Cause(ctx)
		}
		pos, err = s.copyRun(ctx, pos)
		s.memory.Release(s.held)
		if err == nil && s.blocked {
			err = s.outwait(ctx, pos)
		}
		if err != nil {
			return err
		}
	}
	// Now the store is current as of the moment at which the target was taken,
	// also if there was nothing to read.
	return s.load(new(state.Batch), pos, s.began.UnixMilli())
}

// share is the least memory that a restore works with: a chunk that is parsed,
// one that is fetched meanwhile, and rows.
func (s *restore) share() int64 { return max(3*int64(s.opts.ChunkBytes), s.opts.Memory/8) }

// room reports whether n bytes of rows fit into what is held of the budget, or
// into more of it that nobody else waits for.
func (s *restore) room(n int64) bool {
	for n > s.held-2*int64(s.opts.ChunkBytes) {
		if !s.memory.TryAcquire(s.share()) {
			return false
		}
		s.held += s.share()
	}
	return true
}

// copyRun gathers and loads a run from pos on, and returns the position behind
// it. It ends at the target, where the memory does, and at an open transaction.
func (s *restore) copyRun(ctx context.Context, pos int64) (_ int64, err error) {
	ctx, cancel := context.WithCancel(ctx)
	var asked *fetched
	defer func() {
		cancel()
		asked.wait() // it uses the reader
	}()
	s.run.reset()
	grows := int64(s.opts.ChunkBytes) // what the last chunk added to the run
	for {
		if asked == nil {
			asked = s.ask(ctx, pos)
		}
		asked.wait()
		c, err := s.take(ctx, pos, asked)
		asked = nil
		if err != nil {
			return pos, err
		}
		if s.blocked {
			return pos, s.flush(pos)
		}
		if c.next == pos {
			continue
		}
		size := s.run.size()
		if c.next < s.target && s.room(size+grows) {
			asked = s.ask(ctx, c.next)
		}
		var bad *unreadableError
		if err = s.parse(ctx, pos, &c); errors.As(err, &bad) {
			asked.wait()
			asked, err = nil, s.again(ctx, bad)
			if err == nil {
				continue
			}
		}
		if err != nil {
			return pos, err
		}
		s.corrupt, pos = 0, c.next
		if asked == nil {
			return pos, s.flush(pos)
		}
		grows = s.run.size() - size
	}
}

// flush loads the run, whose end is at pos.
func (s *restore) flush(pos int64) error {
	if err := s.load(s.run.finish(s.rows), pos, s.currentAt); err != nil {
		return err
	}
	s.Progress.records.Add(s.run.records)
	s.Progress.bytes.Add(s.run.bytes)
	s.Progress.position.Store(pos)
	s.run.reset()
	return nil
}

func (s *restore) load(b *state.Batch, next, currentAt int64) error {
	err := s.Store.Load(b, state.Position{TopicID: s.reader.id, Next: next, CurrentAt: currentAt})
	if err != nil {
		return fmt.Errorf("load: %w", err)
	}
	return nil
}

// fetched is a fetch under way, and its answer when done is closed.
type fetched struct {
	done chan struct{}
	rp   *kmsg.FetchResponseTopicPartition
	err  error
}

// wait may be called of nil, and again.
func (f *fetched) wait() {
	if f != nil {
		<-f.done
	}
}

// ask fetches beside what its caller does.
func (s *restore) ask(ctx context.Context, pos int64) *fetched {
	f := &fetched{done: make(chan struct{})}
	alone := s.alone
	go func() {
		defer close(f.done)
		f.rp, f.err = s.reader.fetchAt(ctx, pos, s.opts.ChunkBytes, alone)
	}()
	return f
}

// take returns what was fetched at pos. It may be nothing: then take has waited
// for as long as makes sense, or s is blocked.
func (s *restore) take(ctx context.Context, pos int64, f *fetched) (chunk, error) {
	none := chunk{next: pos}
	switch {
	case errors.Is(f.err, kerr.OffsetOutOfRange):
		return none, s.confirm(ctx, pos, f.err)
	case f.err != nil:
		return none, f.err
	}
	c, err := s.reader.readChunk(pos, f.rp)
	if err != nil {
		return none, s.again(ctx, &unreadableError{pos, err})
	}
	switch {
	case c.next > pos:
		s.alone = false
		return c, nil
	case f.rp.LastStableOffset > pos && !s.alone:
		// The next batch is larger than a chunk, or than what others left
		// of the response: by itself it comes whole.
		s.alone = true
	case f.rp.LastStableOffset > pos:
		return none, s.reader.retry.wait(ctx, fmt.Errorf("broker %d returns nothing at offset %d", s.reader.leader, pos))
	case f.rp.HighWatermark < s.target:
		return none, s.confirm(ctx, pos, nil)
	default:
		s.blocked = true
	}
	return none, nil
}

// parse adds the records of a chunk to the run, and loads the run when it is
// full. A record that cannot be parsed stops it; those before it may be added
// again.
func (s *restore) parse(ctx context.Context, pos int64, c *chunk) error {
	select {
	// Decompressed records take several times the room of their bytes, so not
	// all restores may do this at once.
	case s.decoding <- struct{}{}:
		defer func() { <-s.decoding }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	err := c.each(pos, func(offset int64, w state.Write) error {
		s.run.add(s.rows, w)
		if s.room(s.run.size()) {
			return nil
		}
		if err := s.flush(offset + 1); err != nil {
			return &loadError{err}
		}
		return nil
	})
	var load *loadError
	if err == nil || errors.As(err, &load) {
		return err
	}
	return &unreadableError{pos, err}
}

// outwait returns when the transaction that is open at pos has ended. It asks
// for next to nothing and takes nothing of the memory budget, so that many
// restores that are blocked do not slow down one that is not.
func (s *restore) outwait(ctx context.Context, pos int64) error {
	for s.blocked {
		rp, err := s.reader.fetchAt(ctx, pos, 1, false)
		switch {
		case errors.Is(err, kerr.OffsetOutOfRange):
			s.blocked = false // for step to deal with
		case err != nil:
			return err
		case rp.LastStableOffset > pos || rp.HighWatermark < s.target:
			s.blocked = false
		default:
			s.stuck.note(ctx, s, rp)
		}
	}
	return nil
}

// confirm returns errOutOfRange if pos is not in the log, or if the log has
// become shorter, as after the election of a replica that was out of sync. A
// leader that lags for a moment looks the same at first.
func (s *restore) confirm(ctx context.Context, pos int64, cause error) error {
	start, end, err := s.reader.bounds(ctx)
	if err != nil {
		return err
	}
	if pos < start || end < s.target {
		return errOutOfRange
	}
	if cause == nil {
		return nil
	}
	return s.reader.retry.wait(ctx, fmt.Errorf("offset %d is within %d and %d: %s", pos, start, end, cause))
}

// unreadableError is an answer that cannot be parsed.
type unreadableError struct {
	offset int64
	err    error
}

func (e *unreadableError) Error() string {
	return fmt.Sprintf("unreadable batch at or after offset %d: %v (move the partition's leadership to a replica with a sound copy)", e.offset, e.err)
}

func (e *unreadableError) Unwrap() error { return e.err }

// again waits before another try after an unreadable answer. Another replica
// may have a sound copy, and the same one may have had a bad moment; so a few
// more tries are due.
func (s *restore) again(ctx context.Context, err *unreadableError) error {
	if s.corrupt++; s.corrupt >= 4 {
		return err
	}
	s.reader.leader = -1
	return s.reader.retry.wait(ctx, err)
}

// loadError is one of the store, not of a record.
type loadError struct{ error }

func (e *loadError) Unwrap() error { return e.error }
