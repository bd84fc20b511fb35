package notary

import (
	"context"
	"testing"
	"time"

	"xinfang/domain/proof"
)

// TestCourier takes a checkpoint to the witnesses by hand, while the ledger goes on,
// and brings their signatures back.
func TestCourier(t *testing.T) {
	r, a, b := witnessed(t)
	round := r.round()
	r.record(300)
	n, end := r.open()
	defer end()
	if err := n.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := Merge(r.dir, r.policy, round.signed.Note, round.lines[0]); proof.VerdictOf(err) != proof.QuorumNotMet {
		t.Errorf("one of two: %v", err)
	}
	if w, err := n.Covering(0); err != nil || w.Witnessed {
		t.Errorf("before the courier is back: %+v, %v", w, err)
	}
	if s, err := Merge(r.dir, r.policy, round.signed.Note, round.lines...); err != nil || !s.Witnessed {
		t.Fatalf("%+v, %v", s, err)
	}
	if w, err := n.Covering(299); err != nil || !w.Witnessed || w.Size != 300 {
		t.Errorf("what was witnessed: %+v, %v", w, err)
	}
	if w, err := n.Covering(300); err != nil || w.Witnessed || w.Size != 600 {
		t.Errorf("what came later: %+v, %v", w, err)
	}
	if _, err := n.Covering(600); err == nil {
		t.Error("what is not there is covered")
	}
	growth, err := Growth(r.dir, n.Published().Checkpoint, a.last.Size)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Cosign(t.Context(), 300, growth, n.Published().Note); err != nil {
		t.Errorf("the next round: %v", err)
	}
	if _, err := Growth(r.dir, n.Published().Checkpoint, 601); err == nil {
		t.Error("a witness that has seen more is given a proof")
	}
}

// TestCourierLater brings the signatures of two rounds back in the wrong order: the
// later round stays.
func TestCourierLater(t *testing.T) {
	r, _, _ := witnessed(t)
	first, second := r.round(), r.round()
	for _, round := range []carried{second, first, second} {
		p, err := Merge(r.dir, r.policy, round.signed.Note, round.lines...)
		if err != nil || !p.Witnessed || p.Size != second.signed.Size {
			t.Errorf("a round of %d leaves: %+v, %v", round.signed.Size, p, err)
		}
		if s, err := r.policy.Open(p.Note); err != nil || s.Checkpoint != p.Checkpoint || !s.Witnessed {
			t.Errorf("its note: %+v, %v", s, err)
		}
	}
}

// TestCourierMeanwhile brings signatures back while a notary without a network runs: it
// sees them by itself.
func TestCourierMeanwhile(t *testing.T) {
	r, _, _ := witnessed(t)
	round := r.round()
	n, end := r.open()
	defer end()
	n.o.Liveness = time.Millisecond
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	ran := make(chan error)
	go func() { ran <- n.Run(ctx) }()
	if _, err := Merge(r.dir, r.policy, round.signed.Note, round.lines...); err != nil {
		t.Fatal(err)
	}
	for n.Status().Witnessed.Size != round.signed.Size && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	if ctx.Err() != nil {
		t.Errorf("not seen: %+v", n.Status())
	}
	stop()
	<-ran
}

// A carried is what a courier brings back.
type carried struct {
	signed Published
	lines  [][]byte
}

// round records some entries, signs for them, and takes them to the witnesses of r by
// hand, which cannot be reached afterwards.
func (r *rig) round() (c carried) {
	r.t.Helper()
	if len(r.witnesses) > 0 {
		r.carriedTo, r.witnesses = r.witnesses, nil
	}
	r.record(300)
	var err error
	if c.signed, err = r.signed(); err != nil || c.signed.Witnessed {
		r.t.Fatalf("%+v, %v", c.signed, err)
	}
	for _, w := range r.carriedTo {
		seen := w.(*judge).last.Size
		growth, err := Growth(r.dir, c.signed.Checkpoint, seen)
		if err != nil {
			r.t.Fatal(err)
		}
		lines, err := w.Cosign(r.t.Context(), seen, growth, c.signed.Note)
		if err != nil {
			r.t.Fatal(err)
		}
		c.lines = append(c.lines, lines)
	}
	return c
}
