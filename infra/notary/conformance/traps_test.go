package conformance

import (
	"archive/zip"
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"filippo.io/torchwood"
	"github.com/digitorus/timestamp"
	formatslog "github.com/transparency-dev/formats/log"
	formatsnote "github.com/transparency-dev/formats/note"
	formatsproof "github.com/transparency-dev/formats/proof"
	formatswitness "github.com/transparency-dev/formats/witness"
	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	ours "xinfang/domain/proof"
	"xinfang/domain/proof/prooftest"
	"xinfang/infra/evidence"
)

// TestTraps shows what the libraries take that we do not: each was seen in the versions
// that go.mod pins, and where one has been mended, this fails, and a trap fewer is to
// be known. Of those that have no subtest here,
//
//   - 1, sizes above 2^62, never end in x/mod: rows D3 of the attacks have us refuse
//     them at once;
//   - 14, the version that @latest is of gmsm, is for go.mod, which names another;
//   - 15, what litewitness cosigns, is in TestLitewitness, and what ours does not in
//     rows B16 and B17.
func TestTraps(t *testing.T) {
	r := newRig(t)
	r.record(7)
	n, _ := r.open()
	p := r.sign(n)
	b64 := strings.Split(p.Text(), "\n")[2]
	refuses := func(t *testing.T, signed []byte, want ours.Verdict) {
		t.Helper()
		if _, err := r.policy.Open(signed); ours.VerdictOf(err) != want {
			t.Errorf("we say %v, want %s", err, want)
		}
	}
	signed := func(t *testing.T, text string, signers ...note.Signer) []byte {
		t.Helper()
		b, err := note.Sign(&note.Note{Text: text}, append(signers, r.signer)...)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	theyTake := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("they refuse it now: %v", err)
		}
	}

	t.Run("trap 2 consistency from nothing with any roots", func(t *testing.T) {
		theyTake(t, proof.VerifyConsistency(rfc6962.DefaultHasher, 0, 7, nil, []byte("any"), []byte("root")))
		if err := ours.CheckGrowth(nil, p.Checkpoint, ours.Checkpoint{Origin: origin}); ours.VerdictOf(err) != ours.Malformed {
			t.Errorf("we do not refuse it: %v", err)
		}
		if err := ours.CheckGrowthSM3(nil, p.Checkpoint, ours.Checkpoint{Origin: origin}); ours.VerdictOf(err) != ours.Malformed {
			t.Errorf("nor with SM3: %v", err)
		}
	})
	for name, text := range map[string]string{
		"trap 3 a size with zeros in front": strings.Replace(p.Text(), "\n7\n", "\n007\n", 1),
		"trap 3 a size of 2^63":             strings.Replace(p.Text(), "\n7\n", "\n9223372036854775808\n", 1),
		"trap 3 a root of three bytes":      origin + "\n7\nAAAA\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := new(formatslog.Checkpoint).Unmarshal([]byte(text))
			theyTake(t, err)
			refuses(t, signed(t, text), ours.Malformed)
		})
	}
	for name, text := range map[string]string{
		"trap 4 an empty origin":      "\n7\n" + b64 + "\n",
		"trap 4 base64 in other bits": origin + "\n7\n" + b64[:42] + string(rune(b64[42]+1)) + "=\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := torchwood.ParseCheckpoint(text)
			theyTake(t, err)
			refuses(t, signed(t, text), ours.Malformed)
		})
	}
	t.Run("trap 5 a line more under an ML-DSA signature", func(t *testing.T) {
		skey, vkey, err := formatsnote.GenerateMLDSAKey(origin)
		if err != nil {
			t.Fatal(err)
		}
		signer, err := formatsnote.NewMLDSASigner(skey)
		if err != nil {
			t.Fatal(err)
		}
		genuine := signed(t, p.Text(), signer)
		line := genuine[len(p.Text())+1:]
		line = line[:bytes.IndexByte(line, '\n')+1]
		changed := p.Text() + "extension\n"
		known, err := formatsnote.NewMLDSAVerifier(vkey)
		if err != nil {
			t.Fatal(err)
		}
		_, err = note.Open(append([]byte(changed+"\n"), line...), note.VerifierList(known))
		theyTake(t, err)
		refuses(t, ours.Merge(signed(t, changed), line), ours.Malformed)
	})
	t.Run("trap 6 a proof with carriage returns or junk", func(t *testing.T) {
		made, err := n.Prove(p.Checkpoint, 3)
		if err != nil {
			t.Fatal(err)
		}
		file := string(ours.FormatInclusion(3, made, p.Note))
		for name, changed := range map[string]string{
			"index 2^63": strings.Replace(file, "index 3", "index 9223372036854775808", 1),
			"junk":       file + "junk\n",
		} {
			theyTake(t, new(formatsproof.TLogProof).Unmarshal([]byte(changed)))
			if err := ours.CheckInclusion([]byte(changed), r.leaves()[3], p.Checkpoint, p.Note); ours.VerdictOf(err) != ours.Malformed {
				t.Errorf("%s: we say %v", name, err)
			}
		}
	})
	t.Run("trap 7 a bad signature after a good one, and a note without end", func(t *testing.T) {
		known := verifiers(t, r.vkey)[0]
		other := signed(t, strings.Replace(p.Text(), "\n7\n", "\n6\n", 1))
		twice := append(bytes.Clone(signed(t, p.Text())), other[len(p.Text())+1:]...)
		_, err := note.Open(twice, note.VerifierList(known))
		theyTake(t, err)
		if s, err := r.policy.Open(twice); err != nil || s.Checkpoint != p.Checkpoint {
			t.Errorf("the identity is the checkpoint, and not the note: %+v, %v", s, err)
		}
		huge := append(signed(t, p.Text()), "— x "+strings.Repeat("AAAA", 500_000)+"\n"...)
		_, err = note.Open(huge, note.VerifierList(known))
		theyTake(t, err)
		refuses(t, huge, ours.Malformed)
	})
	t.Run("trap 8 one witness under two names", func(t *testing.T) {
		_, _, vkey := witnessed(t)
		policy := fmt.Sprintf("log %s\nwitness a %s https://a.example/\nwitness b %[2]s https://b.example/\ngroup both all a b\nquorum both\n", r.vkey, vkey)
		_, err := formatswitness.ParsePolicy([]byte(policy))
		theyTake(t, err)
		_, err = ours.ParsePolicy(fmt.Appendf(nil, "version 1\norigin %s\nlogkey %s 0 -\nwitness %s 0 -\nwitness %[3]s 0 -\nquorum 2\nfilter %s\n", origin, r.vkey, vkey, ours.FilterHash()))
		if err == nil {
			t.Error("we take it, too")
		}
	})
	t.Run("trap 9 two log keys", func(t *testing.T) {
		_, second, err := note.GenerateKey(rand.NewChaCha8([32]byte{9}), origin)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := torchwood.ParsePolicy(fmt.Appendf(nil, "log %s\nlog %s\nquorum none\n", r.vkey, second))
		theyTake(t, err)
		if _, _, err := torchwood.VerifyCheckpoint(p.Note, theirs); err == nil {
			t.Error("one of them is enough for them, now")
		}
		policy, err := ours.ParsePolicy(fmt.Appendf(nil, "version 1\norigin %s\nlogkey %s 0 -\nlogkey %s 0 -\nquorum 0\nfilter %s\n", origin, r.vkey, second, ours.FilterHash()))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := policy.Open(p.Note); err != nil {
			t.Errorf("and not for us: %v", err)
		}
	})
	t.Run("trap 10 time-stamps of nobody", func(t *testing.T) {
		in2001 := func() time.Time { return time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC) }
		stranger := prooftest.NewTSA(t, "tsa.example", in2001)
		bare := *stranger
		bare.NoCertificate = true
		policy := *r.policy
		policy.TSARoots = append(policy.TSARoots, prooftest.NewTSA(t, "tsa.example", in2001).Pin())
		for name, tsa := range map[string]*prooftest.TSA{"of an unknown root": stranger, "without certificates": &bare} {
			token, err := tsa.Token(p.Text())
			if err != nil {
				t.Fatal(err)
			}
			if tsa.NoCertificate {
				token[len(token)-4] ^= 1 // which breaks the signature
			}
			_, err = timestamp.Parse(token)
			theyTake(t, err)
			if _, err := policy.OpenStamp(token, p.Checkpoint, tsa.Root.Raw); ours.VerdictOf(err).Holds() {
				t.Errorf("%s: we take it, too", name)
			}
		}
	})
	t.Run("trap 11 an archive with one name twice", func(t *testing.T) {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		for range 2 {
			if _, err := w.Create("checkpoint"); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		_, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
		theyTake(t, err)
		if got := evidence.Verify(bytes.NewReader(b.Bytes()), int64(b.Len()), evidence.Options{Policy: r.policy}); got.Verdict != ours.Malformed {
			t.Errorf("we say %s", got.Verdict)
		}
	})
	t.Run("trap 12 the root of nothing", func(t *testing.T) {
		root, err := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0).GetRootHash(nil)
		theyTake(t, err)
		if root != nil {
			t.Errorf("it is %x now", root)
		}
		refuses(t, signed(t, strings.Replace(p.Text(), "\n7\n", "\n0\n", 1)), ours.Malformed)
	})
	t.Run("trap 13 an inner node as a leaf", func(t *testing.T) {
		leaves := r.leaves()
		a, b := tlog.RecordHash(leaves[0]), tlog.RecordHash(leaves[1])
		inner := tlog.NodeHash(a, b)
		// Of a tree of two leaves the root is an inner node: they take it for the only
		// leaf of a tree of one.
		theyTake(t, tlog.CheckRecord(nil, 1, inner, 0, inner))
		bytesOfNode := append(append([]byte{1}, a[:]...), b[:]...)
		one := ours.Checkpoint{Origin: origin, Size: 1}
		copy(one.Root[:], inner[:])
		if err := ours.CheckInclusion(ours.FormatInclusion(0, nil, p.Note), bytesOfNode, one, p.Note); ours.VerdictOf(err).Holds() {
			t.Error("we take it, too: we hash the bytes of the leaf ourselves")
		}
	})
}
