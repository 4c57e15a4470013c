// Adclicks joins the impressions of ads with the clicks on them: a click belongs
// to an impression of its ad at most an hour before. The topic clicked has each
// pair, outcome also the impressions that were not clicked, once that is sure.
// The topic visited joins impressions with the page that the user was on, within
// a second.
//
// The topics hold a minute of impressions, five a second, of which a tenth were
// clicked, some of them too late. Everything arrives out of order.
//
//	go run ./examples/adclicks
package main

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/millrace-io/millrace"
	"github.com/millrace-io/millrace/examples/internal/demo"
)

func main() { demo.Main(func() (demo.Example, error) { return example(), nil }) }

func example() demo.Example {
	return demo.Example{
		Config:   millrace.Config{AppID: "adclicks"},
		Topology: clicked(),
		Topics:   map[string]int32{"impressions": 1, "clicks": 1, "visits": 1, "clicked": 1, "outcome": 1, "visited": 1},
		Input:    input().records(),
		Output:   []string{"clicked", "outcome", "visited"},
	}
}

// happened is what is sent.
type happened struct {
	impressions []Impression
	clicks      []Click
	visits      map[string][]Visit // by user
}

const ads, users = 20, 5

// input is the same each time.
func input() happened {
	random := rand.New(rand.NewPCG(1, 2))
	begin := time.Date(2024, time.January, 2, 9, 0, 0, 0, time.UTC).UnixMilli()
	h := happened{visits: map[string][]Visit{}}
	for n := range int64(300) {
		i := Impression{
			AdID: fmt.Sprint("ad-", random.IntN(ads)), UserID: fmt.Sprint("user-", random.IntN(users)), ImpressionTime: begin + 200*n,
		}
		h.impressions = append(h.impressions, i)
		if random.IntN(10) == 0 {
			h.clicks = append(h.clicks, Click{i.AdID, i.ImpressionTime + random.Int64N(90*time.Minute.Milliseconds())})
		}
		if random.IntN(10) == 0 {
			v := Visit{fmt.Sprintf("/page/%d", n), i.ImpressionTime + random.Int64N(4000) - 2000}
			h.visits[i.UserID] = append(h.visits[i.UserID], v)
		}
	}
	return h
}

// records are what happened as records, in the order of their arrival, which is
// up to a minute later.
func (h happened) records() (records []demo.Record) {
	type arrived struct {
		record demo.Record
		at     int64
	}
	var all []arrived
	random := rand.New(rand.NewPCG(3, 4))
	add := func(topic, key string, at int64, format string, args ...any) {
		r := demo.Record{Topic: topic, Key: []byte(key), Value: fmt.Appendf(nil, format, args...)}
		all = append(all, arrived{r, at + random.Int64N(time.Minute.Milliseconds())})
	}
	for _, i := range h.impressions {
		add("impressions", i.AdID, i.ImpressionTime, `{"adId":%q,"userId":%q,"impressionTime":%d}`, i.AdID, i.UserID, i.ImpressionTime)
	}
	for _, c := range h.clicks {
		add("clicks", c.AdID, c.ClickTime, `{"adId":%q,"clickTime":%d}`, c.AdID, c.ClickTime)
	}
	for n := range users {
		user := fmt.Sprint("user-", n)
		for _, v := range h.visits[user] {
			add("visits", user, v.Time, `{"page":%q,"time":%d}`, v.Page, v.Time)
		}
	}
	slices.SortStableFunc(all, func(a, b arrived) int { return cmp.Compare(a.at, b.at) })
	for _, a := range all {
		records = append(records, a.record)
	}
	return records
}
