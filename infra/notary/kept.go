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

	"xinfang/domain/attest"
	"xinfang/domain/ledger"
	"xinfang/domain/proof"
	"xinfang/infra/durable"
)

// A Kept (留存) is what a notary's directory remembers besides its checkpoint: what
// witnesses have cosigned, what was verified, what the guard has signed for. Whoever
// puts an old checkpoint back, or another, has all of these to put back.
type Kept struct {
	Witnessed []byte           // the last note that a quorum has cosigned; nil if there is none
	Verified  []byte           // the last note that [Audit.Remember] was called for; nil if there is none
	Guarded   proof.Checkpoint // the guard's memory; of size 0 if it has none, or is another user's
}

// verifiedName is the file, in a notary's directory, with the last note that all of the
// ledger was found to be as signed.
const verifiedName = "verified"

// ReadKept reads what dir, of the ledger called origin, remembers. It is to be read
// before the checkpoint is: what is published meanwhile continues it then.
func ReadKept(dir, origin string) (k Kept, err error) {
	if k.Witnessed, err = readIfAny(filepath.Join(dir, "witnessed")); err != nil {
		return k, err
	}
	if k.Verified, err = readIfAny(filepath.Join(dir, verifiedName)); err != nil {
		return k, err
	}
	k.Guarded, err = recall(filepath.Join(dir, "guard", "guard"), origin)
	if errors.Is(err, fs.ErrPermission) {
		err = nil
	}
	return k, err
}

func readIfAny(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return b, err
}

// Remember keeps Note in Dir as what was verified. A crash in here leaves the one
// before, or this one.
func (a Audit) Remember() error {
	return durable.Replace(filepath.Join(a.Dir, verifiedName), a.Note, 0o644)
}

// Keeps checks that the checkpoint continues what was kept, and that the log has what
// the guard has signed for after it: the guard writes that down before it is published.
// The error is a [*proof.Finding] if not.
func (a Audit) Keeps(ctx context.Context, k Kept) error {
	for _, held := range []struct {
		note   []byte
		zh, en string
	}{
		{k.Witnessed, "对照经见证的检查点（witnessed）：", "compared with the witnessed checkpoint (witnessed): "},
		{k.Verified, "对照上次校验的检查点（verified）：", "compared with the checkpoint that was verified last (verified): "},
	} {
		if held.note == nil {
			continue
		}
		if err := a.Continues(held.note); err != nil {
			return about(err, held.zh, held.en)
		}
	}
	return about(a.guarded(ctx, k.Guarded), "对照签名守护的记录：", "compared with the guard's memory: ")
}

// SignedBeyond checks that the notary's own entries in log, up to head, speak of no more
// than size leaves. It records one only once it has published a checkpoint of what that
// speaks of, durably: so head is where the log ended before a checkpoint of that size was
// read, and what comes later speaks of later ones. The error is a [*proof.Finding] if not:
// the checkpoint, or its loss, hides that more was signed for.
func SignedBeyond(ctx context.Context, log ledger.Log, policy *proof.Policy, size int64, head ledger.Position) error {
	var found *proof.Finding
	note := func(env *ledger.Envelope, more int64) {
		if more > size && found == nil {
			found = proof.Found(proof.RolledBack, "台账中公证自己的条目说已签到 %d 叶，检查点只有 %d 叶。如果公证的目录是从备份恢复的，启动服务后会重新签到末尾；否则请查明是谁换回了旧的", "this entry of the notary's own says that %d leaves were signed for, and the checkpoint has %d. If the directory of the notary was restored from a backup, a server that is started signs for the rest; else find out who put an old one back", more, size).At(int64(env.Position) - 1)
		}
	}
	err := eachRecorded(ctx, log, make(map[ledger.Stream]ledger.Version), func(env ledger.Envelope, made attest.Event) {
		if int64(env.Position) <= size || env.Position > head || found != nil {
			return
		}
		switch made := made.(type) { // which anybody may have appended
		case attest.NotaryHeads:
			if heads, err := policy.OpenHeads([]byte(made.Note)); err == nil && heads.Size < int64(env.Position) {
				note(&env, heads.Size)
			}
		case attest.NotaryAnchor:
			if signed, err := policy.Open([]byte(made.Note)); err == nil && signed.Size < int64(env.Position) {
				note(&env, signed.Size)
			}
		case attest.NotaryKeyChanged: // which speaks of keys
		}
	})
	if err == nil && found != nil {
		return found
	}
	return err
}

// about says before a finding what it is about.
func about(err error, zh, en string) error {
	f, ok := errors.AsType[*proof.Finding](err)
	if !ok {
		return err
	}
	said := *f
	said.Text = ledger.Text{ZH: zh + f.Text.ZH, EN: en + f.Text.EN}
	return &said
}

func (a Audit) guarded(ctx context.Context, g proof.Checkpoint) error {
	s, err := a.Policy.Open(a.Note)
	if err != nil || g.Size == 0 {
		return err
	}
	t := tree{dir: a.Dir}
	if g.Size <= s.Size {
		growth, err := proveGrowth(s.Checkpoint, g.Size, t.stored(s.Checkpoint))
		if err != nil {
			return err
		}
		return proof.CheckGrowth(growth, s.Checkpoint, g)
	}
	e, err := t.edge(s.Checkpoint)
	if err != nil {
		return err
	}
	a.Hashed = false // what follows is read by itself
	wrong, err := a.read(ctx, e, g, new(Audited))
	switch {
	case err != nil:
		return err
	case wrong != nil && wrong.Verdict == proof.Truncated:
		return proof.Found(proof.RolledBack, "签到 %d 叶，台账只有 %d 条", "%d leaves were signed for, and the ledger has %d entries", g.Size, e.size)
	case wrong != nil:
		return wrong
	}
	return nil
}

// Files checks that the files of the tree in Dir are those that were signed for,
// hashes and leaves, from index from on. The error is a [*proof.Finding] if not.
func (a Audit) Files(ctx context.Context, from int64) error {
	s, err := a.Policy.Open(a.Note)
	if err != nil {
		return err
	}
	t := tree{dir: a.Dir}
	stored := t.stored(s.Checkpoint)
	for first := from - from%tileWidth; first < s.Size && err == nil; first += tileWidth {
		if err = ctx.Err(); err == nil {
			err = t.checkTile(stored, first, min(tileWidth, s.Size-first))
		}
	}
	if errors.Is(err, errTiles) || errors.Is(err, fs.ErrNotExist) {
		return badFiles()
	}
	return err
}

// badFiles is the finding that nothing can be proven by the files of a tree.
func badFiles() *proof.Finding {
	return proof.Found(proof.BadProof, "树的文件缺失或被改动，凭它作不出证明；台账本身与签过的相符。若是公证的目录：移走其中的 tile，启动时会从台账重建；若是镜像：另取一个目录重新镜像", "files of the tree are missing or were changed, so that nothing can be proven by them; the ledger itself is what was signed for. In the directory of a notary, move tile away, and it is made again from the ledger at the start; of a mirror, make another in a new directory")
}

// checkTile checks n leaves from index first on, which begins a tile, and their hashes.
func (t tree) checkTile(stored tlog.HashReader, first, n int64) error {
	at := make([]int64, n)
	for i := range at {
		at[i] = tlog.StoredHashIndex(0, first+int64(i))
	}
	hashes, err := stored.ReadHashes(at)
	if err != nil {
		return err
	}
	rest, err := t.bundle(tlog.Tile{H: torchwood.TileHeight, L: -1, N: first / tileWidth, W: int(n)})
	if err != nil {
		return err
	}
	for i, hash := range hashes {
		var leaf []byte
		if leaf, rest, err = torchwood.ReadTileEntry(rest); err != nil || tlog.RecordHash(leaf) != hash {
			return fmt.Errorf("%w: leaf %d", errTiles, first+int64(i))
		}
	}
	return nil
}
