package notary

import (
	"context"
	"errors"
	"fmt"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// An Audit (审计) compares a log with a signed checkpoint, event by event: the bytes
// of each are hashed again, and nothing that the log or its store says of itself is
// believed.
type Audit struct {
	Log    ledger.Log
	Dir    string        // of the tree, or of a mirror of it; "" if there is none, and then no leaf can be named; with the SM3 checkpoint, if there is one
	Policy *proof.Policy // that believes Checkpoint
	Note   []byte        // the signed checkpoint

	// Since is an older checkpoint of which all was audited before; nil if none was.
	// Only what follows it is read, and Dir must hold the tree.
	Since []byte

	Progress func(done, total int64) // may be nil
}

// An Audited says what an audit has come to.
type Audited struct {
	proof.Signed       // the checkpoint
	From         int64 // the first leaf that was compared
	Beyond       int64 // entries of the log that follow the checkpoint: nobody has signed for them yet
}

// Run audits. Its error is a [*proof.Finding] if the log is not what was signed.
func (a Audit) Run(ctx context.Context) (Audited, error) {
	s, err := a.Policy.Open(a.Note)
	if err != nil {
		return Audited{}, err
	}
	done := Audited{Signed: s}
	head, err := a.Log.Head(ctx)
	if err != nil {
		return done, err
	}
	done.Beyond = max(0, int64(head)-s.Size)
	t := tree{dir: a.Dir, log: a.Log}
	edge, err := a.begin(t, s.Checkpoint, &done)
	if err != nil {
		return done, err
	}
	wrong, err := a.read(ctx, edge, s.Checkpoint)
	if err != nil || wrong == nil {
		return done, err
	}
	if wrong.Verdict == proof.TimeViolation {
		return done, wrong
	}
	if named := a.name(ctx, t, s.Checkpoint); named != nil {
		wrong = named
	}
	return done, wrong
}

// Audit audits the notary's own ledger against what it has published, from the
// checkpoint since on, or all of it if since is nil. A finding ends the signing.
func (n *Notary) Audit(ctx context.Context, since []byte) (Audited, error) {
	done, err := Audit{Log: n.o.Log, Dir: n.o.Dir, Policy: n.o.Policy, Note: n.Published().Note, Since: since}.Run(ctx)
	if err != nil {
		return done, n.stop(ctx, err)
	}
	n.change(func() { n.audited = n.o.Now() })
	return done, nil
}

// Continues checks that the checkpoint continues held, an older one that somebody has
// kept. It reads nothing of the log. The error is a [*proof.Finding] if it does not.
func (a Audit) Continues(held []byte) error {
	s, err := a.Policy.Open(a.Note)
	if err != nil {
		return err
	}
	_, err = a.continues(s.Checkpoint, held)
	return err
}

func (a Audit) continues(c proof.Checkpoint, held []byte) (proof.Signed, error) {
	old, err := a.Policy.Open(held)
	if err != nil {
		return old, err
	}
	if old.Size > c.Size {
		return old, proof.Found(proof.RolledBack, "所持的检查点有 %d 叶，这里签到 %d 叶", "the checkpoint that was kept has %d leaves, and %d are signed for here", old.Size, c.Size)
	}
	growth, err := proveGrowth(c, old.Size, tree{dir: a.Dir}.stored(c))
	if err != nil {
		return old, fmt.Errorf("proving that the checkpoint continues the older one: %w", err)
	}
	return old, proof.CheckGrowth(growth, c, old.Checkpoint)
}

// begin returns the tree that the audit goes on from: empty, or that of Since, if
// the checkpoint continues it.
func (a Audit) begin(t tree, c proof.Checkpoint, done *Audited) (*edge, error) {
	if a.Since == nil {
		return &edge{}, nil
	}
	old, err := a.continues(c, a.Since)
	if err != nil {
		return nil, err
	}
	done.From = old.Size
	e := &edge{size: old.Size, hashes: make(map[int64]tlog.Hash)}
	at := torchwood.RightEdge(old.Size)
	hashes, err := t.stored(old.Checkpoint).ReadHashes(at)
	if err != nil {
		return nil, err
	}
	for i, x := range at {
		e.hashes[x] = hashes[i]
	}
	return e, nil
}

// read goes through the log up to c and returns how it differs from c; nil if it
// does not.
func (a Audit) read(ctx context.Context, e *edge, c proof.Checkpoint) (*proof.Finding, error) {
	gm, err := a.sm3()
	if err != nil {
		return nil, err
	}
	from := e.size
	var last ledger.Ticks
	var backdated *proof.Finding
	if from < c.Size {
		for env, err := range a.Log.ReadAll(ctx, ledger.Position(from)) {
			if err != nil {
				return nil, err
			}
			if env.Recorded < last && backdated == nil {
				backdated = proof.Found(proof.TimeViolation, "录入时间早于上一条：%s", "recorded before the entry that it follows: %s", env.Recorded.Time().Format(time.RFC3339Nano)).At(e.size)
			}
			last = max(last, env.Recorded)
			leaf := leafOf(&env)
			if err := errors.Join(e.add(tlog.RecordHash(leaf)), gm.add(leaf)); err != nil {
				return nil, err
			}
			if a.Progress != nil && e.size%4096 == 0 {
				a.Progress(e.size-from, c.Size-from)
			}
			if e.size == c.Size {
				break
			}
		}
	}
	if e.size < c.Size {
		return proof.Found(proof.Truncated, "台账只有 %d 条，签过 %d 条：末尾缺失", "the ledger has %d entries, and %d were signed for: its end is missing", e.size, c.Size).At(e.size), nil
	}
	root, err := tlog.TreeHash(e.size, e)
	if err != nil {
		return nil, err
	}
	if got := ledger.Hash(root); got != c.Root {
		return proof.Found(proof.TamperedContent, "前 %d 条与签过的不同", "the first %d entries are not those that were signed for", c.Size).Differing(c.Root, got), nil
	}
	err = gm.finish(ctx, a.Log, c)
	if f, ok := errors.AsType[*proof.Finding](err); ok {
		return f, nil
	}
	return backdated, err
}

func leafOf(e *ledger.Envelope) []byte {
	return e.AppendLeaf(make([]byte, 0, 320), ledger.DigestOf(e.Data), ledger.DigestOf(e.Meta))
}

// An edge is the right edge of a growing tree: all that the next leaf and the root
// need.
type edge struct {
	size   int64
	hashes map[int64]tlog.Hash
}

// ReadHashes implements [tlog.HashReader] for the edge.
func (e *edge) ReadHashes(at []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(at))
	for i, x := range at {
		h, ok := e.hashes[x]
		if !ok {
			return nil, fmt.Errorf("hash %d is not on the edge", x)
		}
		out[i] = h
	}
	return out, nil
}

// add adds the hash of the next leaf.
func (e *edge) add(h tlog.Hash) error {
	if e.hashes == nil {
		e.hashes = make(map[int64]tlog.Hash)
	}
	more, err := tlog.StoredHashesForRecordHash(e.size, h, e)
	if err != nil {
		return err
	}
	base := tlog.StoredHashIndex(0, e.size)
	// What was combined is not needed again; the last of more covers it.
	for level, n := 0, e.size; level < len(more)-1; level, n = level+1, n>>1 {
		delete(e.hashes, tlog.StoredHashIndex(level, n-1))
	}
	e.hashes[base+int64(len(more))-1] = more[len(more)-1]
	e.size++
	return nil
}
