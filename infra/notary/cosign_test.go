package notary

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/attest"
	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
	"xinfang/domain/proof"
)

// witnessed returns a rig with two witnesses that know its policy.
func witnessed(t *testing.T) (*rig, *judge, *judge) {
	t.Helper()
	a, b := newJudge("inspection.example.gov.cn/w1", 1), newJudge("audit.example.gov.cn/w2", 2)
	r := newRig(t, a, b)
	a.policy = func() *proof.Policy { return r.policy }
	b.policy = a.policy
	return r, a, b
}

// TestCosign has two witnesses cosign, one of which misbehaves in between: what is
// published never has a signature that does not hold, and is witnessed only when
// both have signed.
func TestCosign(t *testing.T) {
	r, _, b := witnessed(t)
	n, end := r.open()
	defer end()
	for _, tt := range []struct {
		name           string
		record         int
		silent, garble bool
		want           int // cosignatures
	}{
		{"both", 3, false, false, 2},
		{"both again, of the same", 0, false, false, 2},
		{"B13 one is silent", 300, true, false, 1},
		{"it answers again", 0, false, false, 2},
		{"one signs garbage", 1, false, true, 1},
		{"both at last", 1, false, false, 2},
	} {
		r.record(tt.record)
		b.silent, b.garble = tt.silent, tt.garble
		if err := n.CatchUp(t.Context()); err != nil {
			t.Fatal(tt.name, err)
		}
		s, err := r.policy.Open(n.Published().Note)
		if err != nil || len(s.Cosigned) != tt.want || s.Witnessed != (tt.want == 2) {
			t.Errorf("%s: %+v, %v", tt.name, s, err)
		}
		head, _ := r.store.Head(t.Context())
		if s.Size != int64(head) {
			t.Errorf("%s: %d leaves of %d", tt.name, s.Size, head)
		}
		status := n.Status()
		if (status.Witnesses[1].Err == nil) != (tt.want == 2) || status.Stopped != nil {
			t.Errorf("%s: status %+v", tt.name, status)
		}
		if w, err := n.Covering(0); err != nil || !w.Witnessed {
			t.Errorf("%s: a witnessed checkpoint was there, and %+v covers", tt.name, w)
		}
	}
	if b.last.Size != 305 {
		t.Errorf("the witness has seen %d leaves", b.last.Size)
	}
}

// TestRolledBack takes the notary back to an older state, guard and all, or has it
// sign another history: the witnesses have seen the newer one.
func TestRolledBack(t *testing.T) {
	for name, tt := range map[string]struct {
		harm   func(r *rig)
		before int // entries that are signed for and witnessed
		more   int // that are recorded before it starts again
		want   proof.Verdict
	}{
		"B1 an old copy of everything":                  {func(r *rig) { r.log = altered{Log: r.store, end: 200} }, 300, 0, proof.RolledBack},
		"B15 nothing but ledger and key":                {func(*rig) {}, 300, 5, proof.OK},
		"B15 nothing but a ledger of some size and key": {func(*rig) {}, 2*batch + 300, 5, proof.OK},
		"B3 another history, as long":                   {func(r *rig) { r.log = altered{Log: r.store, at: 7, change: lie} }, 300, 0, proof.Fork},
		"B3 another history, and longer ":               {func(r *rig) { r.log = altered{Log: r.store, at: 7, change: lie} }, 300, 5, proof.Fork},
	} {
		t.Run(name, func(t *testing.T) {
			r, a, b := witnessed(t)
			r.record(tt.before)
			if _, err := r.signed(); err != nil {
				t.Fatal(err)
			}
			remove(t, r.dir)
			r.record(tt.more)
			tt.harm(r)
			n, end := r.open()
			defer end()
			err := n.CatchUp(t.Context())
			if err == nil {
				err = errors.Join(n.Status().Stopped, n.Status().Witnesses[0].Err)
			}
			if got := proof.VerdictOf(err); got != tt.want || n.Published().Witnessed != (tt.want == proof.OK) {
				t.Errorf("%v, published %+v", err, n.Published().Signed)
			}
			if stopped := n.Status().Stopped; proof.VerdictOf(stopped) != tt.want {
				t.Errorf("stopped: %v", stopped)
			}
			if want := int64(tt.before + tt.more); tt.want == proof.OK && (a.last.Size != want || b.last != r.want(want)) {
				t.Errorf("the witnesses have seen %+v, %+v", a.last, b.last)
			}
		})
	}
}

func lie(e *ledger.Envelope) { e.Type = "Unsaid"; *e = e.Seal() }

// TestWitnessedFile starts beside a witnessed checkpoint that is damaged, of a policy
// that has changed, or of more leaves than the guard and the checkpoint know.
func TestWitnessedFile(t *testing.T) {
	for name, tt := range map[string]struct {
		harm func(r *rig)
		want proof.Verdict
	}{
		"damaged":        {func(r *rig) { edit(t, filepath.Join(r.dir, "witnessed"), func(b []byte) { b[3] ^= 1 }) }, proof.OK},
		"another policy": {func(r *rig) { r.policy = newRig(t).policy; r.witnesses = nil }, proof.OK},
		"guard and checkpoint taken back": {func(r *rig) {
			remove(t, filepath.Join(r.dir, "guard"))
			remove(t, filepath.Join(r.dir, "checkpoint"))
		}, proof.RolledBack},
	} {
		t.Run(name, func(t *testing.T) {
			r, _, _ := witnessed(t)
			r.record(300)
			if p, err := r.signed(); err != nil || !p.Witnessed {
				t.Fatalf("%+v, %v", p, err)
			}
			tt.harm(r)
			r.record(1)
			p, err := r.signed()
			if proof.VerdictOf(err) != tt.want || tt.want == proof.OK && p.Size != 301 {
				t.Errorf("%+v, %v", p.Signed, err)
			}
		})
	}
}

// TestGuard asks the guard for what it must not sign, and has a second one begin
// beside it.
func TestGuard(t *testing.T) {
	r := newRig(t)
	r.record(300)
	n, end := r.open()
	defer end()
	if err := n.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	g, at := n.o.Guard, r.want(300)
	old, other := r.want(299), at
	other.Root[0] ^= 1
	longer := proof.Checkpoint{Origin: origin, Size: 301, Root: other.Root}
	elsewhere := at
	elsewhere.Origin += "-2"
	for name, tt := range map[string]struct {
		c    proof.Checkpoint
		want proof.Verdict
	}{
		"the same again":                {at, proof.OK},
		"B8 a smaller one":              {old, proof.RolledBack},
		"B4 the same size, other root":  {other, proof.Fork},
		"B3 a larger one without proof": {longer, proof.Fork},
		"B6 of another ledger":          {elsewhere, proof.WrongOrigin},
		"none":                          {proof.Checkpoint{Origin: origin}, proof.Malformed},
		"impossibly large":              {proof.Checkpoint{Origin: origin, Size: 1 << 62}, proof.Malformed},
	} {
		if _, err := g.Sign(t.Context(), tt.c, nil); proof.VerdictOf(err) != tt.want {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
	if last, err := g.Last(t.Context()); last != at || err != nil {
		t.Errorf("the guard remembers %+v, %v", last, err)
	}
	if _, err := g.SignHeads(t.Context(), proof.HeadsNote{Size: 301, Streams: 1}); err == nil {
		t.Error("heads of leaves that were not signed for are signed")
	}
	t.Run("B10 two at once", func(t *testing.T) {
		if _, err := OpenGuard(n.path("guard"), r.policy, r.signer); err == nil {
			t.Error("two guards have one memory")
		}
	})
	end()
	edit(t, n.path("guard/guard"), func(b []byte) { b[len(origin)+1] = '1' })
	if _, err := OpenGuard(n.path("guard"), r.policy, r.signer); err == nil {
		t.Error("a damaged memory is believed")
	}
}

// TestAttest asks for attestations of heads, and checks them as a stranger does.
func TestAttest(t *testing.T) {
	r, _, _ := witnessed(t)
	r.record(23)
	n, end := r.open()
	defer func() { end() }()
	m := ledger.Meta{Actor: ledger.Actor{Officer: "notary"}}
	last := func(stream ledger.Stream) proof.Head {
		all := ledgertest.Collect(t, r.store.ReadStream(t.Context(), stream, 0))
		e := all[len(all)-1]
		return proof.Head{Stream: stream, Version: e.Version, Index: int64(e.Position) - 1, Leaf: e.Leaf}
	}
	var before *Attested
	for _, tt := range []struct {
		index int64
		fresh bool
	}{{22, true}, {3, false}, {22, false}} {
		a, err := n.Attest(t.Context(), r.store, m, tt.index)
		if err != nil {
			t.Fatal(err)
		}
		if (a != before) != tt.fresh {
			t.Errorf("for leaf %d: a fresh one: %t", tt.index, a != before)
		}
		before = a
		e, err := attest.Codec.Decode(a.Event.Type, a.Event.Data)
		if err != nil {
			t.Fatal(err)
		}
		heads, err := r.policy.OpenHeads([]byte(e.(attest.NotaryHeads).Note))
		if err != nil || heads != a.Note {
			t.Fatalf("%+v, %v", heads, err)
		}
		for _, stream := range r.streams {
			h := last(stream)
			p, ok := a.Prove(h)
			if err := heads.Check(h, p); !ok || err != nil {
				t.Errorf("%v: %t, %v", stream, ok, err)
			}
			h.Version--
			if err := heads.Check(h, p); proof.VerdictOf(err) != proof.Incomplete {
				t.Errorf("one entry less: %v", err)
			}
		}
		if w, err := n.Covering(int64(a.Event.Position) - 1); err != nil || !w.Witnessed {
			t.Errorf("the attestation is not covered by a witnessed checkpoint: %+v", w)
		}
	}
	end()
	n, end = r.open()
	if a, err := n.Attest(t.Context(), r.store, m, 22); err != nil || a.Event.ID != before.Event.ID || a.Note != before.Note {
		t.Errorf("after a restart: %+v, %v", a, err)
	}
	extra := ledger.Stream{Category: "case", ID: uuid.UUID{9}}
	recorded, err := r.store.Append(t.Context(), extra, 0, ledgertest.Record("later"))
	if err != nil {
		t.Fatal(err)
	}
	if a, err := n.Attest(t.Context(), r.store, m, int64(recorded[0].Position)-1); err != nil || a.Event.ID == before.Event.ID {
		t.Errorf("for an entry that came later: %+v, %v", a, err)
	}
	if _, err := n.Attest(t.Context(), r.store, m, 1000); err == nil {
		t.Error("what is not recorded is attested")
	}
	// B19: whoever may append can append such an event, but not sign it.
	secret, _, err := note.GenerateKey(rand.NewChaCha8([32]byte{2}), origin)
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := note.NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	forged, err := note.Sign(&note.Note{Text: before.Note.Text(origin)}, stranger)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.policy.OpenHeads(forged); proof.VerdictOf(err) != proof.UnknownKey {
		t.Errorf("a forged attestation: %v", err)
	}
}

// TestAttestDaily asks for the attestation of each day, at several times.
func TestAttestDaily(t *testing.T) {
	r := newRig(t)
	n, end := r.open()
	defer end()
	now := time.Now()
	n.o.Now = func() time.Time { return now }
	r.store.Now = n.o.Now
	for _, tt := range []struct {
		name   string
		later  time.Duration
		record int
		want   ledger.Position // head afterwards
	}{
		{"there is nothing yet", 0, 0, 0},
		{"the first", 0, 3, 4},
		{"nothing new", 0, 0, 4},
		{"something new, the same day", time.Hour, 2, 6},
		{"the next day", 24 * time.Hour, 0, 7},
		{"and nothing new since", 48 * time.Hour, 0, 7},
	} {
		now = now.Add(tt.later)
		for range tt.record {
			if _, err := r.store.Append(t.Context(), ledgertest.NewStream(), 0, ledgertest.Record("x")); err != nil {
				t.Fatal(err)
			}
		}
		err := n.AttestDaily(t.Context(), r.store, ledger.Meta{Actor: ledger.Actor{Officer: "notary"}})
		if head, _ := r.store.Head(t.Context()); err != nil || head != tt.want {
			t.Errorf("%s: the ledger ends at %d, want %d; %v", tt.name, head, tt.want, err)
		}
	}
}

// TestPublishLate publishes what was signed earlier after what was signed later, as an
// answer of a slow witness would have it: the later one stays, and so does the last
// that was witnessed.
func TestPublishLate(t *testing.T) {
	r, _, _ := witnessed(t)
	first, second := r.round(), r.round()
	n, end := r.open()
	defer end()
	for _, tt := range []struct {
		name            string
		note            []byte
		size, witnessed int64
	}{
		{"the first, witnessed", proof.Merge(first.signed.Note, first.lines...), 300, 300},
		{"the second, not yet", second.signed.Note, 600, 300},
		{"the first again", proof.Merge(first.signed.Note, first.lines...), 600, 300},
		{"the second, witnessed", proof.Merge(second.signed.Note, second.lines...), 600, 600},
		{"the first once more", proof.Merge(first.signed.Note, first.lines...), 600, 600},
		{"the second without its witnesses", second.signed.Note, 600, 600},
	} {
		if err := n.publish(tt.note); err != nil {
			t.Fatal(tt.name, err)
		}
		status := n.Status()
		if status.Published.Size != tt.size || status.Witnessed.Size != tt.witnessed {
			t.Errorf("%s: %d published, %d witnessed", tt.name, status.Published.Size, status.Witnessed.Size)
		}
		for name, want := range map[string]int64{"checkpoint": tt.size, "witnessed": tt.witnessed} {
			b, err := os.ReadFile(n.path(name))
			if s, opened := r.policy.Open(b); errors.Join(err, opened) != nil || s.Size != want {
				t.Errorf("%s: %s is of %d leaves; %v, %v", tt.name, name, s.Size, err, opened)
			}
		}
	}
}

// TestForkAtStart starts with another history than the witnesses have seen, and a guard
// and a checkpoint that fit it, time and again: it signs nothing more.
func TestForkAtStart(t *testing.T) {
	r, a, b := witnessed(t)
	r.record(300)
	if _, err := r.signed(); err != nil {
		t.Fatal(err)
	}
	remove(t, r.dir)
	r.log = altered{Log: r.store, at: 7, change: lie}
	a.silent, b.silent = true, true
	r.record(5)
	forked, err := r.signed()
	if err != nil || forked.Size != 305 {
		t.Fatalf("%+v, %v", forked, err)
	}
	a.silent, b.silent = false, false
	for range 2 {
		r.record(5)
		n, end := r.open()
		err := n.CatchUp(t.Context())
		if proof.VerdictOf(err) != proof.Fork || proof.VerdictOf(n.Status().Stopped) != proof.Fork || n.Published().Size != 305 {
			t.Errorf("%d leaves are signed for, %v", n.Published().Size, err)
		}
		end()
	}
}
