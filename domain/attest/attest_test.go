package attest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
	"xinfang/domain/proof"
)

// TestRecord checks what is stored of an attestation, that it is stored once, and
// that one without a note or beyond the limits is not.
func TestRecord(t *testing.T) {
	long := strings.Repeat("x", proof.MaxNote+1)
	tests := []struct {
		name  string
		event Event
		want  string // stored; "" if refused
	}{
		{"heads", NotaryHeads{"origin/heads\n1\n"}, `{"note":"origin/heads\n1\n"}`},
		{"heads without a note", NotaryHeads{}, ""},
		{"heads with too much of one", NotaryHeads{long}, ""},
		{"a change of keys", NotaryKeyChanged{"origin/key\n"}, `{"note":"origin/key\n"}`},
		{"a change of keys without a note", NotaryKeyChanged{}, ""},
		{"an anchor", NotaryAnchor{Note: "origin\n1\n", Token: []byte{1, 2}}, `{"note":"origin\n1\n","token":"AQI="}`},
		{"an anchor with a chain", NotaryAnchor{Note: "origin\n1\n", Token: []byte{1}, Chain: [][]byte{{3}}}, `{"note":"origin\n1\n","token":"AQ==","chain":["Aw=="]}`},
		{"an anchor without a token", NotaryAnchor{Note: "origin\n1\n"}, ""},
		{"an anchor without a note", NotaryAnchor{Token: []byte{1}}, ""},
		{"an anchor with too large a token", NotaryAnchor{Note: "x", Token: make([]byte, proof.MaxToken+1)}, ""},
		{"an anchor with too long a chain", NotaryAnchor{Note: "x", Token: []byte{1}, Chain: make([][]byte, proof.MaxChain+1)}, ""},
		{"an anchor with too large a certificate", NotaryAnchor{Note: "x", Token: []byte{1}, Chain: [][]byte{make([]byte, proof.MaxToken+1)}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			store := new(ledgertest.Store)
			for range 2 {
				got, err := Decider.Handle(t.Context(), store, Ask(tt.event, ledger.Meta{Actor: ledger.Actor{Officer: "notary"}}))
				if _, refused := errors.AsType[*ledger.Refusal](err); refused != (tt.want == "") {
					t.Fatal(err)
				}
				if tt.want != "" && (string(got[0].Data) != tt.want || got[0].Type != Codec.Name(tt.event) || ledger.KindOf(got[0].Stream.Category) != ledger.KindNotary) {
					t.Errorf("stored %s in %v, want %s", got[0].Data, got[0].Stream, tt.want)
				}
			}
			if head, _ := store.Head(t.Context()); (head == 1) != (tt.want != "") || head > 1 {
				t.Errorf("%d events recorded", head)
			}
		})
	}
}

// TestAnchorsAreNumbered checks that the anchors of a month follow each other in one
// stream, and each heads has a stream of its own.
func TestAnchorsAreNumbered(t *testing.T) {
	store := new(ledgertest.Store)
	record := func(e Event, at time.Time) ledger.Envelope {
		t.Helper()
		got, err := Decider.Handle(t.Context(), store, Ask(e, ledger.Meta{Actor: ledger.Actor{Officer: "notary"}, Occurred: at}))
		if err != nil {
			t.Fatal(err)
		}
		return got[0]
	}
	march := time.Date(2026, 3, 31, 23, 0, 0, 0, time.UTC)
	first := record(NotaryAnchor{Note: "1", Token: []byte{1}}, march)
	second := record(NotaryAnchor{Note: "2", Token: []byte{1}}, march.Add(59*time.Minute))
	third := record(NotaryAnchor{Note: "3", Token: []byte{1}}, march.Add(time.Hour))
	if first.Stream != AnchorStream(march) || second.Stream != first.Stream || first.Version != 1 || second.Version != 2 {
		t.Errorf("%v %d, then %v %d", first.Stream, first.Version, second.Stream, second.Version)
	}
	if third.Stream == first.Stream || third.Version != 1 {
		t.Errorf("the first of April is %d of %v", third.Version, third.Stream)
	}
	if a, b := record(NotaryHeads{"1"}, march), record(NotaryHeads{"2"}, march); a.Stream == b.Stream || a.Stream == first.Stream {
		t.Errorf("heads in %v and %v", a.Stream, b.Stream)
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
