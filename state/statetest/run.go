package statetest

import (
	"testing"

	"github.com/millrace-io/millrace/state"
)

// Run runs the suite as subtests of t. It calls newBackend for every one of
// them, with the subtest, and expects an empty backend that shares nothing with
// earlier ones. Tests of what survives are skipped for a backend whose DB is
// not Durable. Run it with -race too.
func Run(t *testing.T, newBackend func(t *testing.T) state.Backend) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := &fixture{t: t, backend: newBackend(t)}
			f.open()
			c.run(f)
			f.close()
		})
	}
}

// cases are the subtests; each file of the package adds its own.
var cases = []struct {
	name string
	run  func(*fixture)
}{
	{"get returns what was applied", getReturnsWhatWasApplied},
	{"empty value and empty key are not missing", emptyIsNotMissing},
	{"get appends to its buffer", getAppends},
	{"last write of a batch wins", lastWriteWins},
	{"batch may be reused", batchMayBeReused},
	{"large values", largeValues},

	{"scan forward and reverse", scanBothWays},
	{"scan bounds", scanBounds},
	{"keys that are prefixes of each other", prefixKeys},
	{"scan does not see later writes", scanIsASnapshot},
	{"cursor after its end and after close", cursorAfterItsEnd},
	{"versions of a key lie side by side", versionsSideBySide},
	{"windows lie in the order of time", windowsInOrderOfTime},
	{"sessions lie in segments", sessionsInSegments},
	{"sessions are moved to another layout", sessionsMove},
	{"records lie in segments", recordsInSegments},
	{"ranges are deleted", rangesAreDeleted},

	{"position goes with the batch", positionGoesWithTheBatch},
	{"load does what apply does", loadDoesWhatApplyDoes},
	{"clear empties and forgets", clearEmptiesAndForgets},
	{"drop deletes", dropDeletes},
	{"stores do not see each other", storesAreApart},
	{"store opens once at a time", storeOpensOnce},
	{"closed store keeps its contents", closedStoreKeepsContents},
	{"stored lists open and closed stores", storedLists},
	{"metadata", metadata},
	{"use after close is an error", useAfterClose},

	{"reopen keeps everything", reopenKeepsEverything},
	{"second open is refused", secondOpenIsRefused},
	{"another application is refused", otherAppIsRefused},

	{"readers see whole batches while one applies", readersWhileApplying},
	{"random operations agree with a sorted map", agreesWithModel},
}
