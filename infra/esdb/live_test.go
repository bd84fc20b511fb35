package esdb

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
)

// TestLive is TestStore against a server that somebody else runs. The account may
// read $all and append to streams of the category test; nobody else may write
// meanwhile; and the server must take appends of 2 MiB (--max-append-size), because
// one check makes one of a little over 1 MiB. What it writes stays there.
//
// A binary made by go test -c needs nothing else:
//
//	XINFANG_TEST_ESDB='esdb://user:password@host:2113?tlsCaFile=ca.crt' ./esdb.test -test.run TestLive -test.v
func TestLive(t *testing.T) {
	address := os.Getenv("XINFANG_TEST_ESDB")
	if address == "" {
		t.Skip("not run against a server of EventStoreDB: XINFANG_TEST_ESDB holds no connection string")
	}
	testLive(t, Options{Address: address, Now: time.Now})
}

func testLive(t *testing.T, o Options) {
	c, err := Dial(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeClient(t, c) })
	t.Run("store", func(t *testing.T) {
		ledgertest.TestStore(t, func(t *testing.T) ledger.Store { return followed(t, c, newSince(t, c)) })
	})
	t.Run("replica", func(t *testing.T) {
		first, second := new(ledgertest.Store), new(ledgertest.Store)
		for range 2 {
			for _, replica := range []ledger.Replica{first, second} {
				if err := NewCopier(c, replica, CopierOptions{Recheck: -1}).CatchUp(within(t)); err != nil {
					t.Fatal(err)
				}
			}
		}
		got, want := leaves(t, first), leaves(t, second)
		if len(got) == 0 || len(got) > len(want) {
			t.Fatalf("two replicas have %d and %d events", len(got), len(want))
		}
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("two replicas differ at position %d", i+1)
			}
		}
	})
}

// A since is a replica that leaves out what the source had when it was made, and
// whatever came to those streams later: it begins empty, as a check wants it. It is
// behind the positions that its copier counts, until that connects again.
type since struct {
	*ledgertest.Store
	end uint64 // commit of the last event that the source had

	// The copier, who alone adopts, owns old.
	old map[ledger.Stream]bool
}

func newSince(t *testing.T, c *Client) *since {
	t.Helper()
	s := &since{Store: new(ledgertest.Store), old: make(map[ledger.Stream]bool)}
	err := c.use(within(t), func(ctx context.Context, es *esdb.Client) error {
		all, err := es.ReadAll(ctx, esdb.ReadAllOptions{Direction: esdb.Backwards, From: esdb.End{}}, 1)
		if err != nil {
			return err
		}
		defer all.Close()
		last, err := all.Recv()
		if err == nil {
			s.end = last.OriginalEvent().Position.Commit
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Adopt implements [ledger.Replica].
func (s *since) Adopt(ctx context.Context, envelopes ...ledger.Envelope) error {
	var fresh []ledger.Envelope
	for _, env := range envelopes {
		if env.Origin.Commit <= s.end {
			s.old[env.Stream] = true
		}
		if !s.old[env.Stream] {
			fresh = append(fresh, env)
		}
	}
	err := s.Store.Adopt(ctx, fresh...)
	if broken, ok := errors.AsType[*ledger.Break](err); ok {
		return errors.New(broken.Error()) // its Index is of fresh
	}
	return err
}
