package notary

import (
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/attest"
	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
	"xinfang/domain/proof"
)

// TestForged is B19: it appends entries that pretend to be the notary's, which are
// leaves like all others, stop nothing, and are told.
func TestForged(t *testing.T) {
	r := newKeyRig(t)
	r.events(10)
	r.signs()
	if err := r.rotate(5, 4); err != nil {
		t.Fatal(err)
	}
	r.signs()
	n, end := r.start()
	defer end()
	if _, err := n.Attest(t.Context(), r.store, byNotary, 10); err != nil {
		t.Fatal(err)
	}
	thief := newRig(t) // has another key of the same name
	sign := func(text string, signers ...note.Signer) string {
		signed, err := note.Sign(&note.Note{Text: text}, signers...)
		if err != nil {
			t.Fatal(err)
		}
		return string(signed)
	}
	keys, err := ReadKeys(r.keyFile)
	if err != nil {
		t.Fatal(err)
	}
	heads, change := proof.HeadsNote{Size: 9, Streams: 9}, r.policy.KeyChanges()[0]
	stolen := proof.KeyChange{Old: change.Old, Last: 15, New: thief.policy.LogKeys[0].VKey, First: 11}
	early := change
	early.First = 5
	record := func(e attest.Event) ledger.Record { return attest.Codec.Record(e, ledger.Meta{}, 0) }
	binary := record(attest.NotaryHeads{Note: "x"})
	binary.Data = []byte{0xff}
	var want []proof.Finding
	first := n.Published().Note
	if done, err := n.Audit(t.Context(), nil); err != nil || len(done.Forged) > 0 {
		t.Fatalf("the notary's own: %v, %v", done.Forged, err)
	}
	for _, tt := range []struct {
		name   string
		record ledger.Record
		want   proof.Verdict // OK if nobody is told
	}{
		{"heads, by a stranger", record(attest.NotaryHeads{Note: sign(heads.Text(origin), thief.signer)}), proof.UnknownKey},
		{"heads, altered", record(attest.NotaryHeads{Note: strings.Replace(sign(heads.Text(origin), keys[0]), "size 9", "size 8", 1)}), proof.BadSignature},
		{"heads, by the new key too early", record(attest.NotaryHeads{Note: sign(heads.Text(origin), keys[1])}), proof.KeyOutOfRange},
		{"a change to the thief's key", record(attest.NotaryKeyChanged{Note: sign(stolen.Text(origin), thief.signer)}), proof.UnknownKey},
		{"a change to the thief's key, with both", record(attest.NotaryKeyChanged{Note: sign(stolen.Text(origin), keys[0], thief.signer)}), proof.UnknownKey},
		{"a change with other sizes", record(attest.NotaryKeyChanged{Note: sign(early.Text(origin), keys...)}), proof.KeyOutOfRange},
		{"no note", record(attest.NotaryHeads{Note: "x"}), proof.Malformed},
		{"no JSON", binary, proof.Malformed},
		{"heads of the notary before", record(attest.NotaryHeads{Note: sign(heads.Text(origin+"-1"), thief.signer)}), proof.OK},
		{"a change of the notary before", record(attest.NotaryKeyChanged{Note: sign(stolen.Text(origin+"-1"), thief.signer)}), proof.OK},
		{"what only a newer program knows", ledger.Record{Type: "NotaryDanced", Data: []byte("{}")}, proof.OK},
	} {
		stream := ledgertest.NewStream()
		stream.Category = attest.Category
		tt.record.ID = stream.ID
		env, err := r.store.Append(t.Context(), stream, 0, tt.record)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if tt.want != proof.OK {
			want = append(want, proof.Finding{Verdict: tt.want, Index: int64(env[0].Position) - 1})
		}
	}
	r.events(1)
	if err := n.CatchUp(t.Context()); err != nil {
		t.Fatalf("it does not sign: %v", err)
	}
	if made, err := n.AnnounceKeys(t.Context(), r.store, byNotary); made != 0 || err != nil {
		t.Errorf("%d changes recorded again, %v", made, err)
	}
	for _, tt := range []struct {
		name  string
		since []byte
		told  int
	}{{"what is new", first, len(want)}, {"nothing new", n.Published().Note, 0}, {"all", nil, len(want)}} {
		done, err := n.Audit(t.Context(), tt.since)
		if err != nil || len(done.Forged) != tt.told || n.Status().Forged != len(want) {
			t.Fatalf("%s: %d told, %d known, want %d and %d; %v; %v", tt.name, len(done.Forged), n.Status().Forged, tt.told, len(want), done.Forged, err)
		}
		for i, f := range done.Forged {
			if f.Verdict != want[i].Verdict || f.Index != want[i].Index {
				t.Errorf("%s: %v, want %s at %d", tt.name, f, want[i].Verdict, want[i].Index)
			}
		}
	}
}
