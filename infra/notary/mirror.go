package notary

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
	"xinfang/infra/durable"
)

// A Mirror (镜像) is a copy of a notary's tree in the hands of somebody else, leaves
// and all. With it a later audit names the entry that was changed, even if nothing
// of the original is left.
//
// It never loses what it has: a checkpoint that does not continue its own is kept
// beside it, as evidence, and so is the last that was witnessed, as "witnessed".
type Mirror struct {
	Dir    string
	Policy *proof.Policy
	Source torchwood.TileReader // such as a [torchwood.TileFetcher]

	Progress func(done, total int64) // may be nil
}

// mirrorStep is how many leaves a mirror takes at once: each step is durable before the
// next, so that one that is interrupted goes on from there.
const mirrorStep = 64 * tileWidth

// Update copies what is new, and returns the checkpoint that the mirror had before
// and the one it has now. The error is a [*proof.Finding] if the source does not
// continue what the mirror has, or its leaves are not those of its root.
func (m Mirror) Update(ctx context.Context) (before, now proof.Signed, err error) {
	note, err := m.Source.ReadEndpoint(ctx, "checkpoint")
	if err != nil {
		return before, now, fmt.Errorf("reading the checkpoint: %w", err)
	}
	if now, err = m.Policy.Open(note); err != nil {
		return before, now, err
	}
	old, err := os.ReadFile(filepath.Join(m.Dir, "checkpoint"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		before.Origin = now.Origin
	case err != nil:
		return before, now, err
	default:
		if before, err = m.Policy.Open(old); err != nil {
			return before, now, fmt.Errorf("the checkpoint of the mirror: %w", err)
		}
	}
	there := torchwood.TileHashReaderWithContext(ctx, tlog.Tree{N: now.Size, Hash: tlog.Hash(now.Root)}, m.Source)
	if err := m.continues(before.Checkpoint, now.Checkpoint, there); err != nil {
		return before, now, m.keep(now.Checkpoint, note, err)
	}
	for from := before.Size; from < now.Size; {
		to := min((from/mirrorStep+1)*mirrorStep, now.Size)
		if err := m.copy(ctx, there, from, to); err != nil {
			return before, now, err
		}
		if from = to; m.Progress != nil {
			m.Progress(from-before.Size, now.Size-before.Size)
		}
	}
	switch {
	case before.Witnessed && !now.Witnessed && before.Checkpoint == now.Checkpoint:
		return before, before, nil // it has more than the source gives now
	case before.Witnessed && !now.Witnessed:
		if err := durable.Replace(filepath.Join(m.Dir, "witnessed"), old, 0o644); err != nil {
			return before, now, err
		}
	}
	// A crash before this leaves tiles that nothing points to; they are copied again.
	return before, now, durable.Replace(filepath.Join(m.Dir, "checkpoint"), note, 0o644)
}

// continues checks that now continues before.
func (m Mirror) continues(before, now proof.Checkpoint, there tlog.HashReader) error {
	switch {
	case before.Size == 0:
		return os.MkdirAll(m.Dir, 0o755)
	case now.Size < before.Size:
		return proof.Found(proof.RolledBack, "镜像已有 %d 叶，来源只有 %d 叶", "the mirror has %d leaves, and the source %d", before.Size, now.Size)
	}
	growth, err := proveGrowth(now, before.Size, there)
	if err != nil {
		return fmt.Errorf("proving that the source continues the mirror: %w", err)
	}
	return proof.CheckGrowth(growth, now, before)
}

// keep keeps a checkpoint that contradicts the mirror's, each under a name of its own.
func (m Mirror) keep(c proof.Checkpoint, note []byte, err error) error {
	if f, ok := errors.AsType[*proof.Finding](err); ok && (f.Verdict == proof.Fork || f.Verdict == proof.RolledBack) {
		name := fmt.Sprintf("contradicts-%d-%x", c.Size, c.Root[:8])
		f.Text.ZH += "；来源的检查点留作证据，在镜像的 " + name
		f.Text.EN += "; the checkpoint of the source is kept as evidence, in the mirror's " + name
		return errors.Join(err, durable.Replace(filepath.Join(m.Dir, name), note, 0o644))
	}
	return err
}

// copy copies the tiles with the leaves from one index to another, checked against
// the root, and returns once they are durable.
func (m Mirror) copy(ctx context.Context, there tlog.HashReader, from, to int64) error {
	t := tree{dir: m.Dir, disk: realDisk}
	dirs := make(map[string]bool)
	for _, tile := range tlog.NewTiles(torchwood.TileHeight, from, to) {
		data, err := tlog.ReadTileData(tile, there)
		if err != nil {
			return fmt.Errorf("%w: %w", errTiles, err)
		}
		if err := t.write(tile, data, dirs); err != nil {
			return err
		}
		if tile.L > 0 {
			continue
		}
		tile.L = -1
		bundles, err := m.Source.ReadTiles(ctx, []tlog.Tile{tile})
		if err != nil {
			return err
		}
		if err := checkBundle(bundles[0], data, tile.N*tileWidth); err != nil {
			return err
		}
		if err := t.write(tile, bundles[0], dirs); err != nil {
			return err
		}
	}
	for dir := range dirs {
		if err := durable.SyncDir(dir); err != nil {
			return err
		}
	}
	return nil
}

// checkBundle checks that bundle has exactly the leaves of hashes, the first of
// which has index first.
func checkBundle(bundle, hashes []byte, first int64) error {
	for i := 0; len(hashes) > 0; i, hashes = i+1, hashes[tlog.HashSize:] {
		leaf, rest, err := torchwood.ReadTileEntry(bundle)
		if err != nil {
			return proof.Found(proof.Malformed, "叶子包不完整", "the bundle of leaves is cut off").At(first + int64(i))
		}
		want := ledger.Hash(hashes[:tlog.HashSize])
		if got := ledger.LeafHash(leaf); got != want {
			return proof.Found(proof.TamperedContent, "来源给出的叶子不在其签过的树中", "the source gives a leaf that is not in the tree that it has signed for").At(first+int64(i)).Differing(want, got)
		}
		bundle = rest
	}
	if len(bundle) > 0 {
		return proof.Found(proof.Malformed, "叶子包多出字节", "the bundle of leaves has bytes too many").At(first)
	}
	return nil
}
