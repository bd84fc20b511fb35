package ledger_test

import (
	"bytes"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"xinfang/domain/ledger"
)

// envelopes draws events of few bytes, so that two of them are often the same but
// for where one field ends and the next begins.
var envelopes = rapid.Custom(func(t *rapid.T) ledger.Envelope {
	name := rapid.StringMatching(`[$a-c\-]{1,4}`)
	few := rapid.SliceOfN(rapid.ByteRange(0, 3), 0, 4)
	number := rapid.Uint64Range(0, 3)
	e := ledger.Envelope{
		Position: ledger.Position(number.Draw(t, "position") + 1),
		Stream:   ledger.Stream{Category: name.Draw(t, "category"), ID: uuid.UUID{byte(rapid.IntRange(1, 2).Draw(t, "id"))}},
		Version:  ledger.Version(number.Draw(t, "version") + 1),
		Origin:   ledger.Origin{Commit: number.Draw(t, "commit"), Prepare: number.Draw(t, "prepare")},
		Recorded: ledger.Ticks(number.Draw(t, "recorded")),
		Record: ledger.Record{
			ID: uuid.UUID{byte(number.Draw(t, "event"))}, Type: name.Draw(t, "type"),
			Data: few.Draw(t, "data"), Meta: few.Draw(t, "meta"), Binary: rapid.Bool().Draw(t, "binary"),
		},
		Prev: ledger.Hash{byte(number.Draw(t, "prev"))},
	}
	if e.Stream.Category[0] == '$' && rapid.Bool().Draw(t, "system") {
		e.Stream.ID = uuid.Nil
	}
	return e
})

// moves are the ways in which bytes of one field can come to stand in its
// neighbour, so that both together have the same bytes as before.
var moves = map[string]func(e *ledger.Envelope){
	"data to meta": func(e *ledger.Envelope) {
		if n := len(e.Data); n > 0 {
			e.Data, e.Meta = e.Data[:n-1], append([]byte{e.Data[n-1]}, e.Meta...)
		}
	},
	"meta to data": func(e *ledger.Envelope) {
		if len(e.Meta) > 0 {
			e.Data, e.Meta = append(bytes.Clone(e.Data), e.Meta[0]), e.Meta[1:]
		}
	},
	"the id of the stream to its category": func(e *ledger.Envelope) {
		if e.Stream.ID != uuid.Nil {
			e.Stream = ledger.Stream{Category: e.Stream.String() + "-" + e.Stream.ID.String(), ID: e.Stream.ID}
		}
	},
	"category to type": func(e *ledger.Envelope) {
		if c := e.Stream.Category; len(c) > 1 {
			e.Stream.Category, e.Type = c[:len(c)-1], c[len(c)-1:]+e.Type
		}
	},
	"type to content type": func(e *ledger.Envelope) { e.Type, e.Binary = e.Type+e.ContentType(), !e.Binary },
	"commit to prepare":    func(e *ledger.Envelope) { e.Origin = ledger.Origin{Commit: e.Origin.Prepare, Prepare: e.Origin.Commit} },
	"seq to revision": func(e *ledger.Envelope) {
		e.Position, e.Version = ledger.Position(e.Version), ledger.Version(e.Position)
	},
}

// TestLeafIsUnambiguous is the catalogue's row of leaves that could be read in two
// ways, over many pairs of events that differ as little as possible.
func TestLeafIsUnambiguous(t *testing.T) {
	t.Run("A28 two events, one encoding", rapid.MakeCheck(func(t *rapid.T) {
		for range 50 {
			a, b := envelopes.Draw(t, "a"), envelopes.Draw(t, "b")
			if rapid.Bool().Draw(t, "moved") {
				b = a
				moves[rapid.SampledFrom(slices.Sorted(maps.Keys(moves))).Draw(t, "move")](&b)
			}
			if same := bytes.Equal(leafOf(a), leafOf(b)); same != equal(a, b) {
				t.Fatalf("one leaf: %t, one event: %t", same, equal(a, b))
			}
		}
	}))
	t.Run("A28 one encoding, read back", rapid.MakeCheck(func(t *rapid.T) {
		e := envelopes.Draw(t, "e")
		got, data, meta, err := ledger.ParseLeaf(leafOf(e))
		if err != nil || data != ledger.DigestOf(e.Data) || meta != ledger.DigestOf(e.Meta) {
			t.Fatalf("%v", err)
		}
		got.Data, got.Meta = e.Data, e.Meta
		if !equal(got, e) || !bytes.Equal(got.AppendLeaf(nil, data, meta), leafOf(e)) || got.Leaf != e.Seal().Leaf {
			t.Fatalf("read back as %+v", got)
		}
	}))
}

func leafOf(e ledger.Envelope) []byte {
	return e.AppendLeaf(nil, ledger.DigestOf(e.Data), ledger.DigestOf(e.Meta))
}

// equal reports whether a and b are one event in one place.
func equal(a, b ledger.Envelope) bool {
	same := bytes.Equal(a.Data, b.Data) && bytes.Equal(a.Meta, b.Meta)
	a.Data, a.Meta, a.Leaf, b.Data, b.Meta, b.Leaf = nil, nil, ledger.Hash{}, nil, nil, ledger.Hash{}
	return same && reflect.DeepEqual(a, b)
}
