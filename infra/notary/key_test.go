package notary

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/proof"
)

// TestSetUp makes a notary, refuses to make it again, and makes one where an earlier
// attempt ended before the key had its name.
func TestSetUp(t *testing.T) {
	dir := t.TempDir()
	key, policy := filepath.Join(dir, "key"), filepath.Join(dir, "notary", PolicyName)
	random := rand.NewChaCha8([32]byte{1})
	if _, err := SetUp(filepath.Dir(policy), key, "with space", nil, 0, random); err == nil {
		t.Error("a name that cannot be signed for is taken")
	}
	if _, err := SetUp(filepath.Dir(policy), key, origin, nil, 1, random); err == nil {
		t.Error("more witnesses are required than there are")
	}
	if _, err := os.Stat(key); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what was refused has left a key: %v", err)
	}
	if err := os.MkdirAll(filepath.Dir(policy), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, left := range []string{policy, key + ".tmp"} {
		if err := os.WriteFile(left, []byte("of an earlier attempt"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	made, err := SetUp(filepath.Dir(policy), key, origin, nil, 0, random)
	if err != nil {
		t.Fatal(err)
	}
	signers, err := ReadKeys(key)
	if err != nil || len(signers) != 1 || signers[0].Name() != origin {
		t.Fatalf("the key: %v", err)
	}
	if b, err := os.ReadFile(policy); err != nil || string(b) != made.String() {
		t.Errorf("the policy: %q, %v", b, err)
	}
	if _, err := SetUp(filepath.Dir(policy), key, origin, nil, 0, random); !errors.Is(err, fs.ErrExist) {
		t.Errorf("made again: %v", err)
	}
	t.Run("of all kinds", func(t *testing.T) { setUpKinds(t, t.TempDir()) })
	if err := os.Chmod(key, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadKeys(key); err == nil {
		t.Error("a key that others can read is taken")
	}
}

// setUpKinds makes a notary that signs with keys of all kinds, and believes it.
func setUpKinds(t *testing.T, dir string) {
	key := filepath.Join(dir, "key")
	policy, err := SetUp(dir, key, origin, nil, 0, rand.NewChaCha8([32]byte{1}), proof.MLDSA44, proof.SM2)
	if err != nil {
		t.Fatal(err)
	}
	signers, err := ReadKeys(key)
	if err != nil || len(signers) != 3 {
		t.Fatalf("%d keys, %v", len(signers), err)
	}
	c := proof.Checkpoint{Origin: origin, Size: 1}
	signed, err := note.Sign(&note.Note{Text: c.Text()}, signers...)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := policy.Open(signed); err != nil || s.Checkpoint != c {
		t.Errorf("what they sign: %v", err)
	}
	signed, err = note.Sign(&note.Note{Text: c.Text()}, signers[:2]...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := policy.Open(signed); proof.VerdictOf(err) != proof.UnknownKey {
		t.Errorf("what two of them sign: %v", err)
	}
	for _, content := range []string{"", "\n\n", "PRIVATE+KEY+x\n", strings.Repeat("x\n", maxKeyFile)} {
		if err := os.WriteFile(key, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadKeys(key); err == nil {
			t.Errorf("%.20q is a file of keys", content)
		}
	}
}
