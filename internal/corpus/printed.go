package corpus

import (
	"bytes"
	"io"
	"sync"

	"github.com/millrace-io/millrace/topology"
)

// Printed returns what a topology of this package has written to the world
// outside, beside topics, since it was last asked: see streamstest.Script.
func Printed(b *topology.Builder) string {
	sheet, ok := sheets.Load(b)
	if !ok {
		return ""
	}
	return sheet.(*sheetOfPaper).take()
}

// sheets has a *sheetOfPaper for each *topology.Builder that prints.
var sheets sync.Map

// paper is where the topology of b prints.
func paper(b *topology.Builder) io.Writer {
	sheet, _ := sheets.LoadOrStore(b, &sheetOfPaper{})
	return sheet.(*sheetOfPaper)
}

// sheetOfPaper takes what the tasks of one application print.
type sheetOfPaper struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (p *sheetOfPaper) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *sheetOfPaper) take() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.text.Reset()
	return p.text.String()
}
