package seal

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"xinfang/domain/custody"
	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
	"xinfang/domain/proof"
)

const origin = "ledger.example.gov.cn/petition"

// newKey returns a key that is the same each time.
func newKey(t *testing.T, n byte) *Key {
	t.Helper()
	key, err := SetUp(filepath.Join(t.TempDir(), "key"), origin, rand.NewChaCha8([32]byte{n}))
	ok(t, err)
	return key
}

// policyOf returns a policy with that writer line.
func policyOf(t *testing.T, key *Key, leaves string) *proof.Policy {
	t.Helper()
	_, log := newKey(t, 9), newKey(t, 8)
	p, err := proof.NewPolicy(origin+"/writer", []string{log.VKey}, nil, 0, "writer "+key.VKey+" "+leaves)
	ok(t, err)
	return p
}

// TestStore: a store that seals is a store like any other.
func TestStore(t *testing.T) {
	key := newKey(t, 1)
	ledgertest.TestStore(t, func(*testing.T) ledger.Store { return Store(new(ledgertest.Store), key) })
}

// TestSealed appends through the store and around it, and audits that.
func TestSealed(t *testing.T) {
	key := newKey(t, 1)
	below := new(ledgertest.Store)
	store := Store(below, key)
	stream := ledgertest.NewStream()
	records := []ledger.Record{ledgertest.Record("1"), ledgertest.Record("2")}
	meta := string(records[0].Meta)
	got, err := store.Append(t.Context(), stream, 0, records...)
	ok(t, err)
	if string(records[0].Meta) != meta {
		t.Error("the record of the caller was changed")
	}
	again, err := Store(new(ledgertest.Store), key).Append(t.Context(), stream, 0, records...)
	ok(t, err)
	for i := range got {
		if string(got[i].Meta) != string(again[i].Meta) || len(got[i].Meta) != len(meta)+ledger.SealSize {
			t.Errorf("appended again, the meta is %s, not %s", again[i].Meta, got[i].Meta)
		}
	}
	_, err = Store(below, newKey(t, 2)).Append(t.Context(), stream, 2, ledgertest.Record("of another program"))
	ok(t, err)
	_, err = below.Append(t.Context(), stream, 3, ledgertest.Record("around it"))
	ok(t, err)
	_, err = below.Append(t.Context(), stream, 4, got[1].Record) // genuine, a second time
	ok(t, err)
	_, err = below.Append(t.Context(), ledger.Stream{Category: "$settings"}, 0, ledgertest.Record("the store's own"))
	ok(t, err)

	for leaves, want := range map[string][]int64{"0 -": {2, 3, 4}, "0 2": {2}, "4 -": {4}, "6 -": nil} {
		a, err := Audit(t.Context(), store, policyOf(t, key, leaves), func(int64, int64) {})
		ok(t, err)
		if a.Events != 6 || a.Unsealed != int64(len(want)) || len(a.First) != len(want) {
			t.Fatalf("writer of %s: %+v", leaves, a)
		}
		for i, f := range a.First {
			if f.Verdict != proof.Unsealed || f.Index != want[i] {
				t.Errorf("writer of %s: found %v, want leaf %d", leaves, f, want[i])
			}
		}
	}
}

// TestHandle asks the same thing twice, through a store whose answer was lost: it is
// one event, with one seal.
func TestHandle(t *testing.T) {
	key, below := newKey(t, 1), new(ledgertest.Store)
	store := Store(below, key)
	lost := errors.New("the line went dead")
	below.Fault = func(ledger.Stream) (bool, error) { return true, lost }
	ask := custody.Ask(custody.AlarmRaised{Kind: "deleted", Position: 1, Cause: uuid.UUID{1}}, "x", ledger.Meta{})
	if _, err := custody.Decider.Handle(t.Context(), store, ask); !errors.Is(err, lost) {
		t.Fatal(err)
	}
	below.Fault = nil
	got, err := custody.Decider.Handle(t.Context(), store, ask)
	ok(t, err)
	if head, err := below.Head(t.Context()); len(got) != 1 || head != 1 || err != nil {
		t.Fatalf("asked twice, it is %d entries, %v; %v", head, err, got)
	}
	ok(t, policyOf(t, key, "0 -").CheckSeal(&got[0], ledger.DigestOf(got[0].Data).Sum))
}

// TestAuditKeepsTheFirst: of many, the first are kept and all are counted.
func TestAuditKeepsTheFirst(t *testing.T) {
	below := new(ledgertest.Store)
	for range 300 {
		_, err := below.Append(t.Context(), ledgertest.NewStream(), 0, ledgertest.Record("x"))
		ok(t, err)
	}
	a, err := Audit(t.Context(), below, policyOf(t, newKey(t, 1), "7 -"), func(int64, int64) {})
	ok(t, err)
	if a.Unsealed != 293 || len(a.First) != MostFindings {
		t.Fatalf("%d are unsealed, %d are kept", a.Unsealed, len(a.First))
	}
	for i, f := range a.First {
		if f.Index != int64(7+i) {
			t.Errorf("finding %d is of leaf %d", i, f.Index)
		}
	}
}

// TestSetUp makes a key, keeps it, and refuses one that others can read.
func TestSetUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "writer.key")
	ok(t, os.MkdirAll(filepath.Dir(path), 0o700))
	if _, err := SetUp(path, "with space", rand.NewChaCha8([32]byte{1})); err == nil {
		t.Error("a name that cannot be signed for is taken")
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what was refused has left a key: %v", err)
	}
	made, err := SetUp(path, origin, rand.NewChaCha8([32]byte{1}))
	ok(t, err)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 || !strings.HasPrefix(made.VKey, origin+"/writer+") {
		t.Errorf("%v, %v, %s", info.Mode(), err, made.VKey)
	}
	read, err := ReadKey(path)
	ok(t, err)
	if read.VKey != made.VKey || !read.Public().Equal(made.Public()) {
		t.Error("the key that is read is not the one that was made")
	}
	kept, err := SetUp(path, origin, rand.NewChaCha8([32]byte{2}))
	ok(t, err)
	if kept.VKey != made.VKey {
		t.Error("a key that was there was replaced")
	}
	ok(t, os.Chmod(path, 0o640))
	if _, err := ReadKey(path); err == nil {
		t.Error("a key that others can read is taken")
	}
	for _, bad := range []string{"", "PRIVATE+KEY+x", made.VKey, strings.Repeat("x", 100)} {
		ok(t, os.WriteFile(path, []byte(bad), 0o600))
		ok(t, os.Chmod(path, 0o600))
		if _, err := ReadKey(path); err == nil || bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("%q is a key: %v", bad, err)
		}
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
