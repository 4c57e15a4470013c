package metrics

import (
	"strconv"
)

// series is one series whose value is kept here, as opposed to gauges, which
// are read from what is alive.
type series struct {
	family *family
	values []string // of the labels
	from   interface{ value() float64 }
}

// New makes the Recorder of an application instance, with all its series.
func New(info Info) *Recorder {
	if info.Version == "" {
		info.Version = version()
	}
	r := &Recorder{
		info:          info,
		subtopologies: make([]Subtopology, info.Subtopologies),
		topics:        make(map[string]*Topic),
		stores:        make(map[string]*Store),
	}
	r.bindGroup()
	r.bindWork()
	r.bindCommits()
	r.bindClient()
	r.bindSubtopologies()
	r.bindTopics()
	r.bindStores()
	return r
}

// bind makes a series of f from a value that the engine adds to.
func (r *Recorder) bind(f *family, from interface{ value() float64 }, values ...string) {
	r.series = append(r.series, series{family: f, values: values, from: from})
}

// bindHistogram makes the histograms of f and returns how to get at one of them.
func (r *Recorder) bindHistogram(f *family) func(values ...string) Histogram {
	vec := f.vec()
	r.histograms = append(r.histograms, vec)
	return func(values ...string) Histogram { return Histogram{vec.WithLabelValues(values...)} }
}

func (r *Recorder) bindGroup() {
	r.bind(rebalances, &r.Rebalances.OK, "ok")
	r.bind(rebalances, &r.Rebalances.Lost, "lost")
	r.bind(rebalances, &r.Rebalances.Failed, "failed")
	phase := r.bindHistogram(rebalanceTime)
	r.RebalanceTime.Revoke = phase("revoke")
	r.RebalanceTime.Assign = phase("assign")
	r.RebalanceTime.Lost = phase("lost")
	r.RebalanceTime.Join = phase("join")
	r.bind(lastRebalance, &r.LastRebalance)
	r.bind(taskEvents, &r.Tasks.Created, "created")
	r.bind(taskEvents, &r.Tasks.Closed, "closed")
	r.bind(taskEvents, &r.Tasks.Failed, "failed")
}

func (r *Recorder) bindWork() {
	r.bind(workerFailures, &r.WorkerFailures.Error, "error")
	r.bind(workerFailures, &r.WorkerFailures.Panic, "panic")
	r.bind(workerFailures, &r.WorkerFailures.Fenced, "fenced")
	r.bind(workerSeconds, &r.WorkerTime.Poll, "poll")
	r.bind(workerSeconds, &r.WorkerTime.Process, "process")
	r.bind(workerSeconds, &r.WorkerTime.Punctuate, "punctuate")
	r.bind(workerSeconds, &r.WorkerTime.Commit, "commit")
	r.bind(workerSeconds, &r.WorkerTime.Restore, "restore")
	r.bind(workerSeconds, &r.WorkerTime.Blocked, "blocked")
	r.bind(backpressure, &r.Backpressure.BufferFull, "buffer_full")
	r.bind(backpressure, &r.Backpressure.ProducerFull, "producer_full")
	r.bind(backpressure, &r.Backpressure.StoreStall, "store_stall")

	r.bind(punctuations, &r.Punctuations.StreamTime, "stream_time")
	r.bind(punctuations, &r.Punctuations.WallClock, "wall_clock")
	kind := r.bindHistogram(punctuateTime)
	r.PunctuateTime.StreamTime = kind("stream_time")
	r.PunctuateTime.WallClock = kind("wall_clock")

	for i, stage := range stages {
		r.bind(retries, &r.retries[i], stage)
		for j, action := range actions {
			r.bind(errorsTotal, &r.errors[i][j], stage, action)
		}
	}
}

func (r *Recorder) bindCommits() {
	r.bind(commits, &r.Commits.OK, "ok")
	r.bind(commits, &r.Commits.Aborted, "aborted")
	r.bind(commits, &r.Commits.Fenced, "fenced")
	r.bind(commits, &r.Commits.Timeout, "timeout")
	step := r.bindHistogram(commitTime)
	r.CommitTime.Flush = step("flush")
	r.CommitTime.Changelog = step("changelog")
	r.CommitTime.Offsets = step("offsets")
	r.CommitTime.EndTxn = step("end_txn")
	r.bind(lastCommit, &r.LastCommit)
	r.transactionTime = r.bindHistogram(transactionTime)()
	r.transactionRecords = r.bindHistogram(transactionRecords)().o
}

func (r *Recorder) bindClient() {
	c := &r.Client
	r.bind(clientConnects, &c.Connects.OK, "ok")
	r.bind(clientConnects, &c.Connects.Error, "error")
	r.bind(clientDisconnects, &c.Disconnects)
	r.bind(clientWritten, &c.WrittenBytes)
	r.bind(clientRead, &c.ReadBytes)
	r.bind(clientErrors, &c.Errors.Write, "write")
	r.bind(clientErrors, &c.Errors.Read, "read")
	r.bind(clientErrors, &c.Errors.Group, "group")
	c.RequestTime = r.bindHistogram(clientRequestTime)()
	r.bind(clientThrottle, &c.Throttle)
	r.bind(clientBatches, &c.Produce.Batches, "produce")
	r.bind(clientBatches, &c.Fetch.Batches, "fetch")
	r.bind(clientCompressed, &c.Produce.CompressedBytes, "produce")
	r.bind(clientCompressed, &c.Fetch.CompressedBytes, "fetch")
	r.bind(clientUncompressed, &c.Produce.UncompressedBytes, "produce")
	r.bind(clientUncompressed, &c.Fetch.UncompressedBytes, "fetch")
}

func (r *Recorder) bindSubtopologies() {
	duration := r.bindHistogram(processTime)
	for id := range r.subtopologies {
		s, label := &r.subtopologies[id], strconv.Itoa(id)
		r.bind(processed, &s.Processed, label)
		s.ProcessTime = duration(label)
		for i, reason := range reasons {
			r.bind(dropped, &s.dropped[i], label, reason)
		}
	}
}

func (r *Recorder) bindTopics() {
	for _, name := range r.info.Sources {
		if t := r.topic(name); !t.source {
			r.bindSource(t, name)
		}
	}
	seconds := r.bindHistogram(latency)
	for _, name := range r.info.Sinks {
		t := r.topic(name)
		if t.sink {
			continue
		}
		t.sink = true
		r.bind(producedRecord, &t.Produced, name)
		r.bind(producedBytes, &t.ProducedBytes, name)
		t.Latency = seconds(name)
	}
}

func (r *Recorder) bindSource(t *Topic, label string) {
	t.source = true
	r.bind(consumedRecords, &t.Consumed, label)
	r.bind(consumedBytes, &t.ConsumedBytes, label)
	r.bind(deadLetters, &t.DeadLetters, label)
	r.bind(lostInput, &t.Lost, label)
	r.bind(disordered, &t.Disordered, label)
}

// topic returns the handle of a topic that Info names, and makes it.
func (r *Recorder) topic(name string) *Topic {
	t, ok := r.topics[name]
	if !ok {
		t = new(Topic)
		r.topics[name] = t
	}
	return t
}

func (r *Recorder) bindStores() {
	duration := r.bindHistogram(restoreTime)
	for _, name := range r.info.Stores {
		if r.stores[name] != nil {
			continue
		}
		s := new(Store)
		r.stores[name] = s
		r.bind(storeOperations, &s.Operations.Get, name, "get")
		r.bind(storeOperations, &s.Operations.Put, name, "put")
		r.bind(storeOperations, &s.Operations.Delete, name, "delete")
		r.bind(storeOperations, &s.Operations.Range, name, "range")
		r.bind(storeOperations, &s.Operations.All, name, "all")
		r.bind(changelogRecords, &s.Logged, name)
		r.bind(changelogBytes, &s.LoggedBytes, name)
		r.bind(restoreRecords, &s.Restored, name, roleActive)
		s.RestoreTime = duration(name)
	}
	for _, name := range r.info.Globals {
		if r.stores[name] != nil {
			continue
		}
		s := new(Store)
		r.stores[name] = s
		r.bind(restoreRecords, &s.Restored, name, roleActive)
		s.RestoreTime = duration(name)
		for _, reason := range globalReasons {
			r.bind(globalDropped, s.Dropped(reason), name, reason)
		}
	}
}

// globalReasons are those for which a record is no row of a global table.
var globalReasons = [...]string{"negative_time", "null_key", "skipped"}
