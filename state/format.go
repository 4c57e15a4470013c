package state

import (
	"encoding/binary"
	"fmt"
)

// Format says how a store's rows relate to its changelog records.
type Format uint8

const (
	// Timestamped values are stored as 8 bytes of event time (milliseconds,
	// big endian) and the value; the changelog record holds the value alone
	// and carries the time as its own.
	Timestamped Format = iota
	// Plain values are stored and logged alike.
	Plain
	// Versions has a row for each version of a key, see VersionRow. The
	// changelog record has the key and the value of the version, null for a
	// deletion, and carries the version's time, as in Kafka Streams (KIP-889).
	// Rows are deleted when no read can show them any more: the changelog does
	// not hear of that, nor of the row that holds the store's stream time.
	Versions
	// Windows has a row for each key and window, see WindowRow. Values are those
	// of Timestamped; the key of the changelog record is that of Kafka Streams.
	// Rows are deleted when they have expired: the changelog does not hear of
	// that, nor of the row that holds the store's stream time.
	Windows
	// Sessions has a row for each session of a key, see Segments. Values are
	// those of Timestamped; the key of the changelog record is that of Kafka
	// Streams.
	// Rows are deleted when they have expired: the changelog does not hear of
	// that, nor of the row that holds the store's stream time, nor of the index.
	Sessions
	// Buffers has two rows for each entry, see BufferRow. The changelog record has
	// the key and the value of the entry, which ends with the time for which it
	// waits, as in Kafka Streams' buffer of suppressed updates.
	Buffers
	// WindowsByKey is Windows with rows that lie as those of Sessions do, see
	// Segments: for windows that begin at any time, which are looked for by key.
	// Changelog records are those of Windows.
	WindowsByKey
	// Records has a row for each record of a key that was added, of which there
	// may be many with the same time: see Segments, and recordrow.go. Values are
	// stored and logged alike; the key of the changelog record is that of Kafka
	// Streams' stores of windows with duplicates.
	// Rows are deleted when an operator says that they are not needed. Of a row
	// the changelog does not hear that, but of the time from which on they are.
	Records
)

// String returns the format's name in lower case.
func (f Format) String() string {
	switch f &^ byTime {
	case Timestamped:
		return "timestamped"
	case Plain:
		return "plain"
	case Versions:
		return "versions"
	case Windows:
		return "windows"
	case Sessions:
		return "sessions"
	case Buffers:
		return "buffers"
	case WindowsByKey:
		return "windows by key"
	case Records:
		return "records"
	}
	return fmt.Sprintf("format %d", uint8(f))
}

// timePrefix is how many bytes of event time a Timestamped value begins with.
const timePrefix = 8

// Record is the changelog record of a write to a store; ok is false if there
// is none. The slices of the record alias those of w, or lie in scratch, to
// which more may be appended.
func (f Format) Record(w Write, scratch *[]byte) (record Write, ok bool, err error) {
	if w.To != nil {
		return w, false, nil
	}
	switch f &^ byTime {
	case Timestamped:
		w, err = w.untimed()
		return w, err == nil, err
	case Windows:
		if string(w.Key) == streamTimeRow {
			return w, false, nil
		}
		var r WindowRow
		if err := r.DecodeKey(w.Key); err != nil {
			return w, false, err
		}
		start := len(*scratch)
		*scratch = r.appendLogged(*scratch)
		w.Key = (*scratch)[start:len(*scratch):len(*scratch)]
		w, err = w.untimed()
		return w, err == nil, err
	case Sessions, WindowsByKey:
		if string(w.Key) == streamTimeRow || isIndex(w.Key) {
			return w, false, nil
		}
		r, err := Segments{}.DecodeKey(w.Key, scratch)
		if err != nil {
			return w, false, err
		}
		start := len(*scratch)
		if f&^byTime == WindowsByKey {
			*scratch = WindowRow{Key: r.Key, StartMs: r.TimeMs}.appendLogged(*scratch)
		} else {
			*scratch = appendSession(*scratch, r)
		}
		w.Key = (*scratch)[start:len(*scratch):len(*scratch)]
		w, err = w.untimed()
		return w, err == nil, err
	case Records:
		if string(w.Key) == streamTimeRow {
			w, err = neededRecord(w, scratch)
			return w, err == nil, err
		}
		r, err := Segments{}.DecodeKey(w.Key, scratch)
		if err != nil {
			return w, false, err
		}
		start := len(*scratch)
		*scratch = appendRecord(*scratch, r)
		w.Key = (*scratch)[start:len(*scratch):len(*scratch)]
		return w, true, nil
	case Versions:
		if w.Delete || string(w.Key) == streamTimeRow {
			return w, false, nil
		}
		var r VersionRow
		if err := r.Decode(w.Key, w.Value, scratch); err != nil {
			return w, false, err
		}
		return Write{Key: r.Key, Value: r.Value, Delete: r.Null, Time: r.TimeMs}, true, nil
	case Buffers:
		var r BufferRow
		if err := r.DecodeKey(w.Key); err != nil || r.Place {
			return w, false, err
		}
		w.Key = r.Key
	}
	return w, true, nil
}

// untimed is w without the event time in its value.
func (w Write) untimed() (Write, error) {
	if w.Delete {
		return w, nil
	}
	if len(w.Value) < timePrefix {
		return w, fmt.Errorf("a value of %d bytes lacks its time: the store's view and its format disagree", len(w.Value))
	}
	w.Value = w.Value[timePrefix:]
	return w, nil
}

// hasStreamTime says that stores of the format have a row for their stream time.
func (f Format) hasStreamTime() bool { return f == Versions || f == Windows || f.segmented() }

// Restore appends to b what a changelog record does to a store. Records may
// come again. Those of Versions may come in any order, unless they have both
// key and time in common. Windows leaves out records whose key is too short for
// one, Buffers those whose value is. What a record does to the stream time of a
// store is left to Restoring, and so is all that one does in a format with
// Segments.
func (f Format) Restore(b *Batch, record Write) {
	if f == Versions {
		r := VersionRow{Key: record.Key, TimeMs: record.Time, Value: record.Value, Null: record.Delete}
		slab := r.AppendKey(b.Slab())
		n := len(slab) - len(b.Slab())
		b.Commit(r.AppendValue(slab), n, false, record.Time)
		return
	}
	if f == Buffers {
		restoreBuffer(b, record)
		return
	}
	slab := b.Slab()
	if f == Windows {
		var r WindowRow
		if !r.decodeLogged(record.Key) {
			return
		}
		slab = r.AppendKey(slab)
	} else {
		slab = append(slab, record.Key...)
	}
	keyLen := len(slab) - len(b.Slab())
	if !record.Delete {
		if f != Plain {
			slab = binary.BigEndian.AppendUint64(slab, uint64(record.Time))
		}
		slab = append(slab, record.Value...)
	}
	b.Commit(slab, keyLen, record.Delete, record.Time)
}
