package task

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// goldenV2 is what Kafka Streams 4.3.1 writes for partition time 7 and a store
// s that was closed up to 9.
const goldenV2 = "AgAAAAAAAAAHAAAAAQAAAAFzAAAAAAAAAAk="

func TestMetadataOfKafkaStreamsIsRead(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       Metadata
	}{
		{"version 1", "AQAAAAAAAAAH", Metadata{PartitionTime: 7}},
		{"version 2", "AgAAAAAAAAAH", Metadata{PartitionTime: 7}},
		{"version 2 with a store", goldenV2, Metadata{PartitionTime: 7, Closed: []NamedTime{{"s", 9}}}},
	} {
		got, err := DecodeMetadata(c.text)
		if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", c.name, err, diff)
		}
	}
}

func TestMetadataBeginsAsThatOfKafkaStreams(t *testing.T) {
	full := EncodeMetadata(Metadata{PartitionTime: 7, Closed: []NamedTime{{"s", 9}}, Transaction: 5, Times: []NamedTime{{"n", 3}}})
	got, err := base64.StdEncoding.DecodeString(full)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := base64.StdEncoding.DecodeString(goldenV2)
	tail := "\x01" + "\x00\x00\x00\x00\x00\x00\x00\x05" + "\x00\x00\x00\x01" + "\x00\x00\x00\x01n" + "\x00\x00\x00\x00\x00\x00\x00\x03"
	if string(got) != string(want)+tail {
		t.Errorf("got %x", got)
	}
}

func TestMetadataThatCannotBeReadIsUnknown(t *testing.T) {
	raw := func(b string) string { return base64.StdEncoding.EncodeToString([]byte(b)) }
	head := "\x02" + strings.Repeat("\x00", 7) + "\x07"
	for _, s := range []string{
		"", "no base64!", raw("\x02"), raw("\x03" + head[1:]), raw("\x00" + head[1:]),
		raw(head + "\x00"),
		raw(head + "\x00\x00\x00\x01"),
		raw(head + "\x00\x00\x00\x01\xff\xff\xff\xffs"),
		raw(head + "\xff\xff\xff\xff"),
		raw(head + "\x00\x00\x00\x00" + "\x00"),
		raw(head + "\x00\x00\x00\x00" + "\x01"),
		raw(head + "\x00\x00\x00\x00" + "\x01" + strings.Repeat("\x00", 12) + "more"),
	} {
		got, err := DecodeMetadata(s)
		if diff := cmp.Diff(Metadata{PartitionTime: -1}, got); diff != "" || err != nil {
			t.Errorf("%q: %v\n%s", s, err, diff)
		}
	}
}

func TestMetadataOfANewerVersionIsRefused(t *testing.T) {
	s := base64.StdEncoding.EncodeToString([]byte("\x02" + strings.Repeat("\x00", 12) + "\x02"))
	if _, err := DecodeMetadata(s); !errors.Is(err, ErrNewerMetadata) {
		t.Errorf("error is %v", err)
	}
}

func FuzzMetadataThatWasReadIsWrittenAlike(f *testing.F) {
	f.Add("AgAAAAAAAAAH")
	f.Add(goldenV2)
	f.Add(EncodeMetadata(Metadata{PartitionTime: -1, Transaction: -9, Times: []NamedTime{{"node", 1 << 40}, {"", -1}}}))
	f.Fuzz(func(t *testing.T, s string) {
		m, err := DecodeMetadata(s)
		if err != nil {
			return
		}
		again, err := DecodeMetadata(EncodeMetadata(m))
		m.HasTail = true
		if diff := cmp.Diff(m, again); diff != "" || err != nil {
			t.Errorf("%q: %v\n%s", s, err, diff)
		}
	})
}
