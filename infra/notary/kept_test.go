package notary

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"xinfang/domain/attest"
	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
	"xinfang/domain/proof"
)

// TestKept puts parts of a notary's directory back, or in the place of others, and
// compares the checkpoint with what is left of the truth.
func TestKept(t *testing.T) {
	r := newRig(t)
	r.record(300)
	if _, err := r.signed(); err != nil {
		t.Fatal(err)
	}
	old, older := copyDir(t, r.dir), r.want(300)
	if err := (Audit{Dir: r.dir, Note: read(t, r.dir, "checkpoint")}).Remember(); err != nil {
		t.Fatal(err)
	}
	r.record(400)
	if _, err := r.signed(); err != nil {
		t.Fatal(err)
	}
	r.record(5)
	ahead, other := r.want(705), r.want(705)
	other.Root[0] ^= 1
	beyond := other
	beyond.Size++
	write := func(name string, data []byte) func(string) {
		return func(dir string) {
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, tt := range map[string]struct {
		harm func(dir string)
		want proof.Verdict
	}{
		"nothing":                      {func(string) {}, proof.OK},
		"the checkpoint is an old one": {write("checkpoint", read(t, old, "checkpoint")), proof.OK}, // the ledger has what the guard signed for
		"and was verified later": {func(dir string) {
			write("verified", read(t, dir, "checkpoint"))(dir)
			write("checkpoint", read(t, old, "checkpoint"))(dir)
		}, proof.RolledBack},
		"and was witnessed later": {func(dir string) {
			write("witnessed", read(t, dir, "checkpoint"))(dir)
			write("checkpoint", read(t, old, "checkpoint"))(dir)
		}, proof.RolledBack},
		"the guard is ahead":               {write("guard/guard", memory(ahead)), proof.OK},
		"the guard is behind":              {write("guard/guard", memory(older)), proof.OK},
		"the guard has no memory":          {func(dir string) { remove(t, filepath.Join(dir, "guard")) }, proof.OK},
		"the guard's memory is damaged":    {write("guard/guard", []byte("x")), proof.Malformed},
		"the guard has signed for another": {write("guard/guard", memory(other)), proof.TamperedContent},
		"the guard has signed for more":    {write("guard/guard", memory(beyond)), proof.RolledBack},
		"the guard has signed for another of the size": {func(dir string) {
			c := r.want(700)
			c.Root[0] ^= 1
			write("guard/guard", memory(c))(dir)
		}, proof.Fork},
		"a note that is none was verified": {write("verified", []byte("x")), proof.Malformed},
		"a tile was edited":                {func(dir string) { edit(t, filepath.Join(dir, "tile/0/001"), func(b []byte) { b[0] ^= 1 }) }, proof.BadProof},
		"a leaf was edited":                {func(dir string) { edit(t, filepath.Join(dir, "tile/entries/001"), func(b []byte) { b[9] ^= 1 }) }, proof.BadProof},
		"leaves are gone":                  {func(dir string) { remove(t, filepath.Join(dir, "tile/entries/000")) }, proof.BadProof},
	} {
		t.Run(name, func(t *testing.T) {
			dir := copyDir(t, r.dir)
			tt.harm(dir)
			kept, err := ReadKept(dir, origin)
			if err == nil {
				audit := Audit{Log: r.store, Dir: dir, Policy: r.policy, Note: read(t, dir, "checkpoint")}
				if err = audit.Files(t.Context(), 0); err == nil {
					err = audit.Keeps(t.Context(), kept)
				}
			}
			if proof.VerdictOf(err) != tt.want {
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}

	// What the guard has signed for beyond the checkpoint is read by itself, though the
	// rest was hashed by whoever read it.
	dir := copyDir(t, r.dir)
	write("guard/guard", memory(ahead))(dir)
	beyondIt, err := ReadKept(dir, origin)
	if err != nil {
		t.Fatal(err)
	}
	audit := Audit{Log: altered{Log: r.store, at: 703, change: func(e *ledger.Envelope) { e.Data = []byte("x") }}, Hashed: true, Dir: dir, Policy: r.policy, Note: read(t, dir, "checkpoint")}
	if err := audit.Keeps(t.Context(), beyondIt); proof.VerdictOf(err) != proof.TamperedContent {
		t.Errorf("an entry beyond the checkpoint was altered: %v", err)
	}

	// What follows is audited by itself, and only that.
	kept, err := ReadKept(r.dir, origin)
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[ledger.Position]proof.Verdict{300: proof.OK, 301: proof.TamperedContent} {
		audit := Audit{Log: altered{Log: r.store, at: at, change: lie}, Dir: r.dir, Policy: r.policy, Note: read(t, r.dir, "checkpoint"), Since: kept.Verified}
		if done, err := audit.Run(t.Context()); proof.VerdictOf(err) != want || done.From != 300 {
			t.Errorf("position %d altered: %+v, %v, want %s", at, done, err, want)
		}
	}
	if before := read(t, old, "checkpoint"); !bytes.Equal(kept.Verified, before) {
		t.Errorf("what was verified is %s", kept.Verified)
	}
}

func copyDir(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestKeptSM3 is a crash after the guard has written down what it was about to sign: the
// SM3 tree, which is as old as the checkpoint, is no other version of the ledger.
func TestKeptSM3(t *testing.T) {
	r := newRig(t).withSM2(0)
	r.record(300)
	if _, err := r.signed(); err != nil {
		t.Fatal(err)
	}
	r.record(5)
	if err := os.WriteFile(filepath.Join(r.dir, "guard", "guard"), memory(r.want(305)), 0o600); err != nil {
		t.Fatal(err)
	}
	kept, err := ReadKept(r.dir, origin)
	if err != nil {
		t.Fatal(err)
	}
	audit := Audit{Log: r.store, Dir: r.dir, Policy: r.policy, Note: read(t, r.dir, "checkpoint")}
	if err := audit.Keeps(t.Context(), kept); err != nil {
		t.Error(err)
	}
}

// TestSignedBeyond looks for what the notary has recorded of itself beyond a checkpoint: it
// shows that the checkpoint was put back, and what somebody else has appended does not.
func TestSignedBeyond(t *testing.T) {
	r := newRig(t)
	r.record(20)
	n, end := r.open()
	defer end()
	check := func(name string, size int64, want proof.Verdict) {
		t.Helper()
		err := SignedBeyond(t.Context(), r.store, r.policy, size, math.MaxInt64)
		f, _ := errors.AsType[*proof.Finding](err)
		if proof.VerdictOf(err) != want || want != proof.OK && f.Index != 20 {
			t.Errorf("%s, beyond %d leaves: %v, want %s", name, size, err, want)
		}
	}
	check("nothing is recorded", 0, proof.OK)
	a, err := n.Attest(t.Context(), r.store, ledger.Meta{Actor: ledger.Actor{Officer: "notary"}}, 19)
	if err != nil || a.Note.Size != 20 {
		t.Fatalf("%+v, %v", a, err)
	}
	check("one attestation", 0, proof.RolledBack)
	check("one attestation", 19, proof.RolledBack)
	check("one attestation", 20, proof.OK)
	check("one attestation", 21, proof.OK)
	if err := SignedBeyond(t.Context(), r.store, r.policy, 0, a.Event.Position-1); err != nil {
		t.Errorf("one that was recorded after the checkpoint was read: %v", err)
	}
	r.record(5)
	if err := n.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	forged := a.Note
	forged.Size = 25
	text := append([]byte(forged.Text(origin)+"\n— "), bytes.Repeat([]byte("x"), 100)...)
	record := func(e attest.Event) {
		t.Helper()
		stream := ledgertest.NewStream()
		stream.Category = attest.Category
		if _, err := r.store.Append(t.Context(), stream, 0, attest.Codec.Record(e, ledger.Meta{}, 0)); err != nil {
			t.Fatal(err)
		}
	}
	record(attest.NotaryHeads{Note: string(text)})
	record(attest.NotaryAnchor{Note: string(n.Published().Note[:60])})
	check("forged ones", 21, proof.OK)
	record(attest.NotaryAnchor{Note: string(n.Published().Note)})
	if err := SignedBeyond(t.Context(), r.store, r.policy, 21, math.MaxInt64); proof.VerdictOf(err) != proof.RolledBack {
		t.Errorf("a checkpoint in an anchor: %v", err)
	}
}

// TestSpeaksOfPublished is a crash after the guard has signed for more, and before that is
// published: what is attested or stamped meanwhile speaks of what is published.
func TestSpeaksOfPublished(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 0, 0, 0, time.UTC)
	r := newRig(t)
	a, n, end := r.stamping(&now)
	defer end()
	r.record(20)
	if err := n.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.record(5)
	old := n.Published().Checkpoint
	leaves, err := n.tree.leaves(t.Context(), old, old.Size, batch)
	if err != nil {
		t.Fatal(err)
	}
	g, err := n.tree.grow(old, n.tail, leaves)
	if err == nil {
		err = n.tree.save(&g)
	}
	if err != nil {
		t.Fatal(err)
	}
	growth, err := g.proof()
	if err != nil {
		t.Fatal(err)
	}
	if n.base, err = n.o.Guard.Sign(t.Context(), g.new, growth); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Anchor(t.Context(), r.store, by(now), a, a.chain()); err == nil {
		t.Error("it is stamped before it is published")
	}
	if a, err := n.Attest(t.Context(), r.store, by(now), 19); err != nil || a.Note.Size != old.Size {
		t.Errorf("attested: %+v, %v", a, err)
	}
	if err := SignedBeyond(t.Context(), r.store, r.policy, old.Size, math.MaxInt64); err != nil {
		t.Error(err)
	}
}
