package access

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
)

func TestLook(t *testing.T) {
	tests := []struct {
		name    string
		view    View
		reason  string
		refused string
	}{
		{"for handling", View{"XF-1", []string{"name"}, Handling}, "", ""},
		{"for another purpose, with a reason", View{"XF-1", []string{"name"}, Other}, "群众来电核对", ""},
		{"for another purpose, without", View{"XF-1", []string{"name"}, Other}, "", "ERR_REASON_REQUIRED"},
		{"without a purpose", View{"XF-1", []string{"name"}, ""}, "", "ERR_PURPOSE_REQUIRED"},
		{"for a purpose of one's own", View{"XF-1", []string{"name"}, "curiosity"}, "x", "ERR_PURPOSE_REQUIRED"},
		{"at nothing", View{"XF-1", nil, Handling}, "", "ERR_NOTHING_TO_VIEW"},
		{"of no case", View{"", []string{"name"}, Handling}, "", "ERR_NOTHING_TO_VIEW"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			store := new(ledgertest.Store)
			ask := ledger.Ask[View]{
				ID: StreamOf("1001", time.Now()), Command: tt.view,
				Meta: ledger.Meta{Command: uuid.New(), Actor: ledger.Actor{Officer: "1001"}, Reason: tt.reason},
			}
			for range 2 { // pressing twice is looking once
				envelopes, err := Decider.Handle(t.Context(), store, ask)
				refusal, _ := errors.AsType[*ledger.Refusal](err)
				if tt.refused != "" {
					if refusal == nil || refusal.Code != tt.refused {
						t.Fatalf("got %v, want %s", err, tt.refused)
					}
					continue
				}
				if err != nil || len(envelopes) != 1 {
					t.Fatalf("got %d envelopes, %v", len(envelopes), err)
				}
				if got, want := string(envelopes[0].Data), `{"number":"XF-1","fields":["name"],"purpose":"`+string(tt.view.Purpose)+`"}`; got != want {
					t.Errorf("stored %s\nwant   %s", got, want)
				}
			}
			want := ledger.Position(1)
			if tt.refused != "" {
				want = 0
			}
			if head, _ := store.Head(t.Context()); head != want {
				t.Errorf("%d events recorded, want %d", head, want)
			}
		})
	}
}

func TestStreamOf(t *testing.T) {
	noon := time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)
	if StreamOf("1001", noon) != StreamOf("1001", noon.Add(11*time.Hour+59*time.Minute)) {
		t.Error("the same day in Shanghai has two streams")
	}
	if StreamOf("1001", noon) == StreamOf("1001", noon.Add(12*time.Hour)) {
		t.Error("the next day in Shanghai has the same stream")
	}
	if StreamOf("1001", noon) == StreamOf("1002", noon) {
		t.Error("two officers have one stream")
	}
}
