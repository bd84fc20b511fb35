package evidence

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// TestGenuine checks that what is written holds, at several sizes, and what the
// report says of it.
func TestGenuine(t *testing.T) {
	for _, events := range []int{1, 2, 3, 7, 60} {
		for witnesses, want := range []proof.Verdict{proof.OKUnwitnessed, proof.OK, proof.OK} {
			s := newSpecimen(t, events, witnesses)
			got := s.verify(s.bundle)
			if got.Verdict != want || len(got.Findings) > 0 || got.Events != events || got.Stream != ours || got.Origin != origin {
				t.Errorf("%d events, %d witnesses: %+v", events, witnesses, got)
			}
			if size := int64(2*events + 3); got.CompleteTo != size || got.Checkpoint.Size != size+3 || got.Witnessed == got.NotLater.IsZero() {
				t.Errorf("%d events, %d witnesses: %+v", events, witnesses, got)
			}
			if !bytes.Equal(s.pack(), s.bundle) {
				t.Error("the files of the bundle do not make the same bundle")
			}
		}
	}
}

// TestNotLater checks that the time by which all was there is that at which the last
// witness of a quorum had seen it, and none without a quorum.
func TestNotLater(t *testing.T) {
	s := newSpecimen(t, 5, 2)
	first := epoch.Add(16 * time.Minute)
	for quorum, want := range []time.Time{{}, first, first.Add(time.Second)} {
		got := s.verify(s.bundle, func(o *Options) { o.Policy = s.policy(quorum) })
		if !got.NotLater.Equal(want) || got.Witnessed != (quorum > 0) || len(got.Cosigned) != 2 {
			t.Errorf("quorum %d: not later than %v, want %v", quorum, got.NotLater, want)
		}
	}
}

// TestZip checks that the bundle is an archive for those who read archives.
func TestZip(t *testing.T) {
	s := newSpecimen(t, 3, 1)
	z, err := zip.NewReader(bytes.NewReader(s.bundle), int64(len(s.bundle)))
	ok(t, err)
	if len(z.File) != len(s.files) {
		t.Errorf("%d files, want %d", len(z.File), len(s.files))
	}
	for _, f := range z.File {
		r, err := f.Open()
		ok(t, err)
		if content, err := io.ReadAll(r); err != nil || !bytes.Equal(content, s.files[f.Name]) {
			t.Errorf("%s: %v, or another content", f.Name, err)
		}
	}
}

// TestWriteTwice checks that equal sources give equal bytes, whatever else the
// ledger has recorded meanwhile, and that older proofs stand in order.
func TestWriteTwice(t *testing.T) {
	s := newSpecimen(t, 5, 1)
	s.source.Older = []Older{s.proveGrowth(16, 9), s.proveGrowth(16, 10), s.proveGrowth(16, 1)}
	s.write()
	first := s.bundle
	s.append(ours, 3)
	slices.Reverse(s.source.Older)
	s.write()
	if !bytes.Equal(first, s.bundle) {
		t.Error("the bundle is another")
	}
	held := func(o *Options) {
		o.Older = [][]byte{s.checkpoint(9, 0), s.checkpoint(10, 1), s.checkpoint(1, 0), s.source.Checkpoint}
	}
	if got := s.verify(s.bundle, held); got.Verdict != proof.OK {
		t.Errorf("%s: %v", got.Verdict, got.Findings)
	}
}

// TestRefused checks what no bundle is made from, and that the error says so in both
// languages.
func TestRefused(t *testing.T) {
	for name, change := range map[string]func(s *specimen){
		"a stream of no event":            func(s *specimen) { s.source.Stream.ID[1] = 9 },
		"a stream after the checkpoint":   func(s *specimen) { s.source.Checkpoint = s.checkpoint(1, 1) },
		"heads after the checkpoint":      func(s *specimen) { s.source.Checkpoint = s.checkpoint(13, 1) },
		"heads of another stream":         func(s *specimen) { s.source.Stream = theirs },
		"heads that are no heads":         func(s *specimen) { s.source.Heads = first(s, theirs) },
		"heads from before the stream":    func(s *specimen) { s.source.Stream.ID[0] = 3; s.append(s.source.Stream, 1); s.renew() },
		"a checkpoint of another ledger":  func(s *specimen) { s.source.Checkpoint = []byte("another\n1\n\n") },
		"a checkpoint that nobody signed": func(s *specimen) { s.source.Policy = s.policy(1, s.vkey+" 0 3") },
		"a proof of another leaf": func(s *specimen) {
			s.source.Prove = func(ctx context.Context, size, _ int64) (tlog.RecordProof, error) { return s.prove(ctx, size, 0) }
		},
		"an older checkpoint that is not older": func(s *specimen) { s.source.Older = []Older{{Size: 16}} },
		"an older checkpoint of nothing":        func(s *specimen) { s.source.Older = []Older{{Size: 0}} },
		"an older checkpoint twice":             func(s *specimen) { s.source.Older = []Older{s.proveGrowth(16, 9), s.proveGrowth(16, 9)} },
		"too many older checkpoints":            func(s *specimen) { s.source.Older = make([]Older, MaxOlder+1) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSpecimen(t, 5, 1)
			change(s)
			err := Write(t.Context(), io.Discard, s.source)
			says, both := errors.AsType[interface {
				error
				Say() ledger.Text
			}](err)
			if !both || says.Say().ZH == "" || says.Say().EN == "" || says.Say().ZH == says.Say().EN {
				t.Fatalf("Write = %v, want a refusal in two languages", err)
			}
		})
	}
}

// TestTooManyEvents checks that a stream that no bundle holds is refused, and that
// one event less makes a bundle that holds.
func TestTooManyEvents(t *testing.T) {
	w := newWorld(t)
	w.append(ours, MaxEvents)
	s := w.specimen(w.size(), 1)
	if got := s.verify(s.bundle); got.Verdict != proof.OK || got.Events != MaxEvents {
		t.Errorf("%d events: %s, %d, %v", MaxEvents, got.Verdict, got.Events, got.Findings)
	}
	w.append(ours, 1)
	s.renew()
	if _, troubled := errors.AsType[*ledger.Trouble](Write(t.Context(), io.Discard, s.source)); !troubled {
		t.Errorf("%d events are not refused", MaxEvents+1)
	}
}

// TestAltered checks that no bundle is made of events that were altered.
func TestAltered(t *testing.T) {
	s := newSpecimen(t, 5, 1)
	env := first(s, ours)
	env.Data = []byte("{}")
	s.source.Log = fixedLog{all: []ledger.Envelope{env}}
	if err := Write(t.Context(), io.Discard, s.source); err == nil || !strings.Contains(err.Error(), "altered") {
		t.Errorf("Write = %v", err)
	}
}

// TestTroubles checks that what the log, the prover and the writer say is passed on.
func TestTroubles(t *testing.T) {
	trouble := errors.New("trouble")
	for name, change := range map[string]func(s *specimen){
		"log": func(s *specimen) { s.source.Log = fixedLog{err: trouble} },
		"prover": func(s *specimen) {
			s.source.Prove = func(context.Context, int64, int64) (tlog.RecordProof, error) { return nil, trouble }
		},
	} {
		s := newSpecimen(t, 5, 1)
		change(s)
		if err := Write(t.Context(), io.Discard, s.source); !errors.Is(err, trouble) {
			t.Errorf("%s: Write = %v", name, err)
		}
	}
	s := newSpecimen(t, 1, 1)
	for room := 0; room < len(s.bundle); room += 61 {
		if err := Write(t.Context(), &narrow{room, trouble}, s.source); !errors.Is(err, trouble) {
			t.Fatalf("with room for %d bytes of %d, Write = %v", room, len(s.bundle), err)
		}
	}
}

// first returns the first event of stream.
func first(s *specimen, stream ledger.Stream) ledger.Envelope {
	for env, err := range s.store.ReadStream(s.t.Context(), stream, 0) {
		ok(s.t, err)
		return env
	}
	s.t.Fatalf("there is no event of %v", stream)
	panic("unreachable")
}

// renew makes a checkpoint of the whole tree.
func (s *specimen) renew() { s.source.Checkpoint = s.checkpoint(s.size(), 1) }

// A fixedLog has one stream.
type fixedLog struct {
	ledger.Log
	all []ledger.Envelope
	err error
}

func (l fixedLog) ReadStream(context.Context, ledger.Stream, ledger.Version) iter.Seq2[ledger.Envelope, error] {
	return func(yield func(ledger.Envelope, error) bool) {
		for _, env := range l.all {
			if !yield(env, nil) {
				return
			}
		}
		if l.err != nil {
			yield(ledger.Envelope{}, l.err)
		}
	}
}

// A narrow takes so many bytes.
type narrow struct {
	room int
	err  error
}

func (n *narrow) Write(b []byte) (int, error) {
	if n.room -= len(b); n.room < 0 {
		return 0, n.err
	}
	return len(b), nil
}
