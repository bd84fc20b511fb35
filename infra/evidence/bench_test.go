package evidence

import (
	"bytes"
	"context"
	"io"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/attest"
	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// The benchmarks are of a case of 60 events in a tree of a million leaves, as a
// district has after some years.

func BenchmarkExport(b *testing.B) {
	s := million(b)
	for b.Loop() {
		ok(b, Write(b.Context(), io.Discard, s))
	}
}

func BenchmarkVerify(b *testing.B) {
	s := million(b)
	var bundle bytes.Buffer
	ok(b, Write(b.Context(), &bundle, s))
	b.ReportMetric(float64(bundle.Len())/1024, "KiB/bundle")
	for b.Loop() {
		if got := Verify(bytes.NewReader(bundle.Bytes()), int64(bundle.Len()), Options{Policy: s.Policy}); got.Verdict != proof.OK {
			b.Fatal(got.Verdict, got.Findings)
		}
	}
}

// million returns the source of a case of 60 events that are spread over a million
// leaves, each event with a KiB of data.
func million(b *testing.B) Source {
	const leaves, events = 1_000_000, 60
	w := newWorld(b)
	var all []ledger.Envelope
	w.hashes = make([]tlog.Hash, 0, 2*leaves)
	for i := range int64(leaves) {
		hash := tlog.Hash{byte(i), byte(i >> 8), byte(i >> 16)}
		if i%(leaves/events) == 0 && len(all) < events {
			env := ledger.Envelope{
				Position: ledger.Position(i + 1), Stream: ours, Version: ledger.Version(len(all) + 1), Recorded: ledger.TicksOf(epoch.Add(time.Duration(i) * time.Second)),
				Record: ledger.Record{ID: uuid.UUID{byte(i)}, Type: "Said", Data: bytes.Repeat([]byte{'x'}, 1024), Meta: bytes.Repeat([]byte{'y'}, 300)},
			}
			if n := len(all); n > 0 {
				env.Prev = all[n-1].Leaf
			}
			all = append(all, env.Seal())
			hash = tlog.Hash(all[len(all)-1].Leaf)
		}
		w.add(i, hash)
	}
	last := all[events-1]
	end := proof.Head{Stream: ours, Version: last.Version, Index: int64(last.Position) - 1, Leaf: last.Leaf}
	var heads []proof.Head
	for i := range 100_000 {
		heads = append(heads, proof.Head{Stream: ledger.Stream{Category: "case", ID: uuid.UUID{9, byte(i), byte(i >> 8), byte(i >> 16)}}, Version: 1})
	}
	tree, err := proof.NewHeads(append(heads, end))
	ok(b, err)
	signed, err := note.Sign(&note.Note{Text: tree.Note(leaves).Text(origin)}, w.note)
	ok(b, err)
	env := ledger.Envelope{
		Position: leaves + 1, Stream: ledger.Stream{Category: attest.Category, ID: uuid.UUID{1}}, Version: 1, Recorded: last.Recorded,
		Record: attest.Codec.Record(attest.NotaryHeads{Note: string(signed)}, ledger.Meta{}, 0),
	}.Seal()
	w.add(leaves, tlog.Hash(env.Leaf))
	root, err := tlog.TreeHash(leaves+1, w)
	ok(b, err)
	w.witness[0].at = last.Recorded.Time()
	checkpoint, err := note.Sign(&note.Note{Text: proof.Checkpoint{Origin: origin, Size: leaves + 1, Root: ledger.Hash(root)}.Text()}, w.note, w.witness[0])
	ok(b, err)
	head, _ := tree.Prove(end)
	return Source{
		Stream: ours, Log: fixedLog{all: all}, Policy: w.policy(1), Checkpoint: checkpoint, Heads: env, Head: head,
		Prove: func(_ context.Context, size, index int64) (tlog.RecordProof, error) {
			return tlog.ProveRecord(size, index, w)
		},
	}
}

// add adds a leaf of that hash to the tree.
func (w *world) add(index int64, hash tlog.Hash) {
	more, err := tlog.StoredHashesForRecordHash(index, hash, w)
	ok(w.t, err)
	w.hashes = append(w.hashes, more...)
}
