package ledgertest

import (
	"testing"

	"xinfang/domain/ledger"
)

func TestMemory(t *testing.T) {
	TestStore(t, func(*testing.T) ledger.Store { return new(Store) })
}
