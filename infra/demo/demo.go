// Package demo makes up a district's year of petitions (示例数据): for `xinfang
// demo`, for tests, and, as [Bulk], for benchmarks at scale. Every unit, officer,
// petitioner and dispute in it is invented.
//
// # How
//
// A year is written before it is recorded. The roster (units.go) says who held
// which post when. Each case is a [draft] (draft.go), on which scripts write what
// was done, step by step, each with the time at which it was recorded: how it came
// in, was dispatched, handled and followed up (script_*.go). Chance decides the
// way a case takes; what a script writes after "today" has not happened yet, which
// is how cases come to be open. All steps together, sorted by the time of their
// recording, are the agenda (agenda.go).
//
// Generate puts the agenda, step by step, to the same deciders that decide in
// earnest, so that what comes out is lawful, or there would be no demo: a refusal
// is an error, but for a few steps that are there to be refused.
//
// # The same everywhere
//
// Chance is a PCG with the seed of [Options], one for each case, and every
// identity is a UUIDv5, so that the same options make the same commands on every
// machine. With a [Sealer] that makes the same boxes, the ledger is the same to
// the last byte.
package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/org"
	"xinfang/domain/petition"
)

// Options say which year is made up.
type Options struct {
	Seed  uint64
	Cases int // 1 to MaxCases; 1,300 come to about 20,000 events

	// Petitions come in from the beginning of From up to 09:00 +08:00 of Today,
	// which is when the demo's world stands still. Both are days of the embedded
	// calendar.
	From, Today law.Date
}

// MaxCases is the most cases that one demo may have: there must be a number for
// each before that of the showcase. For more there is [Bulk].
const MaxCases = 4000

// Default returns the options of `xinfang demo`.
func Default() Options {
	return Options{Seed: 20261123, Cases: 1300, From: day("2025-12-01"), Today: day("2026-11-23")}
}

// today is the instant at which the demo's world stands still.
func (o Options) today() time.Time { return o.Today.Start().Add(9 * time.Hour) }

// opening is when the ledger is taken into use, before the first petition.
func (o Options) opening() time.Time { return o.From.AddDays(-7).Start().Add(9 * time.Hour) }

func (o Options) check() error {
	switch first, last := day("2022-06-01"), law.Embedded().CoveredUntil(); {
	case o.Cases < 1 || o.Cases > MaxCases:
		return fmt.Errorf("demo: %d cases; ask for 1 to %d", o.Cases, MaxCases)
	case o.From.Before(first) || o.Today.After(last) || o.Today.Sub(o.From) < 14:
		return fmt.Errorf("demo: from %v to %v; ask for at least two weeks between %v and %v", o.From, o.Today, first, last)
	}
	return nil
}

// day returns the date that s writes.
func day(s string) law.Date {
	d, err := law.ParseDate(s)
	if err != nil {
		panic("demo: " + s + ": " + err.Error())
	}
	return d
}

// A Sealer seals the personal data of petitioners: the vault. A field is one of
// package personal's.
type Sealer interface {
	Seal(ctx context.Context, subject uuid.UUID, field, plain string) (petition.Sealed, error)
	Commitment(ctx context.Context, subject uuid.UUID) (string, error)
	Index(ctx context.Context, subject uuid.UUID, values ...string) error
}

// A Summary is what was made.
type Summary struct {
	Today    time.Time // the instant at which the world stands still
	Cases    int
	Events   int
	Refused  int        // attempts that were there to be refused, and were
	Showcase string     // number of the case to look at first; "" if Options leave out its days
	Officers []Identity // whom a visitor may be
}

// An Identity is an officer whom a visitor of the demo may be.
type Identity struct {
	Title ledger.Text
	Actor ledger.Actor
}

// Generate fills the store, which must be empty and have been opened with clock,
// and says after each step how far it has come. If it is interrupted the store
// holds the beginning of a year and is of no use.
func Generate(ctx context.Context, store ledger.Store, clock *Clock, vault Sealer, o Options, progress func(done, total int)) (Summary, error) {
	if err := o.check(); err != nil {
		return Summary{}, err
	}
	switch head, err := store.Head(ctx); {
	case err != nil:
		return Summary{}, fmt.Errorf("demo: %w", err)
	case head > 0:
		return Summary{}, fmt.Errorf("demo: the ledger has %d entries already; a demo starts with none", head)
	}
	year, err := write(o)
	if err != nil {
		return Summary{}, err
	}
	g := generator{store: store, clock: clock, vault: vault, world: petition.World{
		Calendar: law.Embedded(), Rules: law.Default(), Directory: new(org.Directory),
	}}
	for i, s := range year.agenda {
		if err := g.take(ctx, s); err != nil {
			return Summary{}, fmt.Errorf("demo: step %d, case %q, %T at %v: %w", i, s.number, s.does(), s.at, err)
		}
		progress(i+1, len(year.agenda))
	}
	clock.forward(o.today())
	return Summary{
		Today: o.today(), Cases: o.Cases, Events: g.events, Refused: g.refused,
		Showcase: year.showcase, Officers: identities(),
	}, nil
}

// A generator puts an agenda to the deciders.
type generator struct {
	store   ledger.Store
	clock   *Clock
	vault   Sealer
	world   petition.World
	events  int
	refused int
}

// take takes one step. A refusal is an error unless it is what the step is for.
func (g *generator) take(ctx context.Context, s *step) error {
	g.clock.forward(s.at)
	if s.org != nil {
		return g.organise(ctx, s)
	}
	if err := s.seal(ctx, g.vault); err != nil {
		return err
	}
	envelopes, err := petition.Decider.Handle(ctx, g.store, ledger.Ask[petition.Act]{
		ID:      petition.ID(s.number),
		Command: petition.Act{Command: s.command, Now: g.clock.Now(), World: g.world},
		Meta:    s.meta,
	})
	g.events += len(envelopes)
	if s.refusal != "" && err != nil {
		g.refused++
	}
	return s.judge(err)
}

// organise changes the directory.
func (g *generator) organise(ctx context.Context, s *step) error {
	envelopes, err := org.Decider.Handle(ctx, g.store, ledger.Ask[org.Command]{ID: org.Stream().ID, Command: s.org, Meta: s.meta})
	if err != nil {
		return err
	}
	for _, env := range envelopes {
		e, err := org.Codec.Decode(env.Type, env.Data)
		if err != nil {
			return err
		}
		g.world.Directory = org.Evolve(g.world.Directory, e, s.meta)
	}
	g.events += len(envelopes)
	return nil
}
