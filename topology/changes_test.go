package topology_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/topology"
)

// The tables of the document are the effects that Diff finds.
func TestDocumentOfChanges(t *testing.T) {
	const file = "../docs/topology-changes.md"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	// A checkout on Windows may have other ends of lines.
	page := strings.ReplaceAll(string(text), "\r\n", "\n")
	before, rest, ok := strings.Cut(page, "-update -->\n")
	_, after, found := strings.Cut(rest, "## What no")
	if !ok || !found {
		t.Fatalf("%s has no place for the tables", file)
	}
	recorded(t, file, before+"-update -->\n"+effectTables()+"\n## What no"+after)
}

func effectTables() string {
	var b strings.Builder
	for _, e := range topology.Effects() {
		if e.Title != "" {
			fmt.Fprintf(&b, "\n### %s\n\n| when | | then | what to do |\n|---|---|---|---|\n", e.Title)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", e.When, e.Severity, inCode(e.Text), inCode(e.Remedy))
	}
	return b.String()
}

var withPlaces = regexp.MustCompile(`[\w-]*<\w+>[\w<>-]*`)

// inCode puts names with places to fill in between backquotes: Markdown would
// take them for HTML.
func inCode(text string) string { return withPlaces.ReplaceAllString(text, "`$0`") }
