package notary

import (
	"context"
	"errors"
	"iter"
	"slices"
	"testing"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
	"xinfang/domain/proof"
)

// A delivering log delivers what it has in another way.
type delivering struct {
	ledger.Log
	how func([]ledger.Envelope) []ledger.Envelope // of what comes after a position
}

func (d delivering) ReadAll(ctx context.Context, after ledger.Position) iter.Seq2[ledger.Envelope, error] {
	var all []ledger.Envelope
	for env, err := range d.Log.ReadAll(ctx, after) {
		if err != nil {
			return func(yield func(ledger.Envelope, error) bool) { yield(env, err) }
		}
		all = append(all, env)
	}
	return slice(d.how(all)).ReadAll(ctx, 0)
}

// TestDelivery has the notary read a log that delivers an entry twice, in another
// order or not at all.
func TestDelivery(t *testing.T) {
	r := newRig(t)
	r.record(610)
	all, whole := ledgertest.Collect(t, r.store.ReadAll(t.Context(), 0)), r.want(610)
	at := func(e []ledger.Envelope, p ledger.Position) int {
		return slices.IndexFunc(e, func(e ledger.Envelope) bool { return e.Position == p })
	}
	another := func(p ledger.Position) ledger.Envelope {
		e := all[p-1]
		e.Data = []byte("x")
		return e.Seal()
	}
	for name, tt := range map[string]struct {
		how  func([]ledger.Envelope) []ledger.Envelope
		want proof.Verdict
		leaf int64
	}{
		"B11 one is repeated":                    {func(e []ledger.Envelope) []ledger.Envelope { i := at(e, 605); return slices.Insert(e, i+1, e[i]) }, proof.OK, 0},
		"B11 one that is signed for is repeated": {func(e []ledger.Envelope) []ledger.Envelope { return slices.Insert(e, 0, all[599]) }, proof.OK, 0},
		"B11 some are repeated": {func(e []ledger.Envelope) []ledger.Envelope {
			i := at(e, 605)
			return slices.Insert(e, i+1, e[i-2:i+1]...)
		}, proof.OK, 0},
		"B11 one is repeated otherwise": {func(e []ledger.Envelope) []ledger.Envelope {
			return slices.Insert(e, at(e, 605)+1, another(605))
		}, proof.TamperedOrder, 604},
		"B11 one that is signed for is repeated otherwise": {func(e []ledger.Envelope) []ledger.Envelope {
			return slices.Insert(e, at(e, 605)+1, another(600))
		}, proof.TamperedOrder, 599},
		"B11 two come in the other order": {func(e []ledger.Envelope) []ledger.Envelope {
			i := at(e, 605)
			e[i], e[i+1] = e[i+1], e[i]
			return e
		}, proof.TamperedOrder, 604},
		"B12 one is skipped": {func(e []ledger.Envelope) []ledger.Envelope { i := at(e, 605); return slices.Delete(e, i, i+1) }, proof.TamperedMissing, 604},
		"B12 the first one after what is signed for is skipped": {func(e []ledger.Envelope) []ledger.Envelope {
			return slices.DeleteFunc(e, func(e ledger.Envelope) bool { return e.Position == 601 })
		}, proof.TamperedMissing, 600},
		"B12 one is skipped, and much follows": {func(e []ledger.Envelope) []ledger.Envelope {
			i, last := at(e, 605), e[len(e)-1]
			return append(slices.Delete(e, i, i+1), slices.Repeat([]ledger.Envelope{last}, 2*near)...)
		}, proof.TamperedMissing, 604},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.log = slice(all[:600])
			if _, err := r.signed(); err != nil {
				t.Fatal(err)
			}
			n, end := r.open()
			defer end()
			if err := n.CatchUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			n.tree.log = delivering{slice(all), tt.how}
			err := n.CatchUp(t.Context())
			if tt.want == proof.OK {
				if err != nil || n.Published().Checkpoint != whole {
					t.Errorf("%+v, %v", n.Published().Checkpoint, err)
				}
				return
			}
			f, _ := errors.AsType[*proof.Finding](err)
			if f == nil || f.Verdict != tt.want || f.Index != tt.leaf {
				t.Errorf("%v, want %s at %d", err, tt.want, tt.leaf)
			}
			if last, _ := n.o.Guard.Last(t.Context()); n.Published().Size != 600 || last.Size != 600 {
				t.Errorf("it has signed %d leaves all the same", last.Size)
			}
		})
	}
}
