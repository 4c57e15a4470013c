package serde_test

import (
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/serde"
)

func TestTimeRoundTripsByteForByte(t *testing.T) {
	berlin := time.FixedZone("CEST", 2*3600)
	cases := []struct {
		layout, text string
		loc          *time.Location
		want         time.Time
	}{
		{time.DateTime, "2022-09-10 10:12:03", nil, time.Date(2022, 9, 10, 10, 12, 3, 0, time.UTC)},
		{time.DateTime, "2022-09-10 10:12:03", berlin, time.Date(2022, 9, 10, 8, 12, 3, 0, time.UTC)},
		{"2006-01-02 15:04:05.000", "2022-09-10 10:12:03.040", nil, time.Date(2022, 9, 10, 10, 12, 3, 40e6, time.UTC)},
		{"02/01/06", "10/09/22", nil, time.Date(2022, 9, 10, 0, 0, 0, 0, time.UTC)},
		{time.RFC3339, "2022-09-10T10:12:03+02:00", berlin, time.Date(2022, 9, 10, 8, 12, 3, 0, time.UTC)},
	}
	for _, c := range cases {
		s := serde.Time(c.layout, c.loc)
		v, err := s.Decode([]byte(c.text))
		if err != nil || !v.Equal(c.want) {
			t.Errorf("Decode(%q) = %v, %v; want %v", c.text, v, err, c.want)
			continue
		}
		// Whatever zone a value is in, it is written in that of the serde.
		for _, v := range []time.Time{v, v.UTC(), v.In(time.FixedZone("", -3600))} {
			if got, err := s.Append(nil, v); err != nil || string(got) != c.text {
				t.Errorf("Append(%v) = %q, %v; want %q", v, got, err, c.text)
			}
		}
	}
}

func TestTimeRefusesTextItWouldNotWrite(t *testing.T) {
	for _, text := range []string{
		"2022-09-10 10:12:03.5", // more precise than the layout
		"2022-09-10 10:12:03,5",
		"2022-09-10 7:12:03", // one digit
		"2022-09-10T10:12:03Z",
		"2022-02-30 10:12:03", // no such day
		"2022-09-10 10:12:03 ",
		"",
	} {
		if v, err := serde.Time(time.DateTime, nil).Decode([]byte(text)); err == nil || strings.Contains(err.Error(), "2022") {
			t.Errorf("Decode(%q) = %v, %v; want an error without the text", text, v, err)
		}
	}
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Skip("this machine has no time zones:", err)
	}
	// Clocks went from 02:00 to 03:00.
	if v, err := serde.Time(time.DateTime, newYork).Decode([]byte("2022-03-13 02:30:00")); err == nil {
		t.Errorf("a skipped hour was read as %v", v)
	}
}

func TestTimeWithZoneReadsWhatPackageTimeReads(t *testing.T) {
	s := serde.Time(time.RFC3339, nil)
	for text, want := range map[string]string{
		"2022-09-10T10:12:03Z":      "2022-09-10T10:12:03Z",
		"2022-09-10T10:12:03+00:00": "2022-09-10T10:12:03Z",
		"2022-09-10T10:12:03+02:00": "2022-09-10T08:12:03Z",
		"2022-09-10T10:12:03.25Z":   "2022-09-10T10:12:03Z",
	} {
		v, err := s.Decode([]byte(text))
		if err != nil {
			t.Errorf("Decode(%q): %v", text, err)
			continue
		}
		if got, err := s.Append(nil, v); err != nil || string(got) != want {
			t.Errorf("%q comes out as %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestTimeRefusesYearsThatTextCannotHold(t *testing.T) {
	for _, y := range []int{-1, 10000} {
		got, err := serde.Time(time.DateTime, nil).Append([]byte("x"), time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC))
		if err == nil || string(got) != "x" {
			t.Errorf("year %d: %q, %v", y, got, err)
		}
	}
}
