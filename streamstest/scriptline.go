package streamstest

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/millrace-io/millrace/processor"
)

// line is a record as a script writes it:
//
//	alice {"amount": 3} @0:05 p=1 h:trace=7
//
// Key, value, time, and where wanted partition and headers. A "-" is a null,
// hex:ff00 are bytes that no serde makes, text with spaces stands in quotes.
// Without a time a record has that of the wall clock.
type line struct {
	key, value string // "-" is a null
	timeMs     int64
	timed      bool
	partition  int32 // -1: of the default partitioner
	headers    []processor.Header
}

func parseLine(text string) (l line, err error) {
	l.partition = -1
	words, err := split(text)
	if err != nil {
		return l, err
	}
	if len(words) < 2 {
		return l, fmt.Errorf("%q: a record is a key and a value", text)
	}
	l.key, l.value = words[0], words[1]
	for _, w := range words[2:] {
		switch name, rest, _ := strings.Cut(w, "="); {
		case w[0] == '@':
			l.timed = true
			if l.timeMs, err = parseClock(w[1:]); err != nil {
				return l, err
			}
		case name == "p":
			p, err := strconv.ParseInt(rest, 10, 32)
			if err != nil {
				return l, fmt.Errorf("partition %q: %w", rest, err)
			}
			l.partition = int32(p)
		case strings.HasPrefix(name, "h:"):
			l.headers = append(l.headers, processor.Header{Key: name[2:], Value: []byte(rest)})
		default:
			return l, fmt.Errorf("%q: behind key and value come @time, p=partition and h:name=value", w)
		}
	}
	return l, nil
}

// split cuts a line into words at spaces outside of quotes and brackets.
func split(text string) (words []string, err error) {
	var quoted bool
	depth, start := 0, -1
	end := func(i int) {
		if start >= 0 {
			words = append(words, text[start:i])
			start = -1
		}
	}
	for i := 0; i < len(text); i++ {
		ch := text[i]
		switch {
		case quoted && ch == '\\':
			i++
			continue
		case ch == '"':
			quoted = !quoted
		case quoted:
		case ch == '{' || ch == '[':
			depth++
		case ch == '}' || ch == ']':
			depth--
		case ch == ' ' && depth == 0:
			end(i)
			continue
		}
		if start < 0 {
			start = i
		}
	}
	if quoted || depth != 0 {
		return nil, fmt.Errorf("%q: a quote or bracket is open", text)
	}
	end(len(text))
	return words, nil
}

// encode makes the bytes of a word; nil is a null.
func (c codec) encode(word string) ([]byte, error) {
	if word == "-" {
		return nil, nil
	}
	if text, ok := strings.CutPrefix(word, "hex:"); ok {
		b, err := hex.DecodeString(text)
		return append([]byte{}, b...), err
	}
	if word[0] == '"' && c.textual() {
		unquoted, err := strconv.Unquote(word)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", word, err)
		}
		word = unquoted
	}
	return c.append(word)
}

// show is the word for bytes; nil is a null.
func (c codec) show(b []byte) string {
	if b == nil {
		return "-"
	}
	text, err := c.decode(b)
	if err != nil {
		return "hex:" + hex.EncodeToString(b)
	}
	return text
}

// quote puts quotes around text that could be taken for something else.
func quote(text string) string {
	words, err := split(text)
	if err != nil || len(words) != 1 || words[0] != text || text == "-" || text[0] == '"' ||
		strings.HasPrefix(text, "hex:") || strings.ContainsFunc(text, unprintable) {
		return strconv.Quote(text)
	}
	return text
}

func unprintable(r rune) bool { return !strconv.IsPrint(r) }
