package embedded

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// ErrOpenTransactions is returned by Compact while a transaction is open.
var ErrOpenTransactions = errors.New("embedded: a transaction is open: try again when none is")

// Compact removes superseded records from the topics with cleanup.policy
// compact, and expired tombstones (delete.retention.ms). It refuses with
// ErrOpenTransactions while any transaction is open, since kfake would let its
// records supersede committed ones. Appends are answered with retriable errors
// meanwhile; it takes about a second per million records. The start of a
// compacted log moves to its first remaining record.
func (b *Broker) Compact() error {
	b.compacting.Lock()
	defer b.compacting.Unlock()
	if err := b.alive(); err != nil {
		return err
	}
	frozen := b.freeze()
	defer frozen.Remove()
	// No transaction can gain records any more. One that has none is harmless,
	// but it cannot be told apart.
	ctx, cancel := context.WithTimeout(context.Background(), adminTimeout)
	defer cancel()
	open, err := b.admin.ListTransactions(ctx, nil, []string{"Ongoing"})
	if err != nil {
		return fmt.Errorf("embedded: compact: %w", err)
	}
	if len(open.TransactionalIDs()) > 0 {
		return ErrOpenTransactions
	}
	return b.compact()
}

// compact needs appends to be frozen and no open transaction.
func (b *Broker) compact() error {
	if b.cfg.Dir == "" {
		b.cluster.Compact()
		return nil
	}
	topics, err := readTopics(b.cfg.Dir)
	if err != nil {
		return err
	}
	if err := makeBackup(b.cfg.Dir, topics); err != nil {
		return fmt.Errorf("embedded: compact: %w", err)
	}
	b.cluster.Compact()
	if err := b.Err(); err != nil {
		return err // the backup stays for the next Start
	}
	return dropBackup(b.cfg.Dir)
}

// freeze refuses everything that appends to a log until the handle is removed,
// with errors that clients retry.
func (b *Broker) freeze() *kfake.FaultHandle {
	return b.cluster.Fault(
		kfake.Fault{Keys: []kmsg.Key{kmsg.Produce, kmsg.WriteTxnMarkers}, Count: -1, Err: kerr.NotEnoughReplicas},
		kfake.Fault{
			Keys:  []kmsg.Key{kmsg.InitProducerID, kmsg.AddPartitionsToTxn, kmsg.EndTxn},
			Count: -1, Err: kerr.ConcurrentTransactions,
		},
	)
}

// prepare brings logs into shape before clients come: deletes again what had
// been deleted, applies retention, compacts if due.
func (b *Broker) prepare(r *recovery) error {
	for _, p := range r.partitions {
		f := b.journal.floor(partitionKey{p.topic.ID, p.number})
		if f.start <= 0 || f.start > p.end {
			continue
		}
		err := b.cluster.DeleteRecords(p.topic.Name, p.number, f.start)
		if err != nil && !errors.Is(err, kerr.OffsetOutOfRange) { // compacted further already
			return fmt.Errorf("delete records of %s/%d again: %w", p.topic.Name, p.number, err)
		}
	}
	var bytes int64
	for _, p := range r.partitions {
		if p.topic.compacted() {
			bytes += p.bytes
		}
	}
	if b.cfg.CompactAbove >= 0 && bytes > b.cfg.CompactAbove {
		return b.compact()
	}
	return nil
}

func (b *Broker) alive() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return errGateClosed
	}
	return b.err
}
