// Package ledgertest helps to test what uses a ledger, with a [Store] in
// memory, and what implements one, with [TestStore] and [TestReplica].
package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
)

// TestStore checks that stores made by open keep the promises of
// [ledger.Store]. Each call of open must return an empty store.
func TestStore(t *testing.T, open func(t *testing.T) ledger.Store) {
	checks := []struct {
		name  string
		check func(*testing.T, ledger.Store)
	}{
		{"an empty ledger", testEmpty},
		{"what is appended can be read", testReadBack},
		{"a stale writer conflicts", testConflict},
		{"what no store takes", testRejected},
		{"large and odd records", testLarge},
		{"a reader that stops early", testStop},
		{"a context that is done", testContext},
		{"waiting for more", testWait},
		{"writers in a crowd", testCrowd},
	}
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) { c.check(t, open(t)) })
	}
}

// Record returns a record that says s, of a command of its own.
func Record(s string) ledger.Record {
	return ledger.Record{ID: uuid.New(), Type: "Said", Data: []byte(s), Meta: []byte(`{"actor":"tester"}`)}
}

// NewStream returns a stream that is empty.
func NewStream() ledger.Stream { return ledger.Stream{Category: "test", ID: uuid.New()} }

func testEmpty(t *testing.T, s ledger.Store) {
	if got := Collect(t, s.ReadAll(t.Context(), 0)); len(got) != 0 {
		t.Errorf("ReadAll = %v", got)
	}
	if got := Collect(t, s.ReadStream(t.Context(), NewStream(), 0)); len(got) != 0 {
		t.Errorf("ReadStream = %v", got)
	}
	if head, err := s.Head(t.Context()); head != 0 || err != nil {
		t.Errorf("Head = %d, %v", head, err)
	}
	for h, err := range s.Streams(t.Context(), "test") {
		t.Errorf("Streams yields %v, %v", h, err)
	}
}

func testReadBack(t *testing.T, s ledger.Store) {
	a, b := NewStream(), ledger.Stream{Category: "other", ID: uuid.New()}
	var want []ledger.Envelope
	for _, step := range []struct {
		stream   ledger.Stream
		expected ledger.Version
		data     []string
	}{
		// Bytes are bytes: key order, spaces and escapes must survive.
		{a, 0, []string{`{"b":1, "a":2}`}},
		{b, 0, []string{`"\u4e0a"`, `"上"`}},
		{a, 1, []string{``, `3`}},
		{a, 3, []string{`4`}},
	} {
		var records []ledger.Record
		for _, d := range step.data {
			records = append(records, Record(d))
		}
		got, err := s.Append(t.Context(), step.stream, step.expected, records...)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(records) {
			t.Fatalf("Append returned %d envelopes for %d records", len(got), len(records))
		}
		for i, env := range got {
			if env.Stream != step.stream || env.Version != step.expected+ledger.Version(i)+1 || !reflect.DeepEqual(plain(env.Record), plain(records[i])) {
				t.Errorf("Append returned %+v for %q", env, step.data[i])
			}
		}
		want = append(want, got...)
	}

	CheckChain(t, s)
	if head, err := s.Head(t.Context()); err != nil || head != want[len(want)-1].Position {
		t.Errorf("Head = %d, %v; want %d", head, err, want[len(want)-1].Position)
	}
	for after := range len(want) + 2 {
		got := Collect(t, s.ReadAll(t.Context(), ledger.Position(after)))
		if rest := want[min(after, len(want)):]; !same(got, rest) {
			t.Errorf("ReadAll(%d) =\n%v\nwant\n%v", after, got, rest)
		}
	}
	inA := []ledger.Envelope{want[0], want[3], want[4], want[5]}
	for after := range len(inA) + 2 {
		got := Collect(t, s.ReadStream(t.Context(), a, ledger.Version(after)))
		if rest := inA[min(after, len(inA)):]; !same(got, rest) {
			t.Errorf("ReadStream(a, %d) =\n%v\nwant\n%v", after, got, rest)
		}
	}
	for category, want := range map[string]ledger.StreamHead{"test": {Stream: a, Version: 4}, "other": {Stream: b, Version: 2}} {
		for got, err := range s.Streams(t.Context(), category) {
			if err != nil || got != want {
				t.Errorf("Streams(%s) yields %v, %v; want %v", category, got, err, want)
			}
		}
	}
}

func testConflict(t *testing.T, s ledger.Store) {
	a := NewStream()
	if _, err := s.Append(t.Context(), a, 1, Record("0")); !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("Append to an empty stream at 1 = %v, want %v", err, ledger.ErrConflict)
	}
	if _, err := s.Append(t.Context(), a, 0, Record("1")); err != nil {
		t.Fatal(err)
	}
	for _, expected := range []ledger.Version{0, 2} {
		if _, err := s.Append(t.Context(), a, expected, Record("2"), Record("3")); !errors.Is(err, ledger.ErrConflict) {
			t.Errorf("Append at %d = %v, want %v", expected, err, ledger.ErrConflict)
		}
	}
	if got := Collect(t, s.ReadAll(t.Context(), 0)); len(got) != 1 {
		t.Errorf("a conflict wrote %v", got[1:])
	}
}

func testRejected(t *testing.T, s ledger.Store) {
	nameless, huge := Record("1"), Record(strings.Repeat("x", ledger.MaxRecordSize))
	nameless.Type = ""
	for name, records := range map[string][]ledger.Record{
		"nothing":     {},
		"too many":    slices.Repeat([]ledger.Record{Record("1")}, ledger.MaxBatch+1),
		"nameless":    {Record("1"), nameless},
		"much to say": {Record("1"), huge},
	} {
		if _, err := s.Append(t.Context(), NewStream(), 0, records...); !errors.Is(err, ledger.ErrRejected) {
			t.Errorf("%s: Append = %v, want %v", name, err, ledger.ErrRejected)
		}
	}
	if got := Collect(t, s.ReadAll(t.Context(), 0)); len(got) != 0 {
		t.Errorf("a rejection wrote %d envelopes", len(got))
	}
}

func testLarge(t *testing.T, s ledger.Store) {
	a := NewStream()
	big := Record(strings.Repeat("信", (ledger.MaxRecordSize-ledger.SealSize-100)/3))
	odd := ledger.Record{ID: uuid.New(), Type: strings.Repeat("N", ledger.MaxName), Data: []byte{0xff, 0, '\n'}, Meta: []byte{}}
	records := append([]ledger.Record{big, odd}, slices.Repeat([]ledger.Record{Record("x")}, ledger.MaxBatch-2)...)
	if _, err := s.Append(t.Context(), a, 0, records...); err != nil {
		t.Fatal(err)
	}
	got := Collect(t, s.ReadStream(t.Context(), a, 0))
	if len(got) != len(records) {
		t.Fatalf("read %d envelopes, want %d", len(got), len(records))
	}
	for i, env := range got {
		if !reflect.DeepEqual(plain(env.Record), plain(records[i])) {
			t.Fatalf("record %d has changed", i)
		}
	}
	CheckChain(t, s)
}

func testStop(t *testing.T, s ledger.Store) {
	a := NewStream()
	if _, err := s.Append(t.Context(), a, 0, Record("1"), Record("2"), Record("3")); err != nil {
		t.Fatal(err)
	}
	for _, seq := range []iter.Seq2[ledger.Envelope, error]{s.ReadAll(t.Context(), 0), s.ReadStream(t.Context(), a, 0)} {
		n := 0
		for _, err := range seq {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n == 2 {
				break
			}
		}
		if again := Collect(t, seq); len(again) != 3 {
			t.Errorf("a sequence that was left early yields %d envelopes the second time", len(again))
		}
	}
}

func testContext(t *testing.T, s ledger.Store) {
	a := NewStream()
	if _, err := s.Append(t.Context(), a, 0, Record("1")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Append(ctx, a, 1, Record("2")); !errors.Is(err, context.Canceled) {
		t.Errorf("Append = %v, want %v", err, context.Canceled)
	}
	for _, err := range s.ReadAll(ctx, 0) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("ReadAll = %v, want %v", err, context.Canceled)
		}
	}
	if err := s.Wait(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("Wait = %v, want %v", err, context.Canceled)
	}
	if got := Collect(t, s.ReadAll(t.Context(), 0)); len(got) != 1 {
		t.Errorf("a canceled Append wrote %d envelopes", len(got)-1)
	}
}

func testWait(t *testing.T, s ledger.Store) {
	a := NewStream()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	woken := make(chan error, 1)
	go func() { woken <- s.Wait(ctx, 0) }()
	if _, err := s.Append(ctx, a, 0, Record("1")); err != nil {
		t.Fatal(err)
	}
	if err := <-woken; err != nil {
		t.Errorf("Wait = %v", err)
	}
	if err := s.Wait(ctx, 0); err != nil {
		t.Errorf("Wait for what is there = %v", err)
	}
}

// testCrowd has writers race for the same few streams while a reader follows.
// Every position must come to the reader once, in order, chained.
func testCrowd(t *testing.T, s ledger.Store) {
	const writers, each = 8, 25
	streams := []ledger.Stream{NewStream(), NewStream()}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()

	// add appends two records to stream, however often it takes.
	add := func(stream ledger.Stream, data string) error {
		for {
			var version ledger.Version
			for env, err := range s.ReadStream(ctx, stream, 0) {
				if err != nil {
					return err
				}
				version = env.Version
			}
			_, err := s.Append(ctx, stream, version, Record(data), Record("and"))
			if !errors.Is(err, ledger.ErrConflict) {
				return err
			}
		}
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				if err := add(streams[(w+i)%len(streams)], fmt.Sprint(w, i)); err != nil {
					t.Errorf("writer %d: %v", w, err)
					cancel()
					return
				}
			}
		})
	}
	var chain ledger.Chain
	for env, err := range ledger.Follow(ctx, s, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if err := chain.Next(env); err != nil {
			t.Fatal(err)
		}
		if chain.At == 2*writers*each {
			break
		}
	}
}

// CheckChain checks everything that a ledger can show of itself.
func CheckChain(t *testing.T, l ledger.Log) ledger.Position {
	t.Helper()
	var chain ledger.Chain
	for env, err := range l.ReadAll(t.Context(), 0) {
		if err == nil {
			err = chain.Next(env)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return chain.At
}

// Collect returns all that seq yields, and fails the test at the first error.
func Collect(t *testing.T, seq iter.Seq2[ledger.Envelope, error]) []ledger.Envelope {
	t.Helper()
	var all []ledger.Envelope
	for env, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, env)
	}
	return all
}

// plain returns r with empty bytes for none, which are the same to a store, and
// without a seal, which is all that a store may add.
func plain(r ledger.Record) ledger.Record {
	bare, _ := ledger.Unseal(r.Meta)
	r.Data, r.Meta = append([]byte{}, r.Data...), append([]byte{}, bare...)
	return r
}

// same compares envelopes by their leaves, which cover everything else.
func same(a, b []ledger.Envelope) bool {
	return slices.EqualFunc(a, b, func(x, y ledger.Envelope) bool { return x.Position == y.Position && x.Leaf == y.Leaf })
}
