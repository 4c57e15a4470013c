package corpus

import (
	"fmt"

	"github.com/millrace-io/millrace/joins"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/topology"
)

// Tables joined with tables. The first three are those of the golden traces.

func init() {
	register("table-table-inner", func(b *topology.Builder) {
		left, right := tableSides(b)
		topology.To(joins.InnerTables(left, right, both).ToStream(), "out", textOut)
	})
	register("table-table-left", func(b *topology.Builder) {
		left, right := tableSides(b)
		topology.To(joins.LeftTables(left, right, bothOrNone).ToStream(), "out", textOut)
	})
	register("table-table-outer", func(b *topology.Builder) {
		left, right := tableSides(b)
		topology.To(joins.OuterTables(left, right, eitherSide).ToStream(), "out", textOut)
	})
	register("table-table-right", func(b *topology.Builder) {
		left, right := tableSides(b)
		topology.To(joins.RightTables(left, right, func(_ string, l processor.Maybe[string], r string) string {
			return dash(l) + "|" + r
		}).ToStream(), "out", textOut)
	})
	register("table-table-stored", func(b *topology.Builder) {
		left, right := tableSides(b)
		topology.To(joins.InnerTables(left, right, both, topology.Stored("joined")).ToStream(), "out")
	})
	register("table-table-versioned", func(b *topology.Builder) {
		left := topology.Table[string, string](b, "left", "left-rows", topology.Versioned(historyOfTests))
		right := topology.Table[string, string](b, "right", "right-rows")
		topology.To(joins.InnerTables(left, right, both).ToStream(), "out", textOut)
	})
	register("table-table-self", func(b *topology.Builder) {
		all := rows(b)
		topology.To(joins.LeftTables(all, all.Filter(even), bothOrNone).ToStream(), "out", textOut)
	})
	register("tables", func(b *topology.Builder) {
		users, emails, phones := people(b)
		profiles := joins.Tables("profiles",
			joins.Required(users, func(p *profile, name string) { p.name = name }),
			joins.Optional(emails, func(p *profile, email string) { p.email = email }),
			joins.Optional(phones, func(p *profile, phone string) { p.phone = phone }))
		topology.To(topology.MapTable(profiles, profile.String).ToStream(), "out", textOut)
	})
	register("enrich", func(b *topology.Builder) {
		users, emails, _ := people(b)
		byUser := topology.SelectKey(topology.Stream[string, string](b, "orders"), func(_, v string) string { return v })
		bills := joins.Enrich(byUser, "bills", func(_, v string) profile { return profile{phone: "none"} },
			joins.Required(users, func(p *profile, name string) { p.name = name }),
			joins.Optional(emails, func(p *profile, email string) { p.email = email }))
		topology.To(topology.MapValues(bills, profile.String), "out", textOut)
	})
	register("tables-optional", func(b *topology.Builder) {
		_, emails, phones := people(b)
		ways := joins.Tables("ways",
			joins.Optional(emails, func(p *profile, email string) { p.email = email }),
			joins.Optional(phones, func(p *profile, phone string) { p.phone = phone }))
		topology.To(topology.MapTable(ways, profile.String).ToStream(), "out", textOut)
	})
}

// tableSides are the topics left and right as tables.
func tableSides(b *topology.Builder) (left, right topology.KTable[string, string]) {
	return topology.Table[string, string](b, "left", "left-rows"), topology.Table[string, string](b, "right", "right-rows")
}

func eitherSide(_ string, l, r processor.Maybe[string]) string { return dash(l) + "|" + dash(r) }

// dash is a value, or "-" for none.
func dash(v processor.Maybe[string]) string {
	if v.OK {
		return v.Value
	}
	return "-"
}

// profile is what several tables know of a person.
type profile struct{ name, email, phone string }

func (p profile) String() string { return fmt.Sprintf("%s,%s,%s", p.name, p.email, p.phone) }

func people(b *topology.Builder) (users, emails, phones topology.KTable[string, string]) {
	return topology.Table[string, string](b, "users", "users"), topology.Table[string, string](b, "emails", "emails"),
		topology.Table[string, string](b, "phones", "phones")
}
