package corpus

import (
	"strings"

	"github.com/millrace-io/millrace/joins"
	"github.com/millrace-io/millrace/topology"
)

// Tables joined by a foreign key.

func init() {
	register("fk-inner", func(b *topology.Builder) {
		left, right := foreignSides(b)
		topology.To(joins.ForeignKey(left, right, "joined", firstOf, both).ToStream(), "out")
	})
	register("fk-left", func(b *topology.Builder) {
		left, right := foreignSides(b)
		topology.To(joins.LeftForeignKey(left, right, "joined", firstOf, bothOrNone).ToStream(), "out")
	})
	register("fk-many", func(b *topology.Builder) {
		left, right := foreignSides(b)
		topology.To(joins.ForeignKeys(left, right, "joined", letters, both).ToStream(), "out")
	})
	register("fk-many-left", func(b *topology.Builder) {
		left, right := foreignSides(b)
		topology.To(joins.LeftForeignKeys(left, right, "joined", letters, bothOrNone).ToStream(), "out")
	})
}

// letters are the foreign keys of a row.
func letters(_, row string) []string {
	if row == "" {
		return nil
	}
	return strings.Split(row, "")
}

// foreignSides are the tables of topics left and right.
func foreignSides(b *topology.Builder) (left, right topology.KTable[string, string]) {
	return topology.Table[string, string](b, "left", "left-rows"), topology.Table[string, string](b, "right", "right-rows")
}
