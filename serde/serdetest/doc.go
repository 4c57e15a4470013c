// Package serdetest checks that a serde.Serde keeps its contract: what stores,
// topics and changelogs rely on and what goes wrong late and far away if it
// does not hold.
//
//	func TestOrderSerde(t *testing.T) {
//		err := serdetest.Check(orderSerde{}, []Order{{}, {ID: "1001", Items: 3}})
//		if err != nil {
//			t.Fatal(err)
//		}
//	}
//
// Run such a test with the race detector once: a serde is used by many
// goroutines.
package serdetest
