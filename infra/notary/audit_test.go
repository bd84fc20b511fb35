package notary

import (
	"context"
	"errors"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
	"xinfang/domain/proof"
)

// edited is a log of which somebody has rewritten everything so that it fits
// together again: positions without gaps, every leaf made anew.
type edited struct {
	ledger.Log
	all []ledger.Envelope
}

func (e edited) Head(context.Context) (ledger.Position, error) {
	return ledger.Position(len(e.all)), nil
}

func (e edited) ReadAll(_ context.Context, after ledger.Position) iter.Seq2[ledger.Envelope, error] {
	return slice(e.all).ReadAll(context.Background(), after)
}

// refit makes positions, origins and leaves of all fit together again.
func refit(all []ledger.Envelope) []ledger.Envelope {
	prev, version := make(map[ledger.Stream]ledger.Hash), make(map[ledger.Stream]ledger.Version)
	for i := range all {
		e := &all[i]
		version[e.Stream]++
		e.Position, e.Version, e.Prev = ledger.Position(i+1), version[e.Stream], prev[e.Stream]
		e.Origin = ledger.Origin{Commit: uint64(i + 1), Prepare: uint64(i + 1)}
		*e = e.Seal()
		prev[e.Stream] = e.Leaf
	}
	return all
}

// TestAttackA is catalogue A of what can be done to a store, each against the same
// 1,000 entries: an auditor with the tree names the leaf, and one without sees that
// something was done.
func TestAttackA(t *testing.T) {
	const at = 500 // index of the leaf that is attacked
	r := newRig(t)
	r.record(1000)
	p, err := r.signed()
	if err != nil {
		t.Fatal(err)
	}
	one := func(change func(*ledger.Envelope)) func([]ledger.Envelope) []ledger.Envelope {
		return func(all []ledger.Envelope) []ledger.Envelope { change(&all[at]); all[at] = all[at].Seal(); return all }
	}
	bytesOf := func(b []byte, f func([]byte)) []byte { b = slices.Clone(b); f(b); return b }
	for name, tt := range map[string]struct {
		harm func([]ledger.Envelope) []ledger.Envelope
		want proof.Verdict
		leaf int64
	}{
		"A1 one bit of the payload": {one(func(e *ledger.Envelope) { e.Data = bytesOf(e.Data, func(b []byte) { b[0] ^= 1 }) }), proof.TamperedContent, at},
		"A2 payload of 0xFF, as long": {one(func(e *ledger.Envelope) {
			e.Data = bytesOf(e.Data, func(b []byte) {
				for i := range b {
					b[i] = 0xFF
				}
			})
		}), proof.TamperedContent, at},
		"A3 metadata": {one(func(e *ledger.Envelope) { e.Meta = append(slices.Clone(e.Meta), ' ') }), proof.TamperedContent, at},
		"A4 the last byte of data moved to metadata": {one(func(e *ledger.Envelope) {
			last := len(e.Data) - 1
			e.Meta = append([]byte{e.Data[last]}, e.Meta...)
			e.Data = e.Data[:last]
		}), proof.TamperedContent, at},
		"A5 recorded 100 ns earlier": {one(func(e *ledger.Envelope) { e.Recorded-- }), proof.TamperedContent, at},
		"A6 the type":                {one(func(e *ledger.Envelope) { e.Type = "Rejected" }), proof.TamperedContent, at},
		"A7 the content type":        {one(func(e *ledger.Envelope) { e.Binary = true }), proof.TamperedContent, at},
		"A8 the id":                  {one(func(e *ledger.Envelope) { e.ID = uuid.UUID{1} }), proof.TamperedContent, at},
		"A9 moved to another case":   {one(func(e *ledger.Envelope) { e.Stream = r.streams[(at+1)%5] }), proof.TamperedMissing, at},
		"A10 only the place":         {one(func(e *ledger.Envelope) { e.Origin.Commit++; e.Origin.Prepare++ }), proof.TamperedOrder, at},
		"A11 removed":                {func(all []ledger.Envelope) []ledger.Envelope { return slices.Delete(all, at, at+1) }, proof.TamperedMissing, at},
		"A12 removed, and renumbered": {func(all []ledger.Envelope) []ledger.Envelope {
			return refit(slices.Delete(all, at, at+1))
		}, proof.TamperedMissing, at},
		"A13 the last three removed": {func(all []ledger.Envelope) []ledger.Envelope { return all[:997] }, proof.Truncated, 997},
		"A14 the last one replaced": {func(all []ledger.Envelope) []ledger.Envelope {
			all[999].Data, all[999].ID = []byte("x"), uuid.UUID{1}
			return refit(all)
		}, proof.TamperedContent, 999},
		"A15 one inserted": {func(all []ledger.Envelope) []ledger.Envelope {
			extra := all[at]
			extra.ID = uuid.UUID{1}
			return refit(slices.Insert(all, at, extra))
		}, proof.TamperedInserted, at},
		"A16 two swapped, places exchanged": {func(all []ledger.Envelope) []ledger.Envelope {
			all[at], all[at+1] = all[at+1], all[at]
			return refit(all)
		}, proof.TamperedOrder, at},
		"A17 two swapped with their places": {func(all []ledger.Envelope) []ledger.Envelope {
			all[at], all[at+1] = all[at+1], all[at]
			return all
		}, proof.TamperedOrder, at},
		"A18 a whole case removed": {func(all []ledger.Envelope) []ledger.Envelope {
			return refit(slices.DeleteFunc(all, func(e ledger.Envelope) bool { return e.Stream == r.streams[2] }))
		}, proof.TamperedMissing, 2},
		"A19 honest growth": {func(all []ledger.Envelope) []ledger.Envelope {
			extra := all[at]
			extra.ID = uuid.UUID{1}
			return refit(append(all, extra))
		}, proof.OK, 0},
		"A23 restored, and going on otherwise": {func(all []ledger.Envelope) []ledger.Envelope {
			for i := range all[at:] {
				all[at+i].ID = uuid.NewSHA1(all[at+i].ID, []byte("other"))
			}
			return refit(all)
		}, proof.TamperedContent, at},
	} {
		t.Run(name, func(t *testing.T) {
			all := tt.harm(ledgertest.Collect(t, r.store.ReadAll(t.Context(), 0)))
			audit := Audit{Log: edited{r.store, all}, Dir: r.dir, Policy: r.policy, Note: p.Note}
			done, err := audit.Run(t.Context())
			if tt.want == proof.OK {
				if err != nil || done.Beyond != 1 || done.Size != 1000 {
					t.Errorf("%+v, %v", done, err)
				}
				return
			}
			f, _ := errors.AsType[*proof.Finding](err)
			if f == nil || f.Verdict != tt.want || f.Index != tt.leaf {
				t.Errorf("%v, want %s at %d", err, tt.want, tt.leaf)
			}
			if want := r.streams[tt.leaf%5].String(); f != nil && f.Stream != want {
				t.Errorf("it is said to be of %q, and not of %s", f.Stream, want)
			}
			audit.Dir = ""
			if _, err := audit.Run(t.Context()); proof.VerdictOf(err).Holds() {
				t.Errorf("without a tree it was not seen: %v", err)
			}
		})
	}
}

// TestBackdated has an entry signed for that was recorded a month before the one that
// it follows, by a store that does not look at its clock.
func TestBackdated(t *testing.T) {
	t.Run("A25 recorded a month earlier", func(t *testing.T) {
		r := newRig(t)
		all := r.many(300)
		all[299].Recorded -= ledger.Ticks(30 * 24 * time.Hour / 100)
		all[299] = all[299].Seal()
		r.log = all
		p, err := r.signed()
		if err != nil {
			t.Fatal(err)
		}
		_, err = Audit{Log: all, Dir: r.dir, Policy: r.policy, Note: p.Note}.Run(t.Context())
		if f, _ := errors.AsType[*proof.Finding](err); f == nil || f.Verdict != proof.TimeViolation || f.Index != 299 {
			t.Errorf("%v", err)
		}
	})
}

// TestSince goes on from a checkpoint of which all was audited: what is missing of that is
// seen though it is not read again, and so is an entry that follows it and is recorded
// before it.
func TestSince(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(slice) slice // of what follows the first 200
		want   proof.Verdict
		leaf   int64
	}{
		"honest":           {func(all slice) slice { return all }, proof.OK, 0},
		"cut off":          {func(all slice) slice { return all[:150] }, proof.Truncated, 150},
		"the last is gone": {func(all slice) slice { return all[:299] }, proof.Truncated, 299},
		"A25 at the seam":  {nil, proof.TimeViolation, 200},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			all := r.many(300)
			for i := range all {
				all[i].Recorded += 1 << 40
				if tt.change == nil && i == 200 {
					all[i].Recorded -= 1 << 30
				}
				all[i] = all[i].Seal()
			}
			r.log = all[:200]
			old, err := r.signed()
			if err != nil {
				t.Fatal(err)
			}
			log := all
			if r.log = all; tt.change != nil {
				log = tt.change(all)
			}
			p, err := r.signed()
			if err != nil {
				t.Fatal(err)
			}
			_, err = Audit{Log: log, Dir: r.dir, Policy: r.policy, Note: p.Note, Since: old.Note}.Run(t.Context())
			if f, _ := errors.AsType[*proof.Finding](err); proof.VerdictOf(err) != tt.want || f != nil && f.Index != tt.leaf {
				t.Errorf("%v, want %s at %d", err, tt.want, tt.leaf)
			}
		})
	}
}

// TestPostdated has an entry cosigned that says to be recorded long after that, by a
// ledger whose clock was turned on: an audit says so, and a notary signs on, for it may
// be the witness's clock that is wrong.
func TestPostdated(t *testing.T) {
	r, _, _ := witnessed(t)
	all := r.many(300)
	all[299].Recorded = ledger.TicksOf(time.Now().Add(24 * time.Hour))
	all[299] = all[299].Seal()
	r.log = all
	n, end := r.open()
	defer end()
	if err := n.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	done, err := n.Audit(t.Context(), nil)
	if err != nil || !done.Witnessed || done.Late == nil || done.Late.Verdict != proof.TimeViolation || done.Late.Index != 299 || n.Status().Stopped != nil {
		t.Errorf("%+v, %v, stopped: %v", done, err, n.Status().Stopped)
	}
	unseen := newRig(t)
	unseen.log = all
	p, err := unseen.signed()
	if err != nil {
		t.Fatal(err)
	}
	done, err = Audit{Log: all, Dir: unseen.dir, Policy: unseen.policy, Note: p.Note}.Run(t.Context())
	if err != nil || done.Late != nil {
		t.Errorf("nobody has seen it, and it is late: %+v, %v", done.Late, err)
	}
}

// TestAuditOwn has a notary audit its own ledger, which is altered where no start looks.
func TestAuditOwn(t *testing.T) {
	r := newRig(t)
	r.record(3000)
	if _, err := r.signed(); err != nil {
		t.Fatal(err)
	}
	n, end := r.open()
	defer end()
	if err := n.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	whole := n.Published().Note
	if done, err := n.Audit(t.Context(), nil); err != nil || done.Size != 3000 || n.Status().Audited.At.IsZero() {
		t.Fatalf("%+v, %v", done, err)
	}
	r.record(10)
	if err := n.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if done, err := n.Audit(t.Context(), whole); err != nil || done.From != 3000 || done.Size != 3010 {
		t.Errorf("what is new: %+v, %v", done, err)
	}
	n.o.Log = altered{Log: r.store, at: 500, change: lie}
	if _, err := n.Audit(t.Context(), nil); proof.VerdictOf(err) != proof.TamperedContent {
		t.Errorf("an altered entry: %v", err)
	}
	r.record(1)
	if err := n.CatchUp(t.Context()); proof.VerdictOf(err) != proof.TamperedContent || n.Published().Size != 3010 {
		t.Errorf("it goes on signing: %v", err)
	}
}

// TestAuditSince audits what follows an older checkpoint, and refuses one that the
// ledger does not continue.
func TestAuditSince(t *testing.T) {
	r := newRig(t)
	r.record(300)
	old, err := r.signed()
	if err != nil {
		t.Fatal(err)
	}
	r.record(400)
	p, err := r.signed()
	if err != nil {
		t.Fatal(err)
	}
	audit := Audit{Log: r.store, Dir: r.dir, Policy: r.policy, Note: p.Note, Since: old.Note}
	if done, err := audit.Run(t.Context()); err != nil || done.From != 300 || done.Size != 700 {
		t.Errorf("%+v, %v", done, err)
	}
	for name, tt := range map[string]struct {
		now, held []byte
		want      proof.Verdict
	}{"older": {p.Note, old.Note, proof.OK}, "the same": {p.Note, p.Note, proof.OK}, "newer": {old.Note, p.Note, proof.RolledBack}} {
		if err := (Audit{Dir: r.dir, Policy: r.policy, Note: tt.now}).Continues(tt.held); proof.VerdictOf(err) != tt.want {
			t.Errorf("a held checkpoint that is %s: %v, want %s", name, err, tt.want)
		}
	}
	audit.Log = altered{Log: r.store, at: 650, change: lie}
	if _, err := audit.Run(t.Context()); proof.VerdictOf(err) != proof.TamperedContent {
		t.Errorf("an altered entry: %v", err)
	}
	other := newRig(t) // which has the same key, and other streams
	other.record(300)
	if old, err = other.signed(); err != nil {
		t.Fatal(err)
	}
	audit.Log, audit.Since = r.store, old.Note
	if _, err := audit.Run(t.Context()); proof.VerdictOf(err) != proof.Fork {
		t.Errorf("a checkpoint of another history: %v", err)
	}
}

// BenchmarkAudit compares a ledger of events of 600 bytes with a checkpoint.
func BenchmarkAudit(b *testing.B) {
	r, events := newRig(b), 100_000
	r.log = r.many(events)
	p, err := r.signed()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (Audit{Log: r.log, Dir: r.dir, Policy: r.policy, Note: p.Note}).Run(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(events)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
