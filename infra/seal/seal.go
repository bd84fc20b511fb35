// Package seal puts the seal of this program on what it records (写入印记): who has
// the store, and not the key, can append, but what he appends shows.
//
// What is sealed and how it is checked is said by the packages ledger and proof; here
// are the key, a [Store] that seals, and the [Audit] of a whole ledger.
package seal

import (
	"context"

	"xinfang/domain/ledger"
)

// Store returns store with the seal of key on every record that is appended through
// it. The same records, appended again at the same version, have the same bytes.
func Store(store ledger.Store, key *Key) ledger.Store { return sealing{store, key} }

type sealing struct {
	ledger.Store
	key *Key
}

// Append implements [ledger.Store].
func (s sealing) Append(ctx context.Context, stream ledger.Stream, expected ledger.Version, records ...ledger.Record) ([]ledger.Envelope, error) {
	sealed := make([]ledger.Record, len(records)) // those of the caller stay as they are
	for i, r := range records {
		sealed[i] = ledger.WithSeal(r, stream, expected+ledger.Version(i)+1, s.key.sign)
	}
	return s.Store.Append(ctx, stream, expected, sealed...)
}
