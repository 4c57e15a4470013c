package processor

import (
	"errors"
	"reflect"
	"testing"

	"github.com/millrace-io/millrace/serde"
)

func derive(t *testing.T, inner any) serde.Serde[Maybe[string]] {
	t.Helper()
	s, err := Maybe[string]{}.DeriveSerde(func(reflect.Type) (any, bool) { return inner, true })
	if err != nil {
		t.Fatal(err)
	}
	return s.(serde.Serde[Maybe[string]])
}

func TestMaybeHasTheBytesOfItsValue(t *testing.T) {
	s := derive(t, serde.String)
	b, err := s.Append([]byte("x"), Some("v"))
	if string(b) != "xv" || err != nil {
		t.Errorf("encoded %q, %v", b, err)
	}
	if v, err := s.Decode([]byte("v")); v != Some("v") || err != nil {
		t.Errorf("decoded %v, %v", v, err)
	}
	if got, want := serde.NameOf(s), serde.NameOf[string](serde.String); got != want {
		t.Errorf("named %s, want %s", got, want)
	}
}

func TestMaybeWithoutValueCannotBeStored(t *testing.T) {
	if b, err := derive(t, serde.String).Append([]byte("x"), Maybe[string]{}); err == nil || string(b) != "x" {
		t.Errorf("encoded %q, %v", b, err)
	}
}

func TestMaybeNeedsASerdeOfItsValue(t *testing.T) {
	_, err := Maybe[struct{}]{}.DeriveSerde(func(reflect.Type) (any, bool) { return nil, false })
	if err == nil || err.Error() != "no serde for struct {}" {
		t.Errorf("got %v", err)
	}
}

var errUnknown = errors.New("unknown topic")

// bound is a serde that writes the topic it was made for.
type bound string

func (s bound) Append(dst []byte, _ string) ([]byte, error) { return append(dst, s...), nil }
func (s bound) Decode([]byte) (string, error)               { return string(s), nil }
func (s bound) ForTopic(topic string, role serde.Role) (serde.Serde[string], error) {
	if topic == "" || role != serde.Value {
		return nil, errUnknown
	}
	return bound(topic), nil
}

func TestMaybePassesItsTopicOn(t *testing.T) {
	s, err := derive(t, bound("")).(serde.ForTopic[Maybe[string]]).ForTopic("orders", serde.Value)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := s.Append(nil, Some("v")); string(b) != "orders" || err != nil {
		t.Errorf("encoded %q, %v", b, err)
	}
	if _, err := s.(serde.ForTopic[Maybe[string]]).ForTopic("", serde.Value); !errors.Is(err, errUnknown) {
		t.Errorf("got %v", err)
	}
	same, err := derive(t, serde.String).(serde.ForTopic[Maybe[string]]).ForTopic("", serde.Key)
	if v, _ := same.Decode([]byte("v")); err != nil || v != Some("v") {
		t.Errorf("got %v, %v", v, err)
	}
}
