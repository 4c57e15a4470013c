package topology

import (
	"errors"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
)

// stateless adds a node behind in that sends on records of KO and VO and whose
// only option is Name. fn is the user's function, if there is one; it must not
// be nil. The caller sets Node.New.
func stateless[KO, VO any](in graph.Handle, op string, opts []Option, fn any) *graph.Node {
	o := graph.OptionsOf(in.Builder, op, opts, graph.OptName)
	n := in.Builder.Operator(op, in, o)
	if fn != nil {
		in.Builder.Callback(n, fn)
	}
	n.Out = []graph.Port{graph.NewPort[KO, VO]()}
	return n
}

// receiver is the input of a node with one input port, as Node.New returns it.
func receiver[K, V any](r graph.Receiver[K, V]) ([]any, error) { return []any{r}, nil }

// output is the receiver behind a node's only output port.
func output[K, V any](outs []any) graph.Receiver[K, V] { return outs[0].(graph.Receiver[K, V]) }

// withError is the error form of fn, which the runtime structs hold; nil stays
// nil, for graph.Builder.Callback.
func withError[A, R any](fn func(A) R) func(A) (R, error) {
	if fn == nil {
		return nil
	}
	return func(a A) (R, error) { return fn(a), nil }
}

// withError2 is withError for functions of key and value.
func withError2[A, B, R any](fn func(A, B) R) func(A, B) (R, error) {
	if fn == nil {
		return nil
	}
	return func(a A, b B) (R, error) { return fn(a, b), nil }
}

// null takes the error that a function returned apart: isNull says that it
// made its result null.
func null(err error) (isNull bool, _ error) {
	if err == nil {
		return false, nil
	}
	if errors.Is(err, processor.Null) {
		return true, nil
	}
	return false, err
}

// dropped counts the records that a node drops.
type dropped struct {
	nullKey, nullValue *uint64
}

func newDropped(t graph.Task, n *graph.Node) dropped {
	return dropped{t.Counter(n, "null_key"), t.Counter(n, "null_value")}
}
