package draw

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace-io/millrace/status"
)

// picture is a Graph as boxes and lines, for any language of pictures.
type picture struct {
	frames []frame
	// outside are topics and global tables.
	outside []box
	lines   []line
}

// frame is a subtopology.
type frame struct {
	id, title string
	boxes     []box
}

// box is a node, a store or a topic. Its id is made of letters and digits.
type box struct {
	id    string
	shape shape
	text  []string // lines
}

type shape uint8

const (
	node shape = iota
	store
	topic
)

// line leads from box to box. One without an arrow is drawn as dots.
type line struct {
	from, to string
	text     []string // lines
	arrow    bool
}

// newPicture lays out g. Edges to nodes that g does not have are left out.
func newPicture(g status.Graph) *picture {
	p := &picture{}
	globals := map[string]string{}
	for i, t := range g.Globals {
		from, x := p.topic(t.Topic), box{"g" + strconv.Itoa(i), store, []string{t.Name, types(t.Key, t.Value), "global"}}
		p.outside = append(p.outside, x)
		p.connect(from, x.id, true)
		globals[t.Name] = x.id
	}
	for _, sub := range g.Subtopologies {
		p.addFrame(sub, globals)
	}
	return p
}

// addFrame adds a subtopology and all lines that lead to its nodes. globals are
// the ids of the global tables.
func (p *picture) addFrame(sub status.Subtopology, globals map[string]string) {
	prefix := "s" + strconv.Itoa(len(p.frames))
	f := frame{id: prefix, title: "subtopology " + strconv.Itoa(sub.ID)}
	nodes, stores := map[string]string{}, map[string]string{}
	for i, n := range sub.Nodes {
		nodes[n.Name] = prefix + "n" + strconv.Itoa(i)
		f.boxes = append(f.boxes, box{nodes[n.Name], node, nodeText(n)})
	}
	for i, s := range sub.Stores {
		stores[s.Name] = prefix + "k" + strconv.Itoa(i)
		f.boxes = append(f.boxes, box{stores[s.Name], store, storeText(s)})
	}
	p.frames = append(p.frames, f)

	for _, n := range sub.Sources() {
		for _, name := range topicNames(n) {
			p.connect(p.topic(name), nodes[n.Name], true, types(n.Key, n.Value))
		}
	}
	for _, e := range sub.Edges {
		p.connect(nodes[e.From], nodes[e.To], true, e.PortName, types(e.Key, e.Value))
	}
	for _, n := range sub.Sinks() {
		for _, name := range topicNames(n) {
			p.connect(nodes[n.Name], p.topic(name), true, types(n.Key, n.Value))
		}
	}
	for _, n := range sub.Nodes {
		for _, name := range n.Stores {
			p.connect(nodes[n.Name], stores[name], false)
		}
		for _, name := range n.Globals {
			p.connect(nodes[n.Name], globals[name], false)
		}
	}
	for _, group := range sub.CoPartitioned {
		for i := 1; i < len(group); i++ {
			p.connect(nodes[group[i-1]], nodes[group[i]], false, "co-partitioned")
		}
	}
}

// connect draws a line between two boxes, if both are there, with those lines
// of text that are not empty.
func (p *picture) connect(from, to string, arrow bool, text ...string) {
	if from != "" && to != "" {
		text = slices.DeleteFunc(text, func(s string) bool { return s == "" })
		p.lines = append(p.lines, line{from, to, text, arrow})
	}
}

// topic is the id of a topic's box, which is drawn once.
func (p *picture) topic(name string) string {
	for _, x := range p.outside {
		if x.shape == topic && x.text[0] == name {
			return x.id
		}
	}
	t := box{"t" + strconv.Itoa(len(p.outside)), topic, []string{name}}
	p.outside = append(p.outside, t)
	return t.id
}

// topicNames are what a source reads or a sink writes, as a reader knows it.
func topicNames(n status.Node) []string {
	switch {
	case n.Pattern != "":
		return []string{"pattern " + n.Pattern}
	case n.Internal && len(n.Topics) > 0:
		return []string{"<app>-" + n.Topics[0] + cmp.Or(n.Suffix, "-repartition")}
	case n.Chosen:
		return []string{"a topic per record"}
	}
	return n.Topics
}

// nodeText has the operator too, unless the name says it already.
func nodeText(n status.Node) []string {
	if strings.HasPrefix(n.Name, n.Op+"-") {
		return []string{n.Name}
	}
	return []string{n.Name, n.Op}
}

func storeText(s status.StoreSpec) []string {
	log := "logged"
	if !s.Logged {
		log = "not logged"
	}
	return []string{s.Name, types(s.Key, s.Value), log}
}

// types are those of keys and values; nothing is known of some sinks'.
func types(key, value string) string {
	if key == "" && value == "" {
		return ""
	}
	return key + ", " + value
}
