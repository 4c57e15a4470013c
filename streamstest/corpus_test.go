package streamstest_test

import (
	"flag"
	"fmt"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/millrace-io/millrace/internal/corpus"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/state/lsm"
	"github.com/millrace-io/millrace/streamstest"
)

var full = flag.Bool("matrix.full", false, "run the corpus on disk in every mode, which takes minutes")

// modes are memory or disk, a commit after every record, every 7 or at the
// end, one instance or three, and a crash at each step of a commit or none.
// Disks are slow: if not told otherwise there are two modes on disk for part i,
// without crashes and with them at one of the steps. The parts take turns with
// commits, instances and steps.
func modes(t *testing.T, i int, stores bool) (list []streamstest.Mode) {
	cell := 0
	for _, disk := range []bool{false, true} {
		for _, every := range []int{1, 7, -1} {
			for _, instances := range []int{1, 3} {
				if disk && !stores {
					continue
				}
				if cell++; disk && cell%6 != i%6 && !*full {
					continue
				}
				m := streamstest.Mode{Every: every, Instances: instances}
				list = append(list, on(t, disk, m))
				for step := streamstest.BeforeCommit; step <= streamstest.AfterApply; step++ {
					if disk && int(step) != i%5 && !*full {
						continue
					}
					m.Crash, m.Crashes = step, true
					list = append(list, on(t, disk, m))
				}
			}
		}
	}
	return list
}

// on is a mode with state in memory or in a folder of its own.
func on(t *testing.T, disk bool, m streamstest.Mode) streamstest.Mode {
	if disk {
		dir := t.TempDir()
		m.State = func(i int) state.Backend { return lsm.Dir(filepath.Join(dir, strconv.Itoa(i))) }
	}
	return m
}

// TestMatrix runs the corpus in all modes: stores and committed outputs must
// be those of the plain run.
func TestMatrix(t *testing.T) {
	for i, part := range corpus.Parts(t, scripts) {
		if part.Matrix() == "off" || part.Has("commit") || part.Has("instances") || part.Uses("crash", "rebalance", "fault") {
			continue // has a mode of its own
		}
		t.Run(fmt.Sprintf("%s/%d", part.Name, i), func(t *testing.T) {
			t.Parallel()
			want := part.Run(t, streamstest.Mode{})
			for _, m := range modes(t, i, len(want.Stores) > 0) {
				if diff := part.Diff(want, part.Run(t, m)); diff != "" {
					t.Errorf("%s: %s: %s", part.Commands[0].At, m, diff)
				}
			}
		})
	}
}
