package streamstest_test

import (
	"fmt"
	"testing"

	"github.com/millrace-io/millrace/streamstest"
)

// One record through word count: two subtopologies, a store and its changelog,
// each record committed. The words of a line are counted as records too.
func BenchmarkWordCount(b *testing.B) {
	for _, manual := range []bool{false, true} {
		b.Run(fmt.Sprintf("manual=%v", manual), func(b *testing.B) {
			d := streamstest.New(b, wordCount(), streamstest.Config{ManualCommit: manual})
			lines := streamstest.In[string, string](d, "lines")
			b.ReportAllocs()
			records := 0
			for b.Loop() {
				lines.Pipe("", "to be or not")
				if records += 5; manual && records%500 == 0 {
					d.Commit()
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(records), "µs/record")
		})
	}
}
