package changelog

import "github.com/millrace-io/millrace/state"

// run is a part of a changelog on its way into a store: the rows of its
// records, of each key the newest. What a changelog says of a key again and
// again costs the store one write, and rows that come sorted go into files at
// once.
type run struct {
	batch    state.Batch
	records  int64 // that it was made of
	bytes    int64 // of keys and values of these records
	unfolded int   // records since the last Fold
}

// rowBytes is what a row needs besides its bytes: its place in the batch, two in
// the index, a rank to be sorted by.
const rowBytes = 24 + 16 + 16

// foldEvery is after how many records the batch is folded: their rows are still
// near.
const foldEvery = 256

// size is how much memory the run takes.
func (r *run) size() int64 { return int64(r.batch.Bytes()) + int64(r.batch.Len())*rowBytes }

func (r *run) reset() {
	r.batch.Reset()
	r.records, r.bytes, r.unfolded = 0, 0, 0
}

// add appends what a record does to the store.
func (r *run) add(to *state.Restoring, w state.Write) {
	if w.Key == nil {
		return // no row of a store; Kafka Streams skips these too
	}
	r.records++
	r.bytes += int64(len(w.Key) + len(w.Value))
	to.Add(&r.batch, w)
	if r.unfolded++; r.unfolded == foldEvery {
		r.fold()
	}
}

func (r *run) fold() {
	r.batch.Fold()
	r.unfolded = 0
}

// finish makes the batch one to load.
func (r *run) finish(of *state.Restoring) *state.Batch {
	r.fold()
	of.Finish(&r.batch)
	r.batch.Sort()
	return &r.batch
}
