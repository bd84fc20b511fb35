package web

import (
	"errors"
	"reflect"
	"testing"

	"github.com/google/uuid"

	"xinfang/domain/access"
	"xinfang/domain/ledger"
	"xinfang/domain/org"
	"xinfang/domain/petition"
)

func headOf(t *testing.T, d *district) ledger.Position {
	t.Helper()
	head, err := d.store.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return head
}

// before returns the position of the last event of the directory, with which
// every district begins.
func before(t *testing.T, d *district) (last ledger.Position) {
	t.Helper()
	for env, err := range d.store.ReadStream(t.Context(), org.Stream(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		last = env.Position
	}
	return last
}

// lose makes a store fail at every append, having written or not.
func lose(applied bool) func(ledger.Stream) (bool, error) {
	return func(ledger.Stream) (bool, error) { return applied, errors.New("the line went dead") }
}

// full makes a store take nothing.
func full(ledger.Stream) (bool, error) { return false, ledger.ErrRejected }

// looks returns what is on record of what officer looked at today.
func looks(t *testing.T, d *district, officer string) (all []access.RecordViewed) {
	t.Helper()
	stream := ledger.Stream{Category: access.Category, ID: access.StreamOf(officer, d.now)}
	for env, err := range d.store.ReadStream(t.Context(), stream, 0) {
		if err != nil {
			t.Fatal(err)
		}
		e, err := access.Codec.Decode(env.Type, env.Data)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e.(access.RecordViewed))
	}
	return all
}

// subjectOf returns the subject under whose key a case is sealed.
func subjectOf(t *testing.T, d *district, number string) uuid.UUID {
	t.Helper()
	for env := range d.store.ReadStream(t.Context(), petition.StreamOf(number), 1) {
		m, err := env.DecodeMeta()
		if err != nil {
			t.Fatal(err)
		}
		if m.Key == "" {
			t.Error("the registration does not commit to a key")
		}
		return SubjectOf(m.Correlation, number)
	}
	return uuid.Nil
}

// membersDeep returns the names of all members of what q asks with.
func membersDeep(q *request) []string { return memberNames(reflect.TypeOf(q.Fields).Elem(), nil) }
