package conformance

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/torchwood"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
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
	// A worker ends with the first tile that differs, and Check never returns if all
	// have while tiles are left: so there is a worker for each tile.
	return fsck.New(origin, v, from, hashBundle, fsck.Opts{N: 300}).Check(r.t.Context())
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

// TestFlippedBit flips one bit of a tile or of an entry bundle and has tessera find
// it: many bits of each file of a small tree, one bit of the first and the last file
// of each level of a large one.
func TestFlippedBit(t *testing.T) {
	for _, tt := range []struct {
		size  int64
		flips int // in each file
		some  bool
	}{
		{size: 1000, flips: 50},
		{size: 70574, flips: 1, some: true},
	} {
		t.Run(fmt.Sprint(tt.size), func(t *testing.T) {
			r := newRig(t)
			r.record(int(tt.size))
			n, _ := r.open()
			r.sign(n)
			log := client.FileFetcher{Root: r.dir}
			for i, tile := range tilesOf(tt.size) {
				if tt.some && tile.N > 0 && tile.W == torchwood.TileWidth {
					continue
				}
				path := filepath.Join(r.dir, torchwood.TilePath(tile))
				good, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				for bit := i; bit < 8*len(good); bit += 8 * len(good) / tt.flips {
					bad := bytes.Clone(good)
					bad[bit/8] ^= 1 << (bit % 8)
					rewrite(t, path, bad)
					if r.check(log) == nil {
						t.Errorf("bit %d of %s flipped, and not found", bit, torchwood.TilePath(tile))
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

// tilesOf returns the tiles of a tree, and its entry bundles as tiles of level -1.
// Parts that the tree had when it was smaller are not among them.
func tilesOf(size int64) (all []tlog.Tile) {
	for _, tile := range tlog.NewTiles(torchwood.TileHeight, 0, size) {
		all = append(all, tile)
		if tile.L == 0 {
			tile.L = -1
			all = append(all, tile)
		}
	}
	return all
}

func rewrite(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}
