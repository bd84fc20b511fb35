package esdb

import (
	"bytes"
	"context"
	"fmt"
	"iter"

	"xinfang/domain/ledger"
)

// A seam is where what a source sends meets what its replica holds. It compares
// position by position up to the head of the replica; from there on the source is
// ahead. One goroutine has it.
type seam struct {
	at    ledger.Position // the last that source and replica agree on
	from  *ledger.Origin  // of at, until something was compared; nil for the start of the source
	times ledger.Times    // has seen all up to at, and batch

	// want is what the replica holds after at, nil at its head; next finds the one
	// after that.
	want *ledger.Envelope
	next func() (ledger.Envelope, error, bool)
	stop func()

	// batch is what has come after the head and is not adopted yet; ignored says of
	// each whether it makes a claim that does not count. times has seen them.
	batch   []ledger.Envelope
	ignored []bool
}

// sew returns the seam that begins recheck positions before the head of replica,
// at its start if recheck is negative. Whoever gets it stops it.
func sew(ctx context.Context, replica ledger.Replica, recheck ledger.Position) (*seam, error) {
	head, err := replica.Head(ctx)
	if err != nil {
		return nil, err
	}
	s := &seam{}
	if recheck >= 0 {
		s.at = max(0, head-recheck)
	}
	if s.at > 0 {
		env, err := ledger.At(ctx, replica, s.at)
		if err != nil {
			return nil, err
		}
		s.from = &env.Origin
	}
	if s.times, err = ledger.TimesOf(ctx, prefix{replica, s.at}); err != nil {
		return nil, err
	}
	s.next, s.stop = iter.Pull2(prefix{replica, head}.ReadAll(ctx, s.at))
	return s, s.advance()
}

// advance makes want what the replica holds next.
func (s *seam) advance() error {
	s.want = nil
	env, err, ok := s.next()
	if ok && err == nil {
		s.want = &env
	}
	return err
}

// compare compares d with want and goes on to the next. A difference is a
// [*ledger.Break]. repeated reports that d is what the source was to be read after,
// which a server may send or not.
func (s *seam) compare(d *delivery) (ignoredClaim, repeated bool, err error) {
	env, want := &d.env, s.want
	if s.from != nil && env.Origin == *s.from {
		return false, true, nil
	}
	broken := func(kind ledger.BreakKind, of *ledger.Envelope, format string, args ...any) error {
		return &ledger.Break{Kind: kind, At: want.Position, Stream: of.Stream, ID: of.ID, Reason: fmt.Sprintf(format, args...)}
	}
	switch {
	case env.Origin.Commit > want.Origin.Commit:
		return false, false, broken(ledger.Vanished, want, "the source no longer has it at %d/%d; what it has next is event %v at %d/%d",
			want.Origin.Commit, want.Origin.Prepare, env.ID, env.Origin.Commit, env.Origin.Prepare)
	case env.Origin.Commit < want.Origin.Commit:
		return false, false, broken(ledger.Order, env, "the source has it at %d/%d, where the replica has nothing: next it has event %v at %d/%d",
			env.Origin.Commit, env.Origin.Prepare, want.ID, want.Origin.Commit, want.Origin.Prepare)
	}
	if d.tombstone {
		env.Version = want.Version
	}
	ignoredClaim = s.times.Next(env)
	if what := differs(env, want); what != "" || d.broken != nil {
		if what == "" {
			what = d.broken.Reason
		}
		return false, false, broken(ledger.Changed, want, "the source has another at %d/%d: %s", want.Origin.Commit, want.Origin.Prepare, what)
	}
	s.at, s.from = want.Position, nil
	return ignoredClaim, false, s.advance()
}

// shorter is the break that the source ends before the replica does.
func (s *seam) shorter() *ledger.Break {
	return &ledger.Break{Kind: ledger.Shorter, At: s.want.Position, Stream: s.want.Stream, ID: s.want.ID, Reason: fmt.Sprintf(
		"the source ends before its place, %d/%d", s.want.Origin.Commit, s.want.Origin.Prepare)}
}

// differs says in what got, of the source, is not want, of the replica; "" if in
// nothing. It quotes nothing of the event.
func differs(got, want *ledger.Envelope) string {
	switch {
	case got.Stream != want.Stream:
		return fmt.Sprintf("it is of %v", got.Stream)
	case got.Version != want.Version:
		return fmt.Sprintf("it is version %d of the stream, not %d", got.Version, want.Version)
	case got.ID != want.ID:
		return fmt.Sprintf("it is event %v", got.ID)
	case got.Type != want.Type:
		return "it has another type"
	case got.Binary != want.Binary:
		return "it has another content type"
	case got.Origin != want.Origin:
		return fmt.Sprintf("it stands at %d/%d", got.Origin.Commit, got.Origin.Prepare)
	case got.Recorded != want.Recorded:
		return fmt.Sprintf("it says it was recorded %v, not %v", got.Recorded.Time(), want.Recorded.Time())
	case !bytes.Equal(got.Data, want.Data):
		return fmt.Sprintf("its data, %d bytes, are not the %d that the replica holds", len(got.Data), len(want.Data))
	case !bytes.Equal(got.Meta, want.Meta):
		return fmt.Sprintf("its meta, %d bytes, is not the %d that the replica holds", len(got.Meta), len(want.Meta))
	}
	return ""
}

// A prefix is a log up to a position.
type prefix struct {
	ledger.Log
	end ledger.Position
}

// Head implements [ledger.Log].
func (p prefix) Head(context.Context) (ledger.Position, error) { return p.end, nil }

// ReadAll implements [ledger.Log].
func (p prefix) ReadAll(ctx context.Context, after ledger.Position) iter.Seq2[ledger.Envelope, error] {
	return func(yield func(ledger.Envelope, error) bool) {
		if after >= p.end {
			return
		}
		for env, err := range p.Log.ReadAll(ctx, after) {
			if !yield(env, err) || err != nil || env.Position >= p.end {
				return
			}
		}
	}
}

// versionIn returns the last version of stream in l.
func versionIn(ctx context.Context, l ledger.Log, stream ledger.Stream) (ledger.Version, error) {
	for h, err := range l.Streams(ctx, stream.Category) {
		if err != nil || h.Stream == stream {
			return h.Version, err
		}
	}
	return 0, nil
}
