package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"sync"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"xinfang/domain/ledger"
	"xinfang/domain/org"
	"xinfang/domain/petition"
)

// A candidate is one case that a file has: a row of a table or a trace of an
// event log, with what is wrong with it so far.
type candidate struct {
	row     int // Excel row, or number of the trace
	command petition.Command
	imp     *petition.CaseImported                               // of command, to be sealed in place
	seal    func(*petition.CaseImported) (key string, err error) // nil if nothing personal can be in it
	errors  []rowError
}

// A rowError is what is wrong with a row. It holds no value of the file.
type rowError struct {
	Row     int
	Column  string
	Message ledger.Text
}

// A taking is what became of a file.
type taking struct {
	Rows     int
	Imported int
	Skipped  int // are in the ledger already, just so
	Actions  int // of an event log
	Errors   []rowError
}

// writers is how many cases are appended at once: they share the disk's syncs.
const writers = 64

// importSpace is the name space of the commands of imports.
var importSpace = uuid.MustParse("b0a1b7a2-55c6-5a4e-9f0f-6f1c3f0d2b9e")

// A taker takes candidates into the ledger. Checking and running are the same,
// but for the last step.
type taker struct {
	node  *node
	actor ledger.Actor
	write bool

	seen sync.Map // number → petition.CaseImported of this file, to find repeated numbers

	mu     sync.Mutex
	result taking // guarded by mu
}

// take takes all candidates. It stops at the first error that is not about a
// row; what was taken until then stays, and running again goes on from there.
func (t *taker) take(ctx context.Context, candidates iter.Seq2[candidate, error], progress func(rows int)) (taking, error) {
	world, err := t.node.World(ctx, 0)
	if err != nil {
		return t.result, err
	}
	g, running := errgroup.WithContext(ctx)
	g.SetLimit(writers)
	rows := 0
	for c, err := range candidates {
		if err != nil {
			return t.result, errors.Join(err, g.Wait())
		}
		if rows++; rows%100 == 0 {
			progress(rows)
		}
		if running.Err() != nil {
			break
		}
		if len(c.errors) > 0 {
			t.count(func(r *taking) { r.Errors = append(r.Errors, c.errors...) })
			continue
		}
		if before, again := t.seen.LoadOrStore(c.imp.Number, *c.imp); again {
			t.repeat(c, before.(petition.CaseImported))
			continue
		}
		g.Go(func() error { return t.one(running, world, c) })
	}
	err = errors.Join(g.Wait(), ctx.Err())
	t.result.Rows = rows
	progress(rows)
	return t.result, err
}

func (t *taker) count(add func(*taking)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	add(&t.result)
}

// one takes one candidate whose number is new to the file.
func (t *taker) one(ctx context.Context, world petition.World, c candidate) error {
	number := c.imp.Number
	meta := ledger.Meta{
		Command:  uuid.NewSHA1(importSpace, fmt.Appendf(nil, "%s|%s|%d|%s", c.imp.Source.Hash, c.imp.Source.Sheet, c.row, number)),
		Actor:    t.actor,
		Occurred: t.node.app.Now().UTC(),
	}
	before, err := t.find(ctx, number)
	if err != nil {
		return err
	}
	if before != nil {
		t.repeat(c, *before)
		return nil
	}
	if t.write && c.seal != nil {
		// If we crash after this, there is a key that no event mentions. The same
		// file, run again, uses it.
		if meta.Key, err = c.seal(c.imp); err != nil {
			return err
		}
	}
	act := petition.Act{Command: c.finished(), Now: meta.Occurred, World: world}
	if t.write {
		_, err = petition.Decider.Handle(ctx, t.node.store, ledger.Ask[petition.Act]{ID: petition.ID(number), Command: act, Meta: meta})
	} else {
		_, err = petition.Decide(nil, act, meta)
	}
	if refusal, ok := errors.AsType[*ledger.Refusal](err); ok {
		t.count(func(r *taking) { r.Errors = append(r.Errors, rowError{Row: c.row, Message: refusal.Text}) })
		return nil
	}
	if err != nil {
		return fmt.Errorf("row %d: %w", c.row, err)
	}
	t.count(func(r *taking) {
		r.Imported++
		if a, ok := c.command.(petition.ImportActions); ok {
			r.Actions += len(a.Actions)
		}
	})
	return nil
}

// finished returns the command with what was sealed since.
func (c *candidate) finished() petition.Command {
	if a, ok := c.command.(petition.ImportActions); ok {
		a.Case = *c.imp
		return a
	}
	return petition.ImportCase{Case: *c.imp}
}

// find returns the case of number as it was imported before, or nil. A case that
// was not imported comes back as an import that says nothing, which no row is
// equal to.
func (t *taker) find(ctx context.Context, number string) (*petition.CaseImported, error) {
	for env, err := range t.node.store.ReadStream(ctx, petition.StreamOf(number), 0) {
		if err != nil {
			return nil, err
		}
		e, err := petition.Codec.Decode(env.Type, env.Data)
		if err != nil {
			return nil, fmt.Errorf("position %d: %w", env.Position, err)
		}
		imported, _ := e.(petition.CaseImported)
		return &imported, nil
	}
	return nil, nil
}

// repeat deals with a row whose number is there already: with the same facts it
// is skipped, with others it is wrong.
func (t *taker) repeat(c candidate, before petition.CaseImported) {
	if reflect.DeepEqual(plain(before), plain(*c.imp)) {
		t.count(func(r *taking) { r.Skipped++ })
		return
	}
	t.count(func(r *taking) {
		r.Errors = append(r.Errors, rowError{Row: c.row, Message: ledger.Text{
			ZH: "这个编号已有一件，内容与本行不同；台账不会改动已有的件，如原件有误请用“更正”",
			EN: "there is a case with this number, and it says something else; what is in the ledger is not changed: if it is wrong, correct it there",
		}})
	})
}

// plain returns what of an imported case can be compared: not the boxes, which
// are never twice the same, and not where it came from.
func plain(c petition.CaseImported) petition.CaseImported {
	c.Source, c.Clocks = petition.Source{}, nil
	c.Petitioner, c.Claim, c.Reply = petition.Person{}, petition.Sealed{}, petition.Sealed{}
	return c
}

// system is who imports from the command line.
var systemActor = ledger.Actor{Officer: "system", Role: string(org.System)}
