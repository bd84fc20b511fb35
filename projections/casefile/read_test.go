package casefile

import (
	"bytes"
	"reflect"
	"testing"

	"xinfang/domain/ledger"
	"xinfang/domain/petition"
)

func TestRead(t *testing.T) {
	store := write(t, rich...)
	other := petition.Codec.Record(petition.PetitionReceived{Number: "2"}, ledger.Meta{}, 0)
	if _, err := store.Append(t.Context(), petition.StreamOf("2"), 0, other); err != nil {
		t.Fatal(err)
	}
	full, err := Read(t.Context(), store, petition.ID(number), 0)
	if err != nil || full == nil || int(full.Version) != len(rich) || len(full.Timeline) != len(rich) {
		t.Fatalf("Read = %+v, %v, want %d entries", full, err, len(rich))
	}
	light, first, err := ReadLight(t.Context(), store, petition.ID(number), 0)
	if err != nil || first != 1 || len(light.Timeline) != 0 || !reflect.DeepEqual(light.Clocks, full.Clocks) || !reflect.DeepEqual(light.Holders, full.Holders) {
		t.Errorf("ReadLight = %+v, %d, %v, want the same without a timeline", light, first, err)
	}
	if _, first, _ := ReadLight(t.Context(), store, petition.ID("2"), 0); int(first) != len(rich)+1 {
		t.Errorf("the second case begins at %d, want %d", first, len(rich)+1)
	}
	for what, f := range map[string]func() (*File, error){
		"a case that is not there":     func() (*File, error) { return Read(t.Context(), store, petition.ID("3"), 0) },
		"one that was not there yet":   func() (*File, error) { return Read(t.Context(), store, petition.ID("2"), 5) },
		"one not there yet, and light": func() (*File, error) { f, _, err := ReadLight(t.Context(), store, petition.ID("2"), 5); return f, err },
	} {
		if f, err := f(); f != nil || err != nil {
			t.Errorf("%s: %+v, %v, want neither", what, f, err)
		}
	}
}

func TestReadDamaged(t *testing.T) {
	for name, damage := range map[string]func(*ledger.Record){
		"an unknown event": func(r *ledger.Record) { r.Type = "CaseBurnt" },
		"an unknown field": func(r *ledger.Record) { r.Data = []byte(`{"number":"1","colour":"red"}`) },
		"no JSON":          func(r *ledger.Record) { r.Data = nil },
		"unknown meta":     func(r *ledger.Record) { r.Meta = []byte(`{"mood":"bad"}`) },
	} {
		t.Run(name, func(t *testing.T) {
			store := write(t, intake...)
			r := petition.Codec.Record(petition.CaseMerged{}, ledger.Meta{}, 0)
			damage(&r)
			if _, err := store.Append(t.Context(), petition.StreamOf(number), ledger.Version(len(intake)), r); err != nil {
				t.Fatal(err)
			}
			if f, err := Read(t.Context(), store, petition.ID(number), 0); err == nil || f != nil || !bytes.Contains([]byte(err.Error()), []byte("position 4")) {
				t.Errorf("Read = %v, %v, want an error that names position 4", f, err)
			}
			if f, err := Read(t.Context(), store, petition.ID(number), 3); err != nil || f == nil {
				t.Errorf("Read up to what is intact = %v, %v", f, err)
			}
		})
	}
}

// TestAsKnownAt checks that the file up to a position is that of a ledger which
// ends there.
func TestAsKnownAt(t *testing.T) {
	whole := write(t, rich...)
	for cut := 1; cut <= len(rich); cut++ {
		then, err := Read(t.Context(), whole, petition.ID(number), ledger.Position(cut))
		if err != nil {
			t.Fatal(err)
		}
		if now := tell(t, rich[:cut]...); !reflect.DeepEqual(then, now) {
			t.Fatalf("as known at %d: %+v\nthe ledger that ends there: %+v", cut, then, now)
		}
	}
}
