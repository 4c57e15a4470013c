package graph

import (
	"fmt"

	"github.com/millrace-io/millrace/serde"
)

// Step puts one value of whatever type into an accumulator. To the operators
// that aggregate, a cogroup is a group whose values are steps.
type Step[A any] func(acc A) (A, error)

// Cogroup is what the handle of a cogroup is made of: groups whose values go
// into accumulators of one type. All but Parts is that of the first of them.
type Cogroup[K, A, R any] struct {
	Parts  []CogroupPart[K, A]
	Init   func() A
	Merge  func(a, b A) (A, error) // nil if there is no such thing
	Result func(acc A) R
	// Serde finds the serde of the accumulators for a node with the given
	// input and options.
	Serde func(n *Node, in Handle, o *Options) serde.Serde[A]
}

// CogroupPart is one group of a Cogroup.
type CogroupPart[K, A any] struct {
	Grouped
	// Unnamed says that Input makes a repartition topic with the name it gets.
	Unnamed bool
	// Port makes an input port that receives the group's records and has next
	// receive them with steps for values.
	Port func(next Receiver[K, Step[A]]) any
}

// Inputs are the handles to aggregate from into the store of the given name,
// one per part. The first topic that is made for it has its name, as in Kafka
// Streams, which cannot make more; the others have it with a number, from 2 on.
func (c *Cogroup[K, A, R]) Inputs(name string, own *Options) []Handle {
	var handles []Handle
	topics := 0
	for _, p := range c.Parts {
		topic := name
		if p.Unnamed {
			if topics++; topics > 1 {
				topic = fmt.Sprintf("%s-%d", name, topics)
			}
		}
		handles = append(handles, p.Input(topic, own))
	}
	return handles
}
