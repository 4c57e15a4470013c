package streamstest

import (
	"errors"
	"maps"
	"slices"

	"github.com/millrace-io/millrace/processor"
)

// Result is what a Script's application has done since it was started: to
// compare runs with each other.
type Result struct {
	// Piped are the records that were written to it, in order.
	Piped []Piped
	// Topics are the committed records of the topics that it writes, internal
	// ones left out, in the order in which they were committed.
	Topics map[string][]Record[[]byte, []byte]
	// Stores are the committed contents of its stores, as text; nothing of those
	// that cannot be listed.
	Stores map[string]map[string]string
}

// Piped is a record that a script has written to a topic.
type Piped struct {
	Topic  string
	Record Record[[]byte, []byte]
}

// Result returns what has come of the application since the last command app.
func (s *Script) Result() (Result, error) {
	res := Result{
		Piped:  slices.Clone(s.piped),
		Topics: map[string][]Record[[]byte, []byte]{}, Stores: map[string]map[string]string{},
	}
	for name, t := range s.d.topics {
		if !s.shown(name) {
			continue
		}
		for i := range t.log {
			res.Topics[name] = append(res.Topics[name], raw(&t.log[i]))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.d.graph.Stores)) {
		rows, err := s.contents(name)
		if err != nil && !errors.Is(err, errNoList) {
			return res, err
		}
		res.Stores[name] = map[string]string{}
		for _, row := range rows {
			res.Stores[name][row[0]] = row[1]
		}
	}
	return res, s.d.failed
}

// raw is an entry of a log as bytes.
func raw(e *entry) Record[[]byte, []byte] {
	return Record[[]byte, []byte]{
		Record: processor.Record[[]byte, []byte]{
			Key: e.Key, Value: e.Value, Time: e.Time, Headers: e.Headers, HasKey: e.Key != nil, HasValue: e.Value != nil,
		},
		Partition: e.partition, Offset: e.Offset,
	}
}
