package evidence

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/proof"
)

// kinded is a bundle of a notary that signs with keys of all kinds, as lines says for
// which sizes: of Ed25519, ML-DSA-44 and SM2, in this order. Of change it says what is
// done to the signed checkpoint.
func kinded(name string, want proof.Verdict, ranges []string, change func(s *specimen, checkpoint string) string) attack {
	return attack{name, want, func(s *specimen) ([]byte, Options) {
		w := newWorld(s.t)
		keys := []string{w.vkey + " " + ranges[0]}
		signers := []note.Signer{w.note}
		for i, kind := range []string{proof.MLDSA44, proof.SM2} {
			skey, vkey, err := proof.GenerateKey(kind, origin, seed(byte(i+1)))
			ok(s.t, err)
			signer, err := proof.NewSigner(skey)
			ok(s.t, err)
			signers = append(signers, signer)
			keys = append(keys, vkey+" "+ranges[i+1])
		}
		w.notes = signers
		w.append(ours, 5)
		b := w.specimen(5, 1)
		b.recheck([]byte(change(b, string(b.files[fileCheckpoint]))))
		return b.pack(), Options{Policy: w.policy(1, keys...)}
	}}
}

// whatever is for every size, which is what most policies say.
var whatever = []string{"0 -", "0 -", "0 -"}

// asSigned changes nothing.
func asSigned(_ *specimen, checkpoint string) string { return checkpoint }

// without leaves out a line, counted from the first: one of each kind, and a witness.
func without(line int) func(*specimen, string) string {
	return func(_ *specimen, checkpoint string) string {
		lines := strings.SplitAfter(checkpoint, "\n")
		return strings.Join(slices.Delete(lines, 4+line, 5+line), "")
	}
}

// spoilt changes the signature in a line.
func spoilt(line int) func(*specimen, string) string {
	return func(_ *specimen, checkpoint string) string {
		lines := strings.SplitAfter(checkpoint, "\n")
		b := []byte(lines[4+line])
		b[len(b)-12]++
		lines[4+line] = string(b)
		return strings.Join(lines, "")
	}
}

var kindAttacks = []attack{
	kinded("keys of all kinds", proof.OK, whatever, asSigned),
	kinded("ML-DSA line left out", proof.UnknownKey, whatever, without(1)),
	kinded("SM2 line left out", proof.UnknownKey, whatever, without(2)),
	kinded("C17 Ed25519 line left out", proof.UnknownKey, whatever, without(0)),
	kinded("ML-DSA line broken", proof.BadSignature, whatever, spoilt(1)),
	kinded("SM2 line broken", proof.BadSignature, whatever, spoilt(2)),
	kinded("ML-DSA line left out, and the policy wants none yet", proof.OK, []string{"0 -", "9 -", "0 -"}, without(1)),
	kinded("SM2 line left out, and the policy wants none any more", proof.OK, []string{"0 -", "0 -", "0 4"}, without(2)),
	kinded("Ed25519 key out of its range, the others not", proof.KeyOutOfRange, []string{"0 4", "0 -", "0 -"}, asSigned),
	kinded("C10 line added under an ML-DSA signature", proof.Malformed, whatever, func(s *specimen, checkpoint string) string {
		text, lines, _ := strings.Cut(checkpoint, "\n\n")
		ml := strings.SplitAfter(lines, "\n")[1]
		signed, err := note.Sign(&note.Note{Text: text + "\nextension\n"}, s.note)
		ok(s.t, err)
		return string(signed) + ml
	}),
	kinded("checkpoint altered under all kinds", proof.BadSignature, whatever, func(_ *specimen, checkpoint string) string {
		return strings.Replace(checkpoint, "\n8\n", "\n7\n", 1)
	}),
	{"heads without the line of a kind", proof.UnknownKey, func(s *specimen) ([]byte, Options) {
		skey, vkey, err := proof.GenerateKey(proof.SM2, origin, seed(1))
		ok(s.t, err)
		signer, err := proof.NewSigner(skey)
		ok(s.t, err)
		checkpoint := s.files[fileCheckpoint]
		signed, err := note.Sign(&note.Note{Text: string(checkpoint[:bytes.Index(checkpoint, []byte("\n\n"))+1])}, signer)
		ok(s.t, err)
		s.recheck(proof.Merge(checkpoint, signed))
		return s.pack(), Options{Policy: s.policy(1, s.vkey+" 0 -", vkey+" 0 -")}
	}},
	{"heads altered under an ML-DSA line", proof.BadSignature, func(s *specimen) ([]byte, Options) {
		w := newWorld(s.t)
		skey, vkey, err := proof.GenerateKey(proof.MLDSA44, origin, seed(1))
		ok(s.t, err)
		signer, err := proof.NewSigner(skey)
		ok(s.t, err)
		w.notes = []note.Signer{w.note, signer}
		w.append(ours, 5)
		// Whoever has broken Ed25519 gives the heads another size.
		w.garble = func(signed string) string {
			text, lines, _ := strings.Cut(signed, "\n\n")
			resigned, err := note.Sign(&note.Note{Text: strings.Replace(text, "size 4", "size 5", 1) + "\n"}, w.note)
			ok(s.t, err)
			return string(resigned) + strings.SplitAfter(lines, "\n")[1]
		}
		heads, head := w.heads(ours, 4)
		w.garble = nil
		genuine, _ := w.heads(ours, 5)
		b := &specimen{world: w, source: Source{
			Stream: ours, Log: w.store, Checkpoint: w.checkpoint(w.size(), 1), Policy: w.policy(1, w.vkey+" 0 -", vkey+" 0 -"), Prove: w.prove, Heads: genuine,
		}}
		_, b.source.Head = w.heads(ours, 5)
		b.source.Checkpoint = w.checkpoint(w.size(), 1)
		b.write()
		b.putHeads(int64(heads.Position) - 1)
		b.files[fileMapProof] = encode(s.t, head)
		return b.pack(), Options{Policy: b.source.Policy}
	}},
}

// TestKindsAreLong checks that a note of all kinds is within its bounds, and too long
// for a QR code, which says so.
func TestKindsAreLong(t *testing.T) {
	s := newSpecimen(t, 5, 1)
	a := kinded("", proof.OK, whatever, func(_ *specimen, checkpoint string) string {
		if len(checkpoint) < 3500 || len(checkpoint) > proof.MaxNote {
			t.Errorf("the note has %d bytes", len(checkpoint))
		}
		return checkpoint
	})
	a.do(s)
	if _, err := QR(bytes.Repeat([]byte("x"), MaxReceipt+1)); err == nil || !strings.Contains(fmt.Sprint(err), "QR") {
		t.Errorf("a receipt too long: %v", err)
	}
}
