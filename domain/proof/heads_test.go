package proof_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// headsOf returns where n streams end.
func headsOf(n int) []proof.Head {
	heads := make([]proof.Head, n)
	for i := range heads {
		heads[i] = proof.Head{Stream: stream(i), Version: ledger.Version(i%5 + 1), Index: int64(2 * i), Leaf: ledger.LeafHash(fmt.Append(nil, i))}
	}
	return heads
}

func mustHeads(t testing.TB, heads []proof.Head) *proof.Heads {
	t.Helper()
	h, err := proof.NewHeads(heads)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestHeads proves each head of trees of several sizes, and checks that the proof
// holds for it alone, at its place, as it is.
func TestHeads(t *testing.T) {
	for _, n := range []int{1, 2, 3, 7, 300} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			heads := headsOf(n)
			tree := mustHeads(t, heads)
			signed := tree.Note(1000)
			if signed.Size != 1000 || signed.Streams != int64(n) {
				t.Fatalf("%+v", signed)
			}
			places := make(map[int64]bool)
			for i, h := range heads {
				p, ok := tree.Prove(h)
				if !ok {
					t.Fatalf("head %d has no proof", i)
				}
				mustFind(t, signed.Check(h, p), proof.OK)
				places[p.Place] = true
				for name, wrong := range map[string]proof.Head{
					"an earlier version": {Stream: h.Stream, Version: h.Version - 1, Index: h.Index, Leaf: h.Leaf},
					"a later version":    {Stream: h.Stream, Version: h.Version + 1, Index: h.Index, Leaf: h.Leaf},
					"another index":      {Stream: h.Stream, Version: h.Version, Index: h.Index + 1, Leaf: h.Leaf},
					"another leaf":       {Stream: h.Stream, Version: h.Version, Index: h.Index, Leaf: ledger.Hash{1}},
					"another stream":     {Stream: stream(n + 1), Version: h.Version, Index: h.Index, Leaf: h.Leaf},
				} {
					if err := signed.Check(wrong, p); proof.VerdictOf(err) != proof.Incomplete {
						t.Errorf("head %d, %s: %v", i, name, err)
					}
					if _, ok := tree.Prove(wrong); ok {
						t.Errorf("head %d, %s: it has a proof", i, name)
					}
				}
				if n > 1 {
					mustFind(t, signed.Check(h, proof.HeadProof{Place: (p.Place + 1) % int64(n), Proof: p.Proof}), proof.Incomplete)
					mustFind(t, signed.Check(h, proof.HeadProof{Place: p.Place, Proof: p.Proof[1:]}), proof.Incomplete)
				}
				mustFind(t, signed.Check(h, proof.HeadProof{Place: p.Place, Proof: append(p.Proof[:len(p.Proof):len(p.Proof)], ledger.Hash{})}), proof.Incomplete)
				for _, place := range []int64{-1, int64(n), math.MaxInt64, math.MinInt64} {
					mustFind(t, signed.Check(h, proof.HeadProof{Place: place, Proof: p.Proof}), proof.Malformed)
				}
			}
			if len(places) != n {
				t.Errorf("%d places for %d heads", len(places), n)
			}
		})
	}
	if p, ok := mustHeads(t, nil).Prove(headsOf(1)[0]); ok {
		t.Errorf("no heads, and a proof: %+v", p)
	}
}

// TestHeadsOrder makes the tree of the same heads in another order: it is the same.
func TestHeadsOrder(t *testing.T) {
	heads := headsOf(7)
	want := mustHeads(t, heads).Note(20)
	for i := range heads {
		rotated := append(append([]proof.Head(nil), heads[i:]...), heads[:i]...)
		if got := mustHeads(t, rotated).Note(20); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}

// TestHeadsBounds has notes of sizes for which arithmetic never ends.
func TestHeadsBounds(t *testing.T) {
	h := headsOf(1)[0]
	for _, streams := range []int64{0, -1, proof.MaxSize + 1, 1<<62 + 1, math.MaxInt64} {
		atOnce(t, func() {
			mustFind(t, proof.HeadsNote{Size: streams, Streams: streams}.Check(h, proof.HeadProof{}), proof.Malformed)
		})
	}
	atOnce(t, func() {
		mustFind(t, proof.HeadsNote{Size: 1, Streams: proof.MaxSize}.Check(h, proof.HeadProof{Proof: make([]ledger.Hash, 65)}), proof.Malformed)
		mustFind(t, proof.HeadsNote{Size: 1, Streams: proof.MaxSize}.Check(h, proof.HeadProof{Proof: make([]ledger.Hash, 64)}), proof.Incomplete)
	})
}

func TestOpenHeads(t *testing.T) {
	w := newWorld(t, 7)
	n := mustHeads(t, headsOf(3)).Note(50)
	text := n.Text(origin)
	stranger, _ := logKey(t, origin, "stranger")
	other, _ := logKey(t, "other.example.gov.cn/petition", "other")
	sized := func(size string) []byte { return sign(t, strings.Replace(text, "size 50\n", size, 1), w.a) }
	streams := func(k string) []byte { return sign(t, strings.Replace(text, "\n3\n", "\n"+k+"\n", 1), w.a) }
	b64 := strings.Split(text, "\n")[2]
	loose := b64[:42] + string(rune(b64[42]+1)) + "="
	for _, tt := range []struct {
		name   string
		signed []byte
		want   proof.Verdict
	}{
		{"honest", sign(t, text, w.a), proof.OK},
		{"honest, by the new key", sign(t, text, w.b), proof.OK},
		{"honest, with strangers", sign(t, text, stranger, other, w.a), proof.OK},
		{"forged", sign(t, text, stranger), proof.UnknownKey},
		{"forged by another log", sign(t, text, other), proof.UnknownKey},
		{"only a witness", sign(t, text, w.w1), proof.UnknownKey},
		{"altered", bytes.Replace(sign(t, text, w.a), []byte("size 50"), []byte("size 51"), 1), proof.BadSignature},
		{"signature of the checkpoint", append([]byte(text+"\n"), lineOf(t, w.at(t, 7).Text(), w.a)...), proof.BadSignature},
		{"wrong origin", sign(t, n.Text("other.example.gov.cn/petition"), w.a), proof.WrongOrigin},
		{"a checkpoint", sign(t, w.at(t, 7).Text(), w.a), proof.Malformed},
		{"a checkpoint with a size", sign(t, w.at(t, 7).Text()+"size 50\n", w.a), proof.WrongOrigin},
		{"retired key beyond its range", sign(t, mustHeads(t, headsOf(3)).Note(61).Text(origin), w.a), proof.KeyOutOfRange},
		{"new key before its range", sign(t, mustHeads(t, headsOf(3)).Note(39).Text(origin), w.b), proof.KeyOutOfRange},
		{"size 050", sized("size 050\n"), proof.Malformed},
		{"size +50", sized("size +50\n"), proof.Malformed},
		{"size with a space", sized("size  50\n"), proof.Malformed},
		{"size twice", sized("size 50\nsize 50\n"), proof.Malformed},
		{"a line more", sized("size 50\nx\n"), proof.Malformed},
		{"a blank line more", sized("size 50\n\n"), proof.Malformed},
		{"no size", sized(""), proof.Malformed},
		{"size of CR", sized("size 50\r\n"), proof.Malformed},
		{"size -50", sized("size -50\n"), proof.Malformed},
		{"size less than streams", sized("size 2\n"), proof.Malformed},
		{"size 2^62+1", sized("size 4611686018427387905\n"), proof.Malformed},
		{"size 2^63", sized("size 9223372036854775808\n"), proof.Malformed},
		{"streams 03", streams("03"), proof.Malformed},
		{"streams 0", streams("0"), proof.Malformed},
		{"streams -3", streams("-3"), proof.Malformed},
		{"streams more than leaves", streams("51"), proof.Malformed},
		{"loose base64", sign(t, strings.Replace(text, b64, loose, 1), w.a), proof.Malformed},
		{"C3 no signature", []byte(text), proof.Malformed},
		{"C18 2 MB", append(sign(t, text, w.a), strings.Repeat("— other AAAAAAAA\n", 110_000)...), proof.Malformed},
		{"nothing", nil, proof.Malformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			atOnce(t, func() {
				got, err := w.policy.OpenHeads(tt.signed)
				mustFind(t, err, tt.want)
				if err == nil && got != n || err != nil && got != (proof.HeadsNote{}) {
					t.Errorf("the note is %+v", got)
				}
			})
		})
	}
	t.Run("as a checkpoint", func(t *testing.T) {
		_, err := w.policy.Open(sign(t, text, w.a, w.w1, w.w2))
		mustFind(t, err, proof.Malformed)
	})
	t.Run("format", func(t *testing.T) {
		c, err := torchwood.ParseCheckpoint(text)
		if err != nil || c.Origin != origin+"/heads" || c.N != 3 || c.Extension != "size 50\n" {
			t.Errorf("%+v, %v", c, err)
		}
		if _, err := note.Open(sign(t, text, w.a), note.VerifierList()); err == nil {
			t.Error("opened without a key")
		}
	})
}
