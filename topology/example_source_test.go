package topology_test

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

// One source reads several topics.
func ExampleStreamTopics() {
	b := topology.New()
	topology.To(topology.StreamTopics[string, string](b, []string{"web", "shop"}), "orders")

	d := streamstest.New(nil, b, streamstest.Config{})
	streamstest.In[string, string](d, "web").PipeAt("1", "tea", 5)
	streamstest.In[string, string](d, "shop").PipeAt("2", "rum", 6)
	fmt.Println(streamstest.Out[string, string](d, "orders").Text())
	// Output: 1=tea@5, 2=rum@6
}

func ExampleStreamPattern() {
	b := topology.New()
	topology.To(topology.StreamPattern[string, string](b, "orders-[a-z]+"), "orders")

	d := streamstest.New(nil, b, streamstest.Config{Partitions: map[string]int{"orders-pt": 1, "orders-is": 1}})
	streamstest.In[string, string](d, "orders-pt").PipeAt("1", "tea", 5)
	streamstest.In[string, string](d, "orders-is").PipeAt("2", "rum", 6)
	fmt.Println(streamstest.Out[string, string](d, "orders").Text())
	// Output: 1=tea@5, 2=rum@6
}

// Where the application has committed no offset yet, partition 0 of topic1
// begins at offset 23, all others at their oldest record.
func ExampleFromOffsets() {
	b := topology.New()
	topics := []string{"topic1", "topic2"}
	in := topology.StreamTopics[string, string](b, topics, topology.FromOffsets(map[string]map[int32]int64{"topic1": {0: 23}}))
	topology.To(in, "out")
	text, err := b.Describe()
	fmt.Print(text, err)
	// Output:
	// subtopology 0
	//   source-1  source  topic1, topic2  string, string  from offsets; serdes string, string
	//   sink-1    sink    source-1        string, string  -> out; serdes string, string
	// <nil>
}

// The time of an order is a field of it, in local time. The record is read as
// text, so that it is written byte for byte as it came.
func ExampleTimeField() {
	created := func(order string) string {
		var fields struct {
			CreatedAt string `json:"created_at"`
		}
		_ = json.Unmarshal([]byte(order), &fields) // else there is no time in it
		return fields.CreatedAt
	}
	b := topology.New()
	orders := topology.Stream[string, string](b, "orders", topology.TimeField(created, time.DateTime, time.FixedZone("CEST", 2*60*60)))
	topology.To(orders, "out")

	d := streamstest.New(nil, b, streamstest.Config{})
	streamstest.In[string, string](d, "orders").Pipe("1", `{"created_at":"2022-09-10 16:00:01","order_id":1}`)
	r := streamstest.Out[string, string](d, "out").Read()
	fmt.Println(r.When().Format(time.RFC3339), r.Value)
	// Output: 2022-09-10T14:00:01Z {"created_at":"2022-09-10 16:00:01","order_id":1}
}

func ExampleWallClockTime() {
	b := topology.New()
	topology.To(topology.Stream[string, string](b, "orders", topology.WallClockTime()), "out")

	d := streamstest.New(nil, b, streamstest.Config{})
	d.Advance(time.Second)
	streamstest.In[string, string](d, "orders").PipeAt("1", "tea", 5)
	fmt.Println(streamstest.Out[string, string](d, "out").Text())
	// Output: 1=tea@1000
}

// Records without a value are skipped here as if nothing could read them.
func ExampleRefuseNulls() {
	b := topology.New()
	orders := topology.Stream[string, string](b, "orders",
		topology.RefuseNulls(), topology.OnDecodeError(processor.Policy{Then: processor.Skip}))
	topology.To(orders, "out")

	d := streamstest.New(nil, b, streamstest.Config{})
	in := streamstest.In[string, string](d, "orders")
	in.PipeNull("1")
	in.Pipe("2", "tea")
	fmt.Println(streamstest.Out[string, string](d, "out").Text())
	// Output: 2=tea@0
}
