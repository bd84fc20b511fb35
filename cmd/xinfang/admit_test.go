package main

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/access"
	"xinfang/domain/custody"
	"xinfang/domain/ledger"
	"xinfang/domain/org"
	"xinfang/domain/petition"
	"xinfang/infra/segment"
)

// TestAdmit: what another program appends over the protocol is taken if this one
// can read it, or need not.
func TestAdmit(t *testing.T) {
	good := access.Codec.Record(access.RecordViewed{Number: "XF-1", Fields: []string{"name"}, Purpose: access.Handling}, ledger.Meta{Command: uuid.New()}, 0)
	change := func(f func(*ledger.Record)) ledger.Record {
		r := good
		f(&r)
		return r
	}
	for name, tt := range map[string]struct {
		category string
		record   ledger.Record
		want     bool
	}{
		"an event of ours":          {access.Category, good, true},
		"another's category":        {"visits", ledger.Record{Type: "x", Data: []byte{0}, Binary: true}, true},
		"a type that is none":       {org.Category, ledger.Record{Type: "x", Data: []byte("{}"), Meta: good.Meta}, false},
		"no meta":                   {access.Category, change(func(r *ledger.Record) { r.Meta = nil }), false},
		"meta of another's":         {access.Category, change(func(r *ledger.Record) { r.Meta = []byte(`{"who":"me"}`) }), false},
		"data that is not ours":     {access.Category, change(func(r *ledger.Record) { r.Data = []byte(`{"x":1}`) }), false},
		"data that is no JSON":      {access.Category, change(func(r *ledger.Record) { r.Binary = true }), false},
		"a case of another's":       {petition.Category, ledger.Record{Type: "Foo", Data: []byte("{}"), Meta: good.Meta}, false},
		"a custody event of no use": {custody.Category, ledger.Record{Type: "AlarmRaised", Data: []byte("[]"), Meta: good.Meta}, false},
	} {
		if err := admit(ledger.Stream{Category: tt.category, ID: uuid.New()}, tt.record); (err == nil) != tt.want {
			t.Errorf("%s: admit = %v", name, err)
		}
	}
}

// TestReaders: there is no category in the demonstration's ledger whose events
// nobody reads.
func TestReaders(t *testing.T) {
	t.Parallel()
	made, err := quarter()
	ok(t, err)
	store := aSegment(t, made+"/"+ledgerDir, segment.Options{Now: time.Now, ReadOnly: true})
	for env, err := range store.ReadAll(t.Context(), 0) {
		ok(t, err)
		if _, known := readers[env.Stream.Category]; !known {
			t.Fatalf("nobody reads category %s", env.Stream.Category)
		}
		ok(t, admit(env.Stream, env.Record))
	}
}
