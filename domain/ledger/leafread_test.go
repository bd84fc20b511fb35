package ledger_test

import (
	"bytes"
	"errors"
	"testing"

	"xinfang/domain/ledger"
)

// TestParseLeaf takes a leaf apart, and every one that differs from it in one byte
// or is shorter: what is taken must be that other leaf exactly.
func TestParseLeaf(t *testing.T) {
	e := sample().Seal()
	data, meta := ledger.DigestOf(e.Data), ledger.DigestOf(e.Meta)
	leaf := e.AppendLeaf(nil, data, meta)
	got, d, m, err := ledger.ParseLeaf(leaf)
	e.Data, e.Meta = nil, nil
	if err != nil || d != data || m != meta || got.Leaf != e.Leaf || !bytes.Equal(got.AppendLeaf(nil, d, m), leaf) || got.Stream != e.Stream || got.Recorded != e.Recorded {
		t.Fatalf("ParseLeaf = %+v, %v, %v, %v", got, d, m, err)
	}
	for i := range leaf {
		changed := bytes.Clone(leaf)
		changed[i] ^= 1
		if got, d, m, err := ledger.ParseLeaf(changed); err == nil && !bytes.Equal(got.AppendLeaf(nil, d, m), changed) {
			t.Errorf("byte %d changed: taken for another leaf", i)
		}
		if _, _, _, err := ledger.ParseLeaf(leaf[:i]); !errors.Is(err, ledger.ErrLeaf) {
			t.Errorf("the first %d bytes: %v", i, err)
		}
	}
	for name, b := range map[string][]byte{
		"one byte more":      append(bytes.Clone(leaf), 0),
		"another tag":        append([]byte("petition-ledger/leaf/v2\x00"), leaf[24:]...),
		"the notary's kind":  append(append(bytes.Clone(leaf[:24]), ledger.KindNotary), leaf[25:]...),
		"the last possible ": append(append(bytes.Clone(leaf[:25]), 255, 255, 255, 255, 255, 255, 255, 255), leaf[33:]...),
	} {
		if _, _, _, err := ledger.ParseLeaf(b); !errors.Is(err, ledger.ErrLeaf) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzParseLeaf checks that no bytes are a leaf but those that AppendLeaf makes.
func FuzzParseLeaf(f *testing.F) {
	e := sample()
	f.Add(e.AppendLeaf(nil, ledger.DigestOf(e.Data), ledger.DigestOf(e.Meta)))
	e.Stream, e.Binary = ledger.Stream{Category: "$settings"}, true
	f.Add(e.AppendLeaf(nil, ledger.DigestOf(nil), ledger.DigestOf(nil)))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, data, meta, err := ledger.ParseLeaf(b)
		if err == nil && (e.Leaf != ledger.LeafHash(b) || !bytes.Equal(e.AppendLeaf(nil, data, meta), b)) {
			t.Errorf("%x is taken for %+v", b, e)
		}
	})
}
