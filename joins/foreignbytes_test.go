package joins

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
)

// The digests are those that Kafka Streams 4.3.1 has computed.
func TestDigestsAreThoseOfKafkaStreams(t *testing.T) {
	for text, want := range map[string]digest{
		"":      {0x9d2764a018e32942, 0x8c3cf3b035938518, true},
		"A":     {0xfa79dbb0eb96db78, 0x31044d767f696750, true},
		"hello": {0x30bfb4f39919e764, 0x566aea857401d1c6, true},
	} {
		if got := digestOf([]byte(text)); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}

func TestBytesOfSubscriptions(t *testing.T) {
	row := digest{1, 2, true}
	for want, s := range map[string]subscription{
		"0103" + "0000000000000001" + "0000000000000002" + "6b" + "00000005": {do: answerIfAny, row: row, key: "k", partition: 5},
		"8101" + "6b" + "00000000":                              {do: forgetAndSay, key: "k"},
		"0002" + "0000000000000001" + "0000000000000002" + "6b": {do: answer, row: row, key: "k", partition: -1},
	} {
		b, err := subscriptionSerde{}.Append(nil, s)
		if got := hex.EncodeToString(b); err != nil || got != want {
			t.Errorf("%v: %s, %v, want %s", s, got, err, want)
		}
		if back, err := (subscriptionSerde{}).Decode(b); err != nil || back != s {
			t.Errorf("%s is read as %v, %v", want, back, err)
		}
	}
}

func TestBytesOfAnswers(t *testing.T) {
	row, serdes := digest{1, 2, true}, answerSerde[string]{serde.String}
	for want, a := range map[string]answered[string]{
		"00" + "0000000000000001" + "0000000000000002" + "76": {to: row, row: processor.Some("v")},
		"00" + "0000000000000001" + "0000000000000002":        {to: row},
		"01" + "0000000000000001" + "0000000000000002":        {to: row, row: processor.Some("")},
		"80": {},
	} {
		b, err := serdes.Append(nil, a)
		if got := hex.EncodeToString(b); err != nil || got != want {
			t.Errorf("%v: %s, %v, want %s", a, got, err, want)
		}
		if back, err := serdes.Decode(b); err != nil || back != a {
			t.Errorf("%s is read as %v, %v", want, back, err)
		}
	}
}

func TestNewerVersionsSayWhatToDo(t *testing.T) {
	_, err := subscriptionSerde{}.Decode([]byte{2, 0})
	if err == nil || !strings.Contains(err.Error(), "run the newer one") {
		t.Errorf("subscription: %v", err)
	}
	_, err = answerSerde[string]{serde.String}.Decode([]byte{2})
	if err == nil || !strings.Contains(err.Error(), "run the newer one") {
		t.Errorf("answer: %v", err)
	}
}

func TestBytesOfPairs(t *testing.T) {
	keys := pairOf(serde.String, serde.String)
	b, err := keys.Append(nil, Pair[string, string]{"k", "fk"})
	if got := hex.EncodeToString(b); err != nil || got != "01"+"00000001"+"6b"+"666b" {
		t.Errorf("%s, %v", got, err)
	}
}

// What is read is written as the same bytes again, and all else is an error.
func FuzzForeignKeyBytes(f *testing.F) {
	for _, seed := range []string{"", "\x01\x03", "\x81\x01k\x00\x00\x00\x00", "\x80v", "\x01\x00\x00\x00\x01kfk", "\x01\xff\xff\xff\xff", "\x02\x00"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		again(t, serde.Serde[subscription](subscriptionSerde{}), b)
		again(t, serde.Serde[Pair[string, string]](pairOf(serde.String, serde.String)), b)
		if a, err := (answerSerde[string]{serde.String}).Decode(b); err == nil {
			back, err := (answerSerde[string]{serde.String}).Append(nil, a)
			if read, _ := (answerSerde[string]{serde.String}).Decode(back); err != nil || read != a {
				t.Errorf("%x is written as %x, %v", b, back, err)
			}
		}
	})
}

func again[T any](t *testing.T, s serde.Serde[T], b []byte) {
	v, err := s.Decode(b)
	if err != nil {
		return
	}
	back, err := s.Append(nil, v)
	if diff := cmp.Diff(b, back); err != nil || diff != "" {
		t.Errorf("%T: %x is written as %x, %v", s, b, back, err)
	}
}
