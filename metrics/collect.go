package metrics

import (
	"errors"
	"fmt"
	"runtime"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// Register adds the Recorder to a registry, with the label app, until
// Unregister. Several applications may share a registry. Instances of one
// application may too, if each one's registerer adds the same label with
// another value (prometheus.WrapRegistererWith). A nil registerer is none.
func (r *Recorder) Register(to prometheus.Registerer) error {
	if to == nil {
		return nil
	}
	labelled := prometheus.WrapRegistererWith(prometheus.Labels{"app": r.info.App}, to)
	if err := labelled.Register(r); err != nil {
		if errors.As(err, new(prometheus.AlreadyRegisteredError)) {
			return fmt.Errorf("register metrics of application %q: %w (instances of one application need registerers that add a label to tell them apart, see prometheus.WrapRegistererWith)", r.info.App, err)
		}
		return fmt.Errorf("register metrics of application %q: %w", r.info.App, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unregister = append(r.unregister, func() { labelled.Unregister(r) })
	return nil
}

// Unregister undoes every Register. It may be called more than once.
func (r *Recorder) Unregister() {
	r.mu.Lock()
	undo := r.unregister
	r.unregister = nil
	r.mu.Unlock()
	for _, f := range undo {
		f()
	}
}

// Describe sends the catalogue. It is called by a registry.
func (r *Recorder) Describe(ch chan<- *prometheus.Desc) {
	for _, f := range catalogue {
		ch <- f.desc
	}
}

// Collect sends the present value of all series. It is called by a registry.
func (r *Recorder) Collect(ch chan<- prometheus.Metric) {
	ch <- buildInfo.sample(1, r.info.Version, runtime.Version())
	ch <- topologyInfo.sample(1, r.info.TopologyHash, r.info.Guarantee)

	r.mu.Lock()
	all := slices.Clip(r.series) // only ever appended to
	r.mu.Unlock()
	for _, s := range all {
		ch <- s.family.sample(s.from.value(), s.values...)
	}
	for _, h := range r.histograms {
		h.Collect(ch)
	}
	r.scrape().collect(ch)
}
