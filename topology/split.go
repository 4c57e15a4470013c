package topology

import (
	"errors"

	"github.com/millrace-io/millrace/internal/graph"
)

// Splitter divides a stream into branches: a record goes to the first one, in
// the order in which they were added, whose function returns true. The zero
// value is of no use.
type Splitter[K, V any] struct {
	s *splitter[K, V]
}

type splitter[K, V any] struct {
	in       graph.Handle
	node     *graph.Node                // has a port per branch
	takes    []func(K, V) (bool, error) // by port, nil for the default branch
	fallback int                        // port of the default branch, -1 for none
}

// Split divides the stream into named branches, by the methods of what it
// returns. A record that no branch takes is dropped and counted; so is one
// with a null value, before any function is asked. It takes the option Name.
//
//	sizes := orders.Split()
//	small := sizes.Branch("small", func(_ string, o Order) bool { return o.Total < 100 })
//	rest := sizes.Default("rest")
//
// By example: internal/corpus/testdata/split.txt.
func (s KStream[K, V]) Split(opts ...Option) Splitter[K, V] {
	o := graph.OptionsOf(s.h.Builder, "split", opts, graph.OptName)
	n := s.h.Builder.Operator("split", s.h, o)
	sp := &splitter[K, V]{in: s.h, node: n, fallback: -1}
	n.New = sp.instantiate
	s.h.Builder.AtBuild(n.Line, func() error {
		if len(sp.takes) == 0 {
			return errors.New("split: there is no branch: every record would be dropped")
		}
		return nil
	})
	return Splitter[K, V]{sp}
}

// Branch adds the branch of the records for which take returns true, of those
// that no earlier branch has taken.
func (s Splitter[K, V]) Branch(name string, take func(key K, value V) bool) KStream[K, V] {
	return s.BranchErr(name, withError2(take))
}

// BranchErr is Branch with a function that can fail.
func (s Splitter[K, V]) BranchErr(name string, take func(key K, value V) (bool, error)) KStream[K, V] {
	s.s.in.Builder.Callback(&graph.Node{Op: "branch", Line: graph.Caller()}, take)
	return s.s.add(name, take)
}

// Default adds the branch of the records that no other one takes, also of
// those that are added later.
func (s Splitter[K, V]) Default(name string) KStream[K, V] {
	if s.s.fallback >= 0 {
		other := s.s.node.Out[s.s.fallback]
		s.s.in.Builder.Errorf(graph.Caller(), "split: %q is its default branch already, added at %s", other.Name, other.Line)
	}
	s.s.fallback = len(s.s.takes)
	return s.s.add(name, nil)
}

func (s *splitter[K, V]) add(name string, take func(K, V) (bool, error)) KStream[K, V] {
	n, line := s.node, graph.Caller()
	if name == "" {
		s.in.Builder.Errorf(line, "split: a branch needs a name")
	}
	for _, p := range n.Out {
		if p.Name == name {
			s.in.Builder.Errorf(line, "split: the branch added at %s is also called %q", p.Line, name)
		}
	}
	port := graph.NewPort[K, V]()
	port.Name, port.Line = name, line
	n.Out = append(n.Out, port)
	if n.Detail != "" {
		n.Detail += ", "
	}
	n.Detail += name
	s.takes = append(s.takes, take)
	h := s.in.At(n)
	h.Port = len(n.Out) - 1
	return StreamOf[K, V](h)
}

func (s *splitter[K, V]) instantiate(t graph.Task, outs []any) ([]any, error) {
	r := &split[K, V]{node: s.node, nullValue: newDropped(t, s.node).nullValue, untaken: t.Counter(s.node, "no_branch")}
	for port, take := range s.takes {
		out := outs[port].(graph.Receiver[K, V])
		if port == s.fallback {
			r.fallback = out
		} else {
			r.branches = append(r.branches, branch[K, V]{take, out})
		}
	}
	return receiver(r)
}

type split[K, V any] struct {
	node               *graph.Node
	branches           []branch[K, V]
	fallback           graph.Receiver[K, V] // nil for none
	nullValue, untaken *uint64
}

type branch[K, V any] struct {
	take func(K, V) (bool, error)
	out  graph.Receiver[K, V]
}

func (r *split[K, V]) Receive(key K, value V, m *graph.Meta) error {
	if !m.HasValue {
		*r.nullValue++
		return nil
	}
	for i := range r.branches {
		b := &r.branches[i]
		takes, err := b.take(key, value)
		if err != nil {
			return graph.At(r.node, err)
		}
		if takes {
			return b.out.Receive(key, value, m)
		}
	}
	if r.fallback != nil {
		return r.fallback.Receive(key, value, m)
	}
	*r.untaken++
	return nil
}
