package notary

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"xinfang/domain/attest"
	"xinfang/domain/ledger"
	"xinfang/domain/proof"
	"xinfang/domain/proof/prooftest"
)

// stamping gives the rig an authority that its policy pins, and a clock for both.
func (r *rig) stamping(now *time.Time) (*authority, *Notary, func()) {
	r.t.Helper()
	tsa := prooftest.NewTSA(r.t, "tsa.example", func() time.Time { return *now })
	policy, err := proof.ParsePolicy(fmt.Appendf(nil, "%stsaroot %v\n", r.policy, tsa.Pin()))
	if err != nil {
		r.t.Fatal(err)
	}
	r.policy = policy
	r.store.Now = tsa.Now
	n, end := r.open()
	n.o.Now = tsa.Now
	return &authority{TSA: tsa}, n, end
}

// An authority stamps, unless it is away.
type authority struct {
	*prooftest.TSA
	away  bool
	asked int
}

func (a *authority) Stamp(_ context.Context, text string) ([]byte, error) {
	a.asked++
	if a.away {
		return nil, errors.New("no answer")
	}
	return a.Token(text)
}

func (a *authority) chain() [][]byte { return [][]byte{a.Root.Raw} }

// by says who asks, at a time.
func by(at time.Time) ledger.Meta {
	return ledger.Meta{Actor: ledger.Actor{Officer: "system"}, Occurred: at}
}

// TestAnchorHourly lets the hours pass and looks when the authority is asked.
func TestAnchorHourly(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 0, 0, 0, time.UTC)
	r := newRig(t)
	a, n, end := r.stamping(&now)
	defer end()
	for i, step := range []struct {
		name   string
		pass   time.Duration
		record int
		away   bool
		asked  bool
	}{
		{"nothing was recorded ever", 0, 0, false, false},
		{"the first entry", 0, 1, false, true},
		{"too soon", 59 * time.Minute, 5, false, false},
		{"an hour later", time.Minute, 0, false, true},
		{"nothing new", 2 * time.Hour, 0, false, false},
		{"nothing new for a day", 22 * time.Hour, 0, false, true},
		{"the authority is away", 2 * time.Hour, 3, true, true},
		{"it is back", time.Minute, 0, false, true},
	} {
		now = now.Add(step.pass)
		r.record(step.record)
		asked := a.asked
		a.away = step.away
		err := n.AnchorHourly(t.Context(), r.store, by(now), a, a.chain())
		if (err != nil) != step.away || (a.asked > asked) != step.asked {
			t.Errorf("%s: asked %t, %v", step.name, a.asked > asked, err)
		}
		want := now
		if !step.asked || step.away {
			continue
		}
		last, err := n.lastAnchor(t.Context())
		if err != nil || last == nil || !last.Stamp.Time.Equal(want) || last.Index != n.Published().Size-1 || !n.Status().Anchored.Equal(want) {
			t.Errorf("%d, %s: the last anchor is %+v, %v", i, step.name, last, err)
		}
	}
	end()
	again, end := r.open() // it knows from the ledger, not from memory
	defer end()
	again.o.Now = a.Now
	asked := a.asked
	if err := again.AnchorHourly(t.Context(), r.store, by(now), a, a.chain()); err != nil || a.asked != asked {
		t.Errorf("after a start: asked %d times more, %v", a.asked-asked, err)
	}
}

// TestAnchorRefused has an authority that the policy does not pin: nothing is recorded.
func TestAnchorRefused(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 0, 0, 0, time.UTC)
	r := newRig(t)
	_, n, end := r.stamping(&now)
	defer end()
	r.record(3)
	other := &authority{TSA: prooftest.NewTSA(t, "tsa.example", func() time.Time { return now })}
	_, err := n.Anchor(t.Context(), r.store, by(now), other, other.chain())
	if proof.VerdictOf(err) != proof.UnknownKey {
		t.Error(err)
	}
	if head, _ := r.store.Head(t.Context()); head != 3 {
		t.Errorf("%d entries", head)
	}
}

// TestAnchors looks for the anchors around entries, among them one that somebody has
// appended who is no notary (B19).
func TestAnchors(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 0, 0, 0, time.UTC)
	r := newRig(t)
	a, n, end := r.stamping(&now)
	defer end()
	anchor := func() ledger.Position {
		t.Helper()
		now = now.Add(time.Hour)
		made, err := n.Anchor(t.Context(), r.store, by(now), a, a.chain())
		if err != nil {
			t.Fatal(err)
		}
		return ledger.Position(made.Index + 1)
	}
	forge := func() {
		t.Helper()
		forged := attest.NotaryAnchor{Note: proof.Checkpoint{Origin: origin, Size: 1}.Text() + "\n— x AAAAAAAA\n", Token: []byte{1}}
		if _, err := attest.Decider.Handle(t.Context(), r.store, attest.Ask(forged, by(now))); err != nil {
			t.Fatal(err)
		}
	}
	r.record(3) // 1 to 3
	one := anchor()
	forge()     // 5
	r.record(2) // 6 and 7
	two := anchor()
	three := anchor() // which holds the same, and the one before
	r.record(1)       // 10
	size := int64(three) + 1
	for _, tt := range []struct {
		name    string
		indexes []int64
		size    int64
		most    int
		want    []ledger.Position
	}{
		{"before all", []int64{0}, size, 9, []ledger.Position{one}},
		{"between two", []int64{5}, size, 9, []ledger.Position{one, two}},
		{"an anchor itself", []int64{int64(two) - 1}, size, 9, []ledger.Position{one, three}},
		{"after all", []int64{9}, size, 9, []ledger.Position{three}},
		{"of several", []int64{0, 2, 5, 6, 9}, size, 9, []ledger.Position{one, two, three}},
		{"of several, no more than two", []int64{0, 5, 9}, size, 2, []ledger.Position{one, three}},
		{"of a tree that ends before", []int64{5}, int64(two) - 1, 9, []ledger.Position{one}},
		{"of none", nil, size, 9, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found, err := n.Anchors(t.Context(), tt.indexes, tt.size, tt.most)
			if err != nil || len(found) != len(tt.want) {
				t.Fatalf("%d anchors, %v; want %v", len(found), err, tt.want)
			}
			for i, env := range found {
				if env.Position != tt.want[i] {
					t.Errorf("anchor %d is at %d, want %d", i, env.Position, tt.want[i])
				}
			}
		})
	}
}

// A counting log counts how often a stream is read.
type counting struct {
	ledger.Log
	reads *int
}

func (c counting) ReadStream(ctx context.Context, s ledger.Stream, after ledger.Version) iter.Seq2[ledger.Envelope, error] {
	*c.reads++
	return c.Log.ReadStream(ctx, s, after)
}

// TestAnchorsOnce has somebody append anchors that nobody believes, so that it takes
// long to find those around each of many entries: each is looked at once.
func TestAnchorsOnce(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 0, 0, 0, time.UTC)
	r, reads := newRig(t), 0
	r.log = counting{r.store, &reads}
	_, n, end := r.stamping(&now)
	defer end()
	r.record(50)
	for i := range 50 {
		forged := attest.NotaryAnchor{Note: proof.Checkpoint{Origin: origin, Size: 1, Root: ledger.Hash{byte(i)}}.Text() + "\n— x AAAAAAAA\n", Token: []byte{1}}
		if _, err := attest.Decider.Handle(t.Context(), r.store, attest.Ask(forged, by(now))); err != nil {
			t.Fatal(err)
		}
	}
	r.record(50)
	var indexes []int64
	for i := range int64(50) {
		indexes = append(indexes, i, i+100)
	}
	found, err := n.Anchors(t.Context(), indexes, 150, 9)
	if err != nil || len(found) > 0 {
		t.Fatalf("%d anchors, %v", len(found), err)
	}
	if reads > 51 {
		t.Errorf("it read %d times", reads)
	}
}

// TestAuditAnchors audits anchors: as they should be, forged (B19), and recorded by a
// clock that is wrong.
func TestAuditAnchors(t *testing.T) {
	for _, tt := range []struct {
		name   string
		off    time.Duration // of the ledger's clock
		change func(*attest.NotaryAnchor)
		want   proof.Verdict
		forged proof.Verdict // OK if it is not
	}{
		{"honest", 0, nil, proof.OK, proof.OK},
		{"the clock is a little off", -5 * time.Minute, nil, proof.OK, proof.OK},
		{"the clock was turned back", -30 * 24 * time.Hour, nil, proof.TimeViolation, proof.OK},
		{"the clock was turned on, or an anchor comes again: witnesses bound that", 6 * time.Minute, nil, proof.OK, proof.OK},
		{"the note is of another ledger", 0, func(a *attest.NotaryAnchor) { a.Note = "x" + a.Note }, proof.OK, proof.OK},
		{"B19 the note was altered", 0, func(a *attest.NotaryAnchor) { a.Note = strings.Replace(a.Note, "\n5\n", "\n4\n", 1) }, proof.OK, proof.BadSignature},
		{"B19 the token was altered", 0, func(a *attest.NotaryAnchor) { a.Token[len(a.Token)-4] ^= 1 }, proof.OK, proof.BadSignature},
		{"the token is of an authority that the policy does not know", 0, func(a *attest.NotaryAnchor) { a.Chain = nil }, proof.OK, proof.OK},
	} {
		t.Run(tt.name, func(t *testing.T) {
			now := time.Date(2026, 3, 4, 5, 0, 0, 0, time.UTC)
			r := newRig(t)
			a, n, end := r.stamping(&now)
			defer end()
			r.store.Now = func() time.Time { return now.Add(tt.off) }
			r.record(5)
			if err := n.CatchUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			c := n.Published()
			token, err := a.Token(c.Text())
			if err != nil {
				t.Fatal(err)
			}
			e := attest.NotaryAnchor{Note: string(c.Note), Token: token, Chain: a.chain()}
			if tt.change != nil {
				tt.change(&e)
			}
			if _, err := attest.Decider.Handle(t.Context(), r.store, attest.Ask(e, by(now))); err != nil {
				t.Fatal(err)
			}
			if err := n.CatchUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			done, err := Audit{Log: r.store, Dir: r.dir, Policy: r.policy, Note: n.Published().Note}.Run(t.Context())
			if proof.VerdictOf(err) != tt.want {
				t.Errorf("%v, want %s", err, tt.want)
			}
			forged := proof.OK
			for _, f := range done.Forged {
				forged = forged.Worse(f.Verdict)
			}
			if forged != tt.forged || len(done.Forged) > 1 {
				t.Errorf("forged: %v, want %s", done.Forged, tt.forged)
			}
		})
	}
}

// TestAnchorWrongClock has an authority whose clock is a year ahead: what it says is not
// recorded, where it would be held against the ledger for good, and it is asked again.
func TestAnchorWrongClock(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 0, 0, 0, time.UTC)
	r := newRig(t)
	a, n, end := r.stamping(&now)
	defer end()
	a.Now = func() time.Time { return now.AddDate(1, 0, 0) }
	for asked := 1; asked <= 2; asked++ {
		r.record(1)
		if err := n.AnchorHourly(t.Context(), r.store, by(now), a, a.chain()); proof.VerdictOf(err) != proof.TimeViolation || a.asked != asked {
			t.Errorf("asked %d times, want %d; %v", a.asked, asked, err)
		}
		now = now.Add(anchorEvery)
	}
	if head, err := r.store.Head(t.Context()); err != nil || head != 2 {
		t.Errorf("%d entries, %v: one of the authority was recorded", head, err)
	}
}

// TestAhead has a clock that is a month ahead for a moment, over a store that never goes
// back: all that is recorded afterwards is of that month, and what is done from time to
// time is done as often as ever.
func TestAhead(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 0, 0, 0, time.UTC)
	r := newRig(t)
	a, n, end := r.stamping(&now)
	defer end()
	var last time.Time
	r.store.Now = func() time.Time {
		if now.After(last) {
			last = now
		}
		return last
	}
	act := func() {
		t.Helper()
		if err := errors.Join(n.AttestDaily(t.Context(), r.store, by(now)), n.AnchorHourly(t.Context(), r.store, by(now), a, a.chain())); err != nil {
			t.Fatal(err)
		}
	}
	begin := now
	now = now.AddDate(0, 1, 0)
	r.record(1)
	act()
	asked := a.asked
	for now = begin; now.Before(begin.AddDate(0, 0, 2)); now = now.Add(5 * time.Minute) {
		if now.Minute() == 0 {
			r.record(1)
		}
		act()
	}
	if got := a.asked - asked; got < 40 || got > 50 {
		t.Errorf("in two days the authority was asked %d times", got)
	}
	heads := 0
	for env, err := range r.store.ReadAll(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if made, err := attest.Codec.Decode(env.Type, env.Data); err == nil {
			if _, ok := made.(attest.NotaryHeads); ok {
				heads++
			}
		}
	}
	if heads < 2 || heads > 4 {
		t.Errorf("in two days all was attested %d times", heads)
	}
}
