package graph

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Builder collects nodes, stores and errors while a topology is described.
// Operators never fail: what is wrong comes out together, from Compile.
type Builder struct {
	nodes   []*Node
	stores  map[string]*StoreSpec
	globals []*Global
	serdes  map[reflect.Type]any
	// repartitions are the places where internal topics were made, by name.
	repartitions map[string]string
	errs         []error
	checks       []func() error
	duplicates   map[duplicate]bool // those that are among errs
}

// duplicate is a name that was given at a place and elsewhere too. One call
// may give it to a store, a topic and nodes: that is one mistake.
type duplicate struct{ line, name string }

// NewBuilder is an empty Builder.
func NewBuilder() *Builder {
	return &Builder{
		stores:       map[string]*StoreSpec{},
		serdes:       map[reflect.Type]any{},
		repartitions: map[string]string{},
		duplicates:   map[duplicate]bool{},
	}
}

// Errorf notes an error at a place in the user's code.
func (b *Builder) Errorf(line, format string, args ...any) {
	b.errs = append(b.errs, fmt.Errorf("%s: %w", line, fmt.Errorf(format, args...)))
}

// AtBuild has check called by each Compile: for what can only be told once the
// topology is complete. line comes before its error.
func (b *Builder) AtBuild(line string, check func() error) {
	b.checks = append(b.checks, func() error {
		if err := check(); err != nil {
			return fmt.Errorf("%s: %w", line, err)
		}
		return nil
	})
}

// taken notes that a name given at line was given at other before.
func (b *Builder) taken(line, name, other string) {
	for _, suffix := range [...]string{repartitionSink, repartitionSource} {
		name = strings.TrimSuffix(name, suffix)
	}
	if d := (duplicate{line, name}); !b.duplicates[d] {
		b.duplicates[d] = true
		b.Errorf(line, "the name %q is also given at %s", name, other)
	}
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
	return b.Add(&Node{Name: o.Name, Op: op, Line: Caller(), In: []Edge{in.Edge(0)}})
}

// OptionsOf adds up the options of one call of op, passing over nil ones, and
// notes an error for each that op does not take.
func OptionsOf[F ~func(*Options)](b *Builder, op string, opts []F, takes ...Option) *Options {
	o := &Options{}
	for _, opt := range opts {
		if opt != nil {
			opt(o)
		}
	}
	for _, k := range o.given {
		switch {
		case slices.Contains(takes, k):
		case k.emission():
			b.Errorf(Caller(), "%s does not take option %s: aggregations and tables with a store of their own have rows to hold back", op, k)
		default:
			b.Errorf(Caller(), "%s does not take option %s", op, k)
		}
	}
	switch {
	case o.Given(OptName) && o.Name == "":
		b.Errorf(Caller(), "%s: the option Name needs a name", op)
	case o.Given(OptKeySerde) && isNil(o.KeySerde), o.Given(OptValueSerde) && isNil(o.ValueSerde):
		b.Errorf(Caller(), "%s: a serde given as an option is nil", op)
	case o.Given(OptTimestamp) && isNil(o.Timestamp):
		b.Errorf(Caller(), "%s: the function of Timestamps or TimeField is nil", op)
	case o.Given(OptPartitioner) && isNil(o.Partitioner):
		b.Errorf(Caller(), "%s: the function of Partitioner is nil", op)
	case o.Given(OptPartitions) && o.Partitions < 1:
		b.Errorf(Caller(), "%s: the option Partitions needs a number above 0", op)
	case o.Given(OptTTL) && o.TTL < time.Millisecond:
		b.Errorf(Caller(), "%s: the option TTL needs a time of at least 1ms", op)
	case o.Given(OptVersioned) && o.History < time.Millisecond:
		b.Errorf(Caller(), "%s: the option Versioned needs a history of at least 1ms", op)
	case o.Given(OptCloseIdle) && o.Emission.Idle < time.Millisecond:
		b.Errorf(Caller(), "%s: CloseIdle after %s: give 1ms or more", op, o.Emission.Idle)
	case o.Given(OptTTL) && o.Given(OptVersioned):
		b.Errorf(Caller(), "%s: the options TTL and Versioned exclude each other: versions go by their history", op)
	case o.times(OptWatermark) > 1:
		b.Errorf(Caller(), "%s: WatermarkLag, WatermarkAscending and WatermarkOf exclude each other", op)
	case o.Watermark.By == ByFunction && isNil(o.WatermarkFn):
		b.Errorf(Caller(), "%s: the function of WatermarkOf is nil", op)
	case o.Watermark.Lag < 0 || o.Watermark.Lag%time.Millisecond != 0:
		b.Errorf(Caller(), "%s: the option WatermarkLag needs whole milliseconds, 0 or more", op)
	case o.Given(OptIdle) && o.Watermark.Idle < time.Millisecond:
		b.Errorf(Caller(), "%s: the option WatermarkIdle needs a time of at least 1ms", op)
	case o.MaxRate < 0 || math.IsNaN(o.MaxRate):
		b.Errorf(Caller(), "%s: the option MaxRate needs a number that is not negative", op)
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
	} else if other := b.holder(s.Name); other != "" {
		b.taken(s.Line, s.Name, other)
	} else {
		b.stores[s.Name] = s
	}
	return s
}

// History is the shortest history of the versioned stores among names, 0 if none
// is versioned.
func (b *Builder) History(names []string) (history time.Duration) {
	for _, name := range names {
		if s := b.stores[name]; s != nil && s.History > 0 && (history == 0 || s.History < history) {
			history = s.History
		}
	}
	return history
}

// AddRepartition notes the name of an internal topic, which must be new.
func (b *Builder) AddRepartition(r *Repartition, line string) {
	if err := checkName("repartition topic", r.Name); err != nil {
		b.Errorf(line, "%w", err)
	} else if other, taken := b.repartitions[r.Name]; taken {
		b.taken(line, r.Name, other)
	} else {
		b.repartitions[r.Name] = line
	}
}

// Compile returns the compiled topology, or all errors joined.
func (b *Builder) Compile() (*Graph, error) {
	b.nameNodes()
	errs := slices.Clone(b.errs)
	for _, check := range b.checks {
		if err := check(); err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	g, err := Compile(slices.Clone(b.nodes), maps.Clone(b.stores), slices.Clone(b.globals)...)
	if err == nil {
		g.Find = b.findSerde
	}
	return g, err
}

// nameNodes gives every unnamed node a name of the form <operator>-<n> that no
// other has, and reports names that were given twice.
func (b *Builder) nameNodes() {
	taken := map[string]*Node{}
	for _, n := range b.nodes {
		if n.Name == "" {
			continue
		}
		if other := taken[n.Name]; other != nil {
			b.taken(n.Line, n.Name, other.Line)
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
