package main

import (
	"bufio"
	"bytes"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/examples/internal/demo"
	"github.com/millrace-io/millrace/serde/serdetest"
)

const totals = `order_totals	1001	2401.0
order_totals	1002	125.0
order_totals	1003	135.0
order_totals	1004	250.0
order_totals	1005	100.0
`

const running = `running_total	all	2401.0
running_total	all	2526.0
running_total	all	2661.0
running_total	all	2911.0
running_total	all	3011.0
`

// run returns what the example prints.
func run(t *testing.T, blank string, o demo.Options) string {
	t.Helper()
	e, err := example(blank)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	o.Out = &out
	if err := demo.Run(t.Context(), e, o); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestTotals(t *testing.T) {
	if got, want := run(t, "", demo.Options{}), totals+running; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestBlankLines(t *testing.T) {
	const (
		three   = "order_totals\t1001\t2401.0\norder_totals\t1002\t125.0\norder_totals\t1003\t135.0\n"
		sum     = "running_total\tall\t2401.0\nrunning_total\tall\t2526.0\nrunning_total\tall\t2661.0\n"
		nothing = "order_totals\tnull\tnull\n"
	)
	for blank, want := range map[string]string{
		"skip":        three + sum,
		"dead-letter": three + sum + strings.Repeat("dead_letters\tnull\t\n", 2),
		"null": "order_totals\t1001\t2401.0\n" + nothing + "order_totals\t1002\t125.0\n" + nothing +
			"order_totals\t1003\t135.0\n" + sum,
	} {
		t.Run(blank, func(t *testing.T) {
			if got := run(t, blank, demo.Options{}); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

func TestBlankLinesThatNobodyExpectsEndIt(t *testing.T) {
	e, err := example("skip")
	if err != nil {
		t.Fatal(err)
	}
	e.Config.Errors.Decode.Then = 0
	err = demo.Run(t.Context(), e, demo.Options{Out: io.Discard})
	if err == nil || !strings.Contains(err.Error(), "sales_topic") || !strings.Contains(err.Error(), "offset 1") {
		t.Errorf("the error does not say where the blank line is: %v", err)
	}
}

// TestKilledInBetween kills the program when it has counted two orders and
// runs it again on the same folder.
func TestKilledInBetween(t *testing.T) {
	dir := t.TempDir()
	exe := filepath.Join(dir, "sales.exe")
	if out, err := exec.Command("go", "build", "-o", exe, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	state := filepath.Join(dir, "state")
	killed := exec.CommandContext(t.Context(), exe, "-follow", "-state", state)
	out, err := killed.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := killed.Start(); err != nil {
		t.Fatal(err)
	}
	seen := false
	for lines := bufio.NewScanner(out); !seen && lines.Scan(); {
		seen = lines.Text() == "running_total\tall\t2526.0"
	}
	_ = killed.Process.Kill()
	_ = killed.Wait()
	if !seen {
		t.Fatal("the program ended before it had counted two orders")
	}
	if got, want := run(t, "", demo.Options{State: state}), totals+running; got != want {
		t.Errorf("after the kill got\n%swant\n%s", got, want)
	}
}

func TestMoneyIsASerde(t *testing.T) {
	if err := serdetest.Check[float64](money{}, []float64{0, 125, 2401, 0.25, -1.5}); err != nil {
		t.Error(err)
	}
}
