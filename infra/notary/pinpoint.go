package notary

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"filippo.io/torchwood"
	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// name returns which leaf differs first and how, by the leaves that the tree at c
// holds; nil if there is no tree, or it is not that of c.
func (a Audit) name(ctx context.Context, t tree, c proof.Checkpoint) *proof.Finding {
	if a.Dir == "" {
		return nil
	}
	stored, index := t.stored(c), int64(0)
	var hashes []tlog.Hash // of the leaves from index rounded down to tileWidth on
	for env, err := range a.Log.ReadAll(ctx, 0) {
		if err != nil || index == c.Size {
			break
		}
		if index%tileWidth == 0 {
			at := make([]int64, min(tileWidth, c.Size-index))
			for i := range at {
				at[i] = tlog.StoredHashIndex(0, index+int64(i))
			}
			if hashes, err = stored.ReadHashes(at); err != nil {
				return nil
			}
		}
		if leaf := leafOf(&env); tlog.RecordHash(leaf) != hashes[index%tileWidth] {
			return a.differ(ctx, t, c, index, env)
		}
		index++
	}
	return nil
}

// near is how many leaves from a difference on are compared to say what was done.
const near = 1024

// differ says what was done at index, where got is found and is not what was signed
// for.
func (a Audit) differ(ctx context.Context, t tree, c proof.Checkpoint, index int64, got ledger.Envelope) *proof.Finding {
	signed, err := t.signed(c, index, near)
	if err != nil {
		return nil
	}
	wanted, found := make(map[uuid.UUID]bool), make(map[uuid.UUID]bool)
	for _, e := range signed[1:] {
		wanted[e.ID] = true
	}
	for env, err := range a.Log.ReadAll(ctx, ledger.Position(index+1)) {
		if err != nil || len(found) == near {
			break
		}
		found[env.ID] = true
	}
	want := signed[0]
	v, zh, en := proof.TamperedContent, "条目被改动", "the entry was altered"
	switch comes, stays := wanted[got.ID], found[want.ID]; {
	case got.ID == want.ID && got.Stream != want.Stream:
		v, zh, en = proof.TamperedMissing, "条目被移到另一件", "the entry was moved to another case"
	case got.ID == want.ID && got.Origin != want.Origin, comes && stays:
		v, zh, en = proof.TamperedOrder, "条目的次序或位置被改动", "the order or the place of entries was changed"
	case comes:
		v, zh, en = proof.TamperedMissing, "此处签过的条目不见了", "the entry that was signed for here is missing"
	case stays:
		v, zh, en = proof.TamperedInserted, "此处插入了没有签过的条目", "an entry was inserted here that nobody signed for"
	}
	return proof.Found(v, zh+"（%v）", en+" (%v)", want.Stream).At(index).Differing(want.Leaf, ledger.LeafHash(leafOf(&got)))
}

// signed returns what up to n leaves of the tree at c say, from index on. They are
// those that were signed for: each is checked against the hash in the tree.
func (t tree) signed(c proof.Checkpoint, index int64, n int) ([]ledger.Envelope, error) {
	var out []ledger.Envelope
	stored := t.stored(c)
	for ; len(out) < n && index < c.Size; index++ {
		tile := tlog.Tile{H: torchwood.TileHeight, L: -1, N: index / tileWidth, W: int(min(tileWidth, c.Size-index/tileWidth*tileWidth))}
		rest, err := t.bundle(tile)
		if err != nil {
			return nil, err
		}
		for i := tile.N * tileWidth; len(out) < n && i < tile.N*tileWidth+int64(tile.W); i++ {
			var leaf []byte
			if leaf, rest, err = torchwood.ReadTileEntry(rest); err != nil {
				return nil, err
			}
			if i < index {
				continue
			}
			index = i
			e, _, _, err := ledger.ParseLeaf(leaf)
			if err != nil {
				return nil, err
			}
			hashes, err := stored.ReadHashes([]int64{tlog.StoredHashIndex(0, i)})
			if err != nil {
				return nil, err
			}
			if e.Leaf != ledger.Hash(hashes[0]) {
				return nil, fmt.Errorf("%w: leaf %d", errTiles, i)
			}
			out = append(out, e)
		}
	}
	return out, nil
}

// bundle returns the bytes of an entry bundle, or of the whole one that it is part
// of.
func (t tree) bundle(tile tlog.Tile) ([]byte, error) {
	b, err := os.ReadFile(filepath.Join(t.dir, filepath.FromSlash(torchwood.TilePath(tile))))
	if err != nil && tile.W < tileWidth {
		tile.W = tileWidth
		b, err = os.ReadFile(filepath.Join(t.dir, filepath.FromSlash(torchwood.TilePath(tile))))
	}
	return b, err
}
