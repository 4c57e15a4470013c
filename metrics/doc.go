// Package metrics holds the metrics of an application: the catalogue of their
// names, the counters that the engine adds to, and a Prometheus collector.
//
//	worker, committer, restore ── Add, Observe ──> Recorder <── Collect ── registry
//	live tasks, stores, lags   <── OnScrape, once per scrape ──┘
//
// One Recorder is made per application instance:
//
//	r := metrics.New(metrics.Info{App: "wordcount", Subtopologies: 2, Sources: ..., Sinks: ..., Stores: ...})
//	err := r.Register(registerer) // with label app, so that applications share a registry
//	defer r.Unregister()
//
//	counts := r.Subtopology(1) // handles are looked up once
//	counts.Processed.Add(n)    // and added to after each batch
//	r.Commits.OK.Inc()
//
// Counters belong to the instance and not to tasks: whoever holds a task adds
// the difference since the last time, so nothing is lost when a task leaves
// and sums never go down. Gauges are read from what is alive at the moment of
// a scrape, so nothing lingers after a task has left.
//
// Every label value is either part of the topology's text or of a closed list
// in the catalogue; series of both exist from the start with value 0. Nothing
// is ever registered globally. docs/metrics.md lists all metrics.
//
// The package imports nothing of Millrace and knows neither tasks nor clients.
package metrics
