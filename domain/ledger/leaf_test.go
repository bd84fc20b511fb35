package ledger_test

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
)

// TestLeafFormat pins the leaf of one envelope, byte for byte. If it fails,
// every ledger in the field fails to verify.
func TestLeafFormat(t *testing.T) {
	e := sample()
	leaf := e.AppendLeaf(nil, ledger.DigestOf(e.Data), ledger.DigestOf(e.Meta))
	const want = "7065746974696f6e2d6c65646765722f6c6561662f763100" + // tag
		"01" + "0000000000000006" + "0000000000000007" + "0000000000000007" + "0000000000000001" + // kind seq commit prepare revision
		"00000d3c356fb5c3" + "6ba7b8119dad11d180b400c04fd430c8" + // created, event id
		"0029" + "636173652d36626137623831302d396461642d313164312d383062342d303063303466643433306338" +
		"0010" + "5065746974696f6e5265636569766564" +
		"0010" + "6170706c69636174696f6e2f6a736f6e"
	if got := hex.EncodeToString(leaf); len(got) < len(want) || got[:len(want)] != want {
		t.Errorf("leaf = %s\nwant   %s…", got, want)
	}
	if len(leaf) != 272 {
		t.Errorf("the leaf has %d bytes", len(leaf))
	}
	const hash = "84ec7a06ca0b77bd4d0aaf6c112d2e3e60f319fda234252c8122a9db1a5ae424"
	if got := e.Seal().Leaf.String(); got != hash {
		t.Errorf("leaf hash = %s, want %s", got, hash)
	}
}

func sample() ledger.Envelope {
	return ledger.Envelope{
		Position: 7,
		Stream:   ledger.Stream{Category: "case", ID: uuid.MustParse("6ba7b810-9dad-11d1-80b4-00c04fd430c8")},
		Version:  2,
		Origin:   ledger.Origin{Commit: 7, Prepare: 7},
		Recorded: 14552245712323,
		Record: ledger.Record{
			ID:   uuid.MustParse("6ba7b811-9dad-11d1-80b4-00c04fd430c8"),
			Type: "PetitionReceived",
			Data: []byte(`{"number":"XF-2026-000001"}`),
			Meta: []byte(`{"actor":{"officer":"0001"}}`),
		},
		Prev: ledger.Hash{1, 2, 3},
	}
}

// TestTamper changes every field of an envelope in turn, by reflection so that
// none is forgotten, and checks that Verify notices.
func TestTamper(t *testing.T) {
	env := sample().Seal()
	if err := env.Verify(); err != nil {
		t.Fatal(err)
	}
	var fields func(v reflect.Value, path string)
	fields = func(v reflect.Value, path string) {
		old := reflect.New(v.Type()).Elem()
		old.Set(v)
		switch x := v.Addr().Interface().(type) {
		case *[]byte:
			*x = append([]byte("x"), *x...)
		case *string:
			*x += "x"
		case *uuid.UUID:
			x[0] ^= 1
		case *ledger.Hash:
			x[31] ^= 1
		default:
			switch {
			case v.CanInt():
				v.SetInt(v.Int() + 1)
			case v.CanUint():
				v.SetUint(v.Uint() + 1)
			case v.Kind() == reflect.Bool:
				v.SetBool(!v.Bool())
			case v.Kind() == reflect.Struct:
				for i := range v.NumField() {
					fields(v.Field(i), path+"."+v.Type().Field(i).Name)
				}
				return
			default:
				t.Fatalf("%s: teach this test about %v", path, v.Type())
			}
		}
		if err := env.Verify(); err == nil {
			t.Errorf("%s was altered and nobody noticed", path)
		}
		v.Set(old)
	}
	fields(reflect.ValueOf(&env).Elem(), "Envelope")
	if err := env.Verify(); err != nil {
		t.Fatalf("the test did not clean up: %v", err)
	}
}

// FuzzLeaf checks that two different envelopes never have the same leaf,
// however their strings run into each other.
func FuzzLeaf(f *testing.F) {
	f.Add("case", "A", []byte("1"), []byte("2"), "case", "A", []byte("12"), []byte(""))
	f.Add("a", "bc", []byte{}, []byte{}, "ab", "c", []byte{}, []byte{})
	f.Fuzz(func(t *testing.T, c1, t1 string, d1, m1 []byte, c2, t2 string, d2, m2 []byte) {
		leaf := func(category, typ string, data, meta []byte) []byte {
			if len(category) > ledger.MaxName || len(typ) > ledger.MaxName {
				t.Skip("no store takes such names")
			}
			e := sample()
			e.Stream.Category, e.Type = category, typ
			return e.AppendLeaf(nil, ledger.DigestOf(data), ledger.DigestOf(meta))
		}
		same := c1 == c2 && t1 == t2 && bytes.Equal(d1, d2) && bytes.Equal(m1, m2)
		if got := bytes.Equal(leaf(c1, t1, d1, m1), leaf(c2, t2, d2, m2)); got != same {
			t.Errorf("leaves equal: %t, envelopes equal: %t", got, same)
		}
	})
}

func TestTicks(t *testing.T) {
	for _, at := range []time.Time{
		time.Unix(0, 0),
		time.Date(1969, 12, 31, 23, 59, 59, 999999900, time.UTC),
		time.Date(2026, 11, 23, 9, 41, 0, 123456700, time.FixedZone("", 8*3600)),
	} {
		if got := ledger.TicksOf(at).Time(); !got.Equal(at) || got.Location() != time.UTC {
			t.Errorf("TicksOf(%v).Time() = %v", at, got)
		}
	}
}

// TestChain breaks a ledger in every way in which a place can be wrong.
func TestChain(t *testing.T) {
	a, b := ledger.Stream{Category: "x", ID: uuid.New()}, ledger.Stream{Category: "x", ID: uuid.New()}
	build := func() []ledger.Envelope {
		var prev ledger.Hash
		var all []ledger.Envelope
		for i, s := range []ledger.Stream{a, a, a, b} {
			e := ledger.Envelope{Position: ledger.Position(i + 1), Stream: s, Version: ledger.Version(i + 1), Recorded: ledger.Ticks(100 + i), Record: ledger.Record{Type: "T"}}
			if s == b {
				e.Version, prev = 1, ledger.Hash{}
			}
			e.Prev = prev
			e = e.Seal()
			prev = e.Leaf
			all = append(all, e)
		}
		return all
	}
	check := func(all []ledger.Envelope) (ledger.Position, error) {
		var c ledger.Chain
		for _, e := range all {
			if err := c.Next(e); err != nil {
				return c.At, err
			}
		}
		return c.At, nil
	}
	for name, tt := range map[string]struct {
		harm func([]ledger.Envelope) []ledger.Envelope
		good ledger.Position
	}{
		"nothing":             {func(e []ledger.Envelope) []ledger.Envelope { return e }, 4},
		"one is missing":      {func(e []ledger.Envelope) []ledger.Envelope { return append(e[:1], e[2:]...) }, 1},
		"two are exchanged":   {func(e []ledger.Envelope) []ledger.Envelope { e[1], e[2] = e[2], e[1]; return e }, 1},
		"one is another":      {func(e []ledger.Envelope) []ledger.Envelope { e[1].Type = "U"; e[1] = e[1].Seal(); return e }, 2},
		"one is altered":      {func(e []ledger.Envelope) []ledger.Envelope { e[3].Type = "U"; return e }, 3},
		"a version jumps":     {func(e []ledger.Envelope) []ledger.Envelope { e[3].Version = 2; e[3] = e[3].Seal(); return e }, 3},
		"the clock runs back": {func(e []ledger.Envelope) []ledger.Envelope { e[3].Recorded = 1; e[3] = e[3].Seal(); return e }, 3},
	} {
		t.Run(name, func(t *testing.T) {
			good, err := check(tt.harm(build()))
			if good != tt.good || (err == nil) != (tt.good == 4) {
				t.Errorf("good up to %d, %v; want %d", good, err, tt.good)
			}
		})
	}
}
