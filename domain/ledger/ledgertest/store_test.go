package ledgertest

import (
	"testing"

	"xinfang/domain/ledger"
)

func TestMemory(t *testing.T) {
	TestStore(t, func(*testing.T) ledger.Store { return new(Store) })
	TestReplica(t, func(*testing.T) ledger.Replica { return new(Store) })
}
