package ledger

import (
	"encoding/binary"
	"fmt"
	"reflect"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
)

// A Codec gives the events of one package their names in the ledger.
//
// A name, once written, is forever: it is never renamed, reused, or given to a
// struct that cannot read what was stored under it.
type Codec[E any] struct {
	types map[string]reflect.Type
	names map[reflect.Type]string
}

// NewCodec returns a codec for the events in table, which maps each name to the
// zero value of its struct. It panics if two names share a struct.
func NewCodec[E any](table map[string]E) Codec[E] {
	c := Codec[E]{make(map[string]reflect.Type), make(map[reflect.Type]string)}
	for name, zero := range table {
		t := reflect.TypeOf(zero)
		if other, ok := c.names[t]; ok {
			panic(fmt.Sprintf("ledger: %v is both %q and %q", t, name, other))
		}
		c.types[name], c.names[t] = t, name
	}
	return c
}

// Has reports whether name is the name of an event.
func (c Codec[E]) Has(name string) bool {
	_, ok := c.types[name]
	return ok
}

// Name returns the name of e in the ledger.
func (c Codec[E]) Name(e E) string { return c.names[reflect.TypeOf(e)] }

// Record returns e as the index-th event of the command in meta. This is the
// only place where events and their meta become bytes.
//
// It panics if e is not in the table: that is a bug, not a condition.
func (c Codec[E]) Record(e E, meta Meta, index int) Record {
	name, ok := c.names[reflect.TypeOf(e)]
	if !ok {
		panic(fmt.Sprintf("ledger: %T has no name", e))
	}
	return Record{ID: EventID(meta.Command, index), Type: name, Data: encode(e), Meta: encode(meta)}
}

func encode(v any) []byte {
	data, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		panic(fmt.Sprintf("ledger: %T: %v", v, err))
	}
	return data
}

// Decode returns the event of name that was stored as data. A name, a field or a
// duplicate of a field that it does not know is an error: the ledger may have
// been written by newer software, and reading on would forget what that
// software recorded.
func (c Codec[E]) Decode(name string, data []byte) (E, error) {
	var zero E
	t, ok := c.types[name]
	if !ok {
		return zero, fmt.Errorf("unknown event %q", name)
	}
	p := reflect.New(t)
	if err := json.Unmarshal(data, p.Interface(), json.RejectUnknownMembers(true)); err != nil {
		return zero, fmt.Errorf("event %q: %w", name, err)
	}
	return p.Elem().Interface().(E), nil
}

// eventSpace is the name space of event identities.
var eventSpace = uuid.MustParse("3f1c5a52-6f6a-5d0e-9d1c-7b1a2f0c8e11")

// EventID returns the identity of the index-th event of command: a UUIDv5, so
// that a command asked again makes the same events, and a store that is told
// twice can see it.
func EventID(command uuid.UUID, index int) uuid.UUID {
	name := binary.BigEndian.AppendUint32(command[:len(command):len(command)], uint32(index))
	return uuid.NewSHA1(eventSpace, name)
}
