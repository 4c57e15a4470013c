package task

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
)

// A dead letter is the record as it was read, with its timestamp and headers,
// and these headers more. Their values are text, numbers are decimal.
//
//	millrace.error.version    "1", changes if the meaning of another one does
//	millrace.error.class      decode, process or produce
//	millrace.error.message    the error's text, cut at 1,024 bytes
//	millrace.error.node       where it came up, empty if that is not known
//	millrace.error.topic      where the record was read
//	millrace.error.partition
//	millrace.error.offset
//	millrace.error.attempts   how often the record, or its call, was tried
//
// A dead letter that is read, fails and goes to a dead-letter topic again has
// only the newest of them.
const (
	errorHeaders       = "millrace.error."
	errorHeaderVersion = "1"
	maxErrorMessage    = 1024
)

// deadLetter writes the record at hand to the dead-letter topic, as part of
// the running transaction.
func (t *Task) deadLetter(e *processor.Error) error {
	r := t.at.record()
	mark, from := t.outbox.Mark(), t.outbox.Len()
	slab := append(append(t.outbox.Slab(), r.Key...), r.Value...)
	t.outbox.Add(slab, t.cfg.Policies.DeadLetterTopic, -1, length(r.Key), length(r.Value), &graph.Meta{
		Time:    min(r.Time, graph.MaxTime),
		Headers: append(withoutErrors(r.Headers), describeError(e, t.tried(e))...),
	})
	if err := t.tooLarge(from); err != nil {
		t.outbox.Rollback(mark)
		return fmt.Errorf("dead letter: %w", err)
	}
	return nil
}

// length is that of a key or value, -1 for a null.
func length(b []byte) int {
	if b == nil {
		return -1
	}
	return len(b)
}

func withoutErrors(headers []processor.Header) []processor.Header {
	return slices.DeleteFunc(slices.Clone(headers), func(h processor.Header) bool {
		return strings.HasPrefix(h.Key, errorHeaders)
	})
}

// tried is how often in all: a call has retries of its own before its policy
// is asked.
func (t *Task) tried(e *processor.Error) int {
	if c := t.at.call; c != nil {
		return max(c.runs, e.Attempt)
	}
	return e.Attempt
}

func describeError(e *processor.Error, attempts int) []processor.Header {
	message := e.Err.Error()
	if len(message) > maxErrorMessage {
		message = strings.ToValidUTF8(message[:maxErrorMessage], "")
	}
	header := func(name, value string) processor.Header {
		return processor.Header{Key: errorHeaders + name, Value: []byte(value)}
	}
	return []processor.Header{
		header("version", errorHeaderVersion),
		header("class", e.Class.String()),
		header("message", message),
		header("node", e.Node),
		header("topic", e.Topic),
		header("partition", strconv.Itoa(int(e.Partition))),
		header("offset", strconv.FormatInt(e.Offset, 10)),
		header("attempts", strconv.Itoa(attempts)),
	}
}
