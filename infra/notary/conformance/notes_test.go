package conformance

import (
	"bytes"
	"math/rand/v2"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	formatslog "github.com/transparency-dev/formats/log"
	formatsnote "github.com/transparency-dev/formats/note"
	formatsproof "github.com/transparency-dev/formats/proof"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/ledger"
	ours "xinfang/domain/proof"
	"xinfang/infra/witness"
)

const witnessName = "inspection.example.gov.cn/w1"

// noon is what the clock of our witness says.
var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// witnessed returns a rig whose checkpoints our witness cosigns over HTTP, and the
// key of the witness.
func witnessed(t *testing.T) (r *rig, w remote, vkey string) {
	t.Helper()
	r = newRig(t)
	dir := filepath.Join(t.TempDir(), "witness")
	vkey, err := witness.Create(dir, witnessName, rand.NewChaCha8([32]byte{3}))
	if err != nil {
		t.Fatal(err)
	}
	there, err := witness.Open(dir, witness.Options{Name: witnessName, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { there.Close() })
	if err := there.AddLog(origin, []string{r.vkey}); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(there.Handler())
	t.Cleanup(server.Close)
	r.trust(vkey)
	return r, remote{&witness.Client{URL: server.URL}}, vkey
}

// verifiers returns the verifiers of formats for these keys.
func verifiers(t *testing.T, vkeys ...string) (all []note.Verifier) {
	t.Helper()
	for _, k := range vkeys {
		v, err := formatsnote.NewVerifier(k)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

// TestCheckpoint has formats open what our notary has signed and our witness has
// cosigned, and refuse it with any byte of the text altered.
func TestCheckpoint(t *testing.T) {
	r, w, vkey := witnessed(t)
	keys := verifiers(t, r.vkey, vkey)
	n, _ := r.open(w)
	for _, size := range []int{1, 2, 300} {
		r.record(size)
		p := r.sign(n)
		if !p.Witnessed {
			t.Fatalf("%d leaves: %+v", size, n.Status().Witnesses)
		}
		c, rest, opened, err := formatslog.ParseCheckpoint(p.Note, origin, keys[0], keys[1])
		if err != nil || len(rest) > 0 || len(opened.Sigs) != 2 || len(opened.UnverifiedSigs) > 0 {
			t.Fatalf("%d leaves: %v, rest %q, opened %+v\n%s", size, err, rest, opened, p.Note)
		}
		if got := (ours.Checkpoint{Origin: c.Origin, Size: int64(c.Size), Root: ledger.Hash(c.Hash)}); got != p.Checkpoint {
			t.Errorf("they read %+v, we %+v", got, p.Checkpoint)
		}
		if got := string(c.Marshal()); got != p.Text() {
			t.Errorf("they write %q, we %q", got, p.Text())
		}
		at, err := formatsnote.CoSigV1Timestamp(opened.Sigs[1])
		if err != nil || !at.Equal(noon) || !p.Cosigned[0].Time.Equal(noon) {
			t.Errorf("cosigned %v as they read it, %v as we do, %v by the clock (%v)", at, p.Cosigned[0].Time, noon, err)
		}
		for i := range len(p.Text()) {
			bad := bytes.Clone(p.Note)
			bad[i] ^= 1
			if _, _, _, err := formatslog.ParseCheckpoint(bad, origin, keys[0], keys[1]); err == nil {
				t.Errorf("byte %d of the text altered, and they open it", i)
			}
		}
	}
}

// TestForeignCosignature has formats be the witness, and opens what it has signed.
func TestForeignCosignature(t *testing.T) {
	r := newRig(t)
	r.record(300)
	n, _ := r.open()
	p := r.sign(n)
	secret, plain, err := note.GenerateKey(rand.NewChaCha8([32]byte{4}), witnessName)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := formatsnote.NewSignerForCosignatureV1(secret)
	if err != nil {
		t.Fatal(err)
	}
	vkey, err := formatsnote.VKeyToCosignatureV1(plain)
	if err != nil {
		t.Fatal(err)
	}
	r.trust(vkey)
	before := time.Now().Truncate(time.Second)
	cosigned, err := note.Sign(&note.Note{Text: p.Text()}, signer)
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.policy.Open(ours.Merge(p.Note, cosigned))
	if err != nil || !s.Witnessed || len(s.Cosigned) != 1 || s.Cosigned[0].Witness != witnessName {
		t.Fatalf("%+v, %v", s, err)
	}
	if at := s.Cosigned[0].Time; at.Before(before) || at.After(time.Now()) {
		t.Errorf("cosigned %v, not since %v", at, before)
	}
	// The same signature says another thing of another checkpoint.
	r.record(301)
	if _, err := r.policy.Open(ours.Merge(r.sign(n).Note, cosigned)); ours.VerdictOf(err) != ours.BadSignature {
		t.Errorf("a cosignature of another checkpoint: %v", err)
	}
}

// TestProofFile has formats read our files of inclusion proofs and write them again,
// and merkle verify what was read: all that an outsider needs.
func TestProofFile(t *testing.T) {
	r, w, vkey := witnessed(t)
	keys := verifiers(t, r.vkey, vkey)
	n, _ := r.open(w)
	for _, size := range []int{1, 2, 257, 600} {
		r.record(size)
		p := r.sign(n)
		for i, leaf := range r.leaves() {
			made, err := n.Prove(p.Checkpoint, int64(i))
			if err != nil {
				t.Fatal(err)
			}
			file := ours.FormatInclusion(int64(i), made, p.Note)
			if err := ours.CheckInclusion(file, leaf, p.Checkpoint, p.Note); err != nil {
				t.Errorf("leaf %d of %d: %v", i, size, err)
			}
			var read formatsproof.TLogProof
			if err := read.Unmarshal(file); err != nil || !bytes.Equal(read.Marshal(), file) {
				t.Errorf("leaf %d of %d: they write %q, we %q (%v)", i, size, read.Marshal(), file, err)
			}
			c, _, _, err := formatslog.ParseCheckpoint(read.Checkpoint, origin, keys[0], keys[1])
			if err != nil {
				t.Fatal(err)
			}
			hashes := make([][]byte, len(read.Hashes))
			for j, h := range read.Hashes {
				hashes[j] = bytes.Clone(h[:])
			}
			theirs := rfc6962.DefaultHasher
			if err := proof.VerifyInclusion(theirs, read.Index, c.Size, theirs.HashLeaf(leaf), hashes, c.Hash); err != nil {
				t.Errorf("leaf %d of %d: %v", i, size, err)
			}
		}
	}
}
