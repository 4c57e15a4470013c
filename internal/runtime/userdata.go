package runtime

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/millrace-io/millrace/processor"
)

// What members tell each other in the user data of the group's "consumer"
// protocol. All integers are unsigned varints, strings have their length in
// front. The first byte is the version; a newer one is read as far as this
// version goes, since later ones only append.
const userDataVersion = 1

// peer is a member as the others need to know it.
type peer struct {
	member   string // member id; only in rosters
	instance string
	host     string
	started  int64 // Unix milliseconds; not in rosters
	workers  int   // worker indexes that may have transactional ids
	slots    int   // of each
	// positions are the tasks whose state the instance holds, with how far it
	// has come in their changelogs.
	positions map[processor.TaskID]int64
}

// Workers and slots of a peer that are believed: their ids are all fenced once
// it vanishes.
const (
	maxWorkers = 1 << 12
	maxSlots   = 1 << 4
)

var errUserData = errors.New("group member's user data is malformed: is another program using the application id as its group?")

// appendJoin is what a member sends when it joins: itself.
func appendJoin(b []byte, p peer) []byte {
	b = append(b, userDataVersion)
	b = appendString(b, p.instance)
	b = appendString(b, p.host)
	b = binary.AppendUvarint(b, uint64(p.started))
	b = binary.AppendUvarint(b, uint64(p.workers))
	b = binary.AppendUvarint(b, uint64(p.slots))
	b = binary.AppendUvarint(b, uint64(len(p.positions)))
	for _, id := range sortedTasks(p.positions) {
		b = binary.AppendUvarint(b, uint64(id.Subtopology))
		b = binary.AppendUvarint(b, uint64(id.Partition))
		b = binary.AppendUvarint(b, uint64(p.positions[id]))
	}
	return b
}

func parseJoin(b []byte) (peer, error) {
	r := reader{b: b}
	r.version()
	p := peer{instance: r.string(), host: r.string(), started: int64(r.int()), workers: r.upTo(maxWorkers), slots: r.upTo(maxSlots)}
	n := r.int()
	if r.failed || n > len(b) {
		return p, errUserData
	}
	p.positions = make(map[processor.TaskID]int64, n)
	for range n {
		id := processor.TaskID{Subtopology: r.int(), Partition: int32(r.upTo(math.MaxInt32))}
		p.positions[id] = int64(r.int())
	}
	if r.failed {
		return p, errUserData
	}
	return p, nil
}

// appendRoster is what the leader sends to each member: everyone in the
// group, and whether this one is refused.
func appendRoster(b []byte, peers []peer, refused string) []byte {
	b = append(b, userDataVersion)
	b = appendString(b, refused)
	b = binary.AppendUvarint(b, uint64(len(peers)))
	for _, p := range peers {
		b = appendString(b, p.member)
		b = appendString(b, p.instance)
		b = appendString(b, p.host)
		b = binary.AppendUvarint(b, uint64(p.workers))
		b = binary.AppendUvarint(b, uint64(p.slots))
	}
	return b
}

func parseRoster(b []byte) (peers []peer, refused string, err error) {
	r := reader{b: b}
	r.version()
	refused = r.string()
	n := r.int()
	if r.failed || n > len(b) {
		return nil, "", errUserData
	}
	for range n {
		peers = append(peers, peer{member: r.string(), instance: r.string(), host: r.string(), workers: r.upTo(maxWorkers), slots: r.upTo(maxSlots)})
	}
	if r.failed {
		return nil, "", errUserData
	}
	return peers, refused, nil
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// reader takes values off b until something does not fit.
type reader struct {
	b      []byte
	failed bool
}

func (r *reader) version() {
	if len(r.b) == 0 || r.b[0] == 0 {
		r.failed = true
		return
	}
	r.b = r.b[1:]
}

func (r *reader) int() int {
	v, n := binary.Uvarint(r.b)
	if r.failed || n <= 0 || v > 1<<62 {
		r.failed = true
		return 0
	}
	r.b = r.b[n:]
	return int(v)
}

// upTo is int for numbers that are counts of something: none is more than most.
func (r *reader) upTo(most int) int {
	v := r.int()
	if v > most {
		r.failed = true
		return 0
	}
	return v
}

func (r *reader) string() string {
	n := r.int()
	if r.failed || n > len(r.b) {
		r.failed = true
		return ""
	}
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}

// transactionalIDs are all ids that p may have transactions open under.
func (p peer) transactionalIDs(app string) []string {
	var ids []string
	for w := range p.workers {
		for s := range p.slots {
			ids = append(ids, transactionalID(app, p.instance, w, s))
		}
	}
	return ids
}

func transactionalID(app, instance string, worker, slot int) string {
	return fmt.Sprintf("%s-%s-%d-%d", app, instance, worker, slot)
}
