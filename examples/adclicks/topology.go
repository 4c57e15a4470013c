package main

import (
	"fmt"
	"time"

	"github.com/millrace-io/millrace/joins"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
)

// Impression says that somebody was shown an ad. Its key is the ad's.
type Impression struct {
	AdID           string `json:"adId"`
	UserID         string `json:"userId"`
	ImpressionTime int64  `json:"impressionTime"` // milliseconds since 1970
}

// Click is a click on an ad, which is the key.
type Click struct {
	AdID      string `json:"adId"`
	ClickTime int64  `json:"clickTime"`
}

// Visit is a look at a page by a user, who is the key.
type Visit struct {
	Page string `json:"page"`
	Time int64  `json:"time"`
}

// A click belongs to an impression of its ad if it comes within an hour after
// it. Impressions may arrive two hours late and clicks three: that bounds what
// is kept, and says when an impression was not clicked.
var (
	clickWindow = joins.Between(0, time.Hour).Lateness(2*time.Hour, 3*time.Hour)
	visitWindow = joins.Within(time.Second).Grace(2 * time.Hour)
)

// clicked is the whole topology.
func clicked() *topology.Builder {
	b := topology.New()
	topology.Register(b, serde.JSON[Impression]())
	topology.Register(b, serde.JSON[Click]())
	topology.Register(b, serde.JSON[Visit]())
	impressions := stream(b, "impressions", func(i Impression) int64 { return i.ImpressionTime })
	clicks := stream(b, "clicks", func(c Click) int64 { return c.ClickTime })
	visits := stream(b, "visits", func(v Visit) int64 { return v.Time })

	topology.To(joins.Inner(impressions, clicks, "clicked", clickWindow, func(_ string, i Impression, c Click) string {
		return fmt.Sprintf("%s after %s", shown(i), after(i, c))
	}), "clicked")

	topology.To(joins.Left(impressions, clicks, "outcome", clickWindow, func(_ string, i Impression, c processor.Maybe[Click]) string {
		if !c.OK {
			return shown(i) + " not clicked"
		}
		return fmt.Sprintf("%s after %s", shown(i), after(i, c.Value))
	}), "outcome")

	// By user: the impressions go through a repartition topic.
	byUser := topology.SelectKey(impressions, func(_ string, i Impression) string { return i.UserID })
	topology.To(joins.Inner(byUser, visits, "visited", visitWindow, func(_ string, i Impression, v Visit) string {
		return fmt.Sprintf("%s %s on %s", i.AdID, shown(i), v.Page)
	}), "visited")
	return b
}

// stream reads a topic whose event times are in the values.
func stream[V any](b *topology.Builder, topic string, timeOf func(V) int64) topology.KStream[string, V] {
	return topology.Stream[string, V](b, topic, topology.RefuseNulls(),
		topology.Timestamps(func(r processor.Record[string, V], _ int64) (int64, error) { return timeOf(r.Value), nil }))
}

func shown(i Impression) string { return time.UnixMilli(i.ImpressionTime).UTC().Format("15:04:05.0") }

func after(i Impression, c Click) time.Duration {
	return time.Duration(c.ClickTime-i.ImpressionTime) * time.Millisecond
}
