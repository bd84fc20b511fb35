package ledger_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"xinfang/domain/ledger"
)

// writer returns the key of that number, and how it signs.
func writer(n byte) (ed25519.PublicKey, func([]byte) []byte) {
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize))
	return key.Public().(ed25519.PublicKey), func(text []byte) []byte { return ed25519.Sign(key, text) }
}

// sealedEvent returns an event with the seal of the first writer.
func sealedEvent() ledger.Envelope {
	_, sign := writer(1)
	e := ledger.Envelope{Stream: ledger.Stream{Category: "case", ID: uuid.UUID{1}}, Version: 3}
	r := counter.Codec.Record(Added{1}, ledger.Meta{Command: uuid.UUID{2}, Actor: ledger.Actor{Officer: "A1"}}, 0)
	e.Record = ledger.WithSeal(r, e.Stream, e.Version, sign)
	return e
}

// TestSeal seals an event, and checks everything that the seal binds.
func TestSeal(t *testing.T) {
	first, sign := writer(1)
	second, signToo := writer(2)
	other := ledger.WithSeal(counter.Codec.Record(Added{2}, ledger.Meta{Command: uuid.UUID{3}}, 0), sealedEvent().Stream, 3, sign)
	resign := func(e *ledger.Envelope, change func(seal string) string) {
		bare, seal := ledger.Unseal(e.Meta)
		e.Meta = append(bytes.Clone(bare[:len(bare)-1]), `,"seal":"`+change(base64.StdEncoding.EncodeToString(seal))+`"}`...)
	}
	for _, tt := range []struct {
		name   string
		change func(e *ledger.Envelope)
		keys   []ed25519.PublicKey
		want   bool
	}{
		{"as it was sealed", func(*ledger.Envelope) {}, []ed25519.PublicKey{first}, true},
		{"one of two keys", func(*ledger.Envelope) {}, []ed25519.PublicKey{second, first}, true},
		{"its place in the ledger is not in the seal", func(e *ledger.Envelope) { e.Position, e.Recorded = 9, 9 }, []ed25519.PublicKey{first}, true},
		{"another key", func(*ledger.Envelope) {}, []ed25519.PublicKey{second}, false},
		{"no key", func(*ledger.Envelope) {}, nil, false},
		{"no seal", func(e *ledger.Envelope) { e.Meta, _ = ledger.Unseal(e.Meta) }, []ed25519.PublicKey{first}, false},
		{"no meta", func(e *ledger.Envelope) { e.Meta = nil }, []ed25519.PublicKey{first}, false},
		{"another data", func(e *ledger.Envelope) { e.Data = []byte(`{"n":2}`) }, []ed25519.PublicKey{first}, false},
		{"another type", func(e *ledger.Envelope) { e.Type = "Addee" }, []ed25519.PublicKey{first}, false},
		{"another identity", func(e *ledger.Envelope) { e.ID[0]++ }, []ed25519.PublicKey{first}, false},
		{"another stream", func(e *ledger.Envelope) { e.Stream.ID[0]++ }, []ed25519.PublicKey{first}, false},
		{"the same event again, later in its stream", func(e *ledger.Envelope) { e.Version++ }, []ed25519.PublicKey{first}, false},
		{"a byte of the meta", func(e *ledger.Envelope) { e.Meta = bytes.Replace(e.Meta, []byte("A1"), []byte("A2"), 1) }, []ed25519.PublicKey{first}, false},
		{"the seal of another event", func(e *ledger.Envelope) {
			_, seal := ledger.Unseal(other.Meta)
			resign(e, func(string) string { return base64.StdEncoding.EncodeToString(seal) })
		}, []ed25519.PublicKey{first}, false},
		{"put in again as it was", func(e *ledger.Envelope) { resign(e, func(s string) string { return s }) }, []ed25519.PublicKey{first}, true},
		{"another base64 of the same seal", func(e *ledger.Envelope) {
			resign(e, func(s string) string { // the last letter has four bits that mean nothing
				const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
				return s[:85] + string(letters[strings.IndexByte(letters, s[85])^1]) + "=="
			})
		}, []ed25519.PublicKey{first}, false},
		{"a space behind it", func(e *ledger.Envelope) { e.Meta = append(e.Meta, ' ') }, []ed25519.PublicKey{first}, false},
		{"moved to another store", func(e *ledger.Envelope) { e.Meta, _ = ledger.Restamp(e.Meta, 1) }, []ed25519.PublicKey{first}, false},
		{"moved there and back", func(e *ledger.Envelope) {
			e.Meta, _ = ledger.Restamp(e.Meta, 1)
			e.Meta = ledger.Unstamp(e.Meta)
		}, []ed25519.PublicKey{first}, true},
		{"sealed again by another", func(e *ledger.Envelope) { e.Record = ledger.WithSeal(e.Record, e.Stream, e.Version, signToo) }, []ed25519.PublicKey{first}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := sealedEvent()
			e.Meta = bytes.Clone(e.Meta)
			tt.change(&e)
			if got := ledger.CheckSeal(&e, ledger.DigestOf(e.Data).Sum, tt.keys); got != tt.want {
				t.Errorf("CheckSeal = %v, want %v: %s", got, tt.want, e.Meta)
			}
		})
	}
}

// TestSealText pins what is signed: a change would break every seal ever made.
func TestSealText(t *testing.T) {
	e := ledger.Envelope{Stream: ledger.Stream{Category: "case", ID: uuid.UUID{1}}, Version: 3,
		Record: ledger.Record{ID: uuid.UUID{2}, Type: "Said", Data: []byte("d"), Meta: []byte(`{"a":1}`)}}
	const want = "7065746974696f6e2d6c65646765722f7365616c2f763100" + "02000000000000000000000000000000" + "0000000000000002" +
		"0029636173652d30313030303030302d303030302d303030302d303030302d303030303030303030303030" + "000453616964" +
		"18ac3e7343f016890c510e93f935261169d9e3f565436429830faf0934f4f8e4" + "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"
	if got := hex.EncodeToString(ledger.SealText(e.Stream, e.Version, &e.Record, ledger.DigestOf(e.Data).Sum)); got != want {
		t.Errorf("SealText =\n%s, want\n%s", got, want)
	}
}

// TestWithSeal: any meta of ours can be sealed, read, and have its seal taken off
// without a trace; what has no room for a seal stays as it is.
func TestWithSeal(t *testing.T) {
	public, sign := writer(1)
	rapid.Check(t, func(t *rapid.T) {
		e := ledger.Envelope{Stream: ledger.Stream{Category: "case", ID: uuid.UUID{1}}, Version: ledger.Version(rapid.Int64Min(1).Draw(t, "version"))}
		r := counter.Codec.Record(Added{1}, ledger.Meta{Reason: rapid.String().Draw(t, "reason")}, 0)
		e.Record = ledger.WithSeal(r, e.Stream, e.Version, sign)
		if len(e.Meta) != len(r.Meta)+ledger.SealSize || !ledger.CheckSeal(&e, ledger.DigestOf(e.Data).Sum, []ed25519.PublicKey{public}) {
			t.Fatalf("sealed: %s", e.Meta)
		}
		m, err := e.DecodeMeta()
		bare, seal := ledger.Unseal(e.Meta)
		if err != nil || !bytes.Equal(m.Seal, seal) || !bytes.Equal(bare, r.Meta) {
			t.Fatalf("it reads %v, %v; the seal is %x and the rest %s", m, err, seal, bare)
		}
		if again := ledger.WithSeal(r, e.Stream, e.Version, sign); !bytes.Equal(again.Meta, e.Meta) {
			t.Fatalf("sealed twice: %s and %s", again.Meta, e.Meta)
		}
		m.Seal = nil
		if back := counter.Codec.Record(Added{1}, m, 0); !bytes.Equal(back.Meta, r.Meta) {
			t.Fatalf("the meta is %s, and was %s", back.Meta, r.Meta)
		}
	})
	for _, bad := range []string{"", "{}", "[1]", `"a"`, `{"a":1}` + "\n"} {
		if got := ledger.WithSeal(ledger.Record{Meta: []byte(bad)}, ledger.Stream{}, 1, sign); string(got.Meta) != bad {
			t.Errorf("WithSeal(%s) = %s", bad, got.Meta)
		}
	}
}

// FuzzUnseal: whatever somebody has appended, a seal is read, or not, and nothing
// else happens; what is read is put in again as it was.
func FuzzUnseal(f *testing.F) {
	f.Add(sealedEvent().Meta)
	f.Add([]byte(`,"seal":"` + strings.Repeat("A", 86) + `=="}`))
	f.Add([]byte(`{"seal":"` + strings.Repeat("\n", 88) + `"}`))
	f.Fuzz(func(t *testing.T, meta []byte) {
		bare, seal := ledger.Unseal(meta)
		if seal == nil {
			if !bytes.Equal(bare, meta) {
				t.Fatalf("without a seal, %q became %q", meta, bare)
			}
			return
		}
		if again := append(bytes.Clone(bare[:len(bare)-1]), `,"seal":"`+base64.StdEncoding.EncodeToString(seal)+`"}`...); !bytes.Equal(again, meta) {
			t.Fatalf("%q became %q and %x", meta, bare, seal)
		}
	})
}
