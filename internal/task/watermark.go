package task

import (
	"math"

	"github.com/millrace-io/millrace/internal/graph"
)

// watermarks move the stream time of a task whose sources have them: it is the
// lowest watermark of the inputs that are not idle.
//
//	input a   --10:00----10:04--------10:06--
//	input b   --10:01------------------------ idle after a while
//	stream time 10:00    10:01        10:06
//
// It never goes back, whatever an input says that was idle.
type watermarks struct {
	time   *int64 // the stream time that is committed
	inputs []*watermark
	holder *watermark // which holds stream time back, nil if all are idle
	until  int64      // when the next one becomes idle
}

// watermark is that of one input.
type watermark struct {
	in *input
	*graph.Watermark
	live       *int64       // in milliseconds, -1 before the first record
	marker     graph.Marker // nil unless it is by a function
	quietSince int64        // when there was first nothing to read, -1 if there is
	idle       bool
	disordered *uint64 // records of an ascending source that were not later than those before
}

// The names of times in the metadata of commits that belong to no node. No
// operator's can be the same: it is that of a store.
const (
	taskTime  = ":stream-time"
	inputTime = ":watermark"
)

// addWatermarks is for New, once the inputs are there.
func (t *Task) addWatermarks() {
	for i, in := range t.inputs {
		spec := in.node.Source.Watermark
		if spec == nil {
			continue
		}
		restored := int64(-1)
		for _, n := range t.cfg.Restored[in.topic].Times {
			if n.Name == inputTime {
				restored = n.Time
			}
		}
		in.mark = &watermark{in: in, Watermark: spec, quietSince: -1, disordered: t.counters.add(0)}
		in.mark.live = t.addTime(inputTime, restored, in).live
		t.pub.Inputs[i].Watermark = &WatermarkFigures{}
		if t.marks == nil {
			t.marks = &watermarks{until: math.MaxInt64}
			t.marks.time = t.addTime(taskTime, t.restoredTime(taskTime), nil).live
		}
		t.marks.inputs = append(t.marks.inputs, in.mark)
	}
	if t.marks == nil {
		return
	}
	for i := range t.stores {
		if w, ok := t.stores[i].view.(graph.Watermarked); ok {
			w.Watermark(&t.streamTime)
		}
	}
}

// Watermark implements graph.Task.
func (t *Task) Watermark() *int64 {
	if t.marks == nil {
		return nil
	}
	return &t.streamTime
}

// rewindWatermarks is for a task whose times have gone back to the last commit.
func (t *Task) rewindWatermarks() {
	t.streamTime = *t.marks.time
	for _, w := range t.marks.inputs {
		w.quietSince, w.idle = -1, false
	}
	t.marks.holder = t.marks.raise(nil)
}

// observe moves times on by the loaded record of an input.
func (t *Task) observe(in *input) {
	if w := in.mark; w != nil {
		w.quietSince, w.idle = -1, false
		switch w.By {
		case graph.ByFunction:
			*w.live = max(*w.live, w.marker.Watermark())
		case graph.ByAscending:
			if in.time <= *w.live {
				*w.disordered++
			}
			*w.live = max(*w.live, in.time)
		default:
			*w.live = max(*w.live, in.time-w.Lag.Milliseconds())
		}
	}
	t.marks.holder = t.marks.raise(in)
	t.streamTime = *t.marks.time
}

// raise moves stream time to the lowest watermark, and returns the one that
// holds it back. A record of at must not be late by what it says itself.
func (ws *watermarks) raise(at *input) (holder *watermark) {
	lowest, highest := int64(math.MaxInt64), int64(-1)
	for _, w := range ws.inputs {
		ms := *w.live
		if w.in == at && w.By == graph.ByFunction {
			ms = min(ms, at.time)
		}
		highest = max(highest, ms)
		if !w.idle && (holder == nil || ms < lowest) {
			lowest, holder = ms, w
		}
	}
	if holder == nil {
		lowest = highest
	}
	*ws.time = max(*ws.time, lowest)
	return holder
}

// advance moves stream time on between records: by inputs that have become
// idle, and by what the last record said of those to come.
func (t *Task) advance() {
	ws := t.marks
	ws.until = math.MaxInt64
	for _, w := range ws.inputs {
		ws.until = min(ws.until, w.rest(t.now))
	}
	ws.holder = ws.raise(nil)
	if *ws.time > t.streamTime {
		t.streamTime = *ws.time
		t.accepted++ // for punctuations that wait for time to move
	}
}

// rest finds out whether the input is idle, and returns when it will be. One
// that lags has something to read, if it is not here yet.
func (w *watermark) rest(now int64) (until int64) {
	if w.in.queue.n > 0 || w.in.lag != 0 {
		w.quietSince, w.idle = -1, false
	} else if w.quietSince < 0 {
		w.quietSince = now
	}
	if w.Idle == 0 || w.idle || w.quietSince < 0 {
		return math.MaxInt64
	}
	if until = later(w.quietSince, w.Idle); until > now {
		return until
	}
	w.idle = true
	return math.MaxInt64
}
