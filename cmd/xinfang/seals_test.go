package main

import (
	"context"
	"io"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/custody"
	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
	"xinfang/domain/proof"
	"xinfang/infra/notary"
	"xinfang/infra/seal"
)

// A sealedLedger is a ledger whose program has a key, a policy that wants seals, and a
// store below, which somebody else has, too.
type sealedLedger struct {
	t      *testing.T
	below  *ledgertest.Store
	store  ledger.Store
	policy *proof.Policy
}

// newSealedLedger returns one whose policy lets its key seal the first leaves, and that
// of another program the others.
func newSealedLedger(t *testing.T, leaves, others string) *sealedLedger {
	t.Helper()
	const origin = "ledger.example.gov.cn/petition"
	dir, random := t.TempDir(), rand.NewChaCha8([32]byte{1})
	key, err := seal.SetUp(filepath.Join(dir, "key"), origin, random)
	ok(t, err)
	other, err := seal.SetUp(filepath.Join(dir, "other"), origin, random)
	ok(t, err)
	policy, err := notary.SetUp(dir, filepath.Join(dir, "log"), notary.Plan{Origin: origin, Lines: []string{"writer " + key.VKey + " " + leaves, "writer " + other.VKey + " " + others}}, random)
	ok(t, err)
	l := &sealedLedger{t: t, below: new(ledgertest.Store), policy: policy}
	l.store = seal.Store(l.below, key)
	return l
}

// append records an event in the stream of that number, through store, and returns it.
func (l *sealedLedger) append(store ledger.Store, stream byte, id uuid.UUID) ledger.Envelope {
	l.t.Helper()
	s := ledger.Stream{Category: "case", ID: uuid.UUID{stream}}
	version := ledger.Version(0)
	for env, err := range l.below.ReadStream(l.t.Context(), s, 0) {
		ok(l.t, err)
		version = env.Version
	}
	got, err := store.Append(l.t.Context(), s, version, ledger.Record{ID: id, Type: "Said", Data: []byte(`{}`), Meta: []byte(`{"actor":"A1"}`)})
	ok(l.t, err)
	return got[0]
}

// watch runs a watcher, as if the program had just been started, does what is given
// meanwhile, and stops it once it has counted so many alarms and seen all there is.
func (l *sealedLedger) watch(alarms string, meanwhile func()) {
	l.t.Helper()
	head, err := l.below.Head(l.t.Context())
	ok(l.t, err)
	c, seen := custodianOf(l.t, l.below, true, time.Now)
	c.store, c.policy = l.store, *l.policy
	read := &atEnd{Log: l.below, at: make(chan ledger.Position, 1<<10)}
	c.log = read
	ctx, cancel := context.WithTimeout(l.t.Context(), time.Minute)
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() { ok(l.t, c.watch(ctx, head)) })
	ok(l.t, c.review(ctx, head))
	meanwhile()
	for { // until it waits at the head, having raised what there was
		select {
		case at := <-read.at:
			head, err := l.below.Head(ctx)
			ok(l.t, err)
			if at < head {
				continue
			}
		case <-ctx.Done():
			l.t.Error("it does not come to the end of the ledger")
		}
		break
	}
	cancel()
	wg.Wait()
	seen(`xinfang_store_alarms_total{kind="unsealed"}`, alarms)
}

// atEnd is a log that says from where its reader waits for more.
type atEnd struct {
	ledger.Log
	at chan ledger.Position
}

// Wait implements [ledger.Log].
func (r *atEnd) Wait(ctx context.Context, after ledger.Position) error {
	select {
	case r.at <- after:
	default:
	}
	return r.Log.Wait(ctx, after)
}

// raised returns the alarms about events without a seal that are on record.
func (l *sealedLedger) raised() (all []custody.AlarmRaised) {
	for _, e := range eventsOf(l.t, l.below) {
		if a, isAlarm := e.(custody.AlarmRaised); isAlarm && a.Kind == custody.AlarmUnsealed {
			all = append(all, a)
		}
	}
	return all
}

// TestUnsealed: an event that was written around the program is in the ledger like any
// other, and raises the alarm, once.
func TestUnsealed(t *testing.T) {
	forged := uuid.UUID{9}
	forgedAlarm := func(l *sealedLedger, of ledger.Position) {
		e := custody.AlarmRaised{Kind: custody.AlarmUnsealed, Stream: "case-x", Position: of, Cause: forged}
		_, err := custody.Decider.Handle(t.Context(), l.below, custody.Ask(e, alarmKey(e), ledger.Meta{Occurred: time.Now()}))
		ok(t, err)
	}
	for _, tt := range []struct {
		name   string
		leaves string // that the program may seal, and
		others string // another
		do     func(l *sealedLedger)
		sounds string // how often, while it happens
		later  string // how often, when the program is started again
		raised int    // alarms on record
	}{
		{"A24 event appended with no writer seal", "1 -", "1 -", func(l *sealedLedger) { l.append(l.below, 1, forged) }, "1", "0", 1},
		{"events of the program", "1 -", "1 -", func(l *sealedLedger) { l.append(l.store, 1, uuid.New()) }, "0", "0", 0},
		{"two events that claim to be the same", "1 -", "1 -", func(l *sealedLedger) {
			l.append(l.below, 1, forged)
			l.append(l.below, 2, forged)
		}, "2", "0", 2},
		{"an event of the program, copied to the end of its stream", "1 -", "1 -", func(l *sealedLedger) {
			env := l.append(l.store, 1, uuid.New())
			_, err := l.below.Append(t.Context(), env.Stream, env.Version, env.Record)
			ok(t, err)
		}, "1", "0", 1},
		// Who forges the alarm beforehand, in the place where it would be, silences nothing.
		{"an alarm that was forged", "1 -", "1 -", func(l *sealedLedger) {
			forgedAlarm(l, 3)
			l.append(l.below, 1, forged)
		}, "2", "1", 2},
		{"something else in the place of the alarm", "1 -", "1 -", func(l *sealedLedger) {
			e := custody.AlarmRaised{Kind: custody.AlarmUnsealed, Stream: "case-" + uuid.UUID{1}.String(), Position: 3, Cause: forged}
			junk := ledger.Stream{Category: custody.Category, ID: custody.Ask(e, alarmKey(e), ledger.Meta{}).ID}
			_, err := l.below.Append(t.Context(), junk, 0, ledger.Record{ID: uuid.New(), Type: "Junk", Data: []byte(`x`), Meta: []byte(`{}`)})
			ok(t, err)
			l.append(l.below, 1, forged)
		}, "2", "0", 2},
		// Then every alarm of this node needs a seal, too: that must have an end.
		{"the key of this node is believed no more", "1 1", "2 -", func(l *sealedLedger) {
			l.append(l.store, 1, forged)
			l.append(l.store, 1, uuid.New())
		}, "2", "2", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newSealedLedger(t, tt.leaves, tt.others)
			l.append(l.below, 7, uuid.New()) // before there were seals
			before, err := l.below.Head(t.Context())
			ok(t, err)
			l.watch(tt.sounds, func() { tt.do(l) })
			got := l.raised()
			if len(got) != tt.raised {
				t.Errorf("%d alarms are on record, not %d: %+v", len(got), tt.raised, got)
			}
			for _, a := range got {
				if a.Position <= before || a.Stream == "" || a.Cause == uuid.Nil {
					t.Errorf("the alarm is %+v", a)
				}
			}
			l.watch(tt.later, func() {})
			if again := l.raised(); len(again) != len(got) {
				t.Errorf("started again, it has raised %+v", again[len(got):])
			}
		})
	}
}

// TestDemoNotary: the made-up year has no seals; what visitors record afterwards has.
func TestDemoNotary(t *testing.T) {
	a := &app{process: process{Getenv: func(string) string { return "" }, Stderr: io.Discard, Now: time.Now}}
	a.cfg.Data = t.TempDir()
	n, err := a.openNode(t.Context(), true)
	ok(t, err)
	defer func() { ok(t, n.Close()) }()
	record := func(of ledger.Position) {
		e := custody.AlarmRaised{Kind: "deleted", Position: of, Cause: uuid.UUID{byte(of)}}
		_, err := custody.Decider.Handle(t.Context(), n.store, custody.Ask(e, alarmKey(e), ledger.Meta{Occurred: time.Now()}))
		ok(t, err)
	}
	record(1)
	ok(t, n.demoNotary(t.Context(), 1))
	record(2)
	policy, err := readPolicy(filepath.Join(a.path(notaryDir), notary.PolicyName))
	ok(t, err)
	done, err := seal.Audit(t.Context(), n.store, policy, func(int64, int64) {})
	ok(t, err)
	if len(policy.Sealing(0)) != 0 || len(policy.Sealing(1)) != 1 || done.Events != 2 || done.Unsealed != 0 {
		t.Errorf("%s%+v", policy, done)
	}
}
