package esdb

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
)

func TestKeeps(t *testing.T) {
	const id = "-0b0e7a9c-6d3c-4c58-9c3e-1f0b6a2d9e11"
	for _, tt := range []struct {
		stream, eventType string
		want              bool
	}{
		{"case" + id, "Said", true},
		{"notary" + id, "Said", true},
		{"a-b" + id, "Said", true},
		{"case" + id, "$streamDeleted", true},
		{"$$case" + id, "$metadata", true},
		{"$settings", "update", true},
		{"$users", "$UsersCreated", true},
		{"$user-admin", "$UserCreated", true},
		{"$user-", "$UserCreated", true},
		{"$user" + id, "$UserCreated", true},
		{"$scavenges", "$scavengeIndexInitialized", true},
		{"$scavenges" + id, "$scavengeStarted", true},
		{"$scavengePoints", "$scavengePoint", false},

		{"case" + id, "$>", false},
		{"$settings", "$>", false},
		{"", "Said", false},
		{"visits", "Said", false},
		{id, "Said", false},
		{"case" + strings.ToUpper(id), "Said", false},
		{"case-" + uuid.Nil.String(), "Said", false},
		{"$ce-case", "$>", false},
		{"$ce-case", "Said", false},
		{"$ce" + id, "Said", false},
		{"$et-Said", "Said", false},
		{"$bc" + id, "Said", false},
		{"$category-case", "Said", false},
		{"$streams", "Said", false},
		{"$stats-127.0.0.1:2113", "$statsCollected", false},
		{"$projections-$all", "$ProjectionCreated", false},
		{"$persistentSubscriptionConfig", "$PersistentConfig", false},
		{"$persistentsubscription-case::a-checkpoint", "$SubscriptionCheckpoint", false},
		{"$connectors/a/checkpoints", "$Checkpoint", false},
		{"$$$settings", "$metadata", true},
		{"$$$all", "$metadata", true},
		{"$all", "Said", false},
		{"$policies", "$policy-updated", true},
		{"$authorization-policy-settings", "$authorization-policy-changed", true},
		{"$$$stats-127.0.0.1:2113", "$metadata", false},
		{"$$$ce" + id, "$metadata", false},
		{"$$visits", "$metadata", false},
		{"$$" + id, "$metadata", false},
		{"$$", "$metadata", false},
		{"$", "Said", false},
		{"$usersx", "Said", false},
		{"$usera" + id, "Said", false},
	} {
		stream, got := keeps(tt.stream, tt.eventType)
		if got != tt.want || got && stream.String() != tt.stream {
			t.Errorf("keeps(%q, %q) = %v, %v, want %v", tt.stream, tt.eventType, stream, got, tt.want)
		}
	}
	if FilterHash != ledger.DigestOf([]byte(FilterID)).Sum {
		t.Error("the hash of the filter is not that of its name")
	}
}

func FuzzKeeps(f *testing.F) {
	f.Add("$$case-0b0e7a9c-6d3c-4c58-9c3e-1f0b6a2d9e11", "$metadata")
	f.Fuzz(func(t *testing.T, name, eventType string) {
		stream, ok := keeps(name, eventType)
		if again, parsed := ledger.ParseStream(name); ok && (!parsed || again != stream || stream.String() != name) {
			t.Errorf("keeps(%q) = %v, which is not that stream", name, stream)
		}
	})
}

// recorded returns env as the client gives it.
func recorded(env ledger.Envelope) *esdb.RecordedEvent {
	return &esdb.RecordedEvent{
		EventID: env.ID, EventType: env.Type, ContentType: env.ContentType(), StreamID: env.Stream.String(),
		EventNumber: uint64(env.Version - 1), Position: esdb.Position{Commit: env.Origin.Commit, Prepare: env.Origin.Prepare},
		Data: env.Data, UserMetadata: env.Meta, SystemMetadata: map[string]string{"created": fmt.Sprint(int64(env.Recorded))},
	}
}

func TestDeliver(t *testing.T) {
	for _, env := range ledgertest.Source() {
		got := deliver(env.Stream, recorded(env))
		if what := differs(&got.env, &env); what != "" || got.broken != nil || got.tombstone {
			t.Errorf("%v is delivered as %+v: %s", env.ID, got, what)
		}
	}
	for name, change := range map[string]func(*esdb.RecordedEvent){
		"no time":                  func(e *esdb.RecordedEvent) { e.SystemMetadata = nil },
		"a time that is none":      func(e *esdb.RecordedEvent) { e.SystemMetadata["created"] = "yesterday" },
		"no content type":          func(e *esdb.RecordedEvent) { e.ContentType = "" },
		"an impossible number":     func(e *esdb.RecordedEvent) { e.EventNumber = math.MaxInt64 },
		"a more impossible number": func(e *esdb.RecordedEvent) { e.EventNumber = math.MaxUint64 },
	} {
		env := ledgertest.Source()[1]
		e := recorded(env)
		change(e)
		if got := deliver(env.Stream, e); got.broken == nil || got.broken.Kind != ledger.Foreign || got.broken.ID != env.ID {
			t.Errorf("%s: delivered as %+v", name, got)
		}
	}
}
