package notary

import (
	"context"
	"errors"
	"sync"
	"time"

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
	at    time.Time // when this process made it; zero if another did
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
	size := n.Published().Size // and not what the guard has signed for by now: see [SignedBeyond]
	if index >= size {
		return nil, errors.New("the entry that is to be attested is not in the ledger")
	}
	if h.last == nil {
		if before, err := n.recall(ctx, index); err != nil || before != nil {
			return before, err
		}
	}
	tree, err := h.at(ctx, n.o.Log, size)
	if err != nil {
		return nil, err
	}
	a := &Attested{Note: tree.Note(size), tree: tree}
	note, err := n.o.Guard.SignHeads(ctx, a.Note)
	if err != nil {
		return nil, err
	}
	// A crash from here on leaves an attestation that is recorded and true.
	recorded, err := attest.Decider.Handle(ctx, store, attest.Ask(attest.NotaryHeads{Note: string(note)}, m))
	if err != nil {
		return nil, err
	}
	a.Event, a.at = recorded[0], n.o.Now()
	if err := n.CatchUp(ctx); err != nil {
		return nil, err
	}
	h.last = a
	return a, nil
}

// AttestDaily attests all that is recorded, unless there is nothing new since the
// last attestation or that is younger than a day by the ledger's clock and now.
func (n *Notary) AttestDaily(ctx context.Context, store ledger.Store, m ledger.Meta) error {
	if err := n.CatchUp(ctx); err != nil {
		return err
	}
	last, err := n.lastAttested(ctx)
	if err != nil {
		return err
	}
	size := n.Published().Size
	if size == 0 || last != nil && size == int64(last.Event.Position) {
		return nil
	}
	if last != nil && n.age(last.Event.Recorded.Time(), last.at) < 24*time.Hour {
		return nil
	}
	_, err = n.Attest(ctx, store, m, size-1)
	return err
}

// lastAttested returns the last attestation as far as is known; nil if there is none.
// From then on it is at hand for whoever wants evidence.
func (n *Notary) lastAttested(ctx context.Context) (*Attested, error) {
	n.heads.mu.Lock()
	defer n.heads.mu.Unlock()
	if n.heads.last != nil {
		return n.heads.last, nil
	}
	return n.recall(ctx, 0)
}

// recall takes up an attestation that was recorded before the start and has looked at
// the leaf at index; nil if there is none. It reads the whole ledger, and needs
// heads.mu.
func (n *Notary) recall(ctx context.Context, index int64) (*Attested, error) {
	before, err := n.attested(ctx, index)
	if err != nil || before == nil {
		return nil, err
	}
	if before.tree, err = n.heads.at(ctx, n.o.Log, before.Note.Size); err != nil || before.tree.Note(before.Note.Size) != before.Note {
		return nil, err
	}
	n.heads.last = before
	return before, nil
}

// attested returns a recorded attestation that has looked at the leaf at index, one
// that a witnessed checkpoint covers if there is, or else the last; nil if there is
// none. It lacks its tree.
func (n *Notary) attested(ctx context.Context, index int64) (*Attested, error) {
	var best *Attested
	witnessed := n.Status().Witnessed.Size
	err := eachRecorded(ctx, n.o.Log, make(map[ledger.Stream]ledger.Version), func(env ledger.Envelope, made attest.NotaryHeads) {
		note, err := n.o.Policy.OpenHeads([]byte(made.Note))
		if err != nil || note.Size <= index || note.Size >= int64(env.Position) {
			return // anybody may have appended it
		}
		a := &Attested{Event: env, Note: note}
		if best == nil || rank(a, witnessed) > rank(best, witnessed) {
			best = a
		}
	})
	return best, err
}

// rank says how good an attestation is: those among the witnessed leaves are better
// than those that are not, and later ones than earlier.
func rank(a *Attested, witnessed int64) int64 {
	at := int64(a.Event.Position)
	if at <= witnessed {
		at += proof.MaxSize
	}
	return at
}

// at returns where every stream ended among the first size leaves.
func (h *heads) at(ctx context.Context, log ledger.Log, size int64) (*proof.Heads, error) {
	if err := h.look(ctx, log, size); err != nil {
		return nil, err
	}
	all := make([]proof.Head, 0, len(h.ends))
	for _, end := range h.ends {
		all = append(all, end)
	}
	return proof.NewHeads(all)
}

// look goes on until it has seen size leaves, from the start if it has seen more.
func (h *heads) look(ctx context.Context, log ledger.Log, size int64) error {
	if h.ends == nil || h.seen > size {
		h.ends, h.seen = make(map[ledger.Stream]proof.Head), 0
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
