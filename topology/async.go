package topology

import (
	"fmt"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/serde"
)

// Async says how MapValuesAsync and ProcessAsync call another service. The zero
// value works.
//
// A record with a null key waits for no other. Results of equal keys come in
// the order of their records, and the calls for one key are made one after the
// other; results of different keys overtake each other. A result keeps the
// event time of its record, although the stream time may have gone on: what
// compares the two, such as a window with a grace period, has to allow for it.
// Punctuations that became due meanwhile have run before it.
//
// A call that has failed for good is an error of class Process for the record
// that it was made for, and the policy of the class decides: Retry makes the
// call again, with all its Retries, Replace is not possible. What the record
// has done elsewhere stays.
//
// Under exactly once a commit waits until all calls of a task are done, and the
// task takes no new records meanwhile; what is not done within
// Config.TransactionTimeout is aborted and done again. Under at least once
// commits go on, with the position of the oldest record that has a call open.
// Either way a service may be called more than once for a record.
type Async struct {
	// Concurrency is how many calls one task makes at once. Once it has twice
	// as many open, with those that wait for their key or for a retry, it takes
	// no more records. Defaults to 16.
	Concurrency int
	// Timeout is after how long the context of an attempt ends. The function
	// must return then; if it still has not after Config.TransactionTimeout
	// more, Run ends with an error. Defaults to 5 s.
	Timeout time.Duration
	// Retries is how often a failed call is made again. Defaults to 0.
	Retries int
	// Backoff is the pause before the first retry; it doubles with each one,
	// up to 64 times. Calls for other keys go on meanwhile. Defaults to 100 ms.
	Backoff time.Duration
}

// limits are a with its defaults; what makes no sense is noted as error of n.
func (a Async) limits(b *graph.Builder, n *graph.Node) graph.CallLimits {
	if a.Concurrency < 0 || a.Timeout < 0 || a.Retries < 0 || a.Backoff < 0 {
		b.Errorf(n.Line, "%s: the fields of Async must not be negative", n.Op)
	}
	if a.Concurrency == 0 {
		a.Concurrency = 16
	}
	if a.Timeout == 0 {
		a.Timeout = 5 * time.Second
	}
	if a.Backoff == 0 {
		a.Backoff = 100 * time.Millisecond
	}
	return graph.CallLimits(a)
}

// asyncNode adds a node op behind in that calls another service and sends on
// records of KO and VO. It returns the serde that tells keys apart.
func asyncNode[K, KO, VO any](in graph.Handle, op string, a Async, opts []Option, fn any) (*graph.Node, graph.CallLimits, serde.Serde[K]) {
	o := graph.OptionsOf(in.Builder, op, opts, graph.OptName, graph.OptKeySerde)
	n := in.Builder.Operator(op, in, o)
	in.Builder.Callback(n, fn)
	limits := a.limits(in.Builder, n)
	n.Calls = &limits
	n.Detail = fmt.Sprintf("%d calls at once, each up to %s, %d retries", limits.Concurrency, limits.Timeout, limits.Retries)
	n.Out = []graph.Port{graph.NewPort[KO, VO]()}
	return n, limits, graph.KeySerde[K](n, in, o)
}

// asyncKeys makes the keys that calls are queued by.
type asyncKeys[K any] struct {
	node  *graph.Node
	serde serde.Serde[K]
	buf   []byte
}

// of is the encoded key, nil for a null. It is valid until the next call.
func (k *asyncKeys[K]) of(key K, m *graph.Meta) ([]byte, error) {
	if !m.HasKey {
		return nil, nil
	}
	buf, err := k.serde.Append(k.buf[:0], key)
	if err != nil {
		return nil, graph.At(k.node, fmt.Errorf("key: %w", err))
	}
	if buf == nil {
		buf = []byte{}
	}
	k.buf = buf
	return buf, nil
}
