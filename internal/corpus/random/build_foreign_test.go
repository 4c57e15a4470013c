package random

import (
	"github.com/millrace-io/millrace/joins"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/topology"
)

// foreignList joins tables by a list of foreign keys, and makes texts of the pairs
// that are the keys of its results.
func (j join[K, L, KR, R]) foreignList(c call, left topology.KTable[K, L], right topology.KTable[KR, R]) any {
	foreign := func(k K, l L) (list []KR) {
		for _, at := range c.listed(kindOf[KR](), k, l) {
			list = append(list, at.(KR))
		}
		return list
	}
	var pairs topology.KTable[joins.Pair[K, KR], string]
	if c.op == "foreign keys" {
		pairs = joins.ForeignKeys(left, right, c.name, foreign, both[K, L, R])
	} else {
		pairs = joins.LeftForeignKeys(left, right, c.name, foreign, maybeRight[K, L, R])
	}
	return topology.Process(pairs.ToStream(), func(processor.Context) pairTexts[K, KR] { return pairTexts[K, KR]{} })
}

type pairTexts[K, KR thing] struct{}

func (pairTexts[K, KR]) Process(r processor.Record[joins.Pair[K, KR], string], out processor.Output[string, string]) error {
	return out.Forward(processor.Record[string, string]{
		Key: pairText(r.Key.Left, r.Key.Foreign), Value: r.Value, Time: r.Time, HasKey: r.HasKey, HasValue: r.HasValue,
	})
}
