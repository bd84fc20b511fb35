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
	if _, err := SetUp(filepath.Dir(policy), key, Plan{Origin: "with space"}, random); err == nil {
		t.Error("a name that cannot be signed for is taken")
	}
	if _, err := SetUp(filepath.Dir(policy), key, Plan{Origin: origin, Quorum: 1}, random); err == nil {
		t.Error("more witnesses are required than there are")
	}
	if _, err := os.Stat(key); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what was refused has left a key: %v", err)
	}
	if err := os.MkdirAll(filepath.Dir(policy), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(policy, []byte("of an earlier attempt"), 0o644); err != nil {
		t.Fatal(err)
	}
	made, err := SetUp(filepath.Dir(policy), key, Plan{Origin: origin}, random)
	if err != nil {
		t.Fatal(err)
	}
	signers, err := ReadKeys(key)
	if err != nil || len(signers) != 1 || signers[0].Name() != origin {
		t.Fatalf("the keys: %v", err)
	}
	if b, err := os.ReadFile(policy); err != nil || string(b) != made.String() {
		t.Errorf("the policy: %q, %v", b, err)
	}
	if _, err := SetUp(filepath.Dir(policy), key, Plan{Origin: origin}, random); !errors.Is(err, fs.ErrExist) {
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
	policy, err := SetUp(dir, key, Plan{Origin: origin, Further: []string{proof.MLDSA44, proof.SM2}}, rand.NewChaCha8([32]byte{1}))
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
}

// TestReadKeys reads key files that are right, and some that are not.
func TestReadKeys(t *testing.T) {
	secret := func(seed byte) string {
		s, _, err := note.GenerateKey(rand.NewChaCha8([32]byte{seed}), origin)
		if err != nil {
			t.Fatal(err)
		}
		return s + "\n"
	}
	a, b := secret(1), secret(2)
	for name, tt := range map[string]struct {
		file string
		want int // 0 if it is refused
	}{
		"one":              {a, 1},
		"two":              {a + b, 2},
		"no final newline": {a + strings.TrimSpace(b), 2},
		"blank lines":      {"\n" + a + " \r\n" + b + "\n", 2},
		"none":             {"\n", 0},
		"nothing":          {"", 0},
		"one twice":        {a + b + a, 0},
		"no key":           {a + "x\n", 0},
		"too large":        {a + strings.Repeat("\n", maxKeyFile), 0},
	} {
		path := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(path, []byte(tt.file), 0o600); err != nil {
			t.Fatal(err)
		}
		keys, err := ReadKeys(path)
		if len(keys) != tt.want || (err == nil) != (tt.want > 0) {
			t.Errorf("%s: %d keys, %v", name, len(keys), err)
		}
		if err != nil && strings.Contains(err.Error(), "PRIVATE") {
			t.Errorf("%s: the error quotes the key", name)
		}
	}
}
