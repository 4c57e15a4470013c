package lsm

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/state"
)

func TestCloseEndsScansAndWaitsForThem(t *testing.T) {
	d := openDir(t, t.TempDir())
	s := openStore(t, d, 0)
	applyNumbered(t, s, 0, 10)
	c := s.Scan(nil, nil, false)
	if !c.Next() {
		t.Fatal(c.Err())
	}
	closed := make(chan error, 1)
	go func() { closed <- d.Close() }()
	for c.Next() { // ends, although it could go on
		if len(closed) > 0 {
			t.Fatal("closed below a scan")
		}
		_ = c.Value()[0]
	}
	if !errors.Is(c.Err(), state.ErrClosed) && c.Err() != nil {
		t.Fatalf("scan: %v, want state.ErrClosed", c.Err())
	}
	if len(closed) > 0 {
		t.Fatal("closed below an open cursor")
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
}

func TestForgottenScanDoesNotHangClose(t *testing.T) {
	path := t.TempDir()
	opened, err := Dir(path).Open(t.Context(), small)
	if err != nil {
		t.Fatal(err)
	}
	d := opened.(*db)
	d.closeWait = time.Millisecond
	s := openStore(t, d, 0)
	applyNumbered(t, s, 0, 1)
	c := s.Scan(nil, nil, false)
	wantError(t, d.Close(), path, "a scan is still open")
	if _, err := Dir(path).Open(t.Context(), small); !errors.Is(err, state.ErrLocked) {
		t.Fatalf("Open of what is not closed: %v, want state.ErrLocked", err)
	}
	// For the test's sake: nothing else ends a database that was given up.
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	close(d.guard.closing)
	if err := errors.Join(d.pebble.Close(), d.lock.release()); err != nil {
		t.Fatal(err)
	}
}

func TestLastUseOfAStoreIsItsClose(t *testing.T) {
	path := t.TempDir()
	d := openDir(t, path)
	s := openStore(t, d, 0)
	d.tables[state.ID{Name: "counts"}].progress.Store(&progress{lastUsedMs: 1}) // long ago
	before := time.Now().Truncate(time.Millisecond)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	list, err := openDir(t, path).Stored()
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 || list[0].LastUsed.Before(before) || !strings.EqualFold(list[0].ID.Name, "counts") {
		t.Fatalf("stored: %+v, want last use after %v", list, before)
	}
}
