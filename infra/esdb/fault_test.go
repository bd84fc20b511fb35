package esdb

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
	"xinfang/infra/esdbnode"
)

// TestAppendFaults strikes one of many appends in every way that a network and a
// server have, each twice: the write is lost, or only the answer is. Whoever asks
// again gets what was written, once.
func TestAppendFaults(t *testing.T) {
	faults := []struct {
		name   string
		strike func(*rig) strike
	}{
		{"the connection is cut", func(r *rig) strike {
			return func(context.Context) error {
				r.proxy.cut()
				return errStruck
			}
		}},
		{"the connection is half-open", func(r *rig) strike {
			return func(context.Context) error {
				r.proxy.stall()
				return errStruck
			}
		}},
		{"the connection is slow and the server gives up", func(r *rig) strike {
			r.proxy.slow(3 * time.Millisecond)
			return func(context.Context) error { return errStruck }
		}},
		{"the deadline passes", func(*rig) strike {
			return func(ctx context.Context) error {
				<-ctx.Done()
				return ctx.Err()
			}
		}},
		{"the node is restarted", func(r *rig) strike {
			return func(ctx context.Context) error {
				r.background.Go(func() { r.restart(r.source, r.source) })
				<-ctx.Done()
				return ctx.Err()
			}
		}},
		{"the node is not to be reached for a while", func(r *rig) strike {
			return func(context.Context) error {
				r.proxy.lead("")
				r.proxy.cut()
				r.background.Go(func() {
					r.proxy.awaitRefused(3)
					r.proxy.lead(r.node.at)
				})
				return errStruck
			}
		}},
	}
	for _, fault := range faults {
		for outcome, written := range map[string]bool{"the write is lost": false, "only the answer is lost": true} {
			t.Run(fault.name+"/"+outcome, func(t *testing.T) {
				r := newRig(t, esdbnode.Options{})
				r.source.strikeNext(written, fault.strike(r))
				r.check(r.crowd()...)
				if err := r.end(); !errors.Is(err, context.Canceled) {
					t.Errorf("Run = %v", err)
				}
			})
		}
	}
}

// crowd has writers append to streams of their own and to one that they share,
// and ask for each command a second time. It returns what was acknowledged.
func (r *rig) crowd() []ledger.Envelope {
	r.t.Helper()
	const writers, commands = 4, 6
	shared := ledgertest.NewStream()
	var mu sync.Mutex
	var all []ledger.Envelope
	var wg sync.WaitGroup
	for range writers {
		own := ledgertest.NewStream()
		wg.Go(func() {
			for i := range commands {
				stream, command := []ledger.Stream{own, shared}[i%2], uuid.New()
				got, err := r.ask(stream, command)
				if err != nil {
					r.t.Errorf("command %d: %v", i, err)
					return
				}
				again, err := r.ask(stream, command)
				if err != nil || len(got) != 2 || !slices.EqualFunc(got, again, sameEnvelope) {
					r.t.Errorf("command %d: asked twice, got\n%+v, then\n%+v, %v", i, got, again, err)
				}
				mu.Lock()
				all = append(all, got...)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	r.background.Wait()
	if len(all) != 2*writers*commands && !r.t.Failed() {
		r.t.Errorf("%d events were acknowledged", len(all))
	}
	return all
}

func sameEnvelope(a, b ledger.Envelope) bool {
	return a.Position == b.Position && a.Version == b.Version && a.ID == b.ID && a.Leaf == b.Leaf
}

// A node loses its lead: before an append, which it does not carry out, or after
// it has.
func TestLeaderMoves(t *testing.T) {
	for outcome, written := range map[string]bool{"the write is lost": false, "only the answer is lost": true} {
		t.Run(outcome, func(t *testing.T) {
			var leader atomic.Pointer[running]
			var r *rig
			follows := func() (string, bool) {
				other := leader.Load()
				return addressOf(other), other == nil
			}
			r = newRig(t, esdbnode.Options{Leader: follows, Server: between(func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
				err := handle(srv, ss)
				// Whoever was being answered while the lead was lost is told so too.
				if other := leader.Load(); other != nil && strings.HasSuffix(info.FullMethod, "/Append") {
					host, port, _ := net.SplitHostPort(other.at)
					ss.SetTrailer(metadata.Pairs("exception", "not-leader", "leader-endpoint-host", host, "leader-endpoint-port", port))
					return status.Error(codes.NotFound, "not leader")
				}
				return err
			})})
			other := startNode(t, esdbnode.Options{Log: r.source, Store: r.source})
			r.source.strikeNext(written, func(context.Context) error {
				leader.Store(other)
				return errStruck
			})
			r.check(r.crowd()...)
			if err := r.end(); !errors.Is(err, context.Canceled) {
				t.Errorf("Run = %v", err)
			}
		})
	}
}

func addressOf(r *running) string {
	if r == nil {
		return ""
	}
	return r.at
}

// A subscription is dropped while the replica adopts: during the first copying and
// live, before the batch is durable and after.
func TestSubscriptionDrops(t *testing.T) {
	for phase, events := range map[string]int{"catching up": 4000, "live": 1} {
		for outcome, adopted := range map[string]bool{"before it is adopted": false, "after it is adopted": true} {
			for how, drop := range map[string]func(*rig){
				"cut":     func(r *rig) { r.proxy.cut() },
				"restart": func(r *rig) { r.restart(r.source, r.source) },
			} {
				t.Run(phase+"/"+outcome+"/"+how, func(t *testing.T) {
					r := newRig(t, esdbnode.Options{})
					r.fill(3)
					r.check()
					r.stop()

					var once sync.Once
					hooked := &adopter{Replica: r.replica, hook: func(after bool) {
						if after == adopted {
							once.Do(func() { drop(r) })
						}
					}}
					if phase == "live" {
						r.startOn(hooked)
						r.fill(events)
					} else {
						r.fill(events)
						r.startOn(hooked)
					}
					r.check()
					if err := r.end(); !errors.Is(err, context.Canceled) {
						t.Errorf("Run = %v", err)
					}
				})
			}
		}
	}
}

// A source that was tampered with is found out, by a replica that was following it
// and by one that comes back, and the replica keeps what it holds.
func TestTamperedSource(t *testing.T) {
	const held = 8
	swap := func(all list, i, j int) {
		all[i].Origin, all[j].Origin = all[j].Origin, all[i].Origin
		all[i], all[j] = all[j], all[i]
	}
	for _, tt := range []struct {
		name   string
		tamper func(list) []ledger.Envelope
		want   ledger.BreakKind
		at     ledger.Position
	}{
		{"the end was cut off", func(l list) []ledger.Envelope { return l[:held-2] }, ledger.Shorter, held - 1},
		{"an old backup was restored, and work went on", func(l list) []ledger.Envelope {
			for i := held - 2; i < held; i++ {
				l[i].ID, l[i].Data = uuid.New(), []byte(`"another"`)
			}
			return l
		}, ledger.Changed, held - 1},
		{"two events were swapped", func(l list) []ledger.Envelope { swap(l, 3, 4); return l }, ledger.Changed, 4},
		{"an event was changed", func(l list) []ledger.Envelope { l[4].Data = []byte(`{"said":9}`); return l }, ledger.Changed, 5},
		{"a meta was changed", func(l list) []ledger.Envelope { l[2].Meta = []byte(`{"actor":"another"}`); return l }, ledger.Changed, 3},
		{"a time was changed", func(l list) []ledger.Envelope { l[6].Recorded++; return l }, ledger.Changed, 7},
		{"an event has vanished", func(l list) []ledger.Envelope { return slices.Delete(l, 4, 5) }, ledger.Vanished, 5},
		{"the first has vanished", func(l list) []ledger.Envelope { return l[1:] }, ledger.Vanished, 1},
		{"an event was inserted", func(l list) []ledger.Envelope {
			extra := l[4]
			extra.ID, extra.Origin.Commit, extra.Version = uuid.New(), extra.Origin.Commit-1, extra.Version-1
			return slices.Insert(l, 4, extra)
		}, ledger.Order, 5},
		{"what comes next leaves a gap", func(l list) []ledger.Envelope {
			next := l[held-1]
			next.ID, next.Version, next.Origin.Commit = uuid.New(), next.Version+2, next.Origin.Commit+100
			return append(l, next)
		}, ledger.Gap, held + 1},
	} {
		for when, following := range map[string]bool{"while it is followed": true, "while it is not": false} {
			t.Run(tt.name+"/"+when, func(t *testing.T) {
				r := newRig(t, esdbnode.Options{})
				r.stop()
				original := spaced(held)
				r.restart(original, nil)
				r.start()
				if err := r.replica.Wait(r.ctx, held-1); err != nil {
					t.Fatal(err)
				}
				before := ledgertest.Collect(t, r.replica.ReadAll(r.ctx, 0))
				if !following {
					r.stop()
				}
				r.restart(listOf(tt.tamper(slices.Clone(original))), nil)
				if !following {
					r.start()
				}

				var err error
				select {
				case err = <-r.stopped:
				case <-r.ctx.Done():
					t.Fatalf("nothing was noticed; %+v", r.copier.Status())
				}
				broken, ok := errors.AsType[*ledger.Break](err)
				if !ok || broken.Kind != tt.want || broken.At != tt.at || broken.ID == uuid.Nil {
					t.Errorf("Run = %v, want a break of kind %s at position %d", err, tt.want, tt.at)
				}
				if got := r.copier.Status(); got.Break == nil || got.Connected {
					t.Errorf("Status = %+v", got)
				}
				after := ledgertest.Collect(t, r.replica.ReadAll(r.ctx, 0))
				if !slices.EqualFunc(before, after, sameEnvelope) {
					t.Errorf("the replica has gone from %d envelopes to %d, or changed them", len(before), len(after))
				}
				closeClient(t, r.client)
			})
		}
	}
}

// A source that lost its end but gets it back in time has lost nothing: a node that
// has just become the leader may lag.
func TestLaggingSource(t *testing.T) {
	r := newRig(t, esdbnode.Options{})
	r.stop()
	all := spaced(6)
	r.restart(all, nil)
	lags := make(warning, 1)
	r.copierOptions = CopierOptions{Grace: time.Minute, Logger: slog.New(slog.NewTextHandler(lags, nil))}
	r.start()
	if err := r.replica.Wait(r.ctx, 5); err != nil {
		t.Fatal(err)
	}
	r.restart(all[:4], nil)
	select {
	case <-lags:
	case <-r.ctx.Done():
		t.Fatalf("nothing was noticed; %+v", r.copier.Status())
	}
	next := all[5]
	next.ID, next.Version, next.Origin.Commit = uuid.New(), next.Version+1, 5000
	r.restart(listOf(append(slices.Clone(all), next)), nil)
	if err := r.replica.Wait(r.ctx, 6); err != nil {
		t.Fatalf("the replica does not go on: %v; %+v", err, r.copier.Status())
	}
	if err := r.end(); !errors.Is(err, context.Canceled) {
		t.Errorf("Run = %v", err)
	}
}

// A warning holds a token once the copier has warned of a source that is shorter.
type warning chan struct{}

// Write implements [io.Writer].
func (w warning) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte("shorter than the replica")) {
		signal(w)
	}
	return len(line), nil
}

// The disk of the replica fails, having adopted or not. The copier stops, and says
// why; the next one goes on, without a gap and without a repetition.
func TestAdoptFails(t *testing.T) {
	for outcome, adopted := range map[string]bool{"nothing was adopted": false, "all was adopted": true} {
		t.Run(outcome, func(t *testing.T) {
			r := newRig(t, esdbnode.Options{})
			r.fill(3)
			r.check()
			r.stop()
			r.startOn(&failing{Replica: r.replica, adopts: adopted})
			r.fill(5)
			select {
			case err := <-r.stopped:
				if !errors.Is(err, errStruck) {
					t.Errorf("Run = %v, want %v", err, errStruck)
				}
			case <-r.ctx.Done():
				t.Fatal("the copier does not stop")
			}
			if _, err := r.store.Append(r.ctx, ledgertest.NewStream(), 0, ledgertest.Record("1")); !errors.Is(err, ledger.ErrRejected) {
				t.Errorf("with no replica being kept, Append = %v, want %v", err, ledger.ErrRejected)
			}
			r.start()
			r.check(r.crowd()...)
			if err := r.end(); !errors.Is(err, context.Canceled) {
				t.Errorf("Run = %v", err)
			}
		})
	}
}
