package main

import (
	"context"
	"errors"
	"io"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
	"xinfang/domain/petition"
	"xinfang/domain/proof"
	"xinfang/infra/evidence"
)

// WriteEvidence implements [web.Notary]: it writes the evidence bundle of a case to w.
func (n *notarised) WriteEvidence(ctx context.Context, number string, older []int64, w io.Writer) error {
	return n.writeEvidence(ctx, number, older, nil, w)
}

// writeEvidence writes the evidence bundle of a case, with the keys that d discloses.
func (n *notarised) writeEvidence(ctx context.Context, number string, older []int64, d *evidence.Disclosure, w io.Writer) error {
	stream := ledger.Stream{Category: petition.Category, ID: petition.ID(number)}
	end, err := n.attestedEnd(ctx, stream, proof.MaxSize)
	if err != nil {
		return err
	}
	attested, err := n.Attest(ctx, n.node.store, ledger.Meta{Actor: systemActor, Occurred: n.now().UTC()}, end.Index)
	if err != nil {
		return err
	}
	// The case may have gone on meanwhile: what is attested is what it was.
	covering, err := n.Covering(int64(attested.Event.Position) - 1)
	if err != nil {
		return err
	}
	head, err := n.attestedEnd(ctx, stream, attested.Note.Size)
	if err != nil {
		return err
	}
	headProof, ok := attested.Prove(head)
	if !ok {
		return errors.New("the attestation does not have the case")
	}
	anchors, stamped, err := n.anchorsOf(ctx, stream, covering.Size)
	if err != nil {
		return err
	}
	older = slices.Concat(older, stamped)
	slices.Sort(older)
	var grown []evidence.Older
	for _, size := range slices.Compact(older) {
		if size < 1 || size >= covering.Size {
			continue // there is nothing to prove, or it is newer than this
		}
		growth, err := n.ProveGrowth(covering.Checkpoint, size)
		if err != nil {
			return err
		}
		grown = append(grown, evidence.Older{Size: size, Proof: growth})
	}
	return evidence.Write(ctx, w, evidence.Source{
		Stream: stream, Log: n.node.local, Policy: n.policy, Checkpoint: covering.Note,
		Prove: func(_ context.Context, _, index int64) (tlog.RecordProof, error) {
			return n.Prove(covering.Checkpoint, index)
		},
		Heads: attested.Event, Head: headProof, Older: grown, Anchors: anchors, Disclosed: d, SM3: n.sourceSM3(covering.Size),
	})
}

// sourceSM3 returns what shows events in the SM3 tree, if that has size leaves or more; nil
// if not.
func (n *notarised) sourceSM3(size int64) *evidence.SM3Source {
	p := n.PublishedSM3()
	if p.Note == nil || p.Size < size {
		return nil
	}
	return &evidence.SM3Source{Checkpoint: p.Note, Prove: n.ProveSM3}
}

// attestedEnd returns where stream ended among the first size leaves.
func (n *notarised) attestedEnd(ctx context.Context, stream ledger.Stream, size int64) (h proof.Head, err error) {
	for env, err := range n.node.local.ReadStream(ctx, stream, 0) {
		if err != nil {
			return h, err
		}
		if int64(env.Position) > size {
			break
		}
		h = proof.Head{Stream: stream, Version: env.Version, Index: int64(env.Position) - 1, Leaf: env.Leaf}
	}
	if h.Version == 0 {
		return h, errNoCase
	}
	return h, nil
}
