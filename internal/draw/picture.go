package draw

import (
	"strconv"
	"strings"

	"github.com/millrace-io/millrace/status"
)

// picture is a Graph as boxes and lines, for any language of pictures.
type picture struct {
	frames []frame
	topics []box
	lines  []line
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
	text     string
	arrow    bool
}

// newPicture lays out g. Edges to nodes that g does not have are left out.
func newPicture(g status.Graph) *picture {
	p := &picture{}
	for _, sub := range g.Subtopologies {
		p.addFrame(sub)
	}
	return p
}

// addFrame adds a subtopology and all lines that lead to its nodes.
func (p *picture) addFrame(sub status.Subtopology) {
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
			p.connect(p.topic(name), nodes[n.Name], types(n.Key, n.Value), true)
		}
	}
	for _, e := range sub.Edges {
		text := types(e.Key, e.Value)
		if e.PortName != "" {
			text = e.PortName + ": " + text
		}
		p.connect(nodes[e.From], nodes[e.To], text, true)
	}
	for _, n := range sub.Sinks() {
		for _, name := range topicNames(n) {
			p.connect(nodes[n.Name], p.topic(name), types(n.Key, n.Value), true)
		}
	}
	for _, n := range sub.Nodes {
		for _, name := range n.Stores {
			p.connect(nodes[n.Name], stores[name], "", false)
		}
	}
	for _, group := range sub.CoPartitioned {
		for i := 1; i < len(group); i++ {
			p.connect(nodes[group[i-1]], nodes[group[i]], "co-partitioned", false)
		}
	}
}

// connect draws a line between two boxes, if both are there.
func (p *picture) connect(from, to, text string, arrow bool) {
	if from != "" && to != "" {
		p.lines = append(p.lines, line{from, to, text, arrow})
	}
}

// topic is the id of a topic's box, which is drawn once.
func (p *picture) topic(name string) string {
	for _, t := range p.topics {
		if t.text[0] == name {
			return t.id
		}
	}
	t := box{"t" + strconv.Itoa(len(p.topics)), topic, []string{name}}
	p.topics = append(p.topics, t)
	return t.id
}

// topicNames are what a source reads or a sink writes, as a reader knows it.
func topicNames(n status.Node) []string {
	switch {
	case n.Pattern != "":
		return []string{"pattern " + n.Pattern}
	case n.Internal && len(n.Topics) > 0:
		return []string{"<app>-" + n.Topics[0] + "-repartition"}
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
