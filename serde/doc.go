// Package serde turns keys and values into bytes and back.
//
// A Serde belongs to one Go type. Those of this package are variables, so that
// the types of an operator are inferred from them:
//
//	topology.Register(b, serde.JSON[Event]())
//	events := topology.Stream[string, Event](b, "events")
//	counts := topology.Count(topology.GroupByKey(events), "counts")
//	topology.To(counts.ToStream(), "totals", topology.Serdes(serde.String, serde.DecimalInt64))
//
// One that is left out is found by the exact type: first among those that were
// registered, then in this table, then by asking the type (see Deriver).
//
//	string    String        the bytes of the string
//	[]byte    Bytes         themselves
//	int32     Int32         4 bytes, two's complement, big endian
//	int64     Int64         8 bytes, two's complement, big endian
//	float32   Float32       4 bytes, IEEE 754, big endian
//	float64   Float64       8 bytes, IEEE 754, big endian
//	bool      Bool          1 byte, 00 or 01
//	(none)    DecimalInt64  an int64 as decimal text
//	(none)    JSON[T]       encoding/json
//	(none)    Time          a time.Time in a given layout and zone
//
// The fixed-size ones, String and Bytes write what Kafka's serializers of the
// same types write. There is none for int: its size depends on the machine, so
// use int64, or register one that says how many bytes are meant.
//
// An own Serde is a type with two methods:
//
//	type celsius struct{}
//
//	func (celsius) Append(dst []byte, t Celsius) ([]byte, error) {
//		return strconv.AppendFloat(dst, float64(t), 'f', 1, 64), nil
//	}
//
//	func (celsius) Decode(b []byte) (Celsius, error) {
//		t, err := strconv.ParseFloat(string(b), 64)
//		if err != nil {
//			return 0, &serde.DecodeError{Type: reflect.TypeFor[Celsius](), Len: len(b), Reason: "no number"}
//		}
//		return Celsius(t), nil
//	}
//
// Errors never contain what was read or written: they end up in logs.
//
// The package knows nothing of topologies, topics or nulls.
package serde
