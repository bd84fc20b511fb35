package evidence

import (
	"bytes"
	"math/bits"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// inSM3 is an attack on a bundle that shows its events in the SM3 tree, too.
func inSM3(name string, want proof.Verdict, change func(s *specimen)) attack {
	return attack{name, want, func(s *specimen) ([]byte, Options) {
		w := newWorld(s.t)
		skey, vkey, err := proof.GenerateKey(proof.SM2, origin, seed(2))
		ok(s.t, err)
		sm2, err := proof.NewSigner(skey)
		ok(s.t, err)
		w.notes = []note.Signer{w.note, sm2}
		w.append(ours, 3)
		w.append(theirs, 2)
		w.append(ours, 2)
		b := w.specimen(7, 1)
		b.source.Policy = w.policy(1, w.vkey+" 0 -", vkey+" 0 -")
		b.source.SM3 = w.sm3(w.size())
		b.write()
		change(b)
		return b.pack(), Options{Policy: b.source.Policy}
	}}
}

// sm3 returns the SM3 tree of the first size leaves.
func (w *world) sm3(size int64) *SM3Source {
	var hashes [][]byte
	for _, leaf := range w.leaves[:size] {
		hashes = append(hashes, proof.SM3Hasher{}.HashLeaf(leaf))
	}
	c := proof.Checkpoint{Origin: proof.SM3Origin(origin), Size: size, Root: ledger.Hash(rootSM3(hashes))}
	signed, err := note.Sign(&note.Note{Text: c.Text()}, w.notes[1])
	ok(w.t, err)
	return &SM3Source{Checkpoint: signed, Prove: func(size, index int64) (path tlog.RecordProof, _ error) {
		for _, h := range pathSM3(int(index), hashes[:size]) {
			path = append(path, tlog.Hash(h))
		}
		return path, nil
	}}
}

// rootSM3 and pathSM3 are MTH and PATH of RFC 6962 §2.1.
func rootSM3(hashes [][]byte) []byte {
	if len(hashes) == 1 {
		return hashes[0]
	}
	k := 1 << (bits.Len(uint(len(hashes)-1)) - 1)
	return proof.SM3Hasher{}.HashChildren(rootSM3(hashes[:k]), rootSM3(hashes[k:]))
}

func pathSM3(m int, hashes [][]byte) [][]byte {
	if len(hashes) == 1 {
		return nil
	}
	k := 1 << (bits.Len(uint(len(hashes)-1)) - 1)
	if m < k {
		return append(pathSM3(m, hashes[:k]), rootSM3(hashes[k:]))
	}
	return append(pathSM3(m-k, hashes[k:]), rootSM3(hashes[:k]))
}

var sm3Attacks = []attack{
	inSM3("in the SM3 tree", proof.OK, func(*specimen) {}),
	inSM3("in the SM3 tree, which has grown since", proof.OK, func(s *specimen) {
		s.append(theirs, 3)
		s.source.SM3 = s.sm3(s.size())
		s.write()
	}),
	inSM3("in the SM3 tree, of a policy without SM2", proof.OK, func(s *specimen) {
		s.files[fileSM3(1)] = s.files[fileSM3(2)]
		s.source.Policy = s.policy(1)
	}),
	inSM3("SM3 proof of another event", proof.BadProof, func(s *specimen) { s.files[fileSM3(1)] = s.files[fileSM3(2)] }),
	inSM3("SM3 proof left out", proof.Malformed, func(s *specimen) { delete(s.files, fileSM3(1)) }),
	inSM3("SM3 proof of no event", proof.Malformed, func(s *specimen) { s.files[fileSM3(7)] = s.files[fileSM3(2)] }),
	inSM3("SM3 proof in another form", proof.Malformed, func(s *specimen) { s.files[fileSM3(1)] = append(s.files[fileSM3(1)], '\n') }),
	inSM3("SM3 proof of too many hashes", proof.Malformed, func(s *specimen) {
		s.files[fileSM3(1)] = bytes.Repeat(s.files[fileSM3(1)][:45], 65)
	}),
	inSM3("SM3 checkpoint left out", proof.OK, func(s *specimen) { delete(s.files, fileCheckpointSM3) }),
	inSM3("SM3 checkpoint of another tree", proof.WrongOrigin, func(s *specimen) { s.files[fileCheckpointSM3] = s.files[fileCheckpoint] }),
	inSM3("SM3 checkpoint altered", proof.BadSignature, func(s *specimen) {
		s.files[fileCheckpointSM3] = bytes.Replace(s.files[fileCheckpointSM3], []byte("\n10\n"), []byte("\n11\n"), 1)
	}),
	inSM3("SM3 checkpoint signed by the other key", proof.UnknownKey, func(s *specimen) {
		text, _, _ := strings.Cut(string(s.files[fileCheckpointSM3]), "\n\n")
		signed, err := note.Sign(&note.Note{Text: text + "\n"}, s.note)
		ok(s.t, err)
		s.files[fileCheckpointSM3] = signed
	}),
	inSM3("SM3 checkpoint that ends before an event", proof.BadProof, func(s *specimen) {
		earlier := s.sm3(6)
		s.files[fileCheckpointSM3] = earlier.Checkpoint
		for i, index := range []int64{0, 1, 2, 5} {
			hashes, _ := earlier.Prove(6, index)
			s.files[fileSM3(i)] = hashLines(hashes)
		}
	}),
}

// TestSM3 checks what the report says.
func TestSM3(t *testing.T) {
	for name, want := range map[string]bool{
		"in the SM3 tree": true, "in the SM3 tree, of a policy without SM2": false, "SM3 checkpoint left out": false, "SM3 proof left out": false,
	} {
		a := sm3Attacks[slices.IndexFunc(sm3Attacks, func(a attack) bool { return a.name == name })]
		bundle, o := a.do(newSpecimen(t, 1, 1))
		if r := Verify(bytes.NewReader(bundle), int64(len(bundle)), o); r.SM3 != want {
			t.Errorf("%s: %t", name, r.SM3)
		}
	}
}
