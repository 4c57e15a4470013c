package changelog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/millrace-io/millrace/state"
)

// restore is one run of Restorer.Restore.
type restore struct {
	*Restorer
	Request
	log *slog.Logger

	reader *reader
	// target is the position to reach: the high watermark at the start. It is
	// not the last stable offset: what is pending below the watermark belongs
	// to a predecessor and is waited for.
	target int64
	// began is when target was the end of the changelog.
	began time.Time
	// currentAt goes with the positions on the way to target.
	currentAt int64

	rows    *state.Restoring
	run     *run  // what was gathered
	held    int64 // of the memory budget
	alone   bool  // the next fetch goes by itself
	blocked bool  // an open transaction begins at the position
	corrupt int   // answers in a row that could not be parsed
	stuck   stuckWatch
}

// errOutOfRange says that the position, or the target, is not in the log.
var errOutOfRange = errors.New("position is outside of the changelog")

func (s *restore) restore(ctx context.Context) error {
	s.reader = newReader(s.fetcher, partition{s.Topic, s.TopicID, s.Partition})
	var warned time.Time
	s.reader.waits = func(err error) {
		if time.Since(warned) < 10*time.Second {
			return // a retry comes every second, and for each store
		}
		warned = time.Now()
		s.log.Warn("restore waits", "err", err, "position", s.Progress.position.Load())
	}
	from, err := s.begin(ctx)
	if err != nil {
		return err
	}
	if s.opts.OnStart != nil {
		s.opts.OnStart(s.Request, s.Progress.Now())
	}
	for {
		if err = s.copy(ctx, from); !errors.Is(err, errOutOfRange) {
			return err
		}
		if err := s.drop(OutOfRange); err != nil {
			return err
		}
		if from, err = s.begin(ctx); err != nil {
			return err
		}
	}
}

// begin fixes the target and returns the position to start from: that of the
// store if it can be relied on, else the start of the log for a cleared store.
func (s *restore) begin(ctx context.Context) (from int64, err error) {
	s.began = time.Now()
	start, end, err := s.reader.bounds(ctx)
	if err != nil {
		return 0, err
	}
	s.target = end
	p, ok := s.Store.Position()
	why, err := s.judge(p, ok, start, end)
	if err != nil {
		return 0, err
	}
	if why != Kept {
		if err := s.drop(why); err != nil {
			return 0, err
		}
		ok = false
	}
	from, s.currentAt = start, s.began.UnixMilli()
	if ok {
		// On the way, the age of what was stored counts: a tombstone
		// further on may be as old as that.
		from, s.currentAt = p.Next, p.CurrentAt
	}
	s.Progress.begin(from, end)
	s.log.Info("restore starts", "from", from, "end", end, "dropped", Drop(s.Progress.dropped.Load()).String())
	return from, nil
}

// judge says whether what the store has can be kept.
func (s *restore) judge(p state.Position, ok bool, start, end int64) (Drop, error) {
	age := s.began.Sub(time.UnixMilli(p.CurrentAt))
	switch {
	case !ok:
		return s.leftover()
	case p.TopicID != s.reader.id:
		return Recreated, nil
	case p.Next < start || p.Next > end:
		return OutOfRange, nil
	case age > s.DeleteRetention/2:
		return TooOld, nil
	}
	return Kept, nil
}

// leftover is Unknown if a store without a position holds data all the same.
func (s *restore) leftover() (Drop, error) {
	c := s.Store.Scan(nil, nil, false)
	why := Kept
	if c.Next() {
		why = Unknown
	}
	return why, errors.Join(c.Err(), c.Close())
}

func (s *restore) drop(why Drop) error {
	s.Progress.dropped.Store(uint32(why))
	if err := s.Store.Clear(); err != nil {
		return fmt.Errorf("clear: %w", err)
	}
	return nil
}
