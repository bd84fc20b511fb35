package notary

import (
	"errors"
	"io/fs"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// TestGuardRemembers breaks each step of writing down what is to be signed: the write
// lost, and only its answer. Nothing is signed then; and the same is signed once the
// disk does its work, by the same guard or by one that was started again.
func TestGuardRemembers(t *testing.T) {
	c := proof.Checkpoint{Origin: origin, Size: 1, Root: ledger.Hash{1}}
	for name, broken := range map[string]func(works disk) disk{
		"the file, lost": func(works disk) disk {
			works.replace = func(string, []byte, fs.FileMode) error { return errBroken }
			return works
		},
		"the file, its answer lost": func(works disk) disk {
			replace := works.replace
			works.replace = func(path string, data []byte, mode fs.FileMode) error {
				return errors.Join(replace(path, data, mode), errBroken)
			}
			return works
		},
		"its name, lost or not": func(works disk) disk {
			works.syncDir = func(string) error { return errBroken }
			return works
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			dir := filepath.Join(r.dir, "guard")
			open := func() *Guard {
				t.Helper()
				g, err := OpenGuard(dir, r.policy, r.signer)
				if err != nil {
					t.Fatal(err)
				}
				return g
			}
			g := open()
			g.disk = broken(realDisk)
			signed, err := g.Sign(t.Context(), c, tlog.TreeProof{})
			if !errors.Is(err, errBroken) || signed != nil {
				t.Errorf("signed %q, %v", signed, err)
			}
			if last, _ := g.Last(t.Context()); last.Size != 0 {
				t.Errorf("it says that %+v was signed", last)
			}
			g.disk = realDisk
			if _, err := g.Sign(t.Context(), c, tlog.TreeProof{}); err != nil {
				t.Error("once the disk does its work:", err)
			}
			if err := g.Close(); err != nil {
				t.Fatal(err)
			}
			again := open()
			defer again.Close()
			if last, _ := again.Last(t.Context()); last != c {
				t.Errorf("started again, it knows %+v", last)
			}
		})
	}
}
