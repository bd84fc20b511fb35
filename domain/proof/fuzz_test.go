package proof_test

import (
	"bytes"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/proof"
)

// FuzzPolicyOpen checks that a policy opens only checkpoints that its log has signed,
// whatever is done to their notes, and finds witnessed only what both witnesses have
// cosigned. The keys have signed nothing else.
func FuzzPolicyOpen(f *testing.F) {
	w := newWorld(f, 7)
	signed, cosigned := map[proof.Checkpoint]bool{}, map[proof.Checkpoint]bool{}
	for size := int64(1); size <= 7; size++ {
		c := w.at(f, size)
		signed[c], cosigned[c] = true, size%2 == 0
		note := sign(f, c.Text(), w.a)
		if cosigned[c] {
			note = sign(f, c.Text(), w.a, w.w1, w.w2)
		}
		f.Add(note)
		f.Add(sign(f, c.Text(), w.w1))
	}
	stranger, _ := logKey(f, origin, "stranger")
	f.Add(sign(f, w.at(f, 7).Text(), stranger))
	f.Add(sign(f, mustHeads(f, headsOf(3)).Note(7).Text(origin), w.a))
	f.Fuzz(func(t *testing.T, note []byte) {
		s, err := w.policy.Open(note)
		if err != nil {
			return
		}
		if !signed[s.Checkpoint] || s.Witnessed && !cosigned[s.Checkpoint] {
			t.Errorf("believed, witnessed %t: %q", s.Witnessed, note)
		}
		if !bytes.HasPrefix(note, []byte(s.Text()+"\n— ")) {
			t.Errorf("another text than that of the checkpoint is believed: %q", note)
		}
	})
}

// FuzzCheckInclusion checks that no file and no leaf are taken but those that the log
// has, in the one way in which the proof is written.
func FuzzCheckInclusion(f *testing.F) {
	w := newWorld(f, 7)
	at := w.at(f, 7)
	signed := sign(f, at.Text(), w.a)
	files := make([][]byte, 7)
	for i := range files {
		files[i] = proof.FormatInclusion(int64(i), w.inclusion(f, 7, int64(i)), signed)
		f.Add(files[i], w.leaves[i], int64(7))
		f.Add(files[i], w.leaves[(i+1)%7], int64(7))
	}
	f.Add(proof.FormatInclusion(0, tlog.RecordProof{}, signed), w.leaves[0], int64(1))
	f.Add(files[3], w.leaves[3], int64(1)<<62+1)
	f.Fuzz(func(t *testing.T, file, leaf []byte, size int64) {
		c := at
		c.Size = size
		if proof.CheckInclusion(file, leaf, c, signed) != nil {
			return
		}
		for i := range files {
			if bytes.Equal(file, files[i]) && bytes.Equal(leaf, w.leaves[i]) {
				return
			}
		}
		t.Errorf("size %d: taken: leaf %x, file %q", size, leaf, file)
	})
}

// FuzzParsePolicy checks that what is read of a policy is written so that the same is
// read again, whether it is a text or a signed one; and that nothing takes the place of
// a policy but what its roots have signed, which is one text alone.
func FuzzParsePolicy(f *testing.F) {
	c := newCourt(f)
	next := mustParse(f, c.next()).String()
	f.Add([]byte(c.text))
	f.Add([]byte("# comment\n\n" + c.next() + "tsaroot " + proof.FilterHash() + "\n"))
	f.Add(sign(f, c.next(), c.roots[0], c.roots[1]))
	f.Add(sign(f, c.next(), c.roots[2]))
	f.Add(sign(f, c.next("quorum 1", "quorum 0"), c.stranger))
	f.Fuzz(func(t *testing.T, file []byte) {
		p, err := proof.ParsePolicy(file)
		if err != nil {
			return
		}
		if again, err := proof.ParsePolicy([]byte(p.String())); err != nil || again.String() != p.String() {
			t.Errorf("%q is written as %q, and read again as %v, %v", file, p, again, err)
		}
		if after, err := c.pinned.Succeed(file); err == nil && after != c.pinned && after.String() != next {
			t.Errorf("it has taken the place of the policy: %q", file)
		}
		signed, err := proof.SignPolicy(file, c.stranger)
		if err != nil {
			return
		}
		if again, err := proof.ParsePolicy(signed); err != nil || again.String() != p.String() {
			t.Errorf("%q is signed as %q, and read again as %v, %v", file, signed, again, err)
		}
	})
}
