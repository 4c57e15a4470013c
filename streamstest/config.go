package streamstest

import (
	"errors"
	"fmt"
	"time"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
)

// Config says on what a Driver runs a topology. The zero value is one instance
// in memory, exactly once, which commits after each record.
type Config struct {
	// AppID is the application id, which the names of internal topics begin
	// with. Defaults to "test".
	AppID string
	// Partitions are the partition counts of topics that the application does
	// not make itself. Topics that are read because they match a pattern must
	// be among them. Defaults to 1 for each topic.
	Partitions map[string]int
	// Instances is how many instances of the application share the tasks.
	// Defaults to 1.
	Instances int
	// AtLeastOnce commits offsets in a step of its own, after outputs and
	// changelogs: a crash between the two repeats them. Defaults to exactly
	// once, where all of them commit together.
	AtLeastOnce bool
	// CommitEvery is after how many records and wall-clock punctuations an
	// instance commits. Defaults to 1.
	CommitEvery int
	// ManualCommit leaves commits to Driver.Commit, and to Processors that ask
	// for one. Defaults to commits as CommitEvery says.
	ManualCommit bool
	// State makes the backend of an instance, numbered from 0. It is asked
	// again each time that the instance starts; a backend on disk gets a folder
	// for each instance. Defaults to memory, which a restart empties.
	State func(instance int) state.Backend
	// Errors are the policies for records that fail. Defaults to failing.
	Errors processor.Policies
	// OnError, if set, is told about every failed attempt and what is done
	// about it. Defaults to nobody.
	OnError func(*processor.Error, processor.Action)
	// Start is the wall clock at the beginning. Defaults to the Unix epoch.
	Start time.Time

	// crashes, if set, is asked at each step of each commit whether the
	// instance goes down there.
	crashes func(at Step, instance int) bool
}

func (c Config) withDefaults() Config {
	if c.AppID == "" {
		c.AppID = "test"
	}
	if c.Instances == 0 {
		c.Instances = 1
	}
	if c.CommitEvery == 0 {
		c.CommitEvery = 1
	}
	if c.State == nil {
		c.State = func(int) state.Backend { return state.Memory() }
	}
	if c.Start.IsZero() {
		c.Start = time.UnixMilli(0)
	}
	return c
}

func (c Config) validate() error {
	var errs []error
	if c.Instances < 0 {
		errs = append(errs, fmt.Errorf("config: Instances is %d: an application needs at least one", c.Instances))
	}
	if c.CommitEvery < 0 {
		errs = append(errs, fmt.Errorf("config: CommitEvery is %d: a commit has at least one record; see ManualCommit", c.CommitEvery))
	}
	for topic, n := range c.Partitions {
		if n < 1 {
			errs = append(errs, fmt.Errorf("config: Partitions of %s is %d: a topic has at least one", topic, n))
		}
	}
	return errors.Join(errs...)
}
