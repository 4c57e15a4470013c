package topology_test

import (
	"encoding/json"
	"fmt"
	"log"

	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/status"
	"github.com/millrace-io/millrace/topology"
)

type item struct {
	Product string `json:"product"`
	Pieces  int64  `json:"pieces"`
}

type cart struct {
	User  string `json:"user"`
	Items []item `json:"items"`
}

// pieces counts the pieces that each user has ordered, in a store of the name.
func pieces(store string) *topology.Builder {
	b := topology.New()
	topology.Register(b, serde.JSON[cart]())
	carts := topology.Stream[string, cart](b, "carts", topology.Name("carts"))
	ordered := topology.MapValues(carts, func(c cart) (n int64) {
		for _, i := range c.Items {
			n += i.Pieces
		}
		return n
	}, topology.Name("ordered"))
	topology.Reduce(topology.GroupByKey(ordered), store, func(sum, n int64) int64 { return sum + n })
	return b
}

// The text has the fields of all structs, with their names in JSON.
func ExampleBuilder_Describe() {
	text, err := pieces("pieces").Describe()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(text)
	// Output:
	// subtopology 0
	//   carts    source      carts    string, topology_test.cart  serdes string, json
	//   ordered  map-values  carts    string, int64
	//   pieces   reduce      ordered  string, change of int64  stores pieces
	//   pieces   store                string, int64            logged; serdes string, int64
	//
	// types
	//   topology_test.cart
	//     User   string                json user
	//     Items  []topology_test.item  json items
	//   topology_test.item
	//     Product  string  json product
	//     Pieces   int64   json pieces
}

// The text can be shown by Markdown viewers, in a block of the language
// "mermaid".
func ExampleBuilder_Mermaid() {
	text, err := pieces("pieces").Mermaid()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(text)
	// Output:
	// flowchart TD
	//   t0[/"carts"/]
	//   subgraph s0["subtopology 0"]
	//     s0n0["carts<br>source"]
	//     s0n1["ordered<br>map-values"]
	//     s0n2["pieces<br>reduce"]
	//     s0k0[("pieces<br>string, int64<br>logged")]
	//   end
	//   t0 -->|"string, topology_test.cart"| s0n0
	//   s0n0 -->|"string, topology_test.cart"| s0n1
	//   s0n1 -->|"string, int64"| s0n2
	//   s0n2 -.- s0k0
}

// Graphviz draws it: dot -Tsvg.
func ExampleBuilder_DOT() {
	text, err := pieces("pieces").DOT()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(text)
	// Output:
	// digraph topology {
	//   node [shape=box];
	//   t0 [label="carts", shape=parallelogram];
	//   subgraph cluster_s0 {
	//     label="subtopology 0";
	//     s0n0 [label="carts\nsource"];
	//     s0n1 [label="ordered\nmap-values"];
	//     s0n2 [label="pieces\nreduce"];
	//     s0k0 [label="pieces\nstring, int64\nlogged", shape=cylinder];
	//   }
	//   t0 -> s0n0 [label="string, topology_test.cart"];
	//   s0n0 -> s0n1 [label="string, topology_test.cart"];
	//   s0n1 -> s0n2 [label="string, int64"];
	//   s0n2 -> s0k0 [style=dashed, dir=none];
	// }
}

// The description begins with its version: keep it beside the code, for Diff.
func ExampleBuilder_JSON() {
	text, err := pieces("pieces").JSON()
	if err != nil {
		log.Fatal(err)
	}
	var graph status.Graph
	if err := json.Unmarshal(text, &graph); err != nil {
		log.Fatal(err)
	}
	for _, n := range graph.Subtopologies[0].Nodes {
		fmt.Println(n.Name, n.Op, n.Stores)
	}
	// Output:
	// carts source []
	// ordered map-values []
	// pieces reduce [pieces]
}

// A store gets another name, and its state would be left behind.
func ExampleDiff() {
	old, err := pieces("pieces").JSON() // kept when the old version was built
	if err != nil {
		log.Fatal(err)
	}
	new, err := pieces("pieces-per-user").JSON()
	if err != nil {
		log.Fatal(err)
	}
	findings, err := topology.Diff(old, new)
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range findings {
		fmt.Println(f)
	}
	// Output:
	// breaking: store pieces-per-user: pieces is gone and pieces-per-user is new, with the same types: if it is the same store under another name, it begins empty
	//   keep the name pieces; or stop all instances, make the topic <app>-pieces-per-user-changelog like <app>-pieces-changelog, copy the records partition by partition, and start the new version then
}
