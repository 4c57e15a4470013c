package millrace_test

import (
	"testing"

	"github.com/millrace-io/millrace"
	"github.com/millrace-io/millrace/topology"
)

func TestAppIsDescribedAsItsTopology(t *testing.T) {
	b := topology.New()
	in := topology.Stream[string, string](b, "in")
	topology.To(topology.Count(topology.GroupByKey(in), "counts").ToStream(), "out")
	app, err := millrace.New(b, millrace.Config{AppID: "app", Brokers: []string{"127.0.0.1:9092"}})
	if err != nil {
		t.Fatal(err)
	}
	text, _ := b.Describe()
	mermaid, _ := b.Mermaid()
	dot, _ := b.DOT()
	json, _ := b.JSON()
	again, err := app.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if app.Describe() != text || app.Mermaid() != mermaid || app.DOT() != dot || string(again) != string(json) || len(json) == 0 {
		t.Error("the App and its Builder say different things")
	}
}
