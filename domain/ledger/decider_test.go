package ledger_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
)

// counter is the smallest Decider there is: it counts to its limit.
type Added struct {
	N int `json:"n"`
}

var counter = ledger.Decider[int, int, Added]{
	Category: "counter",
	Codec:    ledger.NewCodec(map[string]Added{"Added": {}}),
	Evolve:   func(s int, e Added, _ ledger.Meta) int { return s + e.N },
	Decide: func(s, n int, _ ledger.Meta) ([]Added, error) {
		if s+n > 10 {
			return nil, errors.New("too much")
		}
		return []Added{{n}, {0}}, nil
	},
}

func ask(id uuid.UUID, n int) ledger.Ask[int] {
	return ledger.Ask[int]{ID: id, Command: n, Meta: ledger.Meta{
		Command:  uuid.New(),
		Actor:    ledger.Actor{Officer: "tester"},
		Occurred: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC),
	}}
}

func total(t *testing.T, s ledger.Log, id uuid.UUID) int {
	t.Helper()
	sum, _, err := counter.State(t.Context(), s, id)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// TestHandleFaults loses the answer to an Append in every way it can be lost
// and checks that asking again records the command exactly once.
func TestHandleFaults(t *testing.T) {
	for _, applied := range []bool{false, true} {
		t.Run(fmt.Sprintf("applied=%t", applied), func(t *testing.T) {
			store, q := new(ledgertest.Store), ask(uuid.New(), 7)
			lost := errors.New("connection lost")
			store.Fault = func(ledger.Stream) (bool, error) { return applied, lost }
			if _, err := counter.Handle(t.Context(), store, q); !errors.Is(err, lost) {
				t.Fatalf("Handle = %v, want %v", err, lost)
			}
			store.Fault = nil
			for range 2 {
				envs, err := counter.Handle(t.Context(), store, q)
				if err != nil || len(envs) != 2 || envs[0].Version != 1 || envs[1].ID != ledger.EventID(q.Meta.Command, 1) {
					t.Errorf("asked again, Handle = %v, %v", envs, err)
				}
			}
			if got := total(t, store, q.ID); got != 7 {
				t.Errorf("total = %d, want 7", got)
			}
		})
	}
}

// TestHandleConflict lets another writer in just before Append, so that the
// first decision is stale and the second must be a different one.
func TestHandleConflict(t *testing.T) {
	store, id := new(ledgertest.Store), uuid.New()
	store.Fault = func(ledger.Stream) (bool, error) {
		store.Fault = nil
		_, err := counter.Handle(t.Context(), store, ask(id, 8))
		return false, err
	}
	if envs, err := counter.Handle(t.Context(), store, ask(id, 5)); err == nil || err.Error() != "too much" {
		t.Errorf("Handle = %v, %v; want too much", envs, err)
	}
	if got := total(t, store, id); got != 8 {
		t.Errorf("total = %d, want 8", got)
	}
}

// TestHandleIf checks that a question about a version is answered at that
// version or not at all, except when it was answered before.
func TestHandleIf(t *testing.T) {
	store, id := new(ledgertest.Store), uuid.New()
	zero, two := ledger.Version(0), ledger.Version(2)
	first := ask(id, 1)
	first.If = &zero
	for range 2 {
		if _, err := counter.Handle(t.Context(), store, first); err != nil {
			t.Errorf("Handle at 0 = %v", err)
		}
	}
	stale, fresh := ask(id, 1), ask(id, 1)
	stale.If, fresh.If = &zero, &two
	if _, err := counter.Handle(t.Context(), store, stale); !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("Handle at a stale version = %v, want %v", err, ledger.ErrConflict)
	}
	if _, err := counter.Handle(t.Context(), store, fresh); err != nil {
		t.Errorf("Handle at 2 = %v", err)
	}
	if got := total(t, store, id); got != 2 {
		t.Errorf("total = %d, want 2", got)
	}
}

// TestDecodeIsStrict checks that what cannot be understood wholly is not
// understood at all.
func TestDecodeIsStrict(t *testing.T) {
	for data, want := range map[string]string{
		`{"n":1}`:              "",
		`{"n":1,"m":2}`:        "unknown",
		`{"n":1,"n":2}`:        "duplicate",
		"{\"n\":1,\"\xff\":1}": "UTF-8",
		`{"n":"1"}`:            `unmarshal JSON string into Go int within "/n"`,
		`{"n":1} {}`:           "after top-level value",
	} {
		_, err := counter.Codec.Decode("Added", []byte(data))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("Decode(%q) = %v, want %q", data, err, want)
		}
	}
	if _, err := counter.Codec.Decode("Subtracted", []byte(`{}`)); err == nil {
		t.Error("an unknown event was decoded")
	}
}

// TestMetaFormat pins how meta is stored.
func TestMetaFormat(t *testing.T) {
	id := uuid.MustParse("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
	m := ledger.Meta{
		Command: id, Actor: ledger.Actor{Officer: "0001", Unit: "xfj", Post: "接访员", Role: "registrar"},
		BehalfOf: "0002", Approver: "0003",
		Occurred: time.Date(2026, 1, 2, 1, 2, 3, 0, time.UTC), Received: time.Date(2026, 1, 1, 1, 2, 3, 4, time.UTC),
		Reason: "补录", Basis: &ledger.Document{No: "1", Title: "t", Hash: "ab"},
		Late: &ledger.LateEntry{Lag: 36 * 3600, Reason: "r", Approver: "0003"},
		Key:  "cd", Correlation: id, Causation: id,
	}
	r := counter.Codec.Record(Added{1}, m, 0)
	const want = `{"command":"6ba7b811-9dad-11d1-80b4-00c04fd430c8","actor":{"officer":"0001","unit":"xfj","post":"接访员","role":"registrar"},` +
		`"on_behalf_of":"0002","approver":"0003","occurred_at":"2026-01-02T01:02:03Z","received_at":"2026-01-01T01:02:03.000000004Z","reason":"补录",` +
		`"basis":{"no":"1","title":"t","sha256":"ab"},"late_entry":{"lag_s":129600,"reason":"r","approver":"0003"},"key_commitment":"cd",` +
		`"$correlationId":"6ba7b811-9dad-11d1-80b4-00c04fd430c8","$causationId":"6ba7b811-9dad-11d1-80b4-00c04fd430c8"}`
	if string(r.Meta) != want {
		t.Errorf("meta = %s\nwant   %s", r.Meta, want)
	}
	again, err := r.DecodeMeta()
	if err != nil {
		t.Fatal(err)
	}
	if got := counter.Codec.Record(Added{1}, again, 0); string(got.Meta) != want {
		t.Errorf("read and written again, meta = %s", got.Meta)
	}
}
