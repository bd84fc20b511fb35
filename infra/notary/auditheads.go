package notary

import (
	"context"
	"maps"
	"slices"

	"xinfang/domain/attest"
	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// A headsAudit makes anew where every stream ends, and compares it with what the
// notary has signed of that: a notary that lies there could hide the last events of a
// case from whoever has its bundle. To compare with one note costs a sort of all
// streams, so that it is done with the last one, unless all are asked for.
type headsAudit struct {
	notes map[int64][]signedHeads // by how many leaves they have looked at
	until int64                   // the most of those; 0 if there is nothing to compare with
	ends  map[ledger.Stream]proof.Head
	wrong *proof.Finding // the first note that is not what the ledger says
}

// A signedHeads is a note, and the leaf of the event that has it.
type signedHeads struct {
	note  proof.HeadsNote
	index int64
}

// heads begins with the notes that the log has up to c. An audit that does not begin at
// the first leaf does not know where streams end, and leaves it out.
func (a Audit) heads(ctx context.Context, from int64, c proof.Checkpoint) (h headsAudit, err error) {
	if from > 0 {
		return h, nil
	}
	var all []signedHeads
	err = eachRecorded(ctx, a.Log, make(map[ledger.Stream]ledger.Version), func(env ledger.Envelope, made attest.NotaryHeads) {
		note, err := a.Policy.OpenHeads([]byte(made.Note))
		if index := int64(env.Position) - 1; err == nil && index < c.Size && note.Size <= index { // the rest is forged
			all = append(all, signedHeads{note, index})
		}
	})
	if err != nil || len(all) == 0 {
		return h, err
	}
	last := slices.MaxFunc(all, func(x, y signedHeads) int { return int(x.note.Size - y.note.Size) }).note.Size
	h = headsAudit{notes: make(map[int64][]signedHeads), until: last, ends: make(map[ledger.Stream]proof.Head)}
	for _, s := range all {
		if a.AllHeads || s.note.Size == last {
			h.notes[s.note.Size] = append(h.notes[s.note.Size], s)
		}
	}
	return h, nil
}

// add takes in the next leaf.
func (h *headsAudit) add(env *ledger.Envelope, index int64, leaf ledger.Hash) error {
	if index >= h.until {
		return nil
	}
	h.ends[env.Stream] = proof.Head{Stream: env.Stream, Version: env.Version, Index: index, Leaf: leaf}
	notes := h.notes[index+1]
	if len(notes) == 0 {
		return nil
	}
	tree, err := proof.NewHeads(slices.Collect(maps.Values(h.ends)))
	if err != nil {
		return err
	}
	for _, s := range notes {
		if want := tree.Note(index + 1); s.note != want && h.wrong == nil {
			h.wrong = proof.Found(proof.BadProof, "公证在此签署的末条总表不是台账的：凭它作出的证据包会漏掉条目", "the heads that the notary signed here are not those of the ledger: bundles that rest on them leave events out").
				At(s.index).Differing(want.Root, s.note.Root)
		}
	}
	return nil
}
