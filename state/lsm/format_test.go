package lsm

import (
	"bytes"
	"testing"

	"github.com/millrace-io/millrace/state"
)

// Records of the database are refused, or written as they were read.
func FuzzProgress(f *testing.F) {
	f.Add((&progress{lastUsedMs: 7}).append(nil))
	f.Add((&progress{lastUsedMs: 7, written: true, position: state.Position{TopicID: [16]byte{1}, Next: 5, CurrentAt: 6}}).append(nil))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := decodeProgress(b)
		if err != nil {
			return
		}
		if again := p.append(nil); !bytes.Equal(again, b) {
			t.Errorf("%x became %x", b, again)
		}
	})
}

func FuzzCatalogue(f *testing.F) {
	f.Add(storeKey(kindCatalogue, 1), encodeCatalogue(state.ID{Name: "counts", Partition: 3}))
	f.Add([]byte{}, []byte{})
	f.Add(storeKey(kindCatalogue, 1), []byte{0, 0, 0})
	f.Fuzz(func(t *testing.T, key, value []byte) {
		n, id, err := decodeCatalogue(key, value)
		if err != nil {
			return
		}
		if again := encodeCatalogue(id); !bytes.Equal(again, value) || !bytes.HasSuffix(key, prefix(n)) {
			t.Errorf("%x = %x became %d = %x", key, value, n, again)
		}
	})
}
