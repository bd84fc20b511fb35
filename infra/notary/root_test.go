package notary

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

// TestMakeRoot makes a root, which is never replaced, and which only its owner reads.
func TestMakeRoot(t *testing.T) {
	path, random := filepath.Join(t.TempDir(), "root.key"), rand.NewChaCha8([32]byte{1})
	for _, name := range []string{"", "with space", "with+plus"} {
		if _, err := MakeRoot(path, name, random); err == nil {
			t.Errorf("the name %q is taken", name)
		}
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("what was refused has left a key: %v", err)
		}
	}
	vkey, err := MakeRoot(path, "root1.example.gov.cn", random)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ReadKey(path) // which refuses a file that others can read
	if err != nil || signer.KeyHash() != verifier.KeyHash() || signer.Name() != "root1.example.gov.cn" {
		t.Fatalf("the key: %v", err)
	}
	secret, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := MakeRoot(path, "root1.example.gov.cn", random); !errors.Is(err, fs.ErrExist) {
		t.Errorf("made again: %v", err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != string(secret) {
		t.Error("the key was replaced")
	}
}
