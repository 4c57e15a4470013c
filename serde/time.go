package serde

import (
	"fmt"
	"time"
)

// Time is times as text in a layout of package time, for example
// Time("2006-01-02 15:04:05", berlin). Times are converted to loc when they
// are written. loc defaults to UTC.
//
// If the layout has no zone, text is taken to be in loc, and what Decode
// accepts comes out of Append byte for byte: text that package time would read
// but not write is refused (fractions of a second that the layout lacks, hours
// of one digit, times that loc skips when clocks go forward). The hour that
// clocks go back over is read as the one of its two occurrences that package
// time picks; where that matters, use UTC or a layout with a zone.
//
// If the layout has a zone, whatever package time reads is accepted, and
// written in loc.
func Time(layout string, loc *time.Location) Serde[time.Time] {
	if loc == nil {
		loc = time.UTC
	}
	// A layout has a zone if one wall clock in two zones gives two texts.
	east := time.Date(2001, 2, 3, 4, 5, 6, 0, time.FixedZone("EAST", 3600))
	west := time.Date(2001, 2, 3, 4, 5, 6, 0, time.FixedZone("WEST", -3600))
	return timeSerde{layout: layout, loc: loc, zoned: east.Format(layout) != west.Format(layout)}
}

type timeSerde struct {
	layout string
	loc    *time.Location
	zoned  bool
}

func (s timeSerde) Append(dst []byte, v time.Time) ([]byte, error) {
	v = v.In(s.loc)
	if y := v.Year(); y < 0 || y > 9999 {
		return dst, fmt.Errorf("encode time.Time as %q: the year needs to be 0 to 9999", s.layout)
	}
	return v.AppendFormat(dst, s.layout), nil
}

func (s timeSerde) Decode(b []byte) (time.Time, error) {
	v, err := time.ParseInLocation(s.layout, string(b), s.loc)
	if err != nil { // its text quotes the input
		return time.Time{}, refuse[time.Time](b, fmt.Sprintf("want the layout %q", s.layout))
	}
	var buf [64]byte
	if !s.zoned && string(v.AppendFormat(buf[:0], s.layout)) != string(b) {
		return time.Time{}, refuse[time.Time](b, fmt.Sprintf("no time in %s that is written so in the layout %q", s.loc, s.layout))
	}
	return v, nil
}

func (s timeSerde) SerdeName() string { return fmt.Sprintf("time(%s, %s)", s.layout, s.loc) }
