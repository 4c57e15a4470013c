package topology

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/millrace-io/millrace/internal/graph"
)

// Printing says how Print shows records. The zero value shows them as Spark's
// console sink does.
type Printing struct {
	// To is where tables are written, by one call of Write each. What it
	// refuses is lost; while it blocks, the task does. Defaults to os.Stdout.
	To io.Writer
	// Rows is how many records of a commit are shown; the others are counted
	// only. Defaults to 20.
	Rows int
	// Full shows whole keys and values. Defaults to cutting them to 20
	// characters.
	Full bool
}

// cellWidth is how many characters of a key or value are shown.
const cellWidth = 20

// Print writes the stream's records as tables, one for each commit of a task,
// once that has committed: what was aborted does not show, and what a crash
// hits right after its commit is not shown either. Tables are numbered
// in the order in which this process writes them; those of different tasks and
// Prints do not mix. It takes the option Name.
//
// By example: internal/corpus/testdata/print.txt.
func (s KStream[K, V]) Print(p Printing, opts ...Option) {
	n := stateless[K, V](s.h, "print", opts, nil)
	n.Out = nil
	if p.Rows < 0 {
		s.h.Builder.Errorf(n.Line, "print: Rows is %d: it must not be negative", p.Rows)
	}
	if p.Rows == 0 {
		p.Rows = 20
	}
	if p.To == nil {
		p.To = os.Stdout
	}
	shared := &printout{Printing: p}
	n.New = func(t graph.Task, _ []any) ([]any, error) {
		return receiver(&printer[K, V]{out: shared, title: fmt.Sprintf("%s, task %s", n.Name, t.ID())})
	}
}

// oneTable is held while a table is written: several Prints may write to the
// same place.
var oneTable sync.Mutex

// printout is what the tasks of one Print share.
type printout struct {
	Printing
	tables int // written so far; guarded by oneTable
}

// row is a record as it is shown: key, value, time.
type row [3]string

// sheet is what a commit shows.
type sheet struct {
	seq  uint64
	rows []row
	n    int // records, those that are only counted too
}

type printer[K, V any] struct {
	out    *printout
	title  string
	now    sheet   // of the running transaction
	frozen []sheet // not yet committed, oldest first
	mark   struct{ rows, n int }
}

func (r *printer[K, V]) Receive(key K, value V, m *graph.Meta) error {
	r.now.n++
	if len(r.now.rows) == r.out.Rows {
		return nil
	}
	cells := row{"null", "null", time.UnixMilli(m.Time).UTC().Format("2006-01-02 15:04:05.000")}
	if m.HasKey {
		cells[0] = r.out.cell(key)
	}
	if m.HasValue {
		cells[1] = r.out.cell(value)
	}
	r.now.rows = append(r.now.rows, cells)
	return nil
}

func (r *printer[K, V]) Mark() { r.mark.rows, r.mark.n = len(r.now.rows), r.now.n }
func (r *printer[K, V]) Undo() { r.now.rows, r.now.n = r.now.rows[:r.mark.rows], r.mark.n }

// Unsettled makes sure of a commit after records that came of no input.
func (r *printer[K, V]) Unsettled() bool { return r.now.n > 0 }

func (r *printer[K, V]) Frozen(seq uint64) {
	if r.now.n > 0 {
		r.now.seq = seq
		r.frozen = append(r.frozen, r.now)
		r.now = sheet{}
	}
	r.Mark()
}

func (r *printer[K, V]) Applied(seq uint64) {
	for len(r.frozen) > 0 && r.frozen[0].seq <= seq {
		r.out.write(r.title, &r.frozen[0])
		r.frozen = append(r.frozen[:0], r.frozen[1:]...)
	}
}

// cell is a key or value on one line, whose control characters would spoil the
// table, or the terminal.
func (p *printout) cell(v any) string {
	text := strings.Map(func(c rune) rune {
		if c < ' ' || c >= 0x7f && c < 0xa0 {
			return '.'
		}
		return c
	}, fmt.Sprint(v))
	if p.Full || utf8.RuneCountInString(text) <= cellWidth {
		return text
	}
	return string([]rune(text)[:cellWidth-3]) + "..."
}

// write writes one table.
func (p *printout) write(title string, s *sheet) {
	oneTable.Lock()
	defer oneTable.Unlock()
	p.tables++
	var b bytes.Buffer
	fmt.Fprintf(&b, "commit %d of %s\n", p.tables, title)
	head := row{"key", "value", "time"}
	var width [len(row{})]int
	for _, r := range append([]row{head}, s.rows...) {
		for i, cell := range r {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	var rule strings.Builder
	for _, w := range width {
		rule.WriteString("+" + strings.Repeat("-", w))
	}
	rule.WriteString("+\n")
	b.WriteString(rule.String())
	head.write(&b, width)
	b.WriteString(rule.String())
	for _, r := range s.rows {
		r.write(&b, width)
	}
	b.WriteString(rule.String())
	if more := s.n - len(s.rows); more > 0 {
		fmt.Fprintf(&b, "... and %d more\n", more)
	}
	b.WriteByte('\n')
	_, _ = p.To.Write(b.Bytes())
}

func (r row) write(b *bytes.Buffer, width [len(row{})]int) {
	for i, cell := range r {
		b.WriteString("|" + cell + strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell)))
	}
	b.WriteString("|\n")
}
