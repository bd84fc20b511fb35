package projectionstest

import (
	"context"
	"iter"
	"maps"
	"reflect"
	"slices"
	"testing"

	"xinfang/domain/ledger"
	"xinfang/domain/petition"
	"xinfang/projections"
)

// A Reader is a view whose rows can be read back, by number.
type Reader interface {
	projections.View
	Find(ctx context.Context, number string) (projections.Row, bool, error)
}

// Numbers are the cases of [NewDistrict].
var Numbers = []string{"XF-1", "XF-2", "XF-3", "XF-4", "XF-5", "XF-6"}

// TestView checks that views made by open keep the promises of
// projections.View. Each call of open must return an empty view.
func TestView(t *testing.T, open func(t *testing.T) Reader) {
	t.Run("caught up event by event, it is what a build makes", func(t *testing.T) {
		d := NewDistrict(t)
		head, err := d.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		slow := open(t)
		for p := ledger.Position(1); p <= head; p++ {
			part := &past{d.Store, p}
			if err := projections.NewProjector(part, slow, 2).CatchUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			fast := open(t)
			if err := projections.Build(t.Context(), part, fast, p, 2, func(int64) {}); err != nil {
				t.Fatal(err)
			}
			same(t, p, slow, fast)
		}
		whole := open(t)
		if err := projections.Build(t.Context(), d.Store, whole, 5, 2, func(int64) {}); err != nil {
			t.Fatal(err)
		}
		early := open(t)
		if err := projections.NewProjector(&past{d.Store, 5}, early, 1).CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		same(t, 5, early, whole)
	})
	t.Run("it never goes back", func(t *testing.T) {
		d, v := NewDistrict(t), open(t)
		if err := projections.NewProjector(d.Store, v, 1).CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		before, _, _ := v.Find(t.Context(), "XF-1")
		stale := before
		stale.Stage = petition.Received
		if err := v.Write(t.Context(), 3, []projections.Row{stale}); err != nil {
			t.Fatal(err)
		}
		after, _, err := v.Find(t.Context(), "XF-1")
		if err != nil || !reflect.DeepEqual(before, after) {
			t.Errorf("a writer that was behind changed the row: %+v, %v", after, err)
		}
	})
}

// same checks that two views reflect position p with the same rows.
func same(t *testing.T, p ledger.Position, a, b Reader) {
	t.Helper()
	rows := func(v Reader) map[string]projections.Row {
		m := make(map[string]projections.Row)
		if at, err := v.Position(t.Context()); err != nil || at != p {
			t.Fatalf("the view is at position %d, %v; want %d", at, err, p)
		}
		for _, number := range Numbers {
			r, ok, err := v.Find(t.Context(), number)
			if err != nil {
				t.Fatal(err)
			}
			if ok {
				m[number] = r
			}
		}
		return m
	}
	if x, y := rows(a), rows(b); !reflect.DeepEqual(x, y) {
		t.Fatalf("at position %d the rows of %v differ:\n%+v\n%+v", p, slices.Sorted(maps.Keys(x)), x, y)
	}
}

// past is a ledger as it was when its head was at.
type past struct {
	ledger.Log
	at ledger.Position
}

func (p *past) Head(context.Context) (ledger.Position, error) { return p.at, nil }

func (p *past) ReadAll(ctx context.Context, after ledger.Position) iter.Seq2[ledger.Envelope, error] {
	return func(yield func(ledger.Envelope, error) bool) {
		for env, err := range p.Log.ReadAll(ctx, after) {
			if env.Position > p.at || !yield(env, err) {
				return
			}
		}
	}
}
