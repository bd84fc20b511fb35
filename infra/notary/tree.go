package notary

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// A tree is the Merkle tree of the ledger's leaves, as files that C2SP tlog-tiles
// lays out: tile/<level>/… with hashes and tile/entries/… with leaves. A file is
// whole under its name or is not there, and once written has always the same bytes;
// so a tree may be read while it grows.
//
// It does not know its size: that is for the guard to say. What lies beyond is
// written again, identically.
type tree struct {
	dir  string
	log  ledger.Log // whose leaves they are
	disk disk
}

// stored returns the hashes of the tree at c, each checked against its root. The
// error of reading wraps [errTiles] if the files are not those of that tree.
func (t tree) stored(c proof.Checkpoint) tlog.HashReader {
	if c.Size == 0 {
		return tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
			return nil, fmt.Errorf("%w: hash %v of an empty tree", errTiles, at)
		})
	}
	checked := tlog.TileHashReader(tlog.Tree{N: c.Size, Hash: tlog.Hash(c.Root)}, tiles{t.dir})
	return tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		hashes, err := checked.ReadHashes(at)
		if err != nil {
			err = fmt.Errorf("%w: %w", errTiles, err)
		}
		return hashes, err
	})
}

// errTiles reports that files of the tree are missing or changed.
var errTiles = ledger.Troubled("树的文件缺失，或与其根不符", "files of the tree are missing, or not those of its root")

// check reads the right edge of the tree at c: all that growing it needs.
func (t tree) check(c proof.Checkpoint) error {
	if c.Size == 0 {
		return nil
	}
	_, err := t.stored(c).ReadHashes(torchwood.RightEdge(c.Size))
	return err
}

// proveGrowth returns the proof that the tree at c continues that of old leaves, by the
// hashes of c; nil if there is nothing to prove.
func proveGrowth(c proof.Checkpoint, old int64, hashes tlog.HashReader) (tlog.TreeProof, error) {
	if old <= 0 || old >= c.Size {
		return nil, nil
	}
	return tlog.ProveTree(c.Size, old, hashes)
}

// A growth is a tree and what follows it, in memory.
type growth struct {
	old    proof.Checkpoint
	new    proof.Checkpoint
	leaves [][]byte // from the last multiple of tileWidth before old.Size on
	hashes tlog.HashReader
}

// grow returns what the tree at old becomes with more, the leaves that follow.
// before is the leaves of the last entry bundle of old that is not full. It writes
// nothing.
func (t tree) grow(old proof.Checkpoint, before, more [][]byte) (growth, error) {
	g := growth{old: old, leaves: append(before, more...)}
	base, fresh := tlog.StoredHashCount(old.Size), make([]tlog.Hash, 0, 2*len(more)+64)
	stored := t.stored(old)
	g.hashes = tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		out, from, places := make([]tlog.Hash, len(at)), []int64(nil), []int(nil)
		for i, x := range at {
			if x >= base {
				out[i] = fresh[x-base]
			} else {
				from, places = append(from, x), append(places, i)
			}
		}
		if len(from) == 0 {
			return out, nil
		}
		hashes, err := stored.ReadHashes(from)
		for i, h := range hashes {
			out[places[i]] = h
		}
		return out, err
	})
	for i, leaf := range more {
		hashes, err := tlog.StoredHashes(old.Size+int64(i), leaf, g.hashes)
		if err != nil {
			return g, err
		}
		fresh = append(fresh, hashes...)
	}
	size := old.Size + int64(len(more))
	root, err := tlog.TreeHash(size, g.hashes)
	g.new = proof.Checkpoint{Origin: old.Origin, Size: size, Root: ledger.Hash(root)}
	return g, err
}

// proof returns the proof that the new tree continues the old one.
func (g *growth) proof() (tlog.TreeProof, error) {
	return proveGrowth(g.new, g.old.Size, g.hashes)
}

// tail returns the leaves of the last entry bundle that is not full: the next grow
// needs them.
func (g *growth) tail() [][]byte {
	first := g.old.Size - g.old.Size%tileWidth
	full := g.new.Size - g.new.Size%tileWidth
	return append([][]byte(nil), g.leaves[full-first:]...)
}

const tileWidth = torchwood.TileWidth

// save writes the files that the new tree has and the old one has not, and returns
// once they are durable. A crash in here leaves some of them: nobody has signed
// their tree, and they are written again.
func (t tree) save(g *growth) error {
	dirs := make(map[string]bool)
	for _, tile := range tlog.NewTiles(torchwood.TileHeight, g.old.Size, g.new.Size) {
		data, err := tlog.ReadTileData(tile, g.hashes)
		if err != nil {
			return err
		}
		if err := t.write(tile, data, dirs); err != nil {
			return err
		}
		if tile.L > 0 {
			continue
		}
		first := g.old.Size - g.old.Size%tileWidth
		var bundle []byte
		for _, leaf := range g.leaves[tile.N*tileWidth-first:][:tile.W] {
			if bundle, err = torchwood.AppendTileEntry(bundle, leaf); err != nil {
				return err
			}
		}
		tile.L = -1
		if err := t.write(tile, bundle, dirs); err != nil {
			return err
		}
	}
	for dir := range dirs {
		if err := t.disk.syncDir(dir); err != nil {
			return err
		}
	}
	return t.tidy(g)
}

func (t tree) write(tile tlog.Tile, data []byte, dirs map[string]bool) error {
	path := filepath.Join(t.dir, filepath.FromSlash(torchwood.TilePath(tile)))
	for dir := filepath.Dir(path); !dirs[dir] && dir != filepath.Dir(t.dir); dir = filepath.Dir(dir) {
		dirs[dir] = true
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return t.disk.replace(path, data, 0o644)
}

// tidy removes the parts of tiles that are whole now. Whoever still wants a part
// finds it in the whole.
func (t tree) tidy(g *growth) error {
	for _, tile := range tlog.NewTiles(torchwood.TileHeight, g.old.Size, g.new.Size) {
		for _, level := range []int{tile.L, -1} {
			if tile.W < tileWidth || level < 0 && tile.L > 0 {
				continue
			}
			tile := tlog.Tile{H: tile.H, L: level, N: tile.N, W: tileWidth}
			parts := filepath.Join(t.dir, filepath.FromSlash(torchwood.TilePath(tile))) + ".p"
			if err := os.RemoveAll(parts); err != nil {
				return err
			}
		}
	}
	return nil
}

// tiles reads tiles from a directory, as x/mod wants them.
type tiles struct{ dir string }

// Height implements [tlog.TileReader].
func (t tiles) Height() int { return torchwood.TileHeight }

// SaveTiles implements [tlog.TileReader].
func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// ReadTiles implements [tlog.TileReader].
func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(wanted))
	for i, tile := range wanted {
		b, err := t.read(tile)
		if err != nil {
			return nil, err
		}
		if len(b) != tile.W*tlog.HashSize {
			return nil, fmt.Errorf("%s has %d bytes", torchwood.TilePath(tile), len(b))
		}
		data[i] = b
	}
	return data, nil
}

// read returns a tile. What is a part there may be whole here by now.
func (t tiles) read(tile tlog.Tile) ([]byte, error) {
	b, err := os.ReadFile(filepath.Join(t.dir, filepath.FromSlash(torchwood.TilePath(tile))))
	if !errors.Is(err, fs.ErrNotExist) || tile.W == tileWidth {
		return b, err
	}
	whole := tile
	whole.W = tileWidth
	b, err = os.ReadFile(filepath.Join(t.dir, filepath.FromSlash(torchwood.TilePath(whole))))
	if err == nil && len(b) >= tile.W*tlog.HashSize {
		b = b[:tile.W*tlog.HashSize]
	}
	return b, err
}
