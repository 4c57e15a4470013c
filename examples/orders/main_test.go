package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/examples/internal/demo"
)

// run returns what is printed of each topic.
func run(t *testing.T, input []demo.Record) map[string]string {
	t.Helper()
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

func ordered(orders ...string) (input []demo.Record) {
	for _, o := range orders {
		input = append(input, demo.Record{Topic: "orders", Value: []byte(o)})
	}
	return input
}

// naive is what the example has to print of each topic but shelves, of which it
// is the last row of each key.
func naive(t *testing.T, s shop) (want map[string]string, shelves map[string]string) {
	t.Helper()
	want, shelves = map[string]string{}, map[string]string{}
	for _, o := range s.orders {
		b, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		want["archive"] += "null\t" + string(b) + "\n"
		to := ""
		if c, ok := s.customers[o.CustomerID]; ok {
			to = fmt.Sprintf(`,"customer":%q,"city":%q`, c.Name, c.City)
		}
		want["deliveries"] += fmt.Sprintf("%d\t{\"order_id\":%d%s}\n", o.ID, o.ID, to)
		for _, p := range o.Products {
			want["manufacturing"] += fmt.Sprintf("%d\t{\"order_id\":%d,\"product_id\":%d,\"count\":%d}\n", o.ID, o.ID, p.ID, p.Count)
			if sold, ok := s.products[p.ID]; ok {
				want["lines"] += fmt.Sprintf("%d\t{\"order_id\":%d,\"product\":%q,\"count\":%d,\"cents\":%d}\n", o.ID, o.ID, sold.Name, p.Count, p.Count*sold.Cents)
			}
		}
	}
	cities := map[string]string{}
	for _, w := range s.warehouses {
		cities[w.Name] = w.City
	}
	for id, at := range s.stock {
		shelves[strconv.Itoa(id)] = fmt.Sprintf(`{"pieces":%d,"warehouse":%q,"city":%q}`, at.Pieces, at.Warehouse, cities[at.Warehouse])
	}
	return want, shelves
}

func TestOrdersMeetWhatTheShopKnows(t *testing.T) {
	s := open(20)
	input, err := s.records()
	if err != nil {
		t.Fatal(err)
	}
	want, shelves := naive(t, s)
	if lines, jobs := strings.Count(want["lines"], "\n"), strings.Count(want["manufacturing"], "\n"); lines == 0 || lines == jobs {
		t.Fatalf("%d of %d products are sold: that shows nothing", lines, jobs)
	}
	if n := strings.Count(want["deliveries"], "customer"); n == 0 || n == len(s.orders) {
		t.Fatalf("%d of %d customers are known: that shows nothing", n, len(s.orders))
	}
	if !strings.Contains(fmt.Sprint(shelves), "Turku") {
		t.Fatal("nothing is in the warehouse that moves: that shows nothing")
	}
	got := run(t, input)
	last := map[string]string{}
	for line := range strings.Lines(got["shelves"]) {
		key, row, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		last[key] = row
	}
	delete(got, "shelves") // may have rows that a warehouse had before it moved
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(shelves, last); diff != "" {
		t.Errorf("shelves (-want +got):\n%s", diff)
	}
}

func TestOrdersStayWithinTheirBounds(t *testing.T) {
	for _, o := range open(1000).orders {
		if n := len(o.Products); n < 1 || n > 5 || o.CustomerID < 1 || o.CustomerID > 1000 {
			t.Errorf("order %d of customer %d has %d products", o.ID, o.CustomerID, n)
		}
		for _, p := range o.Products {
			if p.ID < 1 || p.ID > 100 || p.Count < 1 || p.Count > 4 {
				t.Errorf("order %d has %d of product %d", o.ID, p.Count, p.ID)
			}
		}
	}
}

func TestOrdersPassByteForByte(t *testing.T) {
	const order = `{"created_at":"2022-09-10 16:00:01","order_id":1}`
	printed := run(t, ordered(order))
	if printed["archive"] != "null\t"+order+"\n" {
		t.Errorf("got %q", printed["archive"])
	}
	if printed["manufacturing"] != "" {
		t.Errorf("an order without products gave %q", printed["manufacturing"])
	}
}

func TestWhatIsNoOrderIsSetAside(t *testing.T) {
	noTime, noOrder := `{"order_id":7}`, `{"created_at":"2022-09-10 16:00:01","order_id":"x"}`
	printed := run(t, ordered("", noTime, noOrder, `{"created_at":"10.9.2022","order_id":8}`))
	want := "null\t\nnull\t" + noTime + "\nnull\t" + noOrder + "\nnull\t{\"created_at\":\"10.9.2022\",\"order_id\":8}\n"
	if printed["dead_letters"] != want {
		t.Errorf("got %q, want %q", printed["dead_letters"], want)
	}
	if printed["archive"] != "" {
		t.Errorf("an order that fails is in the archive: %q", printed["archive"])
	}
}
