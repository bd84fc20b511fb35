package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"xinfang/domain/ledger"
	"xinfang/domain/petition"
)

// An Order is a command for one case, from whatever side it came.
type Order struct {
	Number  string // of the case (信访件编号)
	Command petition.Command
	Meta    ledger.Meta     // Meta.Command makes ordering twice the same as ordering once
	If      *ledger.Version // if set, the case must be at this version
}

// patience is how long an answer waits for the lists to show what was recorded.
const patience = 2 * time.Second

// Do carries out o: against the world as known now, and once for each
// Meta.Command. It returns what was recorded, by this call or by an earlier one.
//
// If we crash before the store has it, nothing happened, and asking again does
// it. If we crash after, or the answer is lost, asking again with the same
// Meta.Command finds it and returns it.
//
// The error may be a [*ledger.Refusal], and wraps [ledger.ErrConflict] if o.If
// does not hold and [ledger.ErrRejected] if the store takes nothing now.
func (s *Server) Do(ctx context.Context, o Order) ([]ledger.Envelope, error) {
	envelopes, err := s.decide(ctx, o)
	if s.Commanded != nil {
		s.Commanded(petition.CommandName(o.Command), resultOf(err))
	}
	if err != nil || len(envelopes) == 0 {
		return envelopes, err
	}
	// What was asked is recorded. A list that is late is no reason to report
	// failure.
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := s.Wait(waiting, envelopes[len(envelopes)-1].Position); err != nil {
		s.Log.WarnContext(ctx, "answering before the views have caught up", slog.Any("err", err))
	}
	return envelopes, nil
}

func (s *Server) decide(ctx context.Context, o Order) ([]ledger.Envelope, error) {
	world, err := s.World(ctx, 0)
	if err != nil {
		return nil, fmt.Errorf("reading the world: %w", err)
	}
	now := s.Now().UTC()
	if o.Meta.Occurred.IsZero() {
		o.Meta.Occurred = now
	}
	if o.Meta.Late != nil { // how late is not for the caller to say
		late := *o.Meta.Late
		late.Lag = int64(now.Sub(o.Meta.Occurred) / time.Second)
		o.Meta.Late = &late
	}
	return petition.Decider.Handle(ctx, s.Store, ledger.Ask[petition.Act]{
		ID: petition.ID(o.Number), Meta: o.Meta, If: o.If,
		Command: petition.Act{Command: o.Command, Now: now, World: world},
	})
}

// resultOf is what a counter of commands calls err.
func resultOf(err error) string {
	switch _, refused := errors.AsType[*ledger.Refusal](err); {
	case err == nil:
		return "ok"
	case refused:
		return "refused"
	case errors.Is(err, ledger.ErrConflict):
		return "conflict"
	}
	return "error"
}
