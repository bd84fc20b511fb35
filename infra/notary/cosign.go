package notary

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/proof"
)

// patience is how long one witness may take.
const patience = 10 * time.Second

// cosign has each new checkpoint cosigned, and the last one again from time to time
// so that a silence means something; and takes what a courier has brought.
func (n *Notary) cosign(ctx context.Context) {
	live := time.NewTicker(n.o.Liveness)
	defer live.Stop()
	var done int64
	for ctx.Err() == nil {
		n.mu.Lock()
		size, changed := n.published.Size, n.changed
		n.mu.Unlock()
		if size > done {
			n.cosignOnce(ctx)
			done = size
			continue
		}
		select {
		case <-changed:
		case <-live.C:
			done = 0
			if err := n.reload(); err != nil {
				n.log.WarnContext(ctx, "looking for what a courier has brought", "err", err)
			}
		case <-ctx.Done():
		}
	}
}

// cosignOnce submits the last checkpoint to all witnesses at the same time, and
// publishes it with what they have signed.
func (n *Notary) cosignOnce(ctx context.Context) {
	n.mu.Lock()
	base := n.base
	n.mu.Unlock()
	c, err := n.o.Policy.Open(base)
	if len(n.o.Witnesses) == 0 || err != nil {
		return // there is nobody, or nothing yet
	}
	var asking sync.WaitGroup
	for i, w := range n.o.Witnesses {
		asking.Go(func() {
			lines, err := n.ask(ctx, w, i, c.Checkpoint, base)
			if err == nil {
				_, err = n.o.Policy.Open(proof.Merge(base, lines)) // a bad line would spoil all
			}
			if err != nil && !errors.Is(err, errSuperseded) && ctx.Err() == nil {
				n.log.WarnContext(ctx, "a witness has not cosigned", "witness", w.Name(), "size", c.Size, "err", err)
			}
			if errors.Is(err, errSuperseded) {
				return // it has answered, and better
			}
			n.change(func() {
				s := &n.seen[i]
				if s.err = err; err == nil {
					s.size, s.lines, s.at = c.Size, lines, n.o.Now()
				}
			})
		})
	}
	asking.Wait()
	signed := base
	n.mu.Lock()
	for _, s := range n.seen {
		if s.size == c.Size {
			signed = proof.Merge(signed, s.lines)
		}
	}
	n.mu.Unlock()
	if err := n.publish(signed); err != nil {
		n.log.ErrorContext(ctx, "publishing a cosigned checkpoint", "err", err)
	}
}

// ask submits base, the signed c, to the i-th witness. A witness that has seen more leaves
// than the ledger has entries has seen it rolled back, and one that does not take the proof
// has seen another history: nothing is signed any more, and the error is a
// [*proof.Finding]. If the ledger has as many, but the guard's memory is lost and c is
// smaller, signing goes on until it can be shown that what the witness has seen is here.
func (n *Notary) ask(ctx context.Context, w Witness, i int, c proof.Checkpoint, base []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	n.mu.Lock()
	old := n.seen[i].size
	n.mu.Unlock()
	for range 3 {
		if old > c.Size {
			have, err := n.o.Log.Head(ctx)
			if err == nil && old > int64(have) {
				err = n.stop(ctx, proof.Found(proof.RolledBack, "见证 %s 已见过 %d 叶，台账只有 %d 条", "the witness %s has seen %d leaves, and the ledger has %d entries", w.Name(), old, have))
			}
			return nil, cmp.Or(err, errSuperseded)
		}
		growth, err := n.ProveGrowth(c, old)
		if err != nil {
			return nil, err
		}
		lines, err := w.Cosign(ctx, old, growth, base)
		if proof.VerdictOf(err) == proof.Fork {
			return nil, n.stop(ctx, err)
		}
		stale, isStale := errors.AsType[*StaleError](err)
		if !isStale {
			return lines, err
		}
		old = stale.Size
		n.change(func() { n.seen[i].size, n.seen[i].lines = old, nil })
	}
	return nil, errors.New("the witness sees another tree each time: somebody else submits to it")
}

var errSuperseded = errors.New("the witness has seen a later checkpoint of ours")

// ProveGrowth returns the proof that the tree at c continues that of old leaves; nil
// if there is nothing to prove.
func (n *Notary) ProveGrowth(c proof.Checkpoint, old int64) (tlog.TreeProof, error) {
	return proveGrowth(c, old, n.tree.stored(c))
}

// Prove returns the proof that the leaf at index is in the tree at c.
func (n *Notary) Prove(c proof.Checkpoint, index int64) (tlog.RecordProof, error) {
	return tlog.ProveRecord(c.Size, index, n.tree.stored(c))
}
