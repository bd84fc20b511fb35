package demo

import (
	"context"
	"iter"
	"slices"
	"testing"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
	"xinfang/domain/petition"
	"xinfang/projections/casefile"
)

// load appends every batch to an empty store.
func load(t testing.TB, batches iter.Seq2[Batch, error]) *ledgertest.Store {
	t.Helper()
	store := new(ledgertest.Store)
	for b, err := range batches {
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.Append(context.Background(), b.Stream, b.Expected, b.Records...); err != nil {
			t.Fatalf("%v at %d: %v", b.Stream, b.Expected, err)
		}
	}
	return store
}

// TestBulk prints four rounds of cases from a few templates, and checks that each
// history can be read and makes sense.
func TestBulk(t *testing.T) {
	o := Default()
	o.Cases = 100
	templates, _, err := rehearse(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	o.Cases = 350
	store := load(t, func(yield func(Batch, error) bool) {
		newPrinter(o, templates, o.Cases).batches()(func(b Batch) bool { return yield(b, nil) })
	})
	ledgertest.CheckChain(t, store)
	files := made{store: store}.files(t)
	if len(files) != o.Cases {
		t.Errorf("%d cases, not %d", len(files), o.Cases)
	}
	stages, years, events, ids := make(map[petition.Stage]int), make(map[int]int), 0, make(map[uuid.UUID]bool)
	for number, f := range files {
		stages[f.Stage]++
		years[f.Received.Year()]++
		events += len(f.Timeline)
		if f.Stage != petition.Received && f.Petitioner.Anonymous == (f.Petitioner.Name.Masked != "") {
			t.Errorf("case %s is %+v", number, f.Petitioner)
		}
		for _, other := range []string{f.Earlier, f.MergedInto} {
			if other != "" && (files[other] == nil || other == number) {
				t.Errorf("case %s names %s, which is none", number, other)
			}
		}
		for _, e := range f.Timeline {
			if ids[e.ID] {
				t.Fatalf("case %s: event %v is there twice", number, e.ID)
			}
			ids[e.ID] = true
			if c, ok := e.Event.(petition.EntryCorrected); ok && !slices.ContainsFunc(f.Timeline, func(o casefile.Entry) bool { return o.ID == c.Target }) {
				t.Errorf("case %s corrects an entry that it has not", number)
			}
		}
		for _, c := range f.Clocks {
			if c.Statutory != nil && !c.Statutory.Due.After(c.Start) || c.District != nil && !c.District.Due.After(c.Start) {
				t.Errorf("case %s: %s is due before it starts", number, c.ID)
			}
		}
	}
	if len(stages) < 10 || len(years) < 4 || events < 14*o.Cases {
		t.Errorf("%d stages, years %v, %d events", len(stages), years, events)
	}
}

// TestBulkInterleaves checks that the histories do not come one after another, and
// that some grow much faster than others.
func TestBulkInterleaves(t *testing.T) {
	o := Default()
	o.Cases = 400
	var order []ledger.Stream
	switches, done := 0, make(map[ledger.Stream]int)
	for b, err := range Bulk(t.Context(), o) {
		if err != nil {
			t.Fatal(err)
		}
		if n := len(order); n > 0 && order[n-1] != b.Stream {
			switches++
		}
		order = append(order, b.Stream)
		done[b.Stream] = len(order) // its last batch
	}
	if switches < len(order)/2 {
		t.Errorf("of %d batches only %d are of another stream than the one before", len(order), switches)
	}
	early := 0
	for _, last := range done {
		if last < len(order)/2 {
			early++
		}
	}
	if early < len(done)/10 || early > len(done)*9/10 {
		t.Errorf("half way %d of %d streams are complete", early, len(done))
	}
}

// TestBulkStops checks that it is the same each time, stops when told to, and
// says what is wrong.
func TestBulkStops(t *testing.T) {
	o := Default()
	o.Cases = 50
	leaves := func() (leaves []ledger.Hash) {
		for env := range load(t, Bulk(t.Context(), o)).ReadAll(t.Context(), 0) {
			leaves = append(leaves, env.Leaf)
		}
		return leaves
	}
	if !slices.Equal(leaves(), leaves()) {
		t.Error("the same options made different batches")
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for _, err := range Bulk(ctx, o) {
		if n++; n == 3 {
			cancel()
		}
		if (err != nil) != (n == 4) {
			t.Errorf("batch %d: %v", n, err)
		}
	}
	if n != 4 {
		t.Errorf("%d batches", n)
	}
	for range Bulk(t.Context(), o) {
		break
	}
	o.Cases = 0
	for _, err := range Bulk(t.Context(), o) {
		if err == nil {
			t.Error("no cases, and no error")
		}
	}
}

func BenchmarkBulk(b *testing.B) {
	o := Default()
	o.Cases = 20_000
	events := 0
	for b.Loop() {
		for batch, err := range Bulk(b.Context(), o) {
			if err != nil {
				b.Fatal(err)
			}
			events += len(batch.Records)
		}
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
}
