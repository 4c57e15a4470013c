package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/examples/internal/demo"
)

// run returns what is printed of each topic.
func run(t *testing.T, orders ...string) map[string]string {
	t.Helper()
	var input [][]byte
	for _, o := range orders {
		input = append(input, []byte(o))
	}
	var out bytes.Buffer
	if err := demo.Run(t.Context(), example(input), demo.Options{Out: &out}); err != nil {
		t.Fatal(err)
	}
	printed := map[string]string{}
	for line := range strings.Lines(out.String()) {
		topic, rest, _ := strings.Cut(line, "\t")
		printed[topic] += rest
	}
	return printed
}

func TestEachProductBecomesAJob(t *testing.T) {
	made, err := orders(20)
	if err != nil {
		t.Fatal(err)
	}
	var input []string
	archive, manufacturing := "", ""
	for _, b := range made {
		input = append(input, string(b))
		archive += "null\t" + string(b) + "\n"
		var o Order
		if err := json.Unmarshal(b, &o); err != nil {
			t.Fatal(err)
		}
		if n := len(o.Products); n < 1 || n > 5 {
			t.Errorf("order %d has %d products", o.ID, n)
		}
		for _, p := range o.Products {
			manufacturing += fmt.Sprintf("%d\t{\"order_id\":%d,\"product_id\":%d,\"count\":%d}\n", o.ID, o.ID, p.ID, p.Count)
		}
	}
	printed := run(t, input...)
	if printed["archive"] != archive {
		t.Errorf("archive: got\n%swant\n%s", printed["archive"], archive)
	}
	if printed["manufacturing"] != manufacturing {
		t.Errorf("manufacturing: got\n%swant\n%s", printed["manufacturing"], manufacturing)
	}
}

func TestOrdersPassByteForByte(t *testing.T) {
	const order = `{"created_at":"2022-09-10 16:00:01","order_id":1}`
	printed := run(t, order)
	if printed["archive"] != "null\t"+order+"\n" {
		t.Errorf("got %q", printed["archive"])
	}
	if printed["manufacturing"] != "" {
		t.Errorf("an order without products gave %q", printed["manufacturing"])
	}
}

func TestWhatIsNoOrderIsSetAside(t *testing.T) {
	noTime, noOrder := `{"order_id":7}`, `{"created_at":"2022-09-10 16:00:01","order_id":"x"}`
	printed := run(t, "", noTime, noOrder, `{"created_at":"10.9.2022","order_id":8}`)
	want := "null\t\nnull\t" + noTime + "\nnull\t" + noOrder + "\nnull\t{\"created_at\":\"10.9.2022\",\"order_id\":8}\n"
	if printed["dead_letters"] != want {
		t.Errorf("got %q, want %q", printed["dead_letters"], want)
	}
	if printed["archive"] != "" {
		t.Errorf("an order that fails is in the archive: %q", printed["archive"])
	}
}
