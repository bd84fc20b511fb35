package proof_test

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// TestCheckSeal checks events that were sealed by one writer or another, or by none,
// by a policy that lets two of them seal from one leaf to another.
func TestCheckSeal(t *testing.T) {
	w := newWorld(t, 0)
	without := w.policy
	_, early := logKeyOf(t, origin+"/writer", "early")
	_, late := logKeyOf(t, origin+"/writer", "late")
	p := mustParse(t, w.lines(2)+fmt.Sprintf("writer %s 100 199\nwriter %s 150 300\n", early, late))
	if again := mustParse(t, p.String()); again.String() != p.String() || len(again.Writers) != 2 || again.Writers[0].To != 199 {
		t.Errorf("written and read again:\n%s\nthen\n%s", p, again)
	}
	system, notary := ledger.Stream{Category: "$settings"}, ledger.Stream{Category: ledger.CategoryNotary, ID: uuid.UUID{1}}
	for _, tt := range []struct {
		index  int64
		stream ledger.Stream
		by     string
		want   proof.Verdict
	}{
		{0, stream(0), "", proof.OK}, // nobody sealed then
		{99, stream(0), "", proof.OK},
		{99, stream(0), "early", proof.OK},
		{100, stream(0), "", proof.Unsealed},
		{100, stream(0), "early", proof.OK},
		{100, stream(0), "late", proof.Unsealed},
		{149, stream(0), "late", proof.Unsealed},
		{150, stream(0), "early", proof.OK},
		{150, stream(0), "late", proof.OK},
		{150, stream(0), "another", proof.Unsealed},
		{199, stream(0), "early", proof.OK},
		{200, stream(0), "early", proof.Unsealed},
		{300, stream(0), "late", proof.OK},
		{300, stream(0), "", proof.Unsealed},
		{301, stream(0), "", proof.OK}, // and nobody does any more
		{100, notary, "", proof.Unsealed},
		{100, notary, "early", proof.OK},
		{100, system, "", proof.OK}, // the store writes that itself
	} {
		env := ledger.Envelope{Position: ledger.Position(tt.index + 1), Stream: tt.stream, Version: 1, Record: ledger.Record{Type: "Said", Data: []byte("{}"), Meta: []byte(`{"a":1}`)}}
		if tt.by != "" {
			env.Record = ledger.WithSeal(env.Record, env.Stream, env.Version, func(text []byte) []byte { return ed25519.Sign(private(tt.by), text) })
		}
		sum := ledger.DigestOf(env.Data).Sum
		err := p.CheckSeal(&env, sum)
		t.Logf("leaf %d of %s, sealed by %q", tt.index, tt.stream.Category, tt.by)
		mustFind(t, err, tt.want)
		if f, ok := errors.AsType[*proof.Finding](err); ok && (f.Index != tt.index || f.Stream != tt.stream.String()) {
			t.Errorf("it is found at %d", f.Index)
		}
		mustFind(t, without.CheckSeal(&env, sum), proof.OK)
	}
}
