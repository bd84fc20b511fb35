package proof_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	formats "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/proof"
)

var kinds = []string{proof.Ed25519, proof.MLDSA44, proof.SM2}

// keyOf returns a key of a kind, and how it is written.
func keyOf(t testing.TB, kind, name, seed string) (signer note.Signer, skey, vkey string) {
	t.Helper()
	skey, vkey, err := proof.GenerateKey(kind, name, seeded(seed))
	if err != nil {
		t.Fatal(err)
	}
	if signer, err = proof.NewSigner(skey); err != nil {
		t.Fatal(err)
	}
	return signer, skey, vkey
}

// TestKeys makes a key of each kind, which is the same each time, signs with it, and
// gets the same signature each time.
func TestKeys(t *testing.T) {
	text := []byte(newWorld(t, 7).at(t, 7).Text())
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			s, skey, vkey := keyOf(t, kind, origin, "key")
			_, again, _ := keyOf(t, kind, origin, "key")
			_, other, otherV := keyOf(t, kind, origin, "other key")
			if skey != again || skey == other {
				t.Error("the random bytes do not make the key")
			}
			v, err := proof.NewVerifier(vkey)
			if err != nil {
				t.Fatal(err)
			}
			if v.Name() != origin || v.Name() != s.Name() || v.KeyHash() != s.KeyHash() || proof.KindOf(v) != kind || proof.KindOf(s) != kind {
				t.Errorf("%s+%08x of %s signs, and %s+%08x of %s verifies", s.Name(), s.KeyHash(), proof.KindOf(s), v.Name(), v.KeyHash(), proof.KindOf(v))
			}
			if public, err := proof.PublicKey(skey); public != vkey || err != nil {
				t.Errorf("the public key of it is %s, %v; want %s", public, err, vkey)
			}
			if public, err := proof.PublicKey(vkey); err == nil {
				t.Errorf("the public key of a public key is %s", public)
			}
			sig, err := s.Sign(text)
			sig2, err2 := s.Sign(text)
			if err != nil || err2 != nil || !bytes.Equal(sig, sig2) {
				t.Errorf("signed twice, alike: %t, %v, %v", bytes.Equal(sig, sig2), err, err2)
			}
			if !v.Verify(text, sig) {
				t.Error("the signature does not hold")
			}
			if o, _ := proof.NewVerifier(otherV); o.Verify(text, sig) {
				t.Error("it holds for another key")
			}
			for i := range text {
				changed := bytes.Clone(text)
				if changed[i] ^= 1; v.Verify(changed, sig) {
					t.Errorf("it holds with byte %d of the text changed", i)
				}
			}
			for _, wrong := range [][]byte{nil, sig[1:], sig[:len(sig)-1], append(bytes.Clone(sig), 0), make([]byte, len(sig))} {
				if v.Verify(text, wrong) {
					t.Errorf("%d bytes of %d hold", len(wrong), len(sig))
				}
			}
			for i := 0; i < len(sig); i += 1 + len(sig)/97 {
				changed := bytes.Clone(sig)
				if changed[i] ^= 1; v.Verify(text, changed) {
					t.Errorf("it holds with byte %d of it changed", i)
				}
			}
		})
	}
}

// TestKeysMalformed has each part of a key changed, left out, or written otherwise.
func TestKeysMalformed(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			_, skey, vkey := keyOf(t, kind, origin, "key")
			for i := range vkey {
				if _, err := proof.NewVerifier(vkey[:i]); err == nil {
					t.Fatalf("%d characters of a public key are one", i)
				}
				changed := []byte(vkey)
				if changed[i]++; changed[i] == '+' {
					changed[i] = 'A'
				}
				if v, err := proof.NewVerifier(string(changed)); err == nil {
					t.Errorf("with character %d changed it is the key %s+%08x", i, v.Name(), v.KeyHash())
				}
			}
			for i := range skey {
				if _, err := proof.NewSigner(skey[:i]); err == nil {
					t.Fatalf("%d characters of a secret key are one", i)
				}
			}
			for _, wrong := range []string{skey, "", "+", "++", vkey + "A", " " + vkey, vkey + "\n", vkey[:len(vkey)-9] + "\n" + vkey[len(vkey)-9:]} {
				if _, err := proof.NewVerifier(wrong); err == nil && kind != proof.Ed25519 {
					t.Errorf("%.60q is a public key", wrong)
				}
			}
			if _, err := proof.NewSigner(vkey); err == nil {
				t.Error("a public key is a secret one")
			}
			for _, name := range []string{"", "a b", "a+b", "\xff"} {
				if _, _, err := proof.GenerateKey(kind, name, seeded("key")); err == nil {
					t.Errorf("%q is the name of a key", name)
				}
			}
			if _, _, err := proof.GenerateKey(kind, origin, strings.NewReader("short")); err == nil && kind != proof.Ed25519 {
				t.Error("five bytes are random enough")
			}
		})
	}
	if _, _, err := proof.GenerateKey("rsa", origin, seeded("key")); err == nil {
		t.Error("there is a fourth kind")
	}
	long := strings.Repeat("x", 256) // does not fit before what ML-DSA signs
	if _, _, err := proof.GenerateKey(proof.MLDSA44, long, seeded("key")); err == nil {
		t.Error("the name of a key has 256 bytes")
	}
}

// TestMLDSAFormats has formats, which is C2SP's own, read our keys and lines, and us read
// what it signs. It takes a line that was added below a checkpoint; we do not.
func TestMLDSAFormats(t *testing.T) {
	w := newWorld(t, 7)
	text := w.at(t, 7).Text()
	ours, skey, vkey := keyOf(t, proof.MLDSA44, origin, "key")
	theirV, err := formats.NewMLDSAVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := note.Open(sign(t, text, ours), note.VerifierList(theirV)); err != nil {
		t.Errorf("formats opens what we sign: %v", err)
	}
	theirs, err := formats.NewMLDSASigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	v, _ := proof.NewVerifier(vkey)
	if _, err := note.Open(sign(t, text, theirs), note.VerifierList(v)); err != nil {
		t.Errorf("we open what formats signs: %v", err)
	}
	longer := strings.Replace(string(sign(t, text, ours)), "\n\n", "\nextension\n\n", 1)
	if _, err := note.Open([]byte(longer), note.VerifierList(theirV)); err != nil {
		t.Errorf("formats minds a line that was added: %v", err)
	}
	if _, err := note.Open([]byte(longer), note.VerifierList(v)); err == nil {
		t.Error("we do not mind a line that was added")
	}
}

// TestSM2Layout takes an SM2 key apart as its documentation has it, and refuses its
// point in the compressed form, which would be another key for the same holder.
func TestSM2Layout(t *testing.T) {
	s, _, vkey := keyOf(t, proof.SM2, origin, "key")
	parts := strings.SplitN(vkey, "+", 3)
	b, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(b) != 98 || b[0] != 0xff || b[1] != 31 || string(b[2:33]) != "petition-ledger/sm2-with-sm3/v1" || b[33] != 4 {
		t.Fatalf("%s is %x", vkey, b)
	}
	if parts[1] != hex.EncodeToString(c2spHash(origin, b)) {
		t.Errorf("the hash is %s", parts[1])
	}
	compressed := append(bytes.Clone(b[:33]), 2+b[97]&1)
	compressed = append(compressed, b[34:66]...)
	short := origin + "+" + hex.EncodeToString(c2spHash(origin, compressed)) + "+" + base64.StdEncoding.EncodeToString(compressed)
	if _, err := proof.NewVerifier(short); err == nil {
		t.Error("the point may be compressed")
	}
	sig, err := s.Sign([]byte("text\n"))
	if err != nil || sig[0] != 0x30 || int(sig[1]) != len(sig)-2 {
		t.Errorf("the signature is no DER sequence: %x, %v", sig, err)
	}
}
