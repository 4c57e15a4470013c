package joins

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
)

// A foreign-key join has a topic in each direction and a store between them, in
// the bytes of Kafka Streams. All numbers are big-endian.
//
//	subscription  version (0x80 is added if there is no left row), what to do,
//	              digest of the left row (16 bytes, missing if there is none),
//	              key of the result, partition of the left row (int32; not in version 0)
//	store         key: length of the foreign key (int32), it, key of the result;
//	              value: the subscription
//	answer        version (0x80 as above), digest (as above), right row
//	              (missing if there is none)
//
// An answer has version 0. One with a right row of no bytes would say that there
// is none, as it does in Kafka Streams, and has version 1 instead.
const (
	subscriptionVersion = 1
	answerVersion       = 1
	noRow               = 0x80
	digestSize          = 16
)

// instruction is what a left row wants from the task of a foreign key.
type instruction byte

// The instructions, as Kafka Streams numbers them.
const (
	forget       instruction = iota // the row does not have this key any more
	forgetAndSay                    // the same, and answer that there is no right row
	answer                          // remember the row, and answer with the right one or that there is none
	answerIfAny                     // remember the row, and answer if there is a right one
)

// subscription says that a left row has a foreign key, or does not have it any
// more.
type subscription struct {
	do        instruction
	row       digest
	key       string // of the result, encoded
	partition int32  // where to answer; -1 in version 0, where the key says it
}

// String shows all but the key, which is in the key of the store as well.
func (s subscription) String() string {
	row := "no row"
	if s.row.of {
		row = fmt.Sprintf("row %016x%016x", s.row.high, s.row.low)
	}
	names := [...]string{"forget", "forget and say", "answer", "answer if any"}
	return fmt.Sprintf("%s, %s, partition %d", names[s.do&3], row, s.partition)
}

// subscriptionSerde reads both versions and writes the one that was read.
type subscriptionSerde struct{}

func (subscriptionSerde) Append(dst []byte, s subscription) ([]byte, error) {
	return appendSubscription(dst, &s, s.key), nil
}

// appendSubscription appends s with the given key in the place of its own.
func appendSubscription[B []byte | string](dst []byte, s *subscription, key B) []byte {
	version := byte(subscriptionVersion)
	if s.partition < 0 {
		version = 0
	}
	dst = append(appendDigestFlag(dst, version, s.row), byte(s.do))
	dst = append(appendDigest(dst, s.row), key...)
	if version > 0 {
		dst = binary.BigEndian.AppendUint32(dst, uint32(s.partition))
	}
	return dst
}

func (subscriptionSerde) Decode(b []byte) (s subscription, err error) {
	if len(b) < 2 {
		return s, fmt.Errorf("a subscription of a foreign-key join has %d bytes and needs 2 at least", len(b))
	}
	version, do := b[0]&^noRow, instruction(b[1])
	switch {
	case version > subscriptionVersion:
		return s, newerVersion("subscription", version, subscriptionVersion)
	case do > answerIfAny:
		return s, fmt.Errorf("a subscription of a foreign-key join has instruction %d, which no known version writes: is it one?", do)
	}
	s.do, s.partition = do, -1
	if s.row, b, err = cutDigest(b[0], b[2:]); err != nil {
		return subscription{}, err
	}
	if version > 0 {
		at := len(b) - 4
		if at < 0 {
			return subscription{}, errors.New("a subscription of a foreign-key join ends before its partition")
		}
		if s.partition = int32(binary.BigEndian.Uint32(b[at:])); s.partition < 0 {
			return subscription{}, fmt.Errorf("a subscription of a foreign-key join wants its answer in partition %d", s.partition)
		}
		b = b[:at]
	}
	s.key = string(b)
	return s, nil
}

// SerdeName says what the bytes are.
func (subscriptionSerde) SerdeName() string { return "subscription" }

// answered is a right row, or that there is none, for those who know the left
// row.
type answered[R any] struct {
	to  digest
	row processor.Maybe[R]
}

// answerSerde is the serde of answers, made of that of right rows.
type answerSerde[R any] struct{ rows serde.Serde[R] }

func (s answerSerde[R]) Append(dst []byte, a answered[R]) ([]byte, error) {
	if !a.row.OK {
		return appendAnswer(dst, a.to, false), nil
	}
	at := len(dst)
	dst = appendAnswer(dst, a.to, false)
	size := len(dst)
	dst, err := s.rows.Append(dst, a.row.Value)
	if err == nil && len(dst) == size {
		dst = appendAnswer(dst[:at], a.to, true)
	}
	return dst, err
}

// appendAnswer appends all of an answer but the right row; empty says that there
// is one, of no bytes.
func appendAnswer(dst []byte, to digest, empty bool) []byte {
	version := byte(0)
	if empty {
		version = answerVersion
	}
	return appendDigest(appendDigestFlag(dst, version, to), to)
}

func (s answerSerde[R]) Decode(b []byte) (a answered[R], err error) {
	if len(b) < 1 {
		return a, errors.New("an answer of a foreign-key join is empty")
	}
	version := b[0] &^ noRow
	if version > answerVersion {
		return a, newerVersion("answer", version, answerVersion)
	}
	if a.to, b, err = cutDigest(b[0], b[1:]); err != nil {
		return a, err
	}
	if a.row.OK = len(b) > 0 || version == answerVersion; !a.row.OK {
		return a, nil
	}
	if a.row.Value, err = s.rows.Decode(b); err != nil {
		return answered[R]{}, fmt.Errorf("right row: %w", err)
	}
	return a, nil
}

// SerdeName says what the right rows are.
func (s answerSerde[R]) SerdeName() string { return "answer with " + serde.NameOf(s.rows) }

func appendDigestFlag(dst []byte, version byte, d digest) []byte {
	if !d.of {
		version |= noRow
	}
	return append(dst, version)
}

func appendDigest(dst []byte, d digest) []byte {
	if !d.of {
		return dst
	}
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(dst, d.high), d.low)
}

// cutDigest splits off the digest that flag says is there.
func cutDigest(flag byte, b []byte) (d digest, rest []byte, err error) {
	if flag&noRow != 0 {
		return d, b, nil
	}
	if len(b) < digestSize {
		return d, nil, fmt.Errorf("a message of a foreign-key join ends %d bytes before the end of its digest", digestSize-len(b))
	}
	return digest{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:]), true}, b[digestSize:], nil
}

func newerVersion(what string, has, known byte) error {
	return fmt.Errorf("%s of a foreign-key join of version %d, and this program knows up to %d: a newer version of it wrote that; "+
		"run the newer one, or let that process what is in the topic first", what, has, known)
}

// appendForeignKey appends what all keys of the store begin with that are about
// one foreign key.
func appendForeignKey[KR any](dst []byte, ks serde.Serde[KR], key KR) ([]byte, error) {
	at := len(dst)
	dst, err := ks.Append(append(dst, 0, 0, 0, 0), key)
	if err != nil {
		return dst, err
	}
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst, nil
}
