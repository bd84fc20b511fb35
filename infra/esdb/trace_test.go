package esdb

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
)

func TestTraceOf(t *testing.T) {
	id := uuid.UUID{7}.String()
	for _, tt := range []struct {
		name         string
		stream, kind string
		data         string
		claim        bool
		want         TraceKind // "" for no trace
		about, says  string
	}{
		{name: "a case", stream: "case-" + id, kind: "Registered", data: `{"$tb":1}`},
		{name: "an earlier claim", stream: "case-" + id, kind: "Registered", claim: true, want: TraceBackdated, about: "case-" + id},
		{name: "a tombstone", stream: "case-" + id, kind: "$streamDeleted", want: TraceDeleted, about: "case-" + id},
		{name: "a tombstone with a claim", stream: "case-" + id, kind: "$streamDeleted", claim: true, want: TraceDeleted, about: "case-" + id},
		{name: "a soft deletion", stream: "$$case-" + id, kind: "$metadata", data: `{"$tb":9223372036854775807}`, want: TraceDeleted, about: "case-" + id},
		{name: "one less is a cut", stream: "$$case-" + id, kind: "$metadata", data: `{"$tb":9223372036854775806}`, want: TraceMetadata, says: "$tb 9223372036854775806"},
		{name: "more than there is", stream: "$$case-" + id, kind: "$metadata", data: `{"$tb":9223372036854775808}`, want: TraceMetadata, says: "cannot be read"},
		{name: "hidden by count", stream: "$$notary-" + id, kind: "$metadata", data: `{"$maxCount":3,"$maxAge":60}`, want: TraceMetadata, about: "notary-" + id, says: "$maxAge 60, $maxCount 3"},
		{name: "rights of a case", stream: "$$case-" + id, kind: "$metadata", data: `{"$acl":{"$d":"$all"}}`, want: TraceMetadata, says: "rights on stream"},
		{name: "nothing that matters", stream: "$$case-" + id, kind: "$metadata", data: `{"$cacheControl":9,"$tb":0}`, want: TraceMetadata, says: "no event is hidden and no right"},
		{name: "a member twice", stream: "$$case-" + id, kind: "$metadata", data: `{"$tb":0,"$tb":7}`, want: TraceMetadata, says: "cannot be read"},
		{name: "metadata of nobody's", stream: "$$visits", kind: "$metadata", data: `{"$tb":7}`},
		{name: "metadata of the server's", stream: "$$$scavenges", kind: "$metadata", data: `{"$maxAge":2592000}`},
		{name: "default rights", stream: "$settings", kind: "update-default-acl", want: TraceRights, about: "$settings"},
		{name: "rights on everything", stream: "$$$all", kind: "$metadata", want: TraceRights, about: "$all"},
		{name: "rights on the rights", stream: "$$$settings", kind: "$metadata", want: TraceRights, about: "$settings"},
		{name: "an account", stream: "$user-li", kind: "$UserCreated", want: TraceRights, about: "$user-li"},
		{name: "an account named by an id", stream: "$user-" + id, kind: "$UserUpdated", want: TraceRights, about: "$user-" + id},
		{name: "the accounts", stream: "$users", kind: "$User", want: TraceRights, about: "$users"},
		{name: "a policy", stream: "$policies", kind: "$policy-updated", want: TraceRights, about: "$policies"},
		{name: "a scavenge begins", stream: "$scavenges-" + id, kind: "$scavengeStarted", want: TraceScavenge, about: "$scavenges-" + id},
		{name: "a scavenge is decided", stream: "$scavengePoints", kind: "$scavengePoint", want: TraceScavenge},
		{name: "a scavenge goes on", stream: "$scavenges-" + id, kind: "$scavengeChunksCompleted"},
		{name: "a scavenge ends", stream: "$scavenges-" + id, kind: "$scavengeCompleted", want: TraceScavenge},
		{name: "a case says so", stream: "case-" + id, kind: "$scavengeStarted"},
		{name: "statistics", stream: "$stats-127.0.0.1:2113", kind: "$statsCollected"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			stream, ok := ledger.ParseStream(tt.stream)
			if !ok && !strings.HasPrefix(tt.stream, "$") {
				t.Fatalf("%s is no stream of a ledger", tt.stream)
			}
			env := ledger.Envelope{Stream: stream, Position: 12, Origin: ledger.Origin{Commit: 340}, Record: ledger.Record{ID: uuid.UUID{3}, Type: tt.kind, Data: []byte(tt.data)}}
			got, ok := TraceOf(env, tt.claim)
			if ok != (tt.want != "") || got.Kind != tt.want {
				t.Fatalf("TraceOf = %+v, %t; want %q", got, ok, tt.want)
			}
			if !ok {
				return
			}
			if !slices.Contains(TraceKinds, got.Kind) || got.Position != 12 || got.Commit != 340 || got.Event != env.ID {
				t.Errorf("TraceOf = %+v", got)
			}
			if tt.about != "" && got.Stream != tt.about {
				t.Errorf("it is about %s, want %s", got.Stream, tt.about)
			}
			if !strings.Contains(got.Text.EN, tt.says) || got.Text.ZH == "" || !strings.Contains(got.Text.EN, got.Stream) {
				t.Errorf("it says %q, want %q", got.Text, tt.says)
			}
		})
	}
}

// FuzzTraceOf hands TraceOf what anyone may have written to a server. Nothing of
// the data may come out in a text.
func FuzzTraceOf(f *testing.F) {
	f.Add("$$case-07000000-0000-0000-0000-000000000000", "$metadata", []byte(`{"$tb":9223372036854775807,"secret":"王"}`), false)
	f.Add("$$$all", "$metadata", []byte(`{"$acl":{"$r":["a","b"],"$d":[]}}`), true)
	f.Add("$settings", "update-default-acl", []byte(`{"$userStreamAcl":{}}`), false)
	f.Fuzz(func(t *testing.T, name, kind string, data []byte, claim bool) {
		stream, ok := ledger.ParseStream(name)
		if !ok {
			return
		}
		got, ok := TraceOf(ledger.Envelope{Stream: stream, Record: ledger.Record{Type: kind, Data: data}}, claim)
		if ok != slices.Contains(TraceKinds, got.Kind) {
			t.Errorf("TraceOf(%q, %q, %q) = %+v, %t", name, kind, data, got, ok)
		}
		if claim && ledger.KindOf(stream.Category) == ledger.KindDomain && !ok {
			t.Errorf("the claim of %q left no trace", name)
		}
		rest := strings.ReplaceAll(got.Text.EN, got.Stream, "")
		if utf8.ValidString(name) && strings.Contains(rest, "%!") || strings.Contains(rest, "secret") {
			t.Errorf("the text of %q is %q", name, got.Text)
		}
		examine("svc", map[string]reading{streamSettings: {found: true, data: data}, streamUser + "svc": {found: true, data: data}}, nil)
	})
}
