package custody

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
)

// TestRecord checks what is stored of each event, that it is stored once however
// often it is told, and that nonsense is not.
func TestRecord(t *testing.T) {
	cause := uuid.MustParse("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
	tests := []struct {
		name  string
		event Event
		want  string // stored; "" if refused
	}{
		{"an attempt", AttemptRefused{Kind: "delete", Account: "dba", Stream: "case-1", Remote: "127.0.0.1"}, `{"kind":"delete","account":"dba","stream":"case-1","remote":"127.0.0.1"}`},
		{"an attempt of many", AttemptRefused{Kind: "authentication", More: 12}, `{"kind":"authentication","more":12}`},
		{"an attempt at what is not known", AttemptRefused{Kind: "mischief"}, ""},
		{"an alarm", AlarmRaised{Kind: "metadata", Stream: "$$case-1", Position: 7, Cause: cause}, `{"kind":"metadata","stream":"$$case-1","position":7,"cause":"6ba7b811-9dad-11d1-80b4-00c04fd430c8"}`},
		{"an alarm about nothing", AlarmRaised{Kind: "metadata"}, ""},
		{"an alarm of no known kind", AlarmRaised{Kind: "noise", Position: 7}, ""},
		{"a move", LedgerMoved{From: "segment", Events: 3, Leaf: "ab"}, `{"from":"segment","events":3,"leaf":"ab"}`},
		{"a move of nothing", LedgerMoved{From: "segment"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			store := new(ledgertest.Store)
			for node := range 2 {
				m := ledger.Meta{Actor: ledger.Actor{Officer: "system"}, Occurred: time.Unix(int64(node), 0)}
				got, err := Decider.Handle(t.Context(), store, Ask(tt.event, "key", m))
				if refusal, ok := errors.AsType[*ledger.Refusal](err); ok != (tt.want == "") {
					t.Fatalf("Handle = %v, %v (%+v)", got, err, refusal)
				}
				if tt.want != "" && string(got[0].Data) != tt.want {
					t.Errorf("stored %s\nwant   %s", got[0].Data, tt.want)
				}
			}
			want := ledger.Position(1)
			if tt.want == "" {
				want = 0
			}
			if head, _ := store.Head(t.Context()); head != want {
				t.Errorf("%d events recorded, want %d", head, want)
			}
		})
	}
}
