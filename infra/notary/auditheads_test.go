package notary

import (
	"errors"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/attest"
	"xinfang/domain/proof"
)

// TestAuditHeads has the notary sign where streams end, as it is and as it is not, and
// audits the ledger.
func TestAuditHeads(t *testing.T) {
	honest := func(*proof.HeadsNote) {}
	hides := func(n *proof.HeadsNote) { n.Root[0] ^= 1 }
	more := func(n *proof.HeadsNote) { n.Streams++ }
	for _, tt := range []struct {
		name  string
		notes []func(*proof.HeadsNote) // one after the other
		all   bool
		want  proof.Verdict
		at    int64 // the leaf that is named
	}{
		{"none", nil, true, proof.OK, 0},
		{"honest", []func(*proof.HeadsNote){honest, honest, honest}, true, proof.OK, 0},
		{"the last one hides events", []func(*proof.HeadsNote){honest, hides}, false, proof.BadProof, 15},
		{"the last one has a stream more", []func(*proof.HeadsNote){honest, more}, false, proof.BadProof, 15},
		{"an older one hides events", []func(*proof.HeadsNote){hides, honest}, false, proof.OK, 0},
		{"an older one hides events, and all are looked at", []func(*proof.HeadsNote){hides, honest}, true, proof.BadProof, 7},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			n, end := r.open()
			defer end()
			for _, change := range tt.notes {
				r.record(7) // to 5 streams
				if err := n.CatchUp(t.Context()); err != nil {
					t.Fatal(err)
				}
				size := n.Published().Size
				tree, err := new(heads).at(t.Context(), r.store, size)
				if err != nil {
					t.Fatal(err)
				}
				said := tree.Note(size)
				change(&said)
				signed, err := note.Sign(&note.Note{Text: said.Text(origin)}, r.signer)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := attest.Decider.Handle(t.Context(), r.store, attest.Ask(attest.NotaryHeads{Note: string(signed)}, by(time.Time{}))); err != nil {
					t.Fatal(err)
				}
			}
			r.record(3)
			if err := n.CatchUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			done, err := Audit{Log: r.store, Dir: r.dir, Policy: r.policy, Note: n.Published().Note, AllHeads: tt.all}.Run(t.Context())
			f, ok := errors.AsType[*proof.Finding](err)
			if !ok {
				f = new(proof.Finding)
			}
			if proof.VerdictOf(err) != tt.want || f.Index != tt.at || len(done.Forged) > 0 {
				t.Errorf("%v, forged %v; want %s at %d", err, done.Forged, tt.want, tt.at)
			}
		})
	}
}
