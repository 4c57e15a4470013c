package runtime

import (
	"errors"
	"sync"
	"time"

	"github.com/millrace-io/millrace/changelog"
	"github.com/millrace-io/millrace/internal/task"
)

// txn is everything that the tasks of one worker did between two commits. It
// is frozen: all of it is bytes already. It passes from the worker to its
// sender, its ender and back; whoever holds it is its only user.
type txn struct {
	seq      uint64
	member   string // the member id of its tasks' assignment (R2)
	handles  []*handle
	commits  []*task.Commit // one for each handle
	started  time.Time      // when its first record was processed
	records  int            // input records
	produced int            // output and changelog records
	bytes    int64          // of those

	slot  *slot               // the client that it is produced with, nil if there was nothing to
	begun bool                // the client is in a transaction
	acked [][]changelog.Acked // by commit and store: the changelog's new ends

	mu  sync.Mutex // guards err while records are in flight
	err error      // the first reason not to commit

	committed bool
}

// Reasons to abort that are no fault of the transaction itself.
var (
	errPredecessor = errors.New("the transaction before it did not commit")
	errLost        = errors.New("its tasks were lost to another member")
	errAbort       = errors.New("the instance was told to abort")
)

// fail keeps the first reason to abort. The client alone would commit what
// succeeded, so every failed record must end up here.
func (t *txn) fail(err error) {
	if err == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil {
		t.err = err
	}
}

func (t *txn) failed() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// lost reports whether any of its tasks may belong to someone else by now.
func (t *txn) lost() bool {
	for _, h := range t.handles {
		if h.lost.Load() {
			return true
		}
	}
	return false
}
