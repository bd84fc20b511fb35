package conformance

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
)

// sizes have whole tiles and parts of them, on one, two and three levels.
var sizes = []int{1, 255, 256, 257, 1000, 70574}

// check has tessera make the tree again from the entry bundles, and compare it with
// the tiles and the checkpoint.
func (r *rig) check(from fsck.Fetcher) error {
	r.t.Helper()
	v, err := note.NewVerifier(r.vkey)
	if err != nil {
		r.t.Fatal(err)
	}
	// A worker that has found something ends, and who sends to none waits for ever.
	// One bit of a bundle is found on each level.
	return fsck.New(origin, v, from, hashBundle, fsck.Opts{N: 8}).Check(r.t.Context())
}

func hashBundle(b []byte) ([][]byte, error) {
	var bundle api.EntryBundle
	if err := bundle.UnmarshalText(b); err != nil {
		return nil, err
	}
	var hashes [][]byte
	for _, leaf := range bundle.Entries {
		hashes = append(hashes, rfc6962.DefaultHasher.HashLeaf(leaf))
	}
	return hashes, nil
}

// TestTiles has tessera check logs of several sizes, each signed from nothing and
// grown from the one before, in their files and as the notary serves them.
func TestTiles(t *testing.T) {
	grown := newRig(t)
	growing, _ := grown.open()
	server := httptest.NewServer(growing.Handler(func(*http.Request) bool { return true }))
	defer server.Close()
	base, err := url.Parse(server.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	served, err := client.NewHTTPFetcher(base, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range sizes {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			fresh := newRig(t)
			fresh.store = grown.store
			grown.record(size)
			n, _ := fresh.open()
			if a, b := fresh.sign(n), grown.sign(growing); a.Checkpoint != b.Checkpoint {
				t.Errorf("%+v from nothing, %+v grown", a.Checkpoint, b.Checkpoint)
			}
			for name, from := range map[string]fsck.Fetcher{
				"from nothing": client.FileFetcher{Root: fresh.dir},
				"grown":        client.FileFetcher{Root: grown.dir},
				"served":       served,
			} {
				if err := grown.check(from); err != nil {
					t.Errorf("%s: %.300v", name, err)
				}
			}
		})
	}
}

// TestFlippedBit flips one bit of a tile or of an entry bundle, in each of their
// files, and has tessera find it.
func TestFlippedBit(t *testing.T) {
	for _, tt := range []struct{ size, files, bits int }{
		{1000, 4 + 4 + 1, 50},
		{70574, 2*276 + 2 + 1, 1}, // of which a few are enough
	} {
		t.Run(fmt.Sprint(tt.size), func(t *testing.T) {
			r := newRig(t)
			r.record(tt.size)
			n, _ := r.open()
			r.sign(n)
			log := client.FileFetcher{Root: r.dir}
			files := tileFiles(t, r.dir)
			if len(files) != tt.files {
				t.Errorf("%d tiles and bundles, want %d: %q", len(files), tt.files, files)
			}
			for i, path := range files {
				whole := strings.HasSuffix(path, "000") || strings.Contains(path, ".p/")
				if tt.bits == 1 && !whole {
					continue
				}
				good, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				for bit := i; bit < 8*len(good); bit += max(1, 8*len(good)/tt.bits) {
					bad := append([]byte(nil), good...)
					bad[bit/8] ^= 1 << (bit % 8)
					rewrite(t, path, bad)
					if r.check(log) == nil {
						t.Errorf("bit %d of %s flipped, and not found", bit, path)
					}
				}
				rewrite(t, path, good)
			}
			if err := r.check(log); err != nil {
				t.Errorf("all bits as they were: %.300v", err)
			}
		})
	}
}

// tileFiles returns the paths of all files of the tree.
func tileFiles(t *testing.T, dir string) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(dir, "tile"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func rewrite(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}
