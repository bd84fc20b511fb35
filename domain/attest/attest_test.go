package attest

import (
	"errors"
	"strings"
	"testing"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
	"xinfang/domain/proof"
)

// TestRecord checks what is stored of an attestation, that it is stored once, and
// that one without a note is not.
func TestRecord(t *testing.T) {
	for note, want := range map[string]string{
		"origin/heads\n1\n":                  `{"note":"origin/heads\n1\n"}`,
		"":                                   "",
		strings.Repeat("x", proof.MaxNote+1): "",
	} {
		store := new(ledgertest.Store)
		for range 2 {
			got, err := Decider.Handle(t.Context(), store, Ask(NotaryHeads{note}, ledger.Meta{Actor: ledger.Actor{Officer: "notary"}}))
			if _, refused := errors.AsType[*ledger.Refusal](err); refused != (want == "") {
				t.Fatalf("%.20q: %v", note, err)
			}
			if want != "" && (string(got[0].Data) != want || ledger.KindOf(got[0].Stream.Category) != ledger.KindNotary) {
				t.Errorf("stored %s in %v, want %s", got[0].Data, got[0].Stream, want)
			}
		}
		if head, _ := store.Head(t.Context()); (head == 1) != (want != "") || head > 1 {
			t.Errorf("%.20q: %d events recorded", note, head)
		}
	}
}
