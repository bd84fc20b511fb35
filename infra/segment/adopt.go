package segment

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"xinfang/domain/ledger"
)

// Adopt implements [ledger.Replica]. A crash in here leaves some of envelopes, from
// the first one on, or none: whoever copies goes on from the head.
func (s *Store) Adopt(ctx context.Context, envelopes ...ledger.Envelope) error {
	if err := ctx.Err(); err != nil || len(envelopes) == 0 {
		return err
	}
	if s.committer == nil {
		return fmt.Errorf("%s is open read-only: %w", s.dir, ledger.ErrRejected)
	}
	s.adopting.Lock()
	defer s.adopting.Unlock()
	r := s.spare
	s.spare = nil
	if r == nil {
		r = &request{adopts: true}
	}
	if err := s.adopt(ctx, r, envelopes); err != nil {
		return err
	}
	if err := s.commit(ctx, r); err != nil {
		return err // the committer may still have r
	}
	last := &r.envelopes[len(r.envelopes)-1]
	s.adopted = adopted{last.Position, last.Origin, last.Recorded}
	if cap(r.frames) <= maxBatch {
		s.spare = r
	}
	return nil
}

// adopted is the last envelope of the last Adopt: the next one follows it.
type adopted struct {
	position ledger.Position // 0 if there was none since Open
	origin   ledger.Origin
	recorded ledger.Ticks
}

// adopt checks that envelopes continue the ledger, and frames them in r.
func (s *Store) adopt(ctx context.Context, r *request, envelopes []ledger.Envelope) error {
	head, origin, recorded, err := s.last(ctx)
	if err != nil {
		return err
	}
	r.after, r.envelopes = head, append(r.envelopes[:0], envelopes...)
	r.before = slices.Grow(r.before[:0], len(envelopes))[:len(envelopes)]
	own := make(map[ledger.Stream]int, len(envelopes)) // the last of each stream in r, counted from 1
	for i := range r.envelopes {
		e, b := &r.envelopes[i], &r.before[i]
		*b = link{}
		version := ledger.Version(0)
		if b.own = own[e.Stream]; b.own > 0 {
			version = r.envelopes[b.own-1].Version
		} else if version, err = s.lastOf(e.Stream, b); err != nil {
			return err
		}
		if err := e.Follows(head+ledger.Position(i), origin, version); err != nil {
			if broken, ok := errors.AsType[*ledger.Break](err); ok {
				broken.Index = i
			}
			return err
		}
		if e.Version > maxVersion {
			return fmt.Errorf("%v has %d events and may have %d: %w", e.Stream, e.Version, maxVersion, ledger.ErrRejected)
		}
		if e.Recorded < recorded {
			return fmt.Errorf("%v version %d is recorded before what it follows: %w", e.Stream, e.Version, ledger.ErrRejected)
		}
		own[e.Stream], origin, recorded = i+1, e.Origin, e.Recorded
	}
	r.frame()
	return nil
}

// last returns the head of the ledger, and where and when it was recorded.
func (s *Store) last(ctx context.Context) (ledger.Position, ledger.Origin, ledger.Ticks, error) {
	head, _ := s.end()
	if a := s.adopted; head == a.position { // of an empty ledger, too
		return head, a.origin, a.recorded, nil
	}
	env, err := ledger.At(ctx, s, head)
	return head, env.Origin, env.Recorded, err
}

// lastOf returns the version of stream, and sets b to the link to its last frame.
func (s *Store) lastOf(stream ledger.Stream, b *link) (ledger.Version, error) {
	s.mu.RLock()
	last, files := s.index.place(stream), s.files
	leaf, known := s.tails.leaf(stream, last.version())
	s.mu.RUnlock()
	if last.version() == 0 {
		return 0, nil
	}
	if known {
		b.leaf, b.at = leaf, last.offset()
		return last.version(), nil
	}
	fr, err := s.readFrame(files, last.offset(), stream, last.version())
	if err != nil {
		return 0, fmt.Errorf("reading the end of %v: %w: %w", stream, err, ledger.ErrRejected)
	}
	b.leaf, b.at = fr.leaf(), last.offset()
	return last.version(), nil
}
