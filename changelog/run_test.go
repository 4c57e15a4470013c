package changelog

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/state"
)

// loggedKey is a changelog key of a format: windows have their start and four
// bytes behind the user's key, sessions end and start.
func loggedKey(f state.Format, key string, ms int64) []byte {
	b := []byte(key)
	switch f {
	case state.Windows:
		b = append(binary.BigEndian.AppendUint64(b, uint64(ms)), 0, 0, 0, 0)
	case state.Sessions:
		b = binary.BigEndian.AppendUint64(b, uint64(ms+10))
		b = binary.BigEndian.AppendUint64(b, uint64(ms))
	}
	return b
}

// Wherever runs end, a store comes out as if each record had been loaded alone.
func TestRunsDoWhatSingleRecordsDo(t *testing.T) {
	for _, f := range []state.Format{state.Timestamped, state.Plain, state.Versions, state.Windows, state.Sessions, state.Buffers} {
		t.Run(f.String(), func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				retention := time.Duration(rapid.IntRange(0, 40).Draw(r, "retention")) * time.Millisecond
				alone, together := newStore(t), newStore(t)
				one, err := f.Restoring(alone, retention)
				if err != nil {
					r.Fatal(err)
				}
				many, err := f.Restoring(together, retention)
				if err != nil {
					r.Fatal(err)
				}
				var gathered run
				ms := int64(0)
				load := func() {
					if err := together.Load(gathered.finish(many), state.Position{}); err != nil {
						r.Fatal(err)
					}
					gathered.reset()
				}
				for n := range rapid.IntRange(0, 600).Draw(r, "records") {
					ms += int64(rapid.IntRange(-20, 22).Draw(r, "later by"))
					w := state.Write{
						Key:  loggedKey(f, rapid.StringOfN(rapid.RuneFrom([]rune("ab\x00")), 0, 3, -1).Draw(r, "key"), max(ms, 0)),
						Time: max(ms, 0),
					}
					if w.Delete = rapid.IntRange(0, 4).Draw(r, "delete") == 0; !w.Delete {
						w.Value = fmt.Appendf(nil, "%08d", n) // what Buffers take for a time
					}
					var single run
					single.add(one, w)
					if err := alone.Load(single.finish(one), state.Position{}); err != nil {
						r.Fatal(err)
					}
					gathered.add(many, w)
					if rapid.IntRange(0, 200).Draw(r, "load") == 0 {
						load()
					}
				}
				load()
				if diff := cmp.Diff(contents(t, alone), contents(t, together)); diff != "" {
					r.Error("rows (-alone +together):\n" + diff)
				}
			})
		})
	}
}
