package notary

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"filippo.io/torchwood"
	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// name compares the log with the leaves of the tree at c, one by one. It returns
// which differs first and how, nil if none does but those that have expired, and how
// many have. The error is that there is no tree to compare with, or not that of c.
func (a Audit) name(ctx context.Context, t tree, c proof.Checkpoint) (expired int64, wrong *proof.Finding, err error) {
	if a.Dir == "" {
		return 0, nil, errTiles
	}
	p := pinpoint{tree: t, c: c, stored: t.stored(c), prev: make(map[ledger.Stream]ledger.Hash)}
	clock := newClock(time.Time{})
	var at ledger.Position // in the log, whatever its entries say
	for env, err := range a.Log.ReadAll(ctx, 0) {
		if err != nil {
			return 0, nil, err
		}
		at++
		for p.index < c.Size {
			var same, over bool
			if same, err = p.fits(&env); err == nil && !same {
				over, err = p.passOver(env.ID)
			}
			if err != nil {
				return 0, nil, err
			}
			if same {
				break
			}
			if !over {
				return 0, a.differ(ctx, t, c, p.index, env, at), nil
			}
		}
		if p.index == c.Size {
			break
		}
		clock.see(&env, p.index)
		p.index++
	}
	for p.index < c.Size {
		over, err := p.passOver(uuid.Nil)
		if err != nil {
			return 0, nil, err
		}
		if !over {
			missing, err := t.signed(c, p.index, 1)
			if err != nil {
				return 0, nil, err
			}
			return 0, truncated(p.index, c.Size).Of(missing[0].Stream), nil
		}
	}
	return p.expired, clock.backdated, nil
}

// A pinpoint goes through the leaves of a signed tree.
type pinpoint struct {
	tree   tree
	c      proof.Checkpoint
	stored tlog.HashReader

	index   int64
	hashes  []tlog.Hash // of the leaves from index rounded down to tileWidth on
	first   int64       // of hashes
	expired int64       // that were passed over
	prev    map[ledger.Stream]ledger.Hash
}

// fits reports whether e is the event of the leaf at index. A log that lacks events
// has counted and linked those that follow otherwise: e is given the place in the
// tree that is left for it, which it fits or not.
func (p *pinpoint) fits(e *ledger.Envelope) (bool, error) {
	if p.expired > 0 {
		e.Position = ledger.Position(p.index + 1)
		if prev, ok := p.prev[e.Stream]; ok {
			e.Prev = prev
		}
	}
	if p.hashes == nil || p.index-p.first >= tileWidth {
		p.first = p.index - p.index%tileWidth
		at := make([]int64, min(tileWidth, p.c.Size-p.first))
		for i := range at {
			at[i] = tlog.StoredHashIndex(0, p.first+int64(i))
		}
		var err error
		if p.hashes, err = p.stored.ReadHashes(at); err != nil {
			return false, err
		}
	}
	hash := p.hashes[p.index-p.first]
	if tlog.RecordHash(leafOf(e)) != hash {
		return false, nil
	}
	if p.expired > 0 {
		p.prev[e.Stream] = ledger.Hash(hash)
	}
	return true, nil
}

// Scavenges is the category of the streams that tell of the source's disk being
// scavenged: $scavenges, and $scavenges-<id> for each. The source itself lets them go
// after a while ($maxAge, 30 days unless configured).
const Scavenges = "$scavenges"

// passOver goes on to the next leaf if the one at index may be missing: it is of
// [Scavenges], and not of event got, which would have been altered.
func (p *pinpoint) passOver(got uuid.UUID) (bool, error) {
	signed, err := p.tree.signed(p.c, p.index, 1)
	if err != nil {
		return false, err
	}
	want := signed[0]
	if want.Stream.Category != Scavenges || want.ID == got {
		return false, nil
	}
	p.prev[want.Stream] = want.Leaf
	p.expired++
	p.index++
	return true, nil
}

// near is how many leaves from a difference on are compared to say what was done.
const near = 1024

// differ says what was done at index, where got, which the log has at a position, is
// found and is not what was signed for.
func (a Audit) differ(ctx context.Context, t tree, c proof.Checkpoint, index int64, got ledger.Envelope, at ledger.Position) *proof.Finding {
	signed, err := t.signed(c, index, near)
	if err != nil {
		return nil
	}
	wanted, found := make(map[uuid.UUID]bool), make(map[uuid.UUID]bool)
	for _, e := range signed[1:] {
		wanted[e.ID] = true
	}
	for env, err := range a.Log.ReadAll(ctx, at) {
		if err != nil || len(found) == near {
			break
		}
		found[env.ID] = true
	}
	want := signed[0]
	v, what := proof.TamperedContent, ledger.Text{ZH: "条目被改动", EN: "the entry was altered"}
	switch comes, stays := wanted[got.ID], found[want.ID]; {
	case got.ID == want.ID && got.Stream != want.Stream:
		v, what = proof.TamperedMissing, ledger.Text{ZH: "条目被移到另一件", EN: "the entry was moved to another case"}
	case got.ID == want.ID && got.Origin != want.Origin, comes && stays:
		v, what = proof.TamperedOrder, ledger.Text{ZH: "条目的次序或位置被改动", EN: "the order or the place of entries was changed"}
	case comes:
		v, what = proof.TamperedMissing, ledger.Text{ZH: "此处签过的条目不见了", EN: "the entry that was signed for here is missing"}
	case stays:
		v, what = proof.TamperedInserted, ledger.Text{ZH: "此处插入了没有签过的条目", EN: "an entry was inserted here that nobody signed for"}
	}
	f := &proof.Finding{Verdict: v, Text: what}
	return f.At(index).Of(want.Stream).Differing(want.Leaf, ledger.LeafHash(leafOf(&got)))
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
