package state

import (
	"math"
	"time"
)

// Restoring makes the rows of a store out of its changelog, from one record to
// the next. It leaves out what has expired.
type Restoring struct {
	format      Format
	segments    Segments // of a format that has them
	retentionMs int64    // of windows, 0 for ever
	kept        bool     // whatever has expired
	known       bool     // there is a stream time
	streamTime  int64    // of Records, from when on rows are needed
	moved       bool     // since the last Finish
}

// Restoring begins, or goes on with, a restore of s. retention is how long
// windows live, 0 for ever; other formats ignore it.
func (f Format) Restoring(s Store, retention time.Duration) (*Restoring, error) {
	r := &Restoring{format: f, segments: f.Segments(retention), retentionMs: retention.Milliseconds(), streamTime: math.MinInt64}
	if !f.hasStreamTime() {
		return r, nil
	}
	if f.segmented() {
		if err := r.segments.Adopt(s); err != nil {
			return nil, err
		}
	}
	ms, ok, err := f.StreamTime(s)
	if ok {
		r.known, r.streamTime = true, ms
	}
	return r, err
}

// Keep leaves nothing out: rows live by a time that the changelog does not
// tell.
func (r *Restoring) Keep() { r.kept = true }

// Add appends to b what a changelog record does to the store.
func (r *Restoring) Add(b *Batch, record Write) {
	switch r.format &^ byTime {
	case Sessions, WindowsByKey:
		r.addRow(b, record)
		return
	case Records:
		r.addRecord(b, record)
		return
	case Versions:
		r.advance(record.Time)
	case Windows:
		var w WindowRow
		if !w.decodeLogged(record.Key) {
			return // of no window: Restore leaves it out
		}
		r.advance(w.StartMs)
		if r.expiring() && w.StartMs < r.format.OldestWindow(r.streamTime, r.retentionMs) {
			return
		}
	}
	r.format.Restore(b, record)
}

// addRow is Add for a format with segments.
func (r *Restoring) addRow(b *Batch, record Write) {
	row, ok := r.format.decodeRow(record.Key)
	if !ok {
		return // of no session or window
	}
	r.advance(row.TimeMs)
	if !r.expiring() || row.TimeMs >= r.format.OldestWindow(r.streamTime, r.retentionMs) {
		r.segments.restore(b, row, record)
	}
}

func (r *Restoring) advance(ms int64) {
	if !r.known || ms > r.streamTime {
		r.known, r.streamTime, r.moved = true, ms, true
	}
}

func (r *Restoring) expiring() bool {
	return r.retentionMs > 0 && !r.kept && (r.format == Windows || r.format.segmented())
}

// Finish ends a batch: it appends the store's stream time, if the format has
// one and the records have brought it on, and the deletion of what was added
// and has expired since.
func (r *Restoring) Finish(b *Batch) {
	if !r.moved {
		return
	}
	r.moved = false
	r.format.SetStreamTime(b, r.streamTime)
	if r.format == Records {
		r.segments.Expire(b, r.streamTime)
		return
	}
	if !r.expiring() {
		return
	}
	oldest := r.format.OldestWindow(r.streamTime, r.retentionMs)
	if r.format.segmented() {
		r.segments.Expire(b, oldest)
		return
	}
	r.format.Expire(b, oldest)
}

// OldestWindow is the start of the oldest window that is left in a store of
// format Windows, or the end of the oldest session, by its stream time: Kafka Streams shows those that begin
// after the stream time minus the retention.
func (Format) OldestWindow(streamTimeMs, retentionMs int64) int64 {
	if streamTimeMs < math.MinInt64+retentionMs {
		return math.MinInt64
	}
	return streamTimeMs - retentionMs + 1
}

// Expire appends to b the deletion of all windows that begin before startMs, by
// one range.
func (f Format) Expire(b *Batch, startMs int64) {
	b.DeleteRange(f.FirstWindow(), WindowRow{StartMs: startMs}.AppendKey(nil))
}
