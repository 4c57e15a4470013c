package runtime

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace-io/millrace/processor"
)

var allowPeer = cmp.AllowUnexported(peer{})

func somePeer() peer {
	return peer{
		instance: "3f9a", host: "host-7:8080", started: 1_700_000_000_000, workers: 4, slots: 3,
		positions: map[processor.TaskID]int64{{}: 1, {Subtopology: 1, Partition: 7}: math.MaxInt64 >> 1, {Subtopology: 200, Partition: math.MaxInt32}: 0},
	}
}

func TestJoinDataComesBack(t *testing.T) {
	for _, p := range []peer{somePeer(), {positions: map[processor.TaskID]int64{}}} {
		got, err := parseJoin(appendJoin(nil, p))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(p, got, allowPeer); d != "" {
			t.Error(d)
		}
	}
}

func TestRosterComesBack(t *testing.T) {
	p := somePeer()
	p.member, p.started, p.positions = "millrace-1", 0, nil
	want := []peer{p, {member: "b"}}
	got, refused, err := parseRoster(appendRoster(nil, want, "in use"))
	if err != nil || refused != "in use" {
		t.Fatalf("refused %q, err %v", refused, err)
	}
	if d := cmp.Diff(want, got, allowPeer); d != "" {
		t.Error(d)
	}
}

// TestUserDataOfNewerVersions checks that what later versions append does not
// disturb this one.
func TestUserDataOfNewerVersions(t *testing.T) {
	p := somePeer()
	join := append(appendJoin(nil, p), "and more"...)
	join[0] = userDataVersion + 1
	got, err := parseJoin(join)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(p, got, allowPeer); d != "" {
		t.Error(d)
	}
	roster := append(appendRoster(nil, []peer{{member: "a"}}, ""), "and more"...)
	roster[0] = userDataVersion + 1
	if peers, _, err := parseRoster(roster); err != nil || len(peers) != 1 {
		t.Errorf("%d peers, err %v", len(peers), err)
	}
}

// TestUserDataCutShort has every beginning of valid data refused.
func TestUserDataCutShort(t *testing.T) {
	join, roster := appendJoin(nil, somePeer()), appendRoster(nil, []peer{somePeer()}, "no")
	for n := range join {
		if _, err := parseJoin(join[:n]); err == nil {
			t.Errorf("%d of %d bytes of join data are taken", n, len(join))
		}
	}
	for n := range roster {
		if _, _, err := parseRoster(roster[:n]); err == nil {
			t.Errorf("%d of %d bytes of a roster are taken", n, len(roster))
		}
	}
}

// seeds are valid data, damaged data and numbers that are too large.
func seeds(f *testing.F, valid []byte) {
	f.Add(valid)
	f.Add([]byte{})
	f.Add([]byte{0})
	for at := range valid {
		damaged := append([]byte(nil), valid...)
		damaged[at] ^= 0xff
		f.Add(damaged)
	}
	f.Add([]byte("\x01" + strings.Repeat("\xff", 9) + "\x01"))
	f.Add([]byte("\x01\x00\x00\x00\x01\x01\x01\x00\xff\xff\xff\xff\x0f\x00")) // partition 2^32-1
}

func FuzzParseJoin(f *testing.F) {
	seeds(f, appendJoin(nil, somePeer()))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := parseJoin(b)
		if err != nil {
			return
		}
		again, err := parseJoin(appendJoin(nil, p))
		if err != nil {
			t.Fatalf("what was read, %+v, cannot be read again: %v", p, err)
		}
		if d := cmp.Diff(p, again, allowPeer); d != "" {
			t.Fatal(d)
		}
	})
}

func FuzzParseRoster(f *testing.F) {
	p := somePeer()
	p.member, p.started, p.positions = "millrace-1", 0, nil
	seeds(f, appendRoster(nil, []peer{p, {member: "b"}}, "in use"))
	f.Fuzz(func(t *testing.T, b []byte) {
		peers, refused, err := parseRoster(b)
		if err != nil {
			return
		}
		again, refusedAgain, err := parseRoster(appendRoster(nil, peers, refused))
		if err != nil || refused != refusedAgain {
			t.Fatalf("what was read cannot be read again: %v", err)
		}
		if d := cmp.Diff(peers, again, allowPeer); d != "" {
			t.Fatal(d)
		}
	})
}

// Whatever comes as assignment is refused, or gives what it says.
func FuzzParseSyncAssignment(f *testing.F) {
	valid := kmsg.NewConsumerMemberAssignment()
	valid.UserData = appendRoster(nil, []peer{{member: "b", instance: "i", workers: 1, slots: 3}}, "")
	valid.Topics = append(valid.Topics, kmsg.ConsumerMemberAssignmentTopic{Topic: "in", Partitions: []int32{0, 7}})
	seeds(f, valid.AppendTo(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		bal := &balancer{}
		topics, err := bal.ParseSyncAssignment(b)
		if err != nil {
			return
		}
		again := kmsg.NewConsumerMemberAssignment()
		roster, refused := bal.lastRoster()
		again.UserData = appendRoster(nil, roster, refused)
		for topic, partitions := range topics {
			again.Topics = append(again.Topics, kmsg.ConsumerMemberAssignmentTopic{Topic: topic, Partitions: partitions})
		}
		topicsAgain, err := (&balancer{}).ParseSyncAssignment(again.AppendTo(nil))
		if err != nil {
			t.Fatalf("what was read cannot be read again: %v", err)
		}
		if d := cmp.Diff(topics, topicsAgain, cmpopts.EquateEmpty()); d != "" {
			t.Fatal(d)
		}
	})
}

// What is kept of a global table is of no use, or written as it was read.
func FuzzGlobalMeta(f *testing.F) {
	f.Add([]byte(`{"version":1,"topic_id":"AAAA","fill":5,"current_ms":6,"next":[7,8],"times":[-1,9]}`))
	f.Add([]byte(`{"version":1,"next":[7],"times":[]}`))
	f.Add([]byte(`{"version":2}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		meta, ok := readGlobalMeta(b)
		if !ok {
			return
		}
		text, err := json.Marshal(meta)
		if err != nil {
			t.Fatal(err)
		}
		again, ok := readGlobalMeta(text)
		if d := cmp.Diff(meta, again); d != "" || !ok {
			t.Errorf("read again: %v %s", ok, d)
		}
	})
}

func TestTransactionalIDsOfAPeer(t *testing.T) {
	got := peer{instance: "i", workers: 2, slots: 3}.transactionalIDs("app")
	want := []string{"app-i-0-0", "app-i-0-1", "app-i-0-2", "app-i-1-0", "app-i-1-1", "app-i-1-2"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if fmt.Sprint(want[5]) != transactionalID("app", "i", 1, 2) {
		t.Error("the ids of a roster are not those of the clients")
	}
}
