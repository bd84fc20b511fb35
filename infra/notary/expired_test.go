package notary

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
	"xinfang/domain/proof"
)

// TestExpired audits a server that has let go of what tells of its scavenges, as it
// says it does, and of more.
func TestExpired(t *testing.T) {
	r, _, _ := witnessed(t)
	one, two := ledger.Stream{Category: Scavenges, ID: uuid.UUID{1}}, ledger.Stream{Category: Scavenges}
	versions := make(map[ledger.Stream]ledger.Version)
	add := func(s ledger.Stream, n int) {
		for range n {
			rec := ledgertest.Record(fmt.Sprint(s, versions[s]))
			rec.ID = uuid.NewSHA1(s.ID, rec.Data)
			if _, err := r.store.Append(t.Context(), s, versions[s], rec); err != nil {
				t.Fatal(err)
			}
			versions[s]++
		}
	}
	add(one, 1) // index 0
	for i := range 100 {
		add(r.streams[i%5], 3)
		if i%10 == 9 {
			add(one, 2)
			add(two, 1)
		}
	}
	add(ledger.Stream{Category: "$$case", ID: uuid.UUID{2}}, 1)
	add(ledger.Stream{Category: "$settings"}, 1)
	add(two, 2)
	p, err := r.signed()
	if err != nil {
		t.Fatal(err)
	}
	// A server has not what is gone; whoever reads it counts what is left, and links
	// it anew. Versions are the server's own.
	reread := func(gone func(e ledger.Envelope) bool) []ledger.Envelope {
		all := slices.DeleteFunc(ledgertest.Collect(t, r.store.ReadAll(t.Context(), 0)), gone)
		prev := make(map[ledger.Stream]ledger.Hash)
		for i := range all {
			e := &all[i]
			e.Position, e.Prev = ledger.Position(i+1), prev[e.Stream]
			*e = e.Seal()
			prev[e.Stream] = e.Leaf
		}
		return all
	}
	trace := func(e ledger.Envelope) bool { return e.Stream.Category == Scavenges }
	for name, tt := range map[string]struct {
		gone    func(ledger.Envelope) bool
		harm    func([]ledger.Envelope) []ledger.Envelope
		expired int64
		want    proof.Verdict
	}{
		"A22 all of them":         {gone: trace, expired: 33, want: proof.OK},
		"A22 the older":           {gone: func(e ledger.Envelope) bool { return trace(e) && e.Position < 150 }, expired: 13, want: proof.OK},
		"A22 those of one":        {gone: func(e ledger.Envelope) bool { return e.Stream == one }, expired: 21, want: proof.OK},
		"A22 the last":            {gone: func(e ledger.Envelope) bool { return e.Stream == two }, expired: 12, want: proof.OK},
		"A22 and one of a case":   {gone: func(e ledger.Envelope) bool { return trace(e) || e.Position == 200 && !trace(e) }, want: proof.TamperedMissing},
		"A22 and metadata":        {gone: func(e ledger.Envelope) bool { return trace(e) || e.Stream.Category == "$$case" }, want: proof.TamperedMissing},
		"A22 and the end":         {gone: func(e ledger.Envelope) bool { return trace(e) || e.Position > 300 }, want: proof.Truncated},
		"A22 and one was altered": {gone: trace, harm: func(all []ledger.Envelope) []ledger.Envelope { all[100].Data = []byte("x"); return all }, want: proof.TamperedContent},
		"A22 one of them was altered": {gone: func(e ledger.Envelope) bool { return e.Stream == two }, harm: func(all []ledger.Envelope) []ledger.Envelope {
			all[slices.IndexFunc(all, trace)].Data = []byte("x")
			return all
		}, want: proof.TamperedContent},
		"A22 and two were swapped": {gone: trace, harm: func(all []ledger.Envelope) []ledger.Envelope { all[100], all[101] = all[101], all[100]; return all }, want: proof.TamperedOrder},
		"A22 and one was put in": {gone: trace, harm: func(all []ledger.Envelope) []ledger.Envelope {
			extra := all[100]
			extra.ID = uuid.UUID{9}
			return slices.Insert(all, 100, extra)
		}, want: proof.TamperedInserted},
	} {
		t.Run(name, func(t *testing.T) {
			all := reread(tt.gone)
			if tt.harm != nil {
				all = tt.harm(all)
			}
			audit := Audit{Log: edited{r.store, all}, Dir: r.dir, Policy: r.policy, Note: p.Note}
			done, err := audit.Run(t.Context())
			if proof.VerdictOf(err) != tt.want || done.Expired != tt.expired || done.Beyond != 0 || done.Late != nil {
				t.Errorf("%+v, %v, want %s and %d expired", done, err, tt.want, tt.expired)
			}
			audit.Dir = ""
			if _, err := audit.Run(t.Context()); proof.VerdictOf(err).Holds() {
				t.Errorf("without a tree nothing says what was there: %v", err)
			}
		})
	}

	// Nor is it late what nobody has signed for yet, and stands where leaves were that
	// have expired.
	r.store.Now = func() time.Time { return p.Seen.Add(time.Hour) }
	add(r.streams[0], 40)
	late := Audit{Log: edited{r.store, reread(trace)}, Dir: r.dir, Policy: r.policy, Note: p.Note}
	if done, err := late.Run(t.Context()); err != nil || done.Late != nil || done.Expired != 33 {
		t.Errorf("%+v, %v", done, err)
	}

	// What the tree does not say was there has not expired.
	if err := os.RemoveAll(r.dir + "/tile/entries"); err != nil {
		t.Fatal(err)
	}
	_, err = Audit{Log: edited{r.store, reread(trace)}, Dir: r.dir, Policy: r.policy, Note: p.Note}.Run(t.Context())
	if _, ok := errors.AsType[*proof.Finding](err); !ok {
		t.Errorf("without leaves: %v", err)
	}
}
