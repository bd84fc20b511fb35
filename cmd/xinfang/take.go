package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"xinfang/domain/ledger"
	"xinfang/domain/org"
	"xinfang/domain/petition"
	"xinfang/infra/sheet"
)

// A candidate is one case that a file has: a row of a table or a trace of an
// event log, with what is wrong with it so far.
type candidate struct {
	row     int                    // Excel row, or number of the trace
	imp     *petition.CaseImported // without what is personal, until it is sealed
	facts   *sheet.Facts           // of a row; nil for a trace
	actions []petition.ActionImported
	errors  []rowError
	key     string // commits to the key of what was sealed
}

// command returns the command that takes the candidate in.
func (c *candidate) command() petition.Command {
	if c.facts == nil {
		return petition.ImportActions{Case: *c.imp, Actions: c.actions}
	}
	return petition.ImportCase{Case: *c.imp}
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

const (
	batchSize = 512 // candidates that are sealed at once: they share a sync of the vault
	writers   = 64  // cases that are appended at once: they share the syncs of the ledger
)

// importSpace is the name space of the commands of imports.
var importSpace = uuid.MustParse("b0a1b7a2-55c6-5a4e-9f0f-6f1c3f0d2b9e")

// A taker takes candidates into the ledger. Checking and running are the same,
// but for the last step.
type taker struct {
	node  *node
	actor ledger.Actor
	keep  *keeper // nil to check only
	world petition.World

	seen   map[string]petition.CaseImported // of this file, by number
	result taking
}

// take takes all candidates. It stops at the first error that is not about a
// row; what was taken until then stays, and running again goes on from there.
func (t *taker) take(ctx context.Context, candidates iter.Seq2[candidate, error], progress func(rows int)) (_ taking, err error) {
	if t.world, err = t.node.World(ctx, 0); err != nil {
		return t.result, err
	}
	t.seen = make(map[string]petition.CaseImported)
	var good []candidate
	for c, err := range candidates {
		if err != nil {
			return t.result, err
		}
		t.result.Rows++
		if ok, err := t.check(ctx, c); err != nil {
			return t.result, locate(err, "第 %d 行", "row %d", c.row)
		} else if ok {
			good = append(good, c)
		}
		if len(good) == batchSize {
			if err := t.record(ctx, good); err != nil {
				return t.result, err
			}
			good = good[:0]
		}
		if t.result.Rows%100 == 0 {
			progress(t.result.Rows)
		}
	}
	err = t.record(ctx, good)
	progress(t.result.Rows)
	return t.result, errors.Join(err, ctx.Err())
}

// check reports whether c can be taken, and counts it if not.
func (t *taker) check(ctx context.Context, c candidate) (bool, error) {
	if len(c.errors) > 0 {
		t.result.Errors = append(t.result.Errors, c.errors...)
		return false, nil
	}
	before, again := t.seen[c.imp.Number]
	if !again {
		found, err := t.find(ctx, c.imp.Number)
		if err != nil {
			return false, err
		}
		if again = found != nil; again {
			before = *found
		}
	}
	if again {
		t.repeat(c, before)
		return false, nil
	}
	_, err := petition.Decide(nil, t.act(c), t.meta(c))
	if refusal, ok := errors.AsType[*ledger.Refusal](err); ok {
		t.result.Errors = append(t.result.Errors, rowError{Row: c.row, Message: refusal.Text})
		return false, nil
	}
	t.seen[c.imp.Number] = plain(*c.imp)
	return err == nil, err
}

// record seals what is personal in good and appends it. When it only checks, it
// counts.
func (t *taker) record(ctx context.Context, good []candidate) error {
	if t.keep != nil {
		// If we crash after this, there are keys that no event mentions. The
		// same file, run again, uses them.
		if err := t.keep.sealAll(ctx, good); err != nil {
			return err
		}
		g, running := errgroup.WithContext(ctx)
		g.SetLimit(writers)
		for _, c := range good {
			g.Go(func() error {
				_, err := petition.Decider.Handle(running, t.node.store, ledger.Ask[petition.Act]{
					ID: petition.ID(c.imp.Number), Command: t.act(c), Meta: t.meta(c),
				})
				if err != nil {
					return locate(err, "第 %d 行", "row %d", c.row)
				}
				return nil
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
	}
	t.result.Imported += len(good)
	for _, c := range good {
		t.result.Actions += len(c.actions)
	}
	return nil
}

func (t *taker) act(c candidate) petition.Act {
	return petition.Act{Command: c.command(), Now: t.node.app.Now().UTC(), World: t.world}
}

func (t *taker) meta(c candidate) ledger.Meta {
	return ledger.Meta{
		Command: uuid.NewSHA1(importSpace, fmt.Appendf(nil, "%s|%s|%d|%s", c.imp.Source.Hash, c.imp.Source.Sheet, c.row, c.imp.Number)),
		Actor:   t.actor, Occurred: t.node.app.Now().UTC(), Key: c.key,
	}
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
		t.result.Skipped++
		return
	}
	t.result.Errors = append(t.result.Errors, rowError{Row: c.row, Message: ledger.Text{
		ZH: "这个编号已有一件，内容与本行不同；台账不会改动已有的件，如原件有误请用“更正”",
		EN: "there is a case with this number, and it says something else; what is in the ledger is not changed: if it is wrong, correct it there",
	}})
}

// plain returns what of an imported case can be compared: not the boxes, which
// are never twice the same, and not where it came from.
func plain(c petition.CaseImported) petition.CaseImported {
	c.Source, c.Clocks = petition.Source{}, nil
	c.Petitioner, c.Claim, c.Reply = petition.Person{}, petition.Sealed{}, petition.Sealed{}
	return c
}

// systemActor is who imports from the command line.
var systemActor = ledger.Actor{Officer: "system", Role: string(org.System)}
