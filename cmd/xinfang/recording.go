package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"xinfang/domain/custody"
	"xinfang/domain/ledger"
	"xinfang/infra/esdbnode"
)

// Limits of what attempts, which anybody on the network may make, can add to the
// ledger: one of a kind and account in repeatAfter, and no more than waitingAttempts
// that have not been looked at yet.
const (
	repeatAfter     = time.Minute
	waitingAttempts = 64
)

// waitingEvents is how many events, attempts and alarms, the store may not have taken
// without holding back those that follow.
const waitingEvents = 64

// refused is told of every refused attempt. It never waits.
func (c *custodian) refused(_ context.Context, a esdbnode.Attempt) {
	c.metrics.Denied(a.Kind)
	select {
	case c.attempts <- a:
	default:
	}
}

// recordAttempts records attempts until ctx is done. Those alike within a minute
// are one event: the first is recorded, and the next one after that minute says how
// many came between.
func (c *custodian) recordAttempts(ctx context.Context) error {
	type alike struct{ kind, account string }
	type since struct {
		at   time.Time
		more int
	}
	seen := make(map[alike]*since)
	for {
		var a esdbnode.Attempt
		select {
		case a = <-c.attempts:
		case <-ctx.Done():
			return nil
		}
		if c.store == nil {
			continue
		}
		e := custody.AttemptRefused{Kind: a.Kind, Account: a.User}
		if a.Kind == "authentication" {
			e.Account = "" // whatever was typed there, it is nobody's name
		}
		if _, kept := ledger.ParseStream(a.Stream); kept {
			e.Stream = a.Stream
		}
		e.Remote, _, _ = net.SplitHostPort(a.Remote)
		key, now := alike{e.Kind, e.Account}, c.now()
		last := seen[key]
		if last == nil {
			last = new(since)
			seen[key] = last
		}
		if !last.at.IsZero() && now.Sub(last.at) < repeatAfter {
			last.more++
			continue
		}
		e.More = last.more
		*last = since{at: now}
		c.record(ctx, e, fmt.Sprintf("%s/%s/%d", e.Kind, e.Account, now.UnixNano()))
	}
}

// record records e, and tries again while the store takes nothing: an alarm must not be
// lost because somebody has also cut the line, nor hold back those that follow.
func (c *custodian) record(ctx context.Context, e custody.Event, key string) {
	ask := custody.Ask(e, key, ledger.Meta{Actor: systemActor, Occurred: c.now().UTC()})
	if c.recordOnce(ctx, ask) {
		return
	}
	select {
	case c.repeated <- struct{}{}:
	case <-ctx.Done():
		return
	}
	c.again.Go(func() {
		defer func() { <-c.repeated }()
		for pause := time.Second; ; pause = min(2*pause, time.Minute) {
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				return
			}
			if c.recordOnce(ctx, ask) {
				return
			}
		}
	})
}

// recordOnce reports whether what ask asks for is recorded, or need not be tried again.
func (c *custodian) recordOnce(ctx context.Context, ask ledger.Ask[custody.Event]) bool {
	_, err := custody.Decider.Handle(ctx, c.store, ask)
	if err == nil || ctx.Err() != nil {
		return true
	}
	c.logger.Error("an event of custody could not be recorded", "event", custody.Codec.Name(ask.Command), "err", err)
	_, refused := errors.AsType[*ledger.Refusal](err)
	return refused || errors.Is(err, ledger.ErrAltered) // which no repetition mends
}
