package streamstest_test

import (
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/millrace-io/millrace/internal/corpus"
	"github.com/millrace-io/millrace/streamstest"
)

const scripts = "../internal/corpus/testdata"

// TestScripts runs the corpus as it is written. Rewrite the outputs with
//
//	go test ./streamstest -run TestScripts -rewrite
func TestScripts(t *testing.T) {
	datadriven.Walk(t, scripts, func(t *testing.T, path string) {
		s := &streamstest.Script{TB: t, Topologies: corpus.Topologies, Printed: corpus.Printed}
		datadriven.RunTest(t, path, func(_ *testing.T, d *datadriven.TestData) string {
			return s.Run(d.Cmd, corpus.Arguments(d), d.Input)
		})
	})
}
