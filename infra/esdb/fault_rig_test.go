package esdb

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
	"xinfang/infra/esdbnode"
)

var errStruck = errors.New("struck by the test")

// A strike is something that happens to one append while the node carries it out,
// and what the node then hears of its ledger. It may be called before or after the
// append has been written: a caller must survive both.
type strike func(ctx context.Context) error

// A source is the ledger behind a node. The next append can be struck.
type source struct {
	*ledgertest.Store
	mu      sync.Mutex
	hit     strike
	written bool
}

func (s *source) strikeNext(written bool, hit strike) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hit, s.written = hit, written
}

// Append implements [ledger.Store].
func (s *source) Append(ctx context.Context, stream ledger.Stream, expected ledger.Version, records ...ledger.Record) ([]ledger.Envelope, error) {
	s.mu.Lock()
	hit, written := s.hit, s.written
	s.hit = nil
	s.mu.Unlock()
	if hit == nil || !written {
		if hit != nil {
			return nil, hit(ctx)
		}
		return s.Store.Append(ctx, stream, expected, records...)
	}
	if _, err := s.Store.Append(ctx, stream, expected, records...); err != nil {
		return nil, err
	}
	return nil, hit(ctx)
}

// A rig is a source behind a node behind a proxy, and a store and its replica that
// reach it through both.
type rig struct {
	t             *testing.T
	ctx           context.Context
	source        *source
	replica       *ledgertest.Store
	proxy         *proxy
	client        *Client
	copier        *Copier
	store         *Store
	node          *running
	options       esdbnode.Options
	copierOptions CopierOptions

	background sync.WaitGroup // what strikes have begun
	cancel     context.CancelFunc
	stopped    chan error // the copier's last word
}

func newRig(t *testing.T, node esdbnode.Options) *rig {
	t.Helper()
	checkGoroutines(t)
	r := &rig{t: t, source: &source{Store: new(ledgertest.Store)}, replica: new(ledgertest.Store), options: node, copierOptions: CopierOptions{Grace: 50 * time.Millisecond}}
	var end context.CancelFunc
	r.ctx, end = context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(end)
	r.options.Log, r.options.Store = r.source, r.source
	r.node = startNode(t, r.options)
	r.proxy = newProxy(t, r.node.at)
	r.client = dial(t, Options{Address: "esdb://" + r.proxy.address(), Deadline: 400 * time.Millisecond, Grace: 200 * time.Millisecond})
	r.start()
	return r
}

// start starts a new copier on the replica, and a store on both.
func (r *rig) start() { r.startOn(r.replica) }

func (r *rig) startOn(replica ledger.Replica) {
	r.copier = NewCopier(r.client, replica, r.copierOptions)
	r.store = NewStore(r.client, replica, r.copier)
	ctx, cancel := context.WithCancel(r.ctx)
	copier, stopped := r.copier, make(chan error, 1)
	r.cancel, r.stopped = cancel, stopped
	go func() { stopped <- copier.Run(ctx) }()
	r.t.Cleanup(cancel)
}

// restart stops the node as a crash does, and starts another on log.
func (r *rig) restart(log ledger.Log, store ledger.Store) {
	r.proxy.lead("")
	r.node.kill(r.t)
	r.options.Log, r.options.Store = log, store
	r.node = startNode(r.t, r.options)
	r.proxy.lead(r.node.at)
}

// ask does what [ledger.Decider.Handle] and whoever calls it do: it looks whether
// the command has been carried out, appends if not, and asks again for as long as
// it does not know.
func (r *rig) ask(stream ledger.Stream, command uuid.UUID) ([]ledger.Envelope, error) {
	var last error
	for {
		if r.ctx.Err() != nil {
			return nil, fmt.Errorf("asking %v for ever: %w", command, last)
		}
		var version ledger.Version
		var done []ledger.Envelope
		for env, err := range r.store.ReadStream(r.ctx, stream, 0) {
			if err != nil {
				return nil, err
			}
			if env.ID == ledger.EventID(command, 0) || env.ID == ledger.EventID(command, 1) {
				done = append(done, env)
			}
			version = env.Version
		}
		if len(done) > 0 {
			return done, nil
		}
		var records []ledger.Record
		for i := range 2 {
			record := ledgertest.Record(fmt.Sprintf(`{"said":%d}`, i))
			record.ID = ledger.EventID(command, i)
			records = append(records, record)
		}
		envelopes, err := r.store.Append(r.ctx, stream, version, records...)
		if err == nil {
			return envelopes, nil
		}
		if errors.Is(err, ledger.ErrRejected) {
			return nil, err
		}
		last = err
	}
}

// check waits until the replica has all of the source, and checks that they are
// the same and that each event of acknowledged is there once, where it was said
// to be.
func (r *rig) check(acknowledged ...ledger.Envelope) {
	r.t.Helper()
	head := ledgertest.CheckChain(r.t, r.source)
	if err := r.replica.Wait(r.ctx, head-1); err != nil {
		r.t.Fatalf("the replica does not get to position %d: %v; %+v", head, err, r.copier.Status())
	}
	if got := ledgertest.CheckChain(r.t, r.replica); got != head {
		r.t.Fatalf("the replica ends at position %d, the source at %d", got, head)
	}
	source, replica := ledgertest.Collect(r.t, r.source.ReadAll(r.ctx, 0)), ledgertest.Collect(r.t, r.replica.ReadAll(r.ctx, 0))
	count := make(map[uuid.UUID]int)
	for i := range source {
		if source[i].Leaf != replica[i].Leaf {
			r.t.Fatalf("position %d: the replica has\n%+v, the source\n%+v", i+1, replica[i], source[i])
		}
		count[source[i].ID]++
	}
	for _, env := range acknowledged {
		if at := source[env.Position-1]; count[env.ID] != 1 || at.ID != env.ID || at.Version != env.Version || at.Leaf != env.Leaf {
			r.t.Errorf("event %v was acknowledged at position %d, and is in the source %d times; there is %v", env.ID, env.Position, count[env.ID], at.ID)
		}
	}
}

// fill appends n events at the source.
func (r *rig) fill(n int) {
	r.t.Helper()
	stream := ledgertest.NewStream()
	for version := ledger.Version(0); int(version) < n; version++ {
		if _, err := r.source.Append(r.ctx, stream, version, ledgertest.Record(`{"filled":1}`)); err != nil {
			r.t.Fatal(err)
		}
	}
}

// stop stops the copier.
func (r *rig) stop() error {
	r.t.Helper()
	r.cancel()
	select {
	case err := <-r.stopped:
		return err
	case <-r.ctx.Done():
		r.t.Fatal("the copier does not stop")
		return nil
	}
}

// end stops the copier and closes the client, and returns the copier's last word.
func (r *rig) end() error {
	r.t.Helper()
	err := r.stop()
	closeClient(r.t, r.client)
	return err
}

// checkGoroutines checks that the test leaves no goroutine behind.
func checkGoroutines(t *testing.T) {
	before, _ := goroutines()
	t.Cleanup(func() {
		for range 1000 {
			if now, _ := goroutines(); now <= before {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		now, stacks := goroutines()
		t.Errorf("%d goroutines are left, there were %d\n%s", now, before, stacks)
	})
}

// goroutines counts them, but for those of connections that the official client
// forgets to close: when two calls find a connection dead at the same time, the
// first has it look for a new one, and the second makes it do so; then nobody has
// the old one any more, which goes on trying to connect.
func goroutines() (n int, stacks string) {
	buf := make([]byte, 4<<20)
	stacks = string(buf[:runtime.Stack(buf, true)])
	for stack := range strings.SplitSeq(stacks, "\n\n") {
		if !strings.Contains(stack, "grpcsync.(*CallbackSerializer).run") && !strings.Contains(stack, "grpc.(*addrConn).connect") {
			n++
		}
	}
	return n, stacks
}

// A list is a log of whatever it is given, which no store would hold.
type list []ledger.Envelope

// listOf returns what a server would send of envelopes, from position 1.
func listOf(envelopes []ledger.Envelope) list {
	l := make(list, len(envelopes))
	for i, env := range envelopes {
		env.Position = ledger.Position(i + 1)
		l[i] = env
	}
	return l
}

// Head implements [ledger.Log].
func (l list) Head(ctx context.Context) (ledger.Position, error) {
	return ledger.Position(len(l)), ctx.Err()
}

// ReadStream implements [ledger.Log].
func (l list) ReadStream(ctx context.Context, stream ledger.Stream, after ledger.Version) iter.Seq2[ledger.Envelope, error] {
	return func(yield func(ledger.Envelope, error) bool) {
		for _, env := range l {
			if env.Stream == stream && env.Version > after && !yield(env, nil) {
				return
			}
		}
	}
}

// ReadAll implements [ledger.Log].
func (l list) ReadAll(_ context.Context, after ledger.Position) iter.Seq2[ledger.Envelope, error] {
	return func(yield func(ledger.Envelope, error) bool) {
		for _, env := range l[min(int(after), len(l)):] {
			if !yield(env, nil) {
				return
			}
		}
	}
}

// Streams implements [ledger.Log] for who does not ask.
func (l list) Streams(context.Context, string) iter.Seq2[ledger.StreamHead, error] {
	return func(func(ledger.StreamHead, error) bool) {}
}

// Wait implements [ledger.Log].
func (l list) Wait(ctx context.Context, after ledger.Position) error {
	if int(after) < len(l) {
		return nil
	}
	<-ctx.Done()
	return ctx.Err()
}

// between comes between a node and its calls.
func between(f grpc.StreamServerInterceptor) []grpc.ServerOption {
	return []grpc.ServerOption{grpc.ChainStreamInterceptor(f)}
}

// An adopter tells of each Adopt before and after it.
type adopter struct {
	ledger.Replica
	hook func(after bool)
}

// Adopt implements [ledger.Replica].
func (a *adopter) Adopt(ctx context.Context, envelopes ...ledger.Envelope) error {
	a.hook(false)
	err := a.Replica.Adopt(ctx, envelopes...)
	a.hook(true)
	return err
}

// spaced returns n events of two cases, with places as a server gives them.
func spaced(n int) list {
	a, b := ledgertest.NewStream(), ledgertest.NewStream()
	versions := make(map[ledger.Stream]ledger.Version)
	var all []ledger.Envelope
	for i := range n {
		stream := []ledger.Stream{a, b}[i%2]
		versions[stream]++
		all = append(all, ledger.Envelope{
			Stream: stream, Version: versions[stream],
			Origin:   ledger.Origin{Commit: uint64(1000 + 100*i), Prepare: uint64(1000 + 100*i)},
			Recorded: ledger.Ticks(10_000_000 * (i + 1)), Record: ledgertest.Record(`{"said":1}`),
		})
	}
	return listOf(all)
}

// A failing replica fails every Adopt.
type failing struct {
	ledger.Replica
	adopts bool // nevertheless
}

// Adopt implements [ledger.Replica].
func (f *failing) Adopt(ctx context.Context, envelopes ...ledger.Envelope) error {
	if f.adopts {
		if err := f.Replica.Adopt(ctx, envelopes...); err != nil {
			return err
		}
	}
	return errStruck
}
