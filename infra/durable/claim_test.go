package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestClaim gives a draft its name as where there are no links: nobody who has the name
// loses it.
func TestClaim(t *testing.T) {
	for before, want := range map[string]string{"": "new", "old": "old"} {
		dir := t.TempDir()
		draft, path := filepath.Join(dir, "draft"), filepath.Join(dir, "file")
		for name, text := range map[string]string{draft: "new", path: before} {
			if text == "" {
				continue
			}
			if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := claim(draft, path); errors.Is(err, fs.ErrExist) != (before != "") {
			t.Errorf("beside %q it says %v", before, err)
		}
		if got, err := os.ReadFile(path); string(got) != want {
			t.Errorf("beside %q the file is %q, %v", before, got, err)
		}
		if _, err := os.Stat(draft); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("beside %q the draft is still there: %v", before, err)
		}
	}
}
