package store

import "github.com/millrace-io/millrace/state"

// inRows is embedded by views that hold what they have as rows of a KeyValue. Where
// such a view has nothing to do of its own, the task's call is one to its rows.
type inRows[V any] struct{ rows *KeyValue[[]byte, V] }

// Prune drops from batches what later ones write again; see KeyValue.Prune.
func (s *inRows[V]) Prune(seqs []uint64, batches []*state.Batch) { s.rows.Prune(seqs, batches) }

// Applied says that the batches up to seq are in the base.
func (s *inRows[V]) Applied(seq uint64) { s.rows.Applied(seq) }

// Bytes is the rough size of the rows in memory by kind.
func (s *inRows[V]) Bytes() (cleanBytes, dirtyBytes, frozenBytes int64) { return s.rows.Bytes() }

// Evict drops clean rows until at most limit bytes of them are left in memory.
func (s *inRows[V]) Evict(limit int64) { s.rows.Evict(limit) }
