package topology_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

// Each payment is sent to a service that rates it. The service is down at
// first, and asked again half a second later.
func ExampleMapValuesAsync() {
	down := true
	rate := func(_ context.Context, amount int64) (string, error) {
		if down {
			down = false
			return "", errors.New("service is down")
		}
		if amount > 1000 {
			return "check", nil
		}
		return "fine", nil
	}
	b := topology.New()
	payments := topology.Stream[string, int64](b, "payments", topology.ValueSerde(serde.DecimalInt64))
	rated := topology.MapValuesAsync(payments, rate, topology.Async{
		Concurrency: 32, Timeout: 2 * time.Second, Retries: 3, Backoff: 500 * time.Millisecond,
	})
	topology.To(rated, "ratings")

	d := streamstest.New(nil, b, streamstest.Config{})
	in, out := streamstest.In[string, int64](d, "payments", topology.ValueSerde(serde.DecimalInt64)), streamstest.Out[string, string](d, "ratings")
	in.PipeAt("ann", 20, 1)
	in.PipeAt("bob", 5000, 2)
	fmt.Printf("now: %q\n", out.Text())
	d.Advance(500 * time.Millisecond)
	fmt.Printf("later: %q\n", out.Text())
	// Output:
	// now: ""
	// later: "ann=fine@1, bob=check@2"
}

// The members of a group are looked up elsewhere, and each of them gets the
// message.
func ExampleProcessAsync() {
	members := map[string][]string{"crew": {"ann", "bob"}}
	b := topology.New()
	messages := topology.Stream[string, string](b, "messages") // group and text
	each := topology.ProcessAsync(messages, func(_ context.Context, r processor.Record[string, string]) (out []processor.Record[string, string], _ error) {
		for _, name := range members[r.Key] {
			out = append(out, processor.NewRecord(name, r.Value, r.Time))
		}
		return out, nil
	}, topology.Async{})
	topology.To(each, "inbox")

	d := streamstest.New(nil, b, streamstest.Config{})
	in, out := streamstest.In[string, string](d, "messages"), streamstest.Out[string, string](d, "inbox")
	in.PipeAt("crew", "ahoy", 1)
	fmt.Println(out.Text())
	// Output: ann=ahoy@1, bob=ahoy@1
}
