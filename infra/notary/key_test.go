package notary

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
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
	if err := os.Chmod(key, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadKeys(key); err == nil {
		t.Error("a key that others can read is taken")
	}
}
