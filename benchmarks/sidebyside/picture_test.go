package main

import (
	"encoding/xml"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type svg struct {
	XMLName xml.Name `xml:"http://www.w3.org/2000/svg svg"`
	Height  int      `xml:"height,attr"`
	Texts   []string `xml:"text"`
	Bars    []struct {
		Class  string `xml:"class,attr"`
		X      int    `xml:"x,attr"`
		Y      int    `xml:"y,attr"`
		Width  int    `xml:"width,attr"`
		Height int    `xml:"height,attr"`
	} `xml:"rect"`
}

func parse(t *testing.T, text string) svg {
	t.Helper()
	var p svg
	if err := xml.Unmarshal([]byte(text), &p); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return p
}

func TestPictureShowsEveryFigureAtItsLength(t *testing.T) {
	p := parse(t, picture(sample[:3]))
	want := []string{
		"count, exactly-once", "records/s", "CPU s/million", "peak MB", "start s",
		"millrace", "700000", "2.00", "300", "0.500",
		"kafka-streams", "87500", "20.0", "1200", "2.50",
		"goka, at-least-once", "60000", "26.8",
	}
	if diff := cmp.Diff(want, p.Texts); diff != "" {
		t.Error(diff)
	}
	if len(p.Bars) != 10 {
		t.Fatalf("%d bars, want one per figure", len(p.Bars))
	}
	own, peer := p.Bars[0], p.Bars[4]
	if own.Class != "bar own" || peer.Class != "bar other" || own.X != peer.X {
		t.Errorf("%+v, %+v", own, peer)
	}
	if own.Width/peer.Width != 8 {
		t.Errorf("lengths %d and %d of figures that differ by 8", own.Width, peer.Width)
	}
	for _, b := range p.Bars {
		if b.X+b.Width > pictureWidth-numberWidth/2 || b.Y+b.Height > p.Height || b.Width < 1 {
			t.Errorf("%+v leaves the picture", b)
		}
	}
}

func TestPictureEscapesNames(t *testing.T) {
	p := parse(t, picture([]result{{System: "<a> & b", Workload: "pass", Guarantee: "exactly-once", CPU: new(1.0)}}))
	if diff := cmp.Diff([]string{"pass, exactly-once", "CPU s/million", "<a> & b", "1.00"}, p.Texts); diff != "" {
		t.Error(diff)
	}
}

func TestPictureOfNothingIsEmpty(t *testing.T) {
	if p := parse(t, picture(nil)); len(p.Texts) != 0 || len(p.Bars) != 0 || strings.Contains(picture(nil), "NaN") {
		t.Errorf("%+v", p)
	}
}
