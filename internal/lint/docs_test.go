package lint

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

var (
	fence    = regexp.MustCompile("(?ms)^```.*?^```$")
	codeSpan = regexp.MustCompile("`[^`\n]*`")
	mdLink   = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading  = regexp.MustCompile(`(?m)^#+ +(.*?) *$`)
	scheme   = regexp.MustCompile(`^[a-z]+:`)
)

// Links within the repository lead to a file that exists, and to a heading
// that exists in it.
func TestLinksOfDocumentsResolve(t *testing.T) {
	for _, name := range files(t, ".md") {
		text := codeSpan.ReplaceAllString(fence.ReplaceAllString(read(t, name), ""), "")
		for _, m := range mdLink.FindAllStringSubmatch(text, -1) {
			link := m[1]
			if scheme.MatchString(link) {
				continue
			}
			to, anchor, _ := strings.Cut(link, "#")
			target := name
			if to != "" {
				target = path.Join(path.Dir(name), to)
			}
			if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(target))); err != nil {
				t.Errorf("%s: link to %s: no such file", name, link)
				continue
			}
			if anchor != "" && strings.HasSuffix(target, ".md") && !anchors(read(t, target))[anchor] {
				t.Errorf("%s: link to %s: no such heading", name, link)
			}
		}
	}
}

// anchors are the names that web views give to the headings of a document: in
// lower case, spaces as dashes, without punctuation.
func anchors(text string) map[string]bool {
	names := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		names[strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, m[1])] = true
	}
	return names
}

const catalogue = "metrics/testdata/catalogue.txt"

var (
	metric   = regexp.MustCompile(`\bmillrace_[a-z0-9_]+`)
	exported = regexp.MustCompile(`(?m)^(millrace_\S+) (\S+)`)
)

// A document names only metrics that exist. A name that ends in "_", as in
// millrace_commit_*, stands for all that begin so.
func TestMetricsInDocumentsExist(t *testing.T) {
	known := map[string]bool{}
	for _, m := range exported.FindAllStringSubmatch(read(t, catalogue), -1) {
		known[m[1]] = true
		if m[2] == "histogram" {
			known[m[1]+"_bucket"], known[m[1]+"_sum"], known[m[1]+"_count"] = true, true, true
		}
		for i, r := range m[1] {
			if r == '_' {
				known[m[1][:i+1]] = true
			}
		}
	}
	if len(known) == 0 {
		t.Fatalf("%s holds no metric", catalogue)
	}
	for _, name := range files(t, ".md") {
		for i, line := range strings.Split(read(t, name), "\n") {
			for _, m := range metric.FindAllString(line, -1) {
				if !known[m] {
					t.Errorf("%s:%d: metric %s is not in %s", name, i+1, m, catalogue)
				}
			}
		}
	}
}
