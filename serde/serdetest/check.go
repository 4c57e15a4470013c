package serdetest

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/serde"
)

// Check returns everything in which s breaks the contract of serde.Serde for
// the given values, joined, or nil. Give it zero values, large and odd ones;
// opts say how values are compared (package go-cmp), for types with unexported
// fields or values such as NaN.
//
//   - Decode gives back what Append was given, and Append writes the same bytes
//     each time: keys are compared, and sent to partitions, by their bytes.
//   - Append appends, and leaves alone what is there.
//   - Decode neither changes nor keeps its bytes, and what it returns shares no
//     memory with what it returned before.
//   - Bytes that are cut off, empty or garbage are an error or some value, but
//     no panic.
//   - A null, in a serde that knows one (as that of processor.Maybe does), is
//     the zero value.
//   - Clone, if there is one, makes an equal value that shares no memory.
//   - All that holds for many goroutines at once.
func Check[T any](s serde.Serde[T], values []T, opts ...cmp.Option) error {
	if len(values) == 0 {
		return errors.New("serdetest: there are no values to check with")
	}
	c := checker[T]{s: s, opts: opts}
	if serde.NameOf(s) == "" {
		c.failf("its name is empty")
	}
	for i, v := range values {
		c.at = fmt.Sprintf("value %d", i)
		c.value(v)
	}
	c.at = "all values"
	c.concurrently(values)
	c.null()
	return errors.Join(c.errs...)
}

type checker[T any] struct {
	s    serde.Serde[T]
	opts []cmp.Option
	at   string
	errs []error
}

func (c *checker[T]) failf(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("%s: %s: %s", serde.NameOf(c.s), c.at, fmt.Sprintf(format, args...)))
}

// value checks all that can be said of one value.
func (c *checker[T]) value(v T) {
	encoded, err := c.append(nil, v)
	if err != nil {
		c.failf("Append: %v", err)
		return
	}
	if again, err := c.append(nil, v); err != nil || !bytes.Equal(again, encoded) {
		c.failf("Append writes %x and then %x (%v): equal values need equal bytes", encoded, again, err)
	}
	c.appends(v, encoded)
	got, ok := c.decodes(encoded, v)
	if ok {
		c.fresh(got, encoded)
	}
	c.damaged(encoded)
	c.clones(v, encoded)
}

// appends checks that Append leaves dst as it is, with and without room in it.
func (c *checker[T]) appends(v T, encoded []byte) {
	const before = "before"
	for _, room := range [...]int{0, 1, len(encoded) + 16} {
		dst := append(make([]byte, 0, len(before)+room), before...)
		got, err := c.append(dst, v)
		switch {
		case err != nil:
			c.failf("Append behind other bytes: %v", err)
		case !bytes.HasPrefix(got, []byte(before)):
			c.failf("Append drops or changes the bytes before: return append(dst, ...)")
		case !bytes.Equal(got[len(before):], encoded):
			c.failf("Append writes other bytes behind others: %x, alone %x", got[len(before):], encoded)
		}
	}
}

// decodes checks the way back, with bytes that are overwritten afterwards.
func (c *checker[T]) decodes(encoded []byte, want T) (T, bool) {
	b := bytes.Clone(encoded)
	got, err := c.decode(b)
	if err != nil {
		c.failf("Decode of what Append wrote: %v", err)
		return got, false
	}
	if !bytes.Equal(b, encoded) {
		c.failf("Decode changes its bytes")
	}
	if diff := cmp.Diff(want, got, c.opts...); diff != "" {
		c.failf("Decode returns another value than Append was given (-given +returned):\n%s", diff)
		return got, false
	}
	for i := range b {
		b[i] ^= 0xff
	}
	if diff := cmp.Diff(want, got, c.opts...); diff != "" {
		c.failf("the decoded value changes with its bytes: copy what is kept of them")
		return got, false
	}
	return got, true
}

// fresh checks that each Decode makes a value of its own: users change what
// they get.
func (c *checker[T]) fresh(first T, encoded []byte) {
	second, err := c.decode(bytes.Clone(encoded))
	if err != nil {
		c.failf("the second Decode of the same bytes: %v", err)
		return
	}
	if where := shared(reflect.ValueOf(&first).Elem(), reflect.ValueOf(&second).Elem()); where != "" {
		c.failf("two decoded values share memory at %s", where)
	}
}

// damaged checks that bytes which Append never wrote do no harm.
func (c *checker[T]) damaged(encoded []byte) {
	inputs := [][]byte{nil, {}, {0}, {0xff}, bytes.Repeat([]byte{0xff}, 64), append(bytes.Clone(encoded), 0)}
	for n := range min(len(encoded), 256) {
		inputs = append(inputs, encoded[:n])
		flipped := bytes.Clone(encoded)
		flipped[n] ^= 0xff
		inputs = append(inputs, flipped)
	}
	for _, b := range inputs {
		if _, err := c.decode(bytes.Clone(b)); errors.As(err, new(*panicError)) {
			c.failf("Decode of %x: %v: return an error", b, err)
			return
		}
	}
}

func (c *checker[T]) clones(v T, encoded []byte) {
	cloner, ok := c.s.(serde.Cloner[T])
	if !ok {
		return
	}
	clone := cloner.Clone(v)
	if b, err := c.append(nil, clone); err != nil || !bytes.Equal(b, encoded) {
		c.failf("a clone is encoded as %x, its original as %x (%v)", b, encoded, err)
	}
	if where := shared(reflect.ValueOf(&v).Elem(), reflect.ValueOf(&clone).Elem()); where != "" {
		c.failf("a clone shares memory with its original at %s", where)
	}
}

// concurrently uses the serde from a few goroutines at once.
func (c *checker[T]) concurrently(values []T) {
	const goroutines = 4
	errs := make([]error, goroutines)
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for _, v := range values {
				b, err := c.append(nil, v)
				if err != nil {
					continue // was reported
				}
				got, err := c.decode(b)
				if err == nil && !cmp.Equal(v, got, c.opts...) {
					errs[g] = errors.New("another value comes back when several goroutines use it")
				}
			}
		})
	}
	wg.Wait()
	if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
		c.failf("%v", errs[i])
	}
}

func (c *checker[T]) null() {
	n, ok := c.s.(interface{ IsNull(T) bool })
	if !ok {
		return
	}
	c.at = "null"
	if !n.IsNull(*new(T)) {
		c.failf("IsNull does not take the zero value as null")
	}
}

// append and decode are the serde's, with panics as errors.
func (c *checker[T]) append(dst []byte, v T) (b []byte, err error) {
	defer catch(&err)
	return c.s.Append(dst, v)
}

func (c *checker[T]) decode(b []byte) (v T, err error) {
	defer catch(&err)
	return c.s.Decode(b)
}

type panicError struct{ value any }

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

func catch(err *error) {
	if v := recover(); v != nil {
		*err = &panicError{v}
	}
}
