package graph

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Builder collects nodes, stores and errors while a topology is described.
// Operators never fail: what is wrong comes out together, from Compile.
type Builder struct {
	nodes  []*Node
	stores map[string]*StoreSpec
	serdes map[reflect.Type]any
	// repartitions are the places where internal topics were made, by name.
	repartitions map[string]string
	errs         []error
}

// NewBuilder is an empty Builder.
func NewBuilder() *Builder {
	return &Builder{
		stores:       map[string]*StoreSpec{},
		serdes:       map[reflect.Type]any{},
		repartitions: map[string]string{},
	}
}

// Errorf notes an error at a place in the user's code.
func (b *Builder) Errorf(line, format string, args ...any) {
	b.errs = append(b.errs, fmt.Errorf("%s: %w", line, fmt.Errorf(format, args...)))
}

// Add adds a node whose inputs are given, and sets its ID. An empty Name gets
// a generated one in Compile.
func (b *Builder) Add(n *Node) *Node {
	n.ID = len(b.nodes)
	b.nodes = append(b.nodes, n)
	return n
}

// Operator adds a node op with one input, named by the options, called from
// the user's code at Caller. The caller sets Out and New.
func (b *Builder) Operator(op string, in Handle, o *Options) *Node {
	n := &Node{Name: o.Name, Op: op, Line: Caller(), In: []Edge{in.Edge(0)}}
	if in.Builder != b {
		b.Errorf(n.Line, "%s: the inputs belong to different builders", op)
	}
	return b.Add(n)
}

// Options adds up the options of one call of op and notes an error for each
// that op does not take.
func (b *Builder) Options(op string, apply func(*Options), takes ...Option) *Options {
	o := &Options{}
	apply(o)
	for _, k := range o.given {
		if !slices.Contains(takes, k) {
			b.Errorf(Caller(), "%s does not take option %s", op, k)
		}
	}
	if o.Given(OptName) && o.Name == "" {
		b.Errorf(Caller(), "%s: option Name needs a name", op)
	}
	return o
}

// Callback notes an error if fn, a function that the user gave, is nil.
func (b *Builder) Callback(n *Node, fn any) {
	if isNil(fn) {
		b.Errorf(n.Line, "%s: the function is nil", n.Op)
	}
}

// AddStore adds a store. Its name must be legal as part of a topic's name, and
// new.
func (b *Builder) AddStore(s *StoreSpec) *StoreSpec {
	if err := checkName("store", s.Name); err != nil {
		b.Errorf(s.Line, "%w", err)
	} else if other, taken := b.stores[s.Name]; taken {
		b.Errorf(s.Line, "store %q is also made at %s: give one of them another name", s.Name, other.Line)
	} else {
		b.stores[s.Name] = s
	}
	return s
}

// AddRepartition notes the name of an internal topic, which must be new.
func (b *Builder) AddRepartition(r *Repartition, line string) {
	if err := checkName("repartition topic", r.Name); err != nil {
		b.Errorf(line, "%w", err)
	} else if other, taken := b.repartitions[r.Name]; taken {
		b.Errorf(line, "repartition topic %q is also made at %s: give one of them another name", r.Name, other)
	} else {
		b.repartitions[r.Name] = line
	}
	if r.Partitions < 0 {
		b.Errorf(line, "repartition topic %q: %d partitions", r.Name, r.Partitions)
	}
}

// Compile returns the compiled topology, or all errors joined.
func (b *Builder) Compile() (*Graph, error) {
	errs := append([]error(nil), b.errs...)
	errs = append(errs, b.nameNodes()...)
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return Compile(b.nodes, b.stores)
}

// nameNodes gives every unnamed node a name of the form <operator>-<n> that no
// other has, and reports names that were given twice.
func (b *Builder) nameNodes() (errs []error) {
	taken := map[string]*Node{}
	for _, n := range b.nodes {
		if n.Name == "" {
			continue
		}
		if other := taken[n.Name]; other != nil {
			errs = append(errs, fmt.Errorf("%s: the name %q is also given at %s", n.Line, n.Name, other.Line))
			continue
		}
		taken[n.Name] = n
	}
	count := map[string]int{}
	for _, n := range b.nodes {
		for n.Name == "" {
			count[n.Op]++
			if name := fmt.Sprintf("%s-%d", n.Op, count[n.Op]); taken[name] == nil {
				n.Name, taken[name] = name, n
			}
		}
	}
	return errs
}

// checkName refuses what cannot be part of a topic's name.
func checkName(what, name string) error {
	if name == "" {
		return fmt.Errorf("a %s needs a name: its topic is named after it", what)
	}
	if len(name) > 200 {
		return fmt.Errorf("%s: the name has %d characters, at most 200 fit into its topic's name", what, len(name))
	}
	if i := strings.IndexFunc(name, illegal); i >= 0 {
		return fmt.Errorf("%s %q: a name may have letters, digits, '.', '_' and '-' only", what, name)
	}
	return nil
}

func illegal(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-')
}

// checkTopic refuses what cannot be the name of a topic.
func checkTopic(name string) error {
	if name == "" || name == "." || name == ".." || len(name) > 249 || strings.ContainsFunc(name, illegal) {
		return fmt.Errorf("%q is no legal topic name", name)
	}
	return nil
}
