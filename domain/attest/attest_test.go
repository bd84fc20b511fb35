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
	m := ledger.Meta{Actor: ledger.Actor{Officer: "notary"}}
	for note, want := range map[string]string{
		"origin/heads\n1\n":                  `{"note":"origin/heads\n1\n"}`,
		"":                                   "",
		strings.Repeat("x", proof.MaxNote+1): "",
	} {
		for _, e := range []Event{NotaryHeads{note}, NotaryKeyChanged{note}} {
			store := new(ledgertest.Store)
			for range 2 {
				got, err := Decider.Handle(t.Context(), store, Ask(e, m))
				if _, refused := errors.AsType[*ledger.Refusal](err); refused != (want == "") {
					t.Fatalf("%T %.20q: %v", e, note, err)
				}
				if want != "" && (string(got[0].Data) != want || got[0].Type != Codec.Name(e) || ledger.KindOf(got[0].Stream.Category) != ledger.KindNotary) {
					t.Errorf("stored %s %s in %v, want %s", got[0].Type, got[0].Data, got[0].Stream, want)
				}
			}
			if head, _ := store.Head(t.Context()); (head == 1) != (want != "") || head > 1 {
				t.Errorf("%T %.20q: %d events recorded", e, note, head)
			}
		}
	}
}

// TestIdentity pins the stream and the command of an attestation: with others, what
// is recorded already would be recorded again.
func TestIdentity(t *testing.T) {
	a := Ask(NotaryHeads{"origin/heads\n1\n"}, ledger.Meta{})
	if a.ID.String() != "9722cc8e-9b8d-5e0e-97d2-40b2155dfb16" || a.Meta.Command.String() != "9dc91227-0e79-5b44-823a-41ea7ebc9b6b" {
		t.Errorf("stream %v, command %v", a.ID, a.Meta.Command)
	}
}
