package random

import (
	"flag"
	"os"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/streamstest"
)

// TestMain raises what rapid draws by default.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "500"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// TestRandomTopologies compares the engine with a naive evaluation of the same
// topology and input.
func TestRandomTopologies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tr := rapid.Custom(drawTrial).Draw(t, "trial")
		d := streamstest.New(t, tr.plan.build(), tr.config(t))
		m := newModel(tr.plan)
		for _, e := range tr.events {
			tr.happen(d, m, e)
		}
		d.Commit()
		tr.compare(t, d, m)
		tr.compareStores(t, d, m)
	})
}

// happen has the engine and the model see an event.
func (tr *trial) happen(d *streamstest.Driver, m *model, e event) {
	switch e.do {
	case "commit":
		d.Commit()
	case "restart":
		d.Restart()
		m.restart()
	case "advance":
		d.Advance(advanced * time.Millisecond)
		m.advance()
	case "rebalance":
		d.Rebalance(e.n)
	case "crash":
		d.Crash(e.n)
	case "crash at":
		d.CrashAt(streamstest.Step(e.n))
	case "abort":
		d.Abort(e.n)
	default:
		in := streamstest.In[[]byte, []byte](d, tr.plan.steps[e.source].name)
		var sent []processor.Record[[]byte, []byte]
		for _, p := range e.pieces {
			r := processor.Record[[]byte, []byte]{
				Key: encode(p.key), Value: encode(p.value), Time: p.time, HasKey: p.key != nil, HasValue: p.value != nil,
			}
			if p.header != "" {
				r.Headers = []processor.Header{{Key: header, Value: []byte(p.header)}}
			}
			sent = append(sent, r)
		}
		in.Send(sent...)
		all := streamstest.Out[[]byte, []byte](d, tr.plan.steps[e.source].name).All()
		for i, p := range e.pieces {
			if p.readable() {
				m.feed(e.source, record{
					key: p.key, value: p.value, time: p.time, header: p.header, partition: int(all[len(all)-len(e.pieces)+i].Partition),
				})
			} else {
				m.heard(tr.plan.steps[e.source].name, int(all[len(all)-len(e.pieces)+i].Partition))
			}
		}
	}
}
