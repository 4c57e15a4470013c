package changelog

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sync/errgroup"

	"github.com/millrace-io/millrace/state"
)

// chunk is a part of a changelog on its way into a store.
type chunk struct {
	batch   state.Batch
	next    int64 // the position behind it
	records int64
}

// copy loads the log from the position from to the target. One goroutine
// fetches and decodes the next chunk while the other loads the last.
func (s *restore) copy(ctx context.Context, from int64) error {
	g, ctx := errgroup.WithContext(ctx)
	chunks := make(chan *chunk)
	// Two chunks go round: one is read while the other is loaded.
	free := make(chan *chunk, 2)
	free <- new(chunk)
	free <- new(chunk)
	g.Go(func() error {
		defer close(chunks)
		return s.read(ctx, from, free, chunks)
	})
	g.Go(func() error {
		for c := range chunks {
			err := s.load(&c.batch, c.next, s.currentAt)
			s.release()
			if err != nil {
				return err
			}
			s.Progress.records.Add(c.records)
			s.Progress.bytes.Add(int64(c.batch.Bytes()))
			s.Progress.position.Store(c.next)
			free <- c
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

func (s *restore) release() { s.memory.Release(int64(s.opts.ChunkBytes)) }

// read sends chunks, from pos on, until it has passed the target. Each comes
// with a share of the memory budget, which the receiver releases.
func (s *restore) read(ctx context.Context, pos int64, free chan *chunk, out chan<- *chunk) error {
	for pos < s.target {
		if err := s.memory.Acquire(ctx, int64(s.opts.ChunkBytes)); err != nil {
			return context.Cause(ctx)
		}
		c := <-free
		err := s.fill(ctx, pos, c)
		if next := c.next; err == nil && next > pos {
			select {
			case out <- c:
				pos = next
				continue
			case <-ctx.Done():
				err = context.Cause(ctx)
			}
		}
		s.release()
		if err != nil {
			return err
		}
		free <- c
	}
	return nil
}

// fill fetches and decodes what follows pos. If that is nothing, c.next is
// pos, and fill has waited for as long as makes sense.
func (s *restore) fill(ctx context.Context, pos int64, c *chunk) error {
	c.next = pos
	rp, err := s.reader.fetchAt(ctx, pos, s.opts.ChunkBytes, s.alone)
	switch {
	case errors.Is(err, kerr.OffsetOutOfRange):
		return s.confirm(ctx, pos, err)
	case err != nil:
		return err
	}
	if err := s.decode(ctx, pos, rp, c); err != nil {
		return s.unreadable(ctx, err)
	}
	s.corrupt = 0
	switch {
	case c.next > pos:
		s.alone = false
		return nil
	case rp.LastStableOffset > pos && !s.alone:
		// The next batch is larger than a chunk, or than what others left
		// of the response: by itself it comes whole.
		s.alone = true
		return nil
	case rp.LastStableOffset > pos:
		return s.reader.retry.wait(ctx, fmt.Errorf("broker %d returns nothing at offset %d", s.reader.leader, pos))
	case rp.HighWatermark < s.target:
		return s.confirm(ctx, pos, nil)
	}
	s.stuck.note(ctx, s, rp)
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

// unreadable deals with an answer that cannot be parsed. Another replica may
// have a sound copy, and the same one may have had a bad moment; so a few more
// tries are due.
func (s *restore) unreadable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if s.corrupt++; s.corrupt < 4 {
		s.reader.leader = -1
		return s.reader.retry.wait(ctx, err)
	}
	return fmt.Errorf("unreadable batch at or after offset %d: %w (move the partition's leadership to a replica with a sound copy)",
		s.Progress.position.Load(), err)
}

// decode makes a batch of the committed records of rp.
func (s *restore) decode(ctx context.Context, pos int64, rp *kmsg.FetchResponseTopicPartition, c *chunk) error {
	select {
	case s.decoding <- struct{}{}:
		defer func() { <-s.decoding }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	records, next, err := s.reader.readCommitted(pos, rp)
	if err != nil {
		return err
	}
	c.batch.Reset()
	for _, r := range records {
		if r.Key == nil {
			continue // no row of a store; Kafka Streams skips these too
		}
		ms := r.Timestamp.UnixMilli()
		slab := append(c.batch.Slab(), r.Key...)
		if r.Value != nil {
			if s.Format == state.Timestamped {
				slab = binary.BigEndian.AppendUint64(slab, uint64(ms))
			}
			slab = append(slab, r.Value...)
		}
		c.batch.Commit(slab, len(r.Key), r.Value == nil, ms)
	}
	c.next, c.records = next, int64(c.batch.Len())
	return nil
}
