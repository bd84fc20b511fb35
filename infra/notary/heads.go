package notary

import (
	"context"
	"errors"
	"sync"

	"xinfang/domain/attest"
	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// heads is where every stream ends, as far as was looked, and what was last
// attested of it. It is empty until somebody asks.
type heads struct {
	mu   sync.Mutex // guards all of it, and is held while one is made
	seen int64      // leaves looked at
	ends map[ledger.Stream]proof.Head
	last *Attested
}

// An Attested is a [attest.NotaryHeads] event, and the tree that its note is of.
type Attested struct {
	Event ledger.Envelope
	Note  proof.HeadsNote
	tree  *proof.Heads
}

// Prove returns the proof that a stream ended with h; false if it did not.
func (a *Attested) Prove(h proof.Head) (proof.HeadProof, bool) { return a.tree.Prove(h) }

// Attest returns an attestation of where every stream ends that has looked at the
// leaf at index, and that a published checkpoint covers. It records one in store
// unless the last one will do; m says who asks and when.
func (n *Notary) Attest(ctx context.Context, store ledger.Store, m ledger.Meta, index int64) (*Attested, error) {
	h := &n.heads
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last != nil && index < h.last.Note.Size {
		return h.last, nil
	}
	if err := n.CatchUp(ctx); err != nil {
		return nil, err
	}
	size := n.o.Guard.Last().Size
	if index >= size {
		return nil, errors.New("the entry that is to be attested is not in the ledger")
	}
	if err := h.look(ctx, n.o.Log, size); err != nil {
		return nil, err
	}
	all := make([]proof.Head, 0, len(h.ends))
	for _, end := range h.ends {
		all = append(all, end)
	}
	tree, err := proof.NewHeads(all)
	if err != nil {
		return nil, err
	}
	a := &Attested{Note: tree.Note(size), tree: tree}
	signed, err := n.o.Guard.SignHeads(a.Note)
	if err != nil {
		return nil, err
	}
	// A crash from here on leaves an attestation that is recorded and true.
	recorded, err := attest.Decider.Handle(ctx, store, attest.Ask(attest.NotaryHeads{Note: string(signed)}, m))
	if err != nil {
		return nil, err
	}
	a.Event = recorded[0]
	if err := n.CatchUp(ctx); err != nil {
		return nil, err
	}
	h.last = a
	return a, nil
}

// look goes on until it has seen size leaves.
func (h *heads) look(ctx context.Context, log ledger.Log, size int64) error {
	if h.ends == nil {
		h.ends = make(map[ledger.Stream]proof.Head)
	}
	if h.seen == size {
		return nil
	}
	for env, err := range log.ReadAll(ctx, ledger.Position(h.seen)) {
		if err != nil {
			return err
		}
		h.seen = int64(env.Position)
		h.ends[env.Stream] = proof.Head{Stream: env.Stream, Version: env.Version, Index: h.seen - 1, Leaf: env.Leaf}
		if h.seen == size {
			break
		}
	}
	return nil
}
