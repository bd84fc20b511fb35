package ledger_test

import (
	"errors"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
)

func TestStreamName(t *testing.T) {
	id := uuid.MustParse("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
	for name, want := range map[string]struct {
		stream ledger.Stream
		kept   bool
	}{
		"case-" + id.String():             {ledger.Stream{Category: "case", ID: id}, true},
		"a-b-" + id.String():              {ledger.Stream{Category: "a-b", ID: id}, true},
		"$$case-" + id.String():           {ledger.Stream{Category: "$$case", ID: id}, true},
		"$settings":                       {ledger.Stream{Category: "$settings"}, true},
		"$user-admin":                     {ledger.Stream{Category: "$user-admin"}, true},
		"$x-" + uuid.Nil.String():         {ledger.Stream{Category: "$x-" + uuid.Nil.String()}, true},
		"case-" + uuid.Nil.String():       {ledger.Stream{Category: "case-" + uuid.Nil.String()}, false},
		"case-6BA7B810" + id.String()[8:]: {ledger.Stream{Category: "case-6BA7B810" + id.String()[8:]}, false},
		"case":                            {ledger.Stream{Category: "case"}, false},
		"-" + id.String():                 {ledger.Stream{Category: "-" + id.String()}, false},
		"":                                {ledger.Stream{}, false},
	} {
		got, kept := ledger.ParseStream(name)
		if got != want.stream || kept != want.kept {
			t.Errorf("ParseStream(%q) = %+v, %v", name, got, kept)
		}
		if got.String() != name {
			t.Errorf("%q reads back as %q", name, got)
		}
	}
	in := ledger.Record{ID: id, Type: "Said", Data: []byte("1")}
	for _, bad := range []ledger.Stream{{Category: "case"}, {Category: "$a-" + id.String()}} {
		if err := ledger.CheckAppend(bad, []ledger.Record{in}); !errors.Is(err, ledger.ErrRejected) {
			t.Errorf("CheckAppend(%+v) = %v", bad, err)
		}
	}
}

// TestTimes says, event by event, when a replica records what a server sends.
func TestTimes(t *testing.T) {
	const none = ledger.Ticks(-1)
	type event struct {
		category      string
		created       ledger.Ticks // by the server's clock
		claim         ledger.Ticks // of the meta, or none
		want          ledger.Ticks
		ignored       bool
		afterNextOpen bool // TimesOf is asked before this one
	}
	tests := []struct {
		name   string
		events []event
	}{
		{"a ledger that began there", []event{
			{category: "$settings", created: 100, claim: none, want: 0},
			{category: "case", created: 120, claim: none, want: 120},
			{category: "$settings", created: 130, claim: none, want: 130},
		}},
		{"a clock that was set back dates nothing back", []event{
			{category: "case", created: 120, claim: none, want: 120},
			{category: "case", created: 90, claim: none, want: 120},
			{category: "case", created: 121, claim: none, want: 121},
		}},
		{"a ledger that was moved there keeps its times", []event{
			{category: "$settings", created: 500, claim: none, want: 0},
			{category: "case", created: 510, claim: 10, want: 10},
			{category: "$user-x", created: 511, claim: none, want: 10},
			{category: "case", created: 512, claim: 20, want: 20, afterNextOpen: true},
			{category: "case", created: 513, claim: 15, want: 20},
			{category: "migration", created: 514, claim: none, want: 514},
			{category: "case", created: 515, claim: 30, want: 515, ignored: true},
			{category: "case", created: 516, claim: 31, want: 516, ignored: true, afterNextOpen: true},
		}},
		{"a claim in a ledger that was not moved", []event{
			{category: "case", created: 120, claim: none, want: 120},
			{category: "case", created: 130, claim: 10, want: 130, ignored: true},
			{category: "$settings", created: 140, claim: 10, want: 140},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var times ledger.Times
			replica := new(ledgertest.Store)
			versions := make(map[ledger.Stream]ledger.Version)
			for i, e := range tt.events {
				if e.afterNextOpen {
					again, err := ledger.TimesOf(t.Context(), replica)
					if err != nil || again != times {
						t.Fatalf("event %d: opened again, %+v, %v; want %+v", i, again, err, times)
					}
				}
				stream := ledger.Stream{Category: e.category}
				if e.category[0] != '$' {
					stream.ID = uuid.UUID{1}
				}
				versions[stream]++
				env := ledger.Envelope{Stream: stream, Version: versions[stream], Origin: ledger.Origin{Commit: uint64(i + 1)}, Recorded: e.created}
				env.Type, env.Meta = "Said", []byte(`{"actor":{}}`)
				if e.claim != none {
					var err error
					if env.Meta, err = ledger.Restamp(env.Meta, e.claim); err != nil {
						t.Fatal(err)
					}
				}
				if ignored := times.Next(&env); ignored != e.ignored || env.Recorded != e.want {
					t.Errorf("event %d: recorded %d, ignored %v; want %d, %v", i, env.Recorded, ignored, e.want, e.ignored)
				}
				if err := replica.Adopt(t.Context(), env); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestRestamp checks that a time can be put into any meta of ours, read, and taken
// out again without a trace.
func TestRestamp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		meta := counter.Codec.Record(Added{1}, ledger.Meta{Reason: rapid.String().Draw(t, "reason")}, 0).Meta
		at := ledger.Ticks(rapid.Int64Range(1, 1<<55).Draw(t, "at"))
		stamped, err := ledger.Restamp(meta, at)
		if err != nil {
			t.Fatal(err)
		}
		m, err := ledger.Record{Meta: stamped}.DecodeMeta()
		if err != nil || ledger.TicksOf(m.Recorded) != at {
			t.Fatalf("meta reads %v, %v; want %v", m.Recorded, err, at.Time())
		}
		if again, err := ledger.Restamp(stamped, at+1); err != nil || string(again) != string(stamped) {
			t.Fatalf("stamped twice: %s, %v", again, err)
		}
		if back := ledger.Unstamp(stamped); string(back) != string(meta) {
			t.Fatalf("taken out again: %s\nwas:             %s", back, meta)
		}
		if back := ledger.Unstamp(meta); string(back) != string(meta) {
			t.Fatalf("without a time, %s became %s", meta, back)
		}
	})
	for _, bad := range []string{"", "{}", "[1]", `"a"`} {
		if got, err := ledger.Restamp([]byte(bad), 1); err == nil {
			t.Errorf("Restamp(%s) = %s", bad, got)
		}
	}
}

func TestByOrigin(t *testing.T) {
	replica := new(ledgertest.Store)
	source := ledgertest.Source()
	if err := replica.Adopt(t.Context(), source...); err != nil {
		t.Fatal(err)
	}
	for commit, want := range map[uint64]ledger.Position{0: 0, 99: 0, 100: 1, 101: 1, 500: 5, 1 << 62: ledger.Position(len(source))} {
		if got, err := ledger.ByOrigin(t.Context(), replica, commit); got != want || err != nil {
			t.Errorf("ByOrigin(%d) = %d, %v; want %d", commit, got, err, want)
		}
	}
}
