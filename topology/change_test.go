package topology_test

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
)

type change = graph.Change[string]

func changed(old, row string) change {
	return change{Old: old, New: row, HasOld: true, HasNew: true}
}

// The first three are what Kafka Streams 4.3 writes.
func TestChangesHaveTheBytesOfKafkaStreams(t *testing.T) {
	s := topology.ChangeSerde(serde.String)
	for hexed, c := range map[string]change{
		"6e01":       {New: "n", HasNew: true},
		"6f00":       {Old: "o", HasOld: true},
		"046e6e6f02": changed("o", "nn"),
		"01":         {HasNew: true},
		"00":         {HasOld: true},
		"0002":       changed("", ""),
		"8001" + strings.Repeat("6e", 64) + "6f02":     changed("o", strings.Repeat("n", 64)),
		"feff0f" + strings.Repeat("6e", 131071) + "02": changed("", strings.Repeat("n", 131071)),
	} {
		b, err := s.Append([]byte("before"), c)
		if got := hex.EncodeToString(b); err != nil || got != hex.EncodeToString([]byte("before"))+hexed {
			t.Errorf("encoded %.40s, want %.40s, %v", got, hexed, err)
		}
		if got, err := s.Decode(b[len("before"):]); got != c || err != nil {
			t.Errorf("decoded %.40v, %v", got, err)
		}
	}
}

// Nobody writes these, and Kafka Streams reads them.
func TestMarkedChangesAreRead(t *testing.T) {
	s := topology.ChangeSerde(serde.String)
	for hexed, c := range map[string]change{
		"6f0103":       {Old: "o", HasOld: true},
		"6e0104":       {New: "n", HasNew: true},
		"046e6e6f0105": changed("o", "nn"),
		"6e0004":       {New: "n", HasNew: true, Stale: true},
		"046e6e6f0005": {New: "nn", Old: "o", HasNew: true, HasOld: true, Stale: true},
	} {
		if got, err := s.Decode(unhex(t, hexed)); got != c || err != nil {
			t.Errorf("%s: decoded %v, %v", hexed, got, err)
		}
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDamagedChangesAreErrors(t *testing.T) {
	s := topology.ChangeSerde(serde.Int64)
	for hexed, want := range map[string]string{
		"":                       "a change of a row ends too early",
		"04":                     "a change of a row ends too early",
		"6e06":                   "a change of a row ends with 6, which no known version writes",
		"02":                     "a change of a row has 0 bytes and no valid length",
		"0302":                   "a change of a row has 1 bytes and no valid length", // a negative one
		"0602":                   "a change of a row has 1 bytes and no valid length", // beyond the end
		"ffffffffffffffffffff02": "no valid length",
		"6e01":                   "new row: ",
		"6f00":                   "old row: ",
	} {
		if c, err := s.Decode(unhex(t, hexed)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: decoded %v, %v, want %s", hexed, c, err, want)
		}
	}
}

func TestChangeThatCannotBeEncodedLeavesNothing(t *testing.T) {
	for name, c := range map[string]change{
		"no row": {}, "old row": {Old: "o", HasOld: true}, "new row": {New: "n", HasNew: true}, "both": changed("o", "n"),
	} {
		b, err := topology.ChangeSerde[string](refusing{}).Append([]byte("before"), c)
		if string(b) != "before" || err == nil || name != "no row" && !errors.Is(err, errTest) {
			t.Errorf("%s: encoded %q, %v", name, b, err)
		}
	}
}

func TestChangeSerdeAsksForItsTopic(t *testing.T) {
	s := topology.ChangeSerde[string](unbindable{}).(serde.ForTopic[change])
	if _, err := s.ForTopic("rows", serde.Value); !errors.Is(err, errTest) {
		t.Errorf("got %v", err)
	}
	plain := topology.ChangeSerde(serde.String)
	if same, err := plain.(serde.ForTopic[change]).ForTopic("rows", serde.Value); same != plain || err != nil {
		t.Errorf("got %v, %v", same, err)
	}
	if got := serde.NameOf(plain); got != "change of string" {
		t.Errorf("named %s", got)
	}
}

func TestChangesSurviveTheirTopic(t *testing.T) {
	s := topology.ChangeSerde(serde.String)
	rapid.Check(t, func(rt *rapid.T) {
		c := changed(rapid.String().Draw(rt, "old"), rapid.String().Draw(rt, "new"))
		b, err := s.Append(nil, c)
		if err != nil {
			rt.Fatal(err)
		}
		if got, err := s.Decode(b); got != c || err != nil {
			rt.Errorf("%v became %v, %v", c, got, err)
		}
	})
}

// What can be read, and is not marked, can be written and read again.
func FuzzChange(f *testing.F) {
	for _, seed := range []string{"6e01", "6f00", "046e6e6f02", "6f0103", "046e6e6f0005", "0302", ""} {
		b, err := hex.DecodeString(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	s := topology.ChangeSerde(serde.String)
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := s.Decode(b)
		if err != nil {
			return
		}
		again, err := s.Append(nil, c)
		if err != nil {
			t.Fatal(err)
		}
		c.Stale = false
		if got, err := s.Decode(again); got != c || err != nil {
			t.Errorf("%q became %v, then %v, %v", b, c, got, err)
		}
	})
}
