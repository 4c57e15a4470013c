package streamstest

import (
	"fmt"

	"github.com/millrace-io/millrace/state"
)

// Mode is how a Script runs its application: what must not matter to the
// results. A script's own commands win over it.
type Mode struct {
	// Instances is how many instances share the tasks. Defaults to 1.
	Instances int
	// Every is after how many records everything is committed. Negative is at
	// the end of each command only. Defaults to 1.
	Every int
	// State makes the backend of an instance. Defaults to memory.
	State func(instance int) state.Backend
	// Crash takes one instance after the other down at this step of a commit,
	// every few records. Defaults to none.
	Crash Step
	// Crashes says that Crash counts; the zero Step is one too.
	Crashes bool
}

// String describes the mode in the words of its fields.
func (m Mode) String() string {
	text := fmt.Sprintf("instances=%d,every=%d", max(1, m.Instances), m.Every)
	if m.State != nil {
		text += ",state"
	}
	if m.Crashes {
		text += ",crash=" + m.Crash.String()
	}
	return text
}

// crashPlan is how many records are left until the next crash of a Mode.
type crashPlan struct {
	records int
	next    int // instance
}

// crashEvery is how many records pass between two crashes of a Mode.
const crashEvery = 3

// before is called before each record that a script pipes in.
func (s *Script) before() {
	if !s.Mode.Crashes || s.d.Crashing() {
		return
	}
	if s.plan.records++; s.plan.records%crashEvery != 0 {
		return
	}
	s.d.CrashAt(s.Mode.Crash, s.plan.next%len(s.d.instances))
	s.plan.next++
}

// after is called after each record that a script pipes in.
func (s *Script) after() {
	if s.Mode.Every > 1 && len(s.piped)%s.Mode.Every == 0 {
		s.d.Commit()
	}
}

// flush commits what is left at the end of a command, unless the script does
// that itself.
func (s *Script) flush() {
	if s.Mode.Every > 1 || s.Mode.Every < 0 {
		s.d.Commit()
	}
}
