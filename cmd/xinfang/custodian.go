package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"xinfang/domain/custody"
	"xinfang/domain/ledger"
	"xinfang/domain/proof"
	"xinfang/infra/esdb"
	"xinfang/infra/esdbnode"
	"xinfang/infra/metrics"
)

// A custodian sees to it that what happens to the ledger itself is on record:
// attempts that the EventStoreDB protocol refused, and traces that the source of a
// replica shows. In a follower's replica, where nothing can be recorded, it counts
// and logs them.
type custodian struct {
	store   ledger.Store // nil if nothing can be recorded here
	log     ledger.Log
	policy  proof.Policy // whose seals it looks for; the zero policy wants none
	metrics *metrics.Metrics
	logger  *slog.Logger
	now     func() time.Time

	attempts chan esdbnode.Attempt // to be recorded; more than fit are only counted

	again    sync.WaitGroup // records what the store did not take
	repeated chan struct{}  // a token for each of those
}

func newCustodian(n *node, store ledger.Store, m *metrics.Metrics, logger *slog.Logger) *custodian {
	return &custodian{
		store: store, log: n.local, metrics: m, logger: logger, now: n.app.Now,
		attempts: make(chan esdbnode.Attempt, waitingAttempts), repeated: make(chan struct{}, waitingEvents),
	}
}

// againAfter is how long a reader of the ledger waits before it goes on after a failure.
const againAfter = time.Minute

// keep has read, which reads the ledger, go on when it fails, until ctx is done or it has
// come to an end. A ledger that cannot be read ends no server: what can be read is to
// be seen, and the notary's audit says what is damaged.
func (c *custodian) keep(ctx context.Context, read func() error) error {
	for {
		err := read()
		if err == nil || ctx.Err() != nil {
			return nil
		}
		c.logger.Error("the ledger could not be watched; it is tried again", "err", err)
		select {
		case <-time.After(againAfter):
		case <-ctx.Done():
			return nil
		}
	}
}

// watch raises the alarm for every trace of the source, and for every event after from
// without a seal that should have one, until ctx is done. It reads the ledger from its
// start: that says which alarms were raised, by this node or another. What the server
// wrote before the ledger's first event is its own setting up. from is the head when
// the program was started: of a follower, which raises nothing, only what came later
// counts.
func (c *custodian) watch(ctx context.Context, from ledger.Position) error {
	var times ledger.Times
	began, seen := false, ledger.Position(0)
	return c.keep(ctx, func() error {
		for env, err := range ledger.Follow(ctx, c.log, seen) {
			if err != nil {
				return err
			}
			began = began || ledger.KindOf(env.Stream.Category) != ledger.KindSystem
			ignored := times.Next(&env)
			if trace, found := esdb.TraceOf(env, ignored); found && began {
				c.raise(ctx, custody.AlarmRaised{Kind: string(trace.Kind), Stream: trace.Stream, Position: trace.Position, Cause: trace.Event}, trace.Text.EN, from)
			}
			if env.Position > from {
				c.checkSeal(ctx, &env, from)
			}
			seen = max(seen, env.Position)
		}
		return nil
	})
}

// review raises the alarm for every event up to from without a seal that should have
// one. A seal takes some 50 µs to check, and so a large ledger minutes: watch does not
// wait for that, lest what comes in meanwhile be heard of too late.
func (c *custodian) review(ctx context.Context, from ledger.Position) error {
	seen := ledger.Position(0)
	return c.keep(ctx, func() error {
		for env, err := range c.log.ReadAll(ctx, seen) {
			if err != nil || env.Position > from {
				return err
			}
			c.checkSeal(ctx, &env, from)
			seen = max(seen, env.Position)
		}
		return nil
	})
}

// checkSeal raises the alarm about env if it has no seal and should have one.
func (c *custodian) checkSeal(ctx context.Context, env *ledger.Envelope, from ledger.Position) {
	if err := c.policy.CheckSeal(env, ledger.DigestOf(env.Data).Sum); err != nil {
		c.unsealed(ctx, env, err.Error(), from)
	}
}

// raise raises the alarm e, if it was not raised before: it is counted, logged as what,
// and recorded.
func (c *custodian) raise(ctx context.Context, e custody.AlarmRaised, what string, from ledger.Position) {
	key, recorded := "", e.Position <= from
	if c.store != nil {
		key, recorded = c.place(ctx, e)
	}
	if recorded || ctx.Err() != nil { // which is no telling whether it was recorded
		return
	}
	c.sound(e, what)
	if key != "" {
		c.record(ctx, e, key)
	}
}

// sound counts and logs the alarm e.
func (c *custodian) sound(e custody.AlarmRaised, what string) {
	c.metrics.Alarmed(e.Kind)
	c.logger.Error("the store shows a trace of being tampered with", "kind", e.Kind, "stream", e.Stream, "position", int64(e.Position), "what", what)
}

// unsealed raises the alarm about env, which has no seal. If env is an alarm itself it
// is forged, or this node's key is believed no more: then an alarm about it would have
// no seal either, and so on without an end. That one is not recorded, and sounds
// whenever the program starts.
func (c *custodian) unsealed(ctx context.Context, env *ledger.Envelope, what string, from ledger.Position) {
	e := custody.AlarmRaised{Kind: custody.AlarmUnsealed, Stream: env.Stream.String(), Position: env.Position, Cause: env.ID}
	if env.Stream.Category == custody.Category && env.Type == custody.Codec.Name(e) {
		c.sound(e, what)
		return
	}
	c.raise(ctx, e, what, from)
}

// alarmKey says what is the same alarm. An event without a seal has the identity that
// somebody gave it, who may give it to more than one.
func alarmKey(e custody.AlarmRaised) string {
	key := e.Kind + "/" + e.Cause.String()
	if e.Kind == custody.AlarmUnsealed {
		key += fmt.Sprint("/", e.Position)
	}
	return key
}

// places is in how many places an alarm is looked for, and may be recorded.
const places = 8

// place returns under which key the alarm is to be recorded, and whether it has been
// raised before: by this program, with its seal if the policy wants one. Whoever can append
// knows in which stream it would be, and could put something there before he gives cause
// for it: then it has another place. One with that very content is not recorded again, but
// heard of whenever the program starts, as the forger is; key is "" then, and if all
// places are taken.
func (c *custodian) place(ctx context.Context, e custody.AlarmRaised) (key string, recorded bool) {
	for i := range places {
		key = alarmKey(e)
		if i > 0 {
			key += fmt.Sprint("/", i)
		}
		there, same, sealed := c.found(ctx, e, key)
		switch {
		case !there:
			return key, false
		case same:
			return "", sealed
		}
	}
	return "", false
}

// found reports whether there is anything where e would be under key, whether that is e,
// and whether it has the seal that the policy wants. What cannot be read is not there:
// recording it says what is wrong.
func (c *custodian) found(ctx context.Context, e custody.AlarmRaised, key string) (there, same, sealed bool) {
	ask := custody.Ask(e, key, ledger.Meta{})
	for env, err := range c.log.ReadStream(ctx, ledger.Stream{Category: custody.Category, ID: ask.ID}, 0) {
		if err != nil {
			return false, false, false
		}
		made, err := custody.Codec.Decode(env.Type, env.Data)
		same = err == nil && made == custody.Event(e)
		return true, same, same && c.policy.CheckSeal(&env, ledger.DigestOf(env.Data).Sum) == nil
	}
	return false, false, false
}
