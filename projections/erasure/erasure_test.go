package erasure

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/petition"
	"xinfang/domain/proof"
)

var (
	hers, his  = uuid.UUID{1}, uuid.UUID{2}
	herKey     = "a1"
	hisKey     = "b2"
	registered = func(petitioner uuid.UUID) petition.Event {
		return petition.PetitionRegistered{Petitioner: petition.Person{Subject: petitioner}, Summary: "工资"}
	}
)

// An entry is an event of a case, and the key that it uses.
type entry struct {
	of    byte // the case
	event petition.Event
	key   string
}

// Two cases: she registers with personal data; he without, and is answered with some.
var cases = []entry{
	{1, registered(hers), herKey},
	{2, registered(his), ""},
	{1, petition.CaseTerminated{}, ""},
	{2, petition.ReplyIssued{No: "1"}, hisKey},
	{1, petition.ReplyIssued{No: "2"}, herKey},
}

func allowed(of byte, petitioner uuid.UUID) entry {
	return entry{of, petition.ErasureAuthorised{Subject: petitioner, Ground: "第47条"}, ""}
}

// eventID is the identity of the entry at that position.
func eventID(at int) uuid.UUID { return ledger.EventID(uuid.UUID{7}, at) }

func held(commitment string) Key { return Key{Commitment: commitment, Held: true} }
func erased(commitment string, under int) Key {
	return Key{Commitment: commitment, Authority: eventID(under)}
}
func destroyed(commitment string) Key            { return Key{Commitment: commitment} }
func vault(herKey, hisKey Key) map[uuid.UUID]Key { return map[uuid.UUID]Key{hers: herKey, his: hisKey} }

func TestAudit(t *testing.T) {
	for _, tt := range []struct {
		name   string
		then   []entry // after cases, from position 6
		vault  map[uuid.UUID]Key
		shared bool
		want   Result
		lost   []int64 // leaves
	}{
		{name: "nothing destroyed", vault: vault(held(herKey), held(hisKey)), want: Result{Held: 2}},
		{name: "A26 ciphertext intact, key destroyed, no authorisation", vault: vault(destroyed(herKey), held(hisKey)), want: Result{Held: 1}, lost: []int64{0}},
		{name: "A26 erased under an event that is not there", vault: vault(erased(herKey, 6), held(hisKey)), want: Result{Held: 1}, lost: []int64{0}},
		{name: "A26 erased under an event that authorises nothing", vault: vault(erased(herKey, 3), held(hisKey)), want: Result{Held: 1}, lost: []int64{0}},
		{name: "A26 erased under the authorisation of another", then: []entry{allowed(2, his)}, vault: vault(erased(herKey, 6), held(hisKey)), want: Result{Held: 1, Returned: 1}, lost: []int64{0}},
		{name: "A26 destroyed past the vault, though it was to be erased", then: []entry{allowed(1, hers)}, vault: vault(destroyed(herKey), held(hisKey)), want: Result{Held: 1}, lost: []int64{0}},
		{name: "A26 no vault has it", vault: map[uuid.UUID]Key{hers: held(herKey)}, want: Result{Held: 1}, lost: []int64{3}},
		{name: "A26 all are gone", vault: nil, lost: []int64{0, 3}},
		{name: "A26 another key in its place", vault: vault(held(herKey), held("c3")), want: Result{Held: 1}, lost: []int64{3}},
		{name: "A26 another key for a later event", then: []entry{{1, petition.ReplyIssued{No: "3"}, "c3"}, {1, petition.ReplyIssued{No: "4"}, "c3"}}, vault: vault(held(herKey), held(hisKey)), want: Result{Held: 2}, lost: []int64{5}},
		{name: "A26 a key of a case without petitioner", then: []entry{{3, petition.ReplyIssued{No: "3"}, herKey}}, vault: vault(held(herKey), held(hisKey)), want: Result{Held: 2}, lost: []int64{5}},
		{name: "A27 the same with authorisation", then: []entry{allowed(1, hers)}, vault: vault(erased(herKey, 6), held(hisKey)), want: Result{Held: 1, Erased: 1}},
		{name: "A27 both, with authorisation", then: []entry{allowed(1, hers), allowed(2, his)}, vault: vault(erased(herKey, 6), erased(hisKey, 7)), want: Result{Erased: 2}},
		{name: "to be erased, and not yet, or back from a backup", then: []entry{allowed(1, hers)}, vault: vault(held(herKey), held(hisKey)), want: Result{Held: 2, Returned: 1}},
		{name: "erased, and no event has used it", vault: map[uuid.UUID]Key{hers: held(herKey), his: held(hisKey), {3}: erased("", 9)}, want: Result{Held: 2}},
		{name: "sealed by another node", vault: map[uuid.UUID]Key{hers: held(herKey)}, shared: true, want: Result{Held: 1, Elsewhere: 1}},
		{name: "A26 destroyed by this node of a cluster", vault: vault(destroyed(herKey), held(hisKey)), shared: true, want: Result{Held: 1}, lost: []int64{0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := New(tt.vault, tt.shared)
			for i, e := range slices.Concat(cases, tt.then) {
				env := ledger.Envelope{
					Position: ledger.Position(i + 1), Stream: ledger.Stream{Category: petition.Category, ID: uuid.UUID{e.of}},
					Record: petition.Codec.Record(e.event, ledger.Meta{Command: uuid.UUID{7}, Key: e.key}, i+1),
				}
				a.Next(&env)
			}
			got := a.Result()
			var lost []int64
			for _, f := range got.Lost {
				if f.Verdict != proof.ErasedUnallowed || f.Text.ZH == "" || f.Text.EN == "" {
					t.Errorf("%v", f)
				}
				lost = append(lost, f.Index)
			}
			got.Lost = nil
			if fmt.Sprint(got) != fmt.Sprint(tt.want) || !slices.Equal(lost, tt.lost) {
				t.Errorf("%+v, lost at %v; want %+v, %v", got, lost, tt.want, tt.lost)
			}
		})
	}
}

// TestOthers checks that what is no event of a case, or cannot be read, says nothing.
func TestOthers(t *testing.T) {
	a := New(nil, true)
	for _, env := range []ledger.Envelope{
		{Stream: ledger.Stream{Category: "other", ID: uuid.UUID{1}}, Record: ledger.Record{Type: "ReplyIssued", Data: []byte("{}"), Meta: []byte(`{"key_commitment":"a1"}`)}},
		{Stream: ledger.Stream{Category: petition.Category, ID: uuid.UUID{1}}, Record: ledger.Record{Type: "ReplyIssued", Data: []byte("{"), Meta: []byte(`{"key_commitment":`)}},
		{Stream: ledger.Stream{Category: petition.Category, ID: uuid.UUID{1}}, Record: ledger.Record{Type: "Unknown", Data: []byte(`{"subject":"x"}`)}},
	} {
		a.Next(&env)
	}
	if r := a.Result(); fmt.Sprint(r) != fmt.Sprint(Result{}) {
		t.Errorf("%+v", r)
	}
}
