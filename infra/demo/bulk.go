package demo

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/google/uuid"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/org"
	"xinfang/domain/personal"
	"xinfang/domain/petition"
)

// A Batch is some records that follow one another in one stream, whose version
// is Expected before them.
type Batch struct {
	Stream   ledger.Stream
	Expected ledger.Version
	Records  []ledger.Record
}

// Bulk yields whole histories of o.Cases cases, of which there may be millions,
// about 16 events each: first the directory, then the cases, which grow side by
// side, a few of them much faster than the rest, as in the life of a bureau (Zipf).
// The same options make the same batches. It stops at the first error.
//
// The cases are those of a demo, over and over again, with other numbers,
// petitioners and, as far as they are settled, other years: each event is stamped
// anew and encoded as any other, but decided only once. Nobody's data is in the
// boxes, and no vault opens them.
func Bulk(ctx context.Context, o Options) iter.Seq2[Batch, error] {
	return func(yield func(Batch, error) bool) {
		cases := o.Cases
		o.Cases = min(cases, Default().Cases)
		templates, directory, err := rehearse(ctx, o)
		if err != nil {
			yield(Batch{}, err)
			return
		}
		p := newPrinter(o, templates, cases)
		for _, batches := range []iter.Seq[Batch]{slices.Values(directory), p.batches()} {
			for b := range batches {
				if err := ctx.Err(); err != nil {
					yield(Batch{}, err)
					return
				}
				if !yield(b, nil) {
					return
				}
			}
		}
	}
}

// A template is the history of one case.
type template struct {
	entries []entry
	settled bool // nothing is owed any more
}

// An entry is one event of a template.
type entry struct {
	event   petition.Event
	meta    ledger.Meta
	command int // which of the case's commands led to it, from 0
	index   int // which of that command's events it is
	before  int // the command before, -1 if there is none
	target  int // of a correction: the command that led to the corrected event
	earlier int // of a repeat: how many cases before this one the other came in
}

// rehearse decides the year of o without recording it.
func rehearse(ctx context.Context, o Options) ([]template, []Batch, error) {
	if err := o.check(); err != nil {
		return nil, nil, err
	}
	y, err := write(o)
	if err != nil {
		return nil, nil, err
	}
	world := petition.World{Calendar: law.Embedded(), Rules: law.Default()}
	var directory []Batch
	var version ledger.Version
	cases := make(map[string]*rehearsal)
	for i, d := range y.drafts {
		cases[d.number] = &rehearsal{place: i, commands: make(map[uuid.UUID]int)}
	}
	for _, s := range y.agenda {
		if s.org != nil {
			events, err := org.Decide(world.Directory, s.org, s.meta)
			if err != nil {
				return nil, nil, fmt.Errorf("demo: %T: %w", s.org, err)
			}
			b := Batch{Stream: org.Stream(), Expected: version}
			for i, e := range events {
				world.Directory = org.Evolve(world.Directory, e, s.meta)
				b.Records = append(b.Records, org.Codec.Record(e, s.meta, i))
			}
			version += ledger.Version(len(events))
			directory = append(directory, b)
			continue
		}
		if err := s.seal(ctx, blank{}); err != nil {
			return nil, nil, err
		}
		if err := cases[s.number].take(s, world, cases); err != nil {
			return nil, nil, fmt.Errorf("demo: case %s, %T: %w", s.number, s.command, err)
		}
	}
	var templates []template
	for _, d := range y.drafts {
		c := cases[d.number]
		templates = append(templates, template{c.entries, !c.state.Stage.Open()})
	}
	return templates, directory, nil
}

// A rehearsal is a case that is decided without being recorded.
type rehearsal struct {
	place    int // in the order of receipt
	state    *petition.State
	entries  []entry
	commands map[uuid.UUID]int // which command, by the identity of its first event
}

// take takes one step. The other cases are there to be named.
func (c *rehearsal) take(s *step, world petition.World, others map[string]*rehearsal) error {
	events, err := petition.Decide(c.state, petition.Act{Command: s.command, Now: s.at, World: world}, s.meta)
	if err := s.judge(err); err != nil || len(events) == 0 {
		return err
	}
	n := len(c.commands)
	c.commands[ledger.EventID(s.meta.Command, 0)] = n
	for i, e := range events {
		en := entry{event: e, meta: s.meta, command: n, index: i, before: n - 1}
		switch e := e.(type) {
		case petition.EntryCorrected:
			en.target = c.commands[e.Target]
		case petition.DuplicateLinked:
			en.earlier = c.place - others[e.Earlier].place
		case petition.NoLongerAccepted:
			en.earlier = c.place - others[e.Earlier].place
		case petition.CaseMerged:
			en.earlier = c.place - others[e.Into].place
		default:
		}
		c.entries = append(c.entries, en)
		c.state = petition.Evolve(c.state, e, s.meta)
	}
	return nil
}

// blank seals nothing: its boxes are as long as real ones, and empty.
type blank struct{}

func (blank) Seal(_ context.Context, subject uuid.UUID, field, plain string) (petition.Sealed, error) {
	const overhead = 41 // of a box of the vault
	box := make([]byte, len(plain)+overhead)
	for i := range box {
		box[i] = subject[i%len(subject)] ^ byte(i*31)
	}
	return petition.Sealed{Masked: personal.Mask(personal.Field(field), plain), Box: box}, nil
}

// Commitment commits to nothing: there is no key, and no vault that could have lost it.
func (blank) Commitment(context.Context, uuid.UUID) (string, error) { return "", nil }

func (blank) Index(context.Context, uuid.UUID, ...string) error { return nil }
