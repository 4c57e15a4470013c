package corpus

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/streamstest"
)

// Diff returns how two results of a part differ, "" if they agree in what its
// matrix asks for. Records of different keys have no order: they may come from
// different tasks.
func (p Part) Diff(want, got streamstest.Result) string {
	var b strings.Builder
	if diff := cmp.Diff(want.Stores, got.Stores); diff != "" {
		fmt.Fprintf(&b, "stores (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(p.sequences(want), p.sequences(got)); diff != "" {
		fmt.Fprintf(&b, "topics (-want +got):\n%s", diff)
	}
	return b.String()
}

// sequences are the records of each topic and key, as text.
func (p Part) sequences(r streamstest.Result) map[string][]string {
	seqs := map[string][]string{}
	for topic, records := range r.Topics {
		for _, r := range records {
			key, value := "null", "null"
			if r.HasKey {
				key = fmt.Sprintf("%q", r.Key)
			}
			if r.HasValue {
				value = fmt.Sprintf("%q", r.Value)
			}
			at := topic + " " + key
			if p.Matrix() == "state" {
				seqs[at] = nil
			}
			seqs[at] = append(seqs[at], fmt.Sprintf("%s@%d", value, r.Time))
		}
	}
	if p.Matrix() == "set" {
		for _, seq := range seqs {
			slices.Sort(seq)
		}
	}
	return seqs
}
