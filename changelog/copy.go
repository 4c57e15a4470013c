package changelog

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sync/errgroup"

	"github.com/millrace-io/millrace/state"
)

// copy loads the log from the position from to the target. One goroutine
// fetches and decodes the next part while the other loads the last.
func (s *restore) copy(ctx context.Context, from int64) error {
	var err error
	if s.rows, err = s.Format.Restoring(s.Store, s.Retention); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	parts := make(chan *part)
	// Two parts go round: one is filled while the other is loaded.
	free := make(chan *part, 2)
	for range 2 {
		p := s.parts.Get().(*part)
		defer s.parts.Put(p)
		free <- p
	}
	g.Go(func() error {
		defer close(parts)
		return s.read(ctx, from, free, parts)
	})
	g.Go(func() error {
		for p := range parts {
			records := int64(p.records)
			err := s.load(&p.batch, p.next, s.currentAt)
			if p.last {
				s.release()
			}
			if err != nil {
				return err
			}
			s.Progress.records.Add(records)
			s.Progress.bytes.Add(int64(p.batch.Bytes()))
			s.Progress.position.Store(p.next)
			free <- p
		}
		return nil
	})
	if err := g.Wait(); err != nil {
		return err
	}
	// Now the store is current as of the moment at which the target was taken,
	// also if there was nothing to read.
	return s.load(new(state.Batch), s.Progress.position.Load(), s.began.UnixMilli())
}

func (s *restore) load(b *state.Batch, next, currentAt int64) error {
	err := s.Store.Load(b, state.Position{TopicID: s.reader.id, Next: next, CurrentAt: currentAt})
	if err != nil {
		return fmt.Errorf("load: %w", err)
	}
	return nil
}

// share is what a restore takes of the memory budget for each fetch: the bytes
// fetched, the part that is filled with them and the one that is loaded.
func (s *restore) share() int64 { return 3 * int64(s.opts.ChunkBytes) }
func (s *restore) release()     { s.memory.Release(s.share()) }

// read sends parts, from pos on, until it has passed the target.
func (s *restore) read(ctx context.Context, pos int64, free <-chan *part, out chan<- *part) error {
	for pos < s.target {
		if err := s.memory.Acquire(ctx, s.share()); err != nil {
			return context.Cause(ctx)
		}
		next, err := s.step(ctx, pos, free, out)
		if err != nil || next == pos {
			s.release() // else the receiver of the last part does
		}
		if err == nil && s.blocked {
			err = s.outwait(ctx, pos)
		}
		if err != nil {
			return err
		}
		pos = next
	}
	return nil
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

// step fetches once and sends what came. It returns pos if that was nothing,
// and has then waited for as long as makes sense.
func (s *restore) step(ctx context.Context, pos int64, free <-chan *part, out chan<- *part) (next int64, err error) {
	rp, err := s.reader.fetchAt(ctx, pos, s.opts.ChunkBytes, s.alone)
	switch {
	case errors.Is(err, kerr.OffsetOutOfRange):
		return pos, s.confirm(ctx, pos, err)
	case err != nil:
		return pos, err
	}
	next, err = s.deliver(ctx, pos, rp, free, out)
	var bad *unreadableError
	switch {
	case errors.As(err, &bad):
		return pos, s.again(ctx, bad)
	case err != nil:
		return pos, err
	}
	s.corrupt = 0
	switch {
	case next > pos:
		s.alone = false
		return next, nil
	case rp.LastStableOffset > pos && !s.alone:
		// The next batch is larger than a chunk, or than what others left
		// of the response: by itself it comes whole.
		s.alone = true
		return pos, nil
	case rp.LastStableOffset > pos:
		return pos, s.reader.retry.wait(ctx, fmt.Errorf("broker %d returns nothing at offset %d", s.reader.leader, pos))
	case rp.HighWatermark < s.target:
		return pos, s.confirm(ctx, pos, nil)
	}
	s.blocked = true
	return pos, nil
}

// deliver decodes an answer and sends it in parts. Decoded records take several
// times the room of their bytes, so not all restores may do this at once.
func (s *restore) deliver(ctx context.Context, pos int64, rp *kmsg.FetchResponseTopicPartition, free <-chan *part, out chan<- *part) (next int64, err error) {
	select {
	case s.decoding <- struct{}{}:
		defer func() { <-s.decoding }()
	case <-ctx.Done():
		return pos, context.Cause(ctx)
	}
	records, next, err := s.reader.readCommitted(pos, rp)
	if err != nil {
		return pos, &unreadableError{pos, err}
	}
	for pos < next {
		p := <-free
		p.next = next
		records = p.fill(records, int(s.opts.ChunkBytes), s.rows)
		pos = p.next
		select {
		case out <- p:
		case <-ctx.Done():
			return pos, context.Cause(ctx)
		}
	}
	return next, nil
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
