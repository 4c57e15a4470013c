package streamstest

import (
	"errors"
	"fmt"
	"reflect"
)

// state shows the committed contents of a store, by partition and then in the
// order of the encoded keys.
//
//	state counts
//	----
//	alice  3
//	bob    5
func cmdState(s *Script, c call) error {
	name, err := c.word("store")
	if err != nil {
		return err
	}
	rows, err := s.contents(name)
	if err != nil {
		return err
	}
	c.columns(rows)
	return nil
}

// errNoList is that of a store which joins look through and nobody else.
var errNoList = errors.New("cannot be listed")

// contents are the rows of a store: key and value, and the partition if there
// are several.
func (s *Script) contents(name string) (rows [][]string, err error) {
	spec := s.d.graph.Stores[name]
	if spec == nil {
		return nil, fmt.Errorf("the topology has no store %s", name)
	}
	keys := codecOf(spec.Serdes.Key)
	for _, r := range s.d.tasks() {
		base := r.stores[name]
		if base == nil {
			continue
		}
		// The view's type is known to the topology alone.
		all := reflect.ValueOf(spec.New(base)).MethodByName("All")
		if !all.IsValid() {
			return nil, fmt.Errorf("store %s %w", name, errNoList)
		}
		for k, v := range all.Call(nil)[0].Seq2() {
			row := []string{keys.word(k), word(v)}
			if s.d.layout.Tasks[r.sub.ID] > 1 {
				row = append(row, fmt.Sprintf("p=%d", r.ID().Partition))
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}
