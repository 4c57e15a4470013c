package chaos

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// size is how long a test goes on and how much passes meanwhile.
type size struct {
	words   int           // fed from the first stroke to the last
	strokes int           // kills, freezes, joins and leaves
	every   time.Duration // between two strokes
	session time.Duration // session time-out of the copies
}

// full reports whether the tests run at the size whose figures docs/chaos.md
// shows.
func full() bool { return os.Getenv("MILLRACE_CHAOS") == "full" }

// sized is the size of a test with strokes in quick succession. In full size
// the session time-out is the default of the library.
func sized() size {
	if full() {
		return size{words: 300_000, strokes: 10, every: 4 * time.Second, session: 10 * time.Second}
	}
	return size{words: 60_000, strokes: 4, every: 2500 * time.Millisecond, session: 6 * time.Second}
}

// seeded returns the sources of all that a test leaves to chance, one for the
// words and one for the strokes: they are used by different goroutines.
func seeded(t *testing.T) (words, strokes *rand.Rand) {
	t.Helper()
	seed := rand.Uint64()
	if s := os.Getenv("MILLRACE_CHAOS_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatalf("MILLRACE_CHAOS_SEED: %v", err)
		}
	}
	t.Logf("MILLRACE_CHAOS_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 1)), rand.New(rand.NewPCG(seed, 2))
}
