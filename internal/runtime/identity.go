package runtime

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"strconv"

	"github.com/millrace-io/millrace/processor"
)

// The metadata keys of the state database.
const (
	metaInstance = "instance"
	metaWorkers  = "workers"
)

// identify finds the instance id: the given one, that of the state folder, or
// a new random one, which is kept there.
func (i *Instance) identify() error {
	stored, ok, err := i.db.Meta(metaInstance)
	if err != nil {
		return err
	}
	switch {
	case i.cfg.InstanceID != "":
		i.id = i.cfg.InstanceID
	case ok:
		i.id = string(stored)
	default:
		var b [8]byte
		_, _ = rand.Read(b[:])
		i.id = hex.EncodeToString(b[:])
	}
	i.log = i.log.With("instance", i.id)
	if string(stored) == i.id {
		return nil
	}
	return i.db.SetMeta(metaInstance, []byte(i.id))
}

// workerHighWater is the highest worker count that this instance has ever had:
// transactions of workers that there are no more can still be open.
func (i *Instance) workerHighWater() (int, error) {
	stored, _, err := i.db.Meta(metaWorkers)
	if err != nil {
		return 0, err
	}
	n, _ := strconv.Atoi(string(stored))
	if n >= i.cfg.Workers {
		return n, nil
	}
	return i.cfg.Workers, i.db.SetMeta(metaWorkers, []byte(strconv.Itoa(i.cfg.Workers)))
}

// self is what this member tells the group.
func (i *Instance) self(workers int) peer {
	p := peer{instance: i.id, host: i.cfg.Host, started: i.started.Load(), workers: workers, slots: slotCount, positions: make(map[processor.TaskID]int64)}
	stored, err := i.db.Stored()
	if err != nil {
		return p
	}
	for _, s := range stored {
		for _, sub := range i.cfg.Graph.Subtopologies {
			for _, spec := range sub.Stores {
				if spec.Name == s.ID.Name {
					p.positions[processor.TaskID{Subtopology: sub.ID, Partition: s.ID.Partition}] += s.Position.Next
				}
			}
		}
	}
	return p
}

// firstSeq is a random transaction number to start from: the number tells
// this process's commits from those of any other (R7).
func (i *Instance) firstSeq() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return binary.BigEndian.Uint64(b[:]) >> 1
}
