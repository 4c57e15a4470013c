package processor_test

import (
	"testing"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/serde/serdetest"
)

func TestTheSerdeOfMaybeKeepsTheContract(t *testing.T) {
	derived, err := processor.Maybe[string]{}.DeriveSerde(serde.BuiltinOf)
	if err != nil {
		t.Fatal(err)
	}
	s := derived.(serde.Serde[processor.Maybe[string]])
	if err := serdetest.Check(s, []processor.Maybe[string]{processor.Some(""), processor.Some("text")}); err != nil {
		t.Error(err)
	}
}
