package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// memory follows the peak resident memory of a process. The kernel's figure
// after its end (ru_maxrss) is no use: it begins with the peak of the parent,
// from which the child was forked.
type memory struct {
	quit chan struct{}
	once sync.Once
	done chan struct{}
	peak int64 // read after done
}

// memoryInterval is how often the peak is read. The kernel keeps it, so that
// only what is allocated in the last moment can be missed.
const memoryInterval = 100 * time.Millisecond

func watchMemory(pid int) *memory {
	m := &memory{quit: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(m.done)
		tick := time.NewTicker(memoryInterval)
		defer tick.Stop()
		for {
			m.peak = max(m.peak, peakOf(pid))
			select {
			case <-tick.C:
			case <-m.quit:
				m.peak = max(m.peak, peakOf(pid))
				return
			}
		}
	}()
	return m
}

// stop returns the peak until now. It may be called again.
func (m *memory) stop() int64 {
	m.once.Do(func() { close(m.quit) })
	<-m.done
	return m.peak
}

// peakOf is the peak resident memory of a running process in bytes, 0 where
// the platform has no /proc.
func peakOf(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	return parsePeak(string(text))
}

// parsePeak finds the line "VmHWM:    1234 kB".
func parsePeak(status string) int64 {
	for line := range strings.Lines(status) {
		rest, ok := strings.CutPrefix(line, "VmHWM:")
		if !ok {
			continue
		}
		if f := strings.Fields(rest); len(f) == 2 && f[1] == "kB" {
			kib, _ := strconv.ParseInt(f[0], 10, 64)
			return kib << 10
		}
	}
	return 0
}
