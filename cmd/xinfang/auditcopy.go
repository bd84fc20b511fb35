package main

import (
	"context"
	"iter"
	"slices"

	"xinfang/domain/ledger"
	"xinfang/infra/notary"
	"xinfang/infra/segment"
)

// An expiring replica is a copy for an audit. A ledger begins each stream at version
// 1; a server that has let go of the beginning of one that tells of its scavenges
// does not, and the rest of what it has is to be audited all the same. The store
// counts such a stream from 1, and readers see it as the server does.
//
// The one that copies and then audits has it: it is not safe for concurrent use.
type expiring struct {
	*segment.Store
	gone map[ledger.Stream]ledger.Version // how many are missing before the first
}

// Adopt implements [ledger.Replica].
func (x *expiring) Adopt(ctx context.Context, envelopes ...ledger.Envelope) error {
	counted := slices.Clone(envelopes)
	for i := range counted {
		e := &counted[i]
		if e.Stream.Category != notary.Scavenges {
			continue
		}
		gone, known := x.gone[e.Stream]
		if !known {
			gone = e.Version - 1
			x.gone[e.Stream] = gone
		}
		e.Version -= gone
	}
	return x.Store.Adopt(ctx, counted...)
}

// ReadAll implements [ledger.Log].
func (x *expiring) ReadAll(ctx context.Context, after ledger.Position) iter.Seq2[ledger.Envelope, error] {
	return func(yield func(ledger.Envelope, error) bool) {
		for env, err := range x.Store.ReadAll(ctx, after) {
			env.Version += x.gone[env.Stream]
			if !yield(env, err) {
				return
			}
		}
	}
}
