package runtime

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// slot is one of a worker's producing clients. Under exactly once each has a
// transactional id of its own and they take turns; under at least once there
// is one, without transactions.
type slot struct {
	id   string // transactional id, "" for none
	make func() (*kgo.Client, error)

	client *kgo.Client // used by the sender, then by the ender of the same transaction

	mu     sync.Mutex // guards broken
	broken bool       // client must not be used for another transaction

	fencedAt time.Time // the worker's: when a transaction of it was fenced last
}

// fencedAgain notes that the slot was fenced and reports whether it was so in
// the last minute already. Survivors fence each id once if they take this
// instance for dead. Another process with its id fences back whenever it was
// fenced itself; the one that was started first is then the first to be
// fenced twice.
func (s *slot) fencedAgain(now time.Time) bool {
	again := !s.fencedAt.IsZero() && now.Sub(s.fencedAt) < time.Minute
	s.fencedAt = now
	return again
}

// ready returns a client that may begin a transaction, made anew if the last
// one was discarded. A new client asks for its producer id at once: that
// fences every older client of the same id and aborts what it left open.
func (s *slot) ready(ctx context.Context) (*kgo.Client, error) {
	s.mu.Lock()
	broken := s.broken
	s.mu.Unlock()
	if s.client != nil && !broken {
		return s.client, nil
	}
	if s.client != nil {
		s.client.Close()
		s.client = nil
	}
	cl, err := s.make()
	if err != nil {
		return nil, err
	}
	if s.id != "" {
		if _, _, err := cl.ProducerID(ctx); err != nil {
			cl.Close()
			return nil, fmt.Errorf("get a producer id for transactional id %s: %w", s.id, err)
		}
	}
	s.client = cl
	s.mu.Lock()
	s.broken = false
	s.mu.Unlock()
	return cl, nil
}

// discard says that the client is not to be used again.
func (s *slot) discard() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = true
}

func (s *slot) close() {
	if s.client != nil {
		s.client.Close()
		s.client = nil
	}
}
