package metrics

import "github.com/prometheus/client_golang/prometheus"

// namespace begins every name.
const namespace = "millrace"

// family is one metric of the catalogue: all series of one name.
type family struct {
	name    string // without the namespace
	help    string
	kind    kind
	labels  []string
	buckets []float64 // of a histogram
	desc    *prometheus.Desc
}

type kind uint8

const (
	kindCounter kind = iota
	kindGauge
	kindHistogram
)

func (k kind) String() string { return [...]string{"counter", "gauge", "histogram"}[k] }

// catalogue has all families in the order of their definition.
var catalogue []*family

func define(f *family) *family {
	f.desc = prometheus.NewDesc(f.fullName(), f.help, f.labels, nil)
	catalogue = append(catalogue, f)
	return f
}

func counter(name, help string, labels ...string) *family {
	return define(&family{name: name, help: help, kind: kindCounter, labels: labels})
}

func gauge(name, help string, labels ...string) *family {
	return define(&family{name: name, help: help, kind: kindGauge, labels: labels})
}

func histogram(buckets []float64, name, help string, labels ...string) *family {
	return define(&family{name: name, help: help, kind: kindHistogram, labels: labels, buckets: buckets})
}

func (f *family) fullName() string { return namespace + "_" + f.name }

// vec makes the histograms of f. Servers that scrape native histograms get
// buckets that grow by 10 %; the nine classic ones are for all others. A histogram with
// too many native buckets gets coarser and is never reset.
func (f *family) vec() *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:                           f.fullName(),
		Help:                           f.help,
		Buckets:                        f.buckets,
		NativeHistogramBucketFactor:    1.1,
		NativeHistogramMaxBucketNumber: 160,
	}, f.labels)
}

// sample is one value of a series of f.
func (f *family) sample(v float64, values ...string) prometheus.Metric {
	t := prometheus.GaugeValue
	if f.kind == kindCounter {
		t = prometheus.CounterValue
	}
	return prometheus.MustNewConstMetric(f.desc, t, v, values...)
}

// Classic buckets in seconds, nine each, by what they measure.
var (
	callBuckets    = []float64{1e-6, 1e-5, 1e-4, 5e-4, 1e-3, 5e-3, 0.01, 0.1, 1} // user code
	requestBuckets = []float64{1e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 10}   // waits for brokers
	groupBuckets   = []float64{0.01, 0.05, 0.1, 0.5, 1, 3, 10, 30, 60}           // waits for other members
	latencyBuckets = []float64{0.01, 0.05, 0.1, 0.25, 1, 5, 30, 300, 3600}       // from one topic to another
	restoreBuckets = []float64{0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600}           // reading state back
	recordBuckets  = []float64{1, 10, 100, 1e3, 3e3, 1e4, 3e4, 1e5, 1e6}         // numbers of records
)
