package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace"
)

var errInterrupted = errors.New("interrupted")

// once counts the words of standard input. It uses an application id, topics
// and a state folder that nobody else has, so that every run counts from zero,
// and deletes what it has made.
func once(ctx context.Context, again <-chan struct{}, o options) error {
	run := rand.Text()[:8]
	o.app, o.in, o.out = o.app+"-"+run, o.in+"-"+run, o.out+"-"+run
	if o.state != "" {
		o.state = filepath.Join(o.state, o.app)
		defer func() { _ = os.RemoveAll(o.state) }()
	}
	app, err := millrace.New(wordCount(o.in, o.out), o.config())
	if err != nil {
		return err
	}
	if err := createTopics(ctx, o); err != nil {
		return err
	}
	defer cleanUp(o)
	// Reading a terminal cannot be interrupted, waiting for it can.
	written := make(chan error, 1)
	go func() { written <- produceLines(ctx, o, os.Stdin) }()
	select {
	case err := <-written:
		if err != nil {
			return err
		}
	case <-ctx.Done():
		return errInterrupted
	}
	abortOn(again, app)
	if err := app.RunUntilCaughtUp(ctx); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return errInterrupted
	}
	counts, err := readCounts(ctx, o)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(os.Stdout)
	for _, word := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(out, "%s\t%s\n", word, counts[word])
	}
	return out.Flush()
}

// maxLine is the longest line that can be counted whatever it holds: a single
// word travels as key and as value of one record, of at most 1 MB.
const maxLine = 400_000

func produceLines(ctx context.Context, o options, from io.Reader) error {
	cl, err := o.client()
	if err != nil {
		return err
	}
	defer cl.Close()
	var failed error // the promises', one at a time
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, maxLine)
	n := 0
	for ; lines.Scan(); n++ {
		r := &kgo.Record{Topic: o.in, Value: slices.Clone(lines.Bytes())}
		cl.Produce(ctx, r, func(_ *kgo.Record, err error) {
			if err != nil && failed == nil {
				failed = err
			}
		})
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("standard input, line %d, of at most %d bytes: %w", n+1, maxLine, err)
	}
	if err := cl.Flush(ctx); err != nil {
		return err
	}
	return failed
}

// readCounts reads the output topic up to its end. The last record of a word
// holds its count.
func readCounts(ctx context.Context, o options) (map[string]string, error) {
	cl, err := o.client(kgo.ConsumeTopics(o.out), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords())
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	ends, err := kadm.NewClient(cl).ListEndOffsets(ctx, o.out)
	if err != nil {
		return nil, err
	}
	left := make(map[int32]int64)
	ends.Each(func(e kadm.ListedOffset) {
		if e.Offset > 0 {
			left[e.Partition] = e.Offset
		}
	})
	counts := make(map[string]string)
	for len(left) > 0 {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return nil, err
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if !r.Attrs.IsControl() {
				counts[string(r.Key)] = string(r.Value)
			}
			if r.Offset+1 >= left[r.Partition] {
				delete(left, r.Partition)
			}
		})
	}
	return counts, nil
}

// cleanUp deletes the topics of one run. They are of no use to anybody.
func cleanUp(o options) {
	cl, err := o.client()
	if err != nil {
		return
	}
	defer cl.Close()
	adm := kadm.NewClient(cl)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, _ = adm.DeleteTopics(ctx, o.in, o.out, o.app+"-counts-changelog", o.app+"-counts-repartition")
	_, _ = adm.DeleteGroup(ctx, o.app)
}
