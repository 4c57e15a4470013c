// Package processor is the low-level API of a topology: records, the
// Processor interface and its Context, errors and the policies for them.
//
// A Processor is a type with a Process method. topology.Process puts it into a
// stream; one is made for each task, with the stores that it opens:
//
//	type latest struct{ seen state.KeyValue[string, string] }
//
//	func (l *latest) Process(r processor.Record[string, string], out processor.Output[string, string]) error {
//		before, ok, err := l.seen.Get(r.Key)
//		if err != nil || ok && before == r.Value {
//			return err // nothing new
//		}
//		if err := l.seen.Put(r.Key, r.Value); err != nil {
//			return err
//		}
//		return out.Forward(r)
//	}
//
//	seen := topology.NewStore[string, string](b, "seen")
//	changes := topology.Process(values, func(ctx processor.Context) *latest {
//		return &latest{seen.Open(ctx)}
//	}, topology.With(seen))
//
// It knows nothing of topologies, of stores' insides or of Kafka.
package processor
