package processor

import "fmt"

// TaskID names a task: one subtopology over one partition of its topics. Its
// text form is that of Kafka Streams, for example "0_3".
type TaskID struct {
	Subtopology int
	Partition   int32
}

// String returns the form "<subtopology>_<partition>".
func (id TaskID) String() string { return fmt.Sprintf("%d_%d", id.Subtopology, id.Partition) }
