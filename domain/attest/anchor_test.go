package attest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
	"xinfang/domain/proof/prooftest"
)

// TestOpenAnchor opens an anchor of a checkpoint of seven leaves at places in the ledger
// and as what it is not.
func TestOpenAnchor(t *testing.T) {
	const origin = "ledger.example.gov.cn/petition"
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	tsa := prooftest.NewTSA(t, "tsa.example", func() time.Time { return at })
	skey, vkey, err := note.GenerateKey(rand.NewChaCha8([32]byte{1}), origin)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	policy, err := proof.NewPolicy(origin, []string{vkey}, nil, 0, fmt.Sprint("tsaroot ", tsa.Pin()))
	if err != nil {
		t.Fatal(err)
	}
	c := proof.Checkpoint{Origin: origin, Size: 7}
	signed, err := note.Sign(&note.Note{Text: c.Text()}, signer)
	if err != nil {
		t.Fatal(err)
	}
	token, err := tsa.Token(c.Text())
	if err != nil {
		t.Fatal(err)
	}
	made := NotaryAnchor{Note: string(signed), Token: token, Chain: [][]byte{tsa.Root.Raw}}
	long := made
	long.Chain = append(make([][]byte, proof.MaxChain), tsa.Root.Raw)
	for _, tt := range []struct {
		name   string
		event  Event
		at     ledger.Position
		stream ledger.Stream
		want   proof.Verdict
	}{
		{"right behind what it holds", made, 8, AnchorStream(at), proof.OK},
		{"later", made, 100, AnchorStream(at), proof.OK},
		{"within what it holds", made, 7, AnchorStream(at), proof.Malformed},
		{"in a stream of a case", made, 8, ledger.Stream{Category: "case", ID: AnchorStream(at).ID}, proof.Malformed},
		{"too long a chain", long, 8, AnchorStream(at), proof.Malformed},
		{"heads", NotaryHeads{Note: string(signed)}, 8, AnchorStream(at), proof.Malformed},
		{"a note that nobody has signed", NotaryAnchor{Note: c.Text(), Token: token}, 8, AnchorStream(at), proof.Malformed},
		{"a token that leads nowhere", NotaryAnchor{Note: string(signed), Token: token}, 8, AnchorStream(at), proof.UnknownKey},
	} {
		t.Run(tt.name, func(t *testing.T) {
			env := ledger.Envelope{Position: tt.at, Stream: tt.stream, Record: Codec.Record(tt.event, ledger.Meta{}, 0)}
			a, err := OpenAnchor(policy, &env)
			if proof.VerdictOf(err) != tt.want {
				t.Fatalf("%v, want %s", err, tt.want)
			}
			if err == nil && (a.Index != int64(tt.at)-1 || a.Checkpoint != c || !a.Stamp.Time.Equal(at)) {
				t.Errorf("%+v", a)
			}
		})
	}
}
