package topology_test

import (
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/topology"
)

func TestMistakesOfTimedStores(t *testing.T) {
	for _, c := range []struct {
		name, want string
		add        func(b *topology.Builder)
	}{
		{"no size", "window store: the size of a window is 0s: give whole milliseconds", func(b *topology.Builder) {
			topology.NewWindowStore[string, int64](b, "rows", 0, time.Second)
		}},
		{"half a millisecond", "window store: the retention is 1.5ms: give whole milliseconds", func(b *topology.Builder) {
			topology.NewWindowStore[string, int64](b, "rows", time.Second, 1500*time.Microsecond)
		}},
		{"negative retention", "session store: the retention is -1s", func(b *topology.Builder) {
			topology.NewSessionStore[string, int64](b, "rows", -time.Second)
		}},
		{"other option", "session store does not take option TTL", func(b *topology.Builder) {
			topology.NewSessionStore[string, int64](b, "rows", time.Second, topology.TTL(time.Second))
		}},
		{"no serde", "no serde for struct", func(b *topology.Builder) {
			topology.NewSessionStore[string, struct{ N chan int }](b, "rows", time.Second)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := topology.New()
			c.add(b)
			_, err := b.Describe()
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "windowstore_test.go:") {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// A store that was not attached cannot be opened.
func TestTimedStoresMustBeAttached(t *testing.T) {
	for name, open := range map[string]func(b *topology.Builder) func(processor.Context){
		"window": func(b *topology.Builder) func(processor.Context) {
			s := topology.NewWindowStore[string, int64](b, "rows", time.Second, time.Second)
			return func(ctx processor.Context) { s.Open(ctx) }
		},
		"session": func(b *topology.Builder) func(processor.Context) {
			s := topology.NewSessionStore[string, int64](b, "rows", time.Second)
			return func(ctx processor.Context) { s.Open(ctx) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := topology.New()
			opened := open(b)
			defer func() {
				if p := recover(); p == nil {
					t.Error("no panic")
				}
			}()
			opened(nil)
		})
	}
}
