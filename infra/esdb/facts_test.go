package esdb

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
	"xinfang/infra/esdbnode"
)

// TestFacts has a test for each fact about the official client, v4.2.0, that this
// package has a rule for. If one fails after an upgrade, the fact has changed, and
// with it perhaps the need for the rule. Facts that have their test elsewhere:
//
//	A6  an abort is ambiguous             A3 below
//	A7  a deadline is ambiguous           TestAppendFaults
//	A13 the leader is not asked for       TestLeaderMoves
//	A14 not-leader is for us to retry     TestLeaderMoves
//	A16 which replicas are preferred      TestAddressRefused
//	A17 credentials without TLS           TestAddressRefused
//	A18 only the parser configures        TestAddress, FuzzAddress
//	A19 a subscription that is dropped    TestFollowing, TestSubscriptionDrops
//	A20 after a place, or from it         TestSeamInclusive, TestConvergence
//	A24 what else is in $all              TestKeeps, TestConvergence
//	A26 an event without a time           TestDeliver; the client ends the program
//	A28 pings, the size of messages       infra/esdbnode, whose server must permit them
func TestFacts(t *testing.T) {
	for name, test := range map[string]func(*testing.T){
		"A1 codes are wrapped":                 testA1,
		"A2 an append is cut":                  testA2,
		"A3 codes are lost":                    testA3,
		"A4 a wrong version says little":       testA4,
		"A5 an answer without a result":        testA5,
		"A8 connecting heeds no context":       testA8,
		"A9 A10 a client that did not connect": testA9,
		"A11 closing under calls":              testA11,
		"A12 a read that fails":                testA12,
		"A15 connections leak":                 testA15,
		"A21 A22 A23 filters, checkpoints":     testA22,
		"A25 a message that nobody expects":    testA25,
		"A27 no metadata":                      testA27,
		"A29 a version with a suffix":          testA29,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}

// serve returns a client for a node over an empty ledger, whose calls of method f
// answers.
func serve(t *testing.T, method string, f func(ss grpc.ServerStream, handle func(grpc.ServerStream) error) error) (*ledgertest.Store, *Client) {
	t.Helper()
	source := new(ledgertest.Store)
	node := startNode(t, esdbnode.Options{Log: source, Store: source, Server: intercept(method, f)})
	return source, dial(t, Options{Address: node.address(), Retries: 1})
}

// heads returns how many events l has.
func heads(t *testing.T, l ledger.Log) ledger.Position {
	t.Helper()
	head, err := l.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return head
}

func testA1(t *testing.T) {
	_, c := serve(t, "Delete", func(grpc.ServerStream, func(grpc.ServerStream) error) error { return nil })
	err := c.use(within(t), func(ctx context.Context, es *esdb.Client) error {
		_, err := es.DeleteStream(ctx, ledgertest.NewStream().String(), esdb.DeleteStreamOptions{})
		if said, _ := esdb.FromError(err); said.Code() != esdb.ErrorCodeUnknown {
			t.Errorf("FromError(%v) says %v: it looks inside now", err, said.Code())
		}
		return err
	})
	if got := classify(err); got != denied {
		t.Errorf("classify(%v) = %s, want %s", err, got, denied)
	}
}

func testA8(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") // that nobody answers
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	c := dial(t, Options{Address: "esdb://" + listener.Addr().String() + "?gossipTimeout=1&maxDiscoverAttempts=1"})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		conn, err := listener.Accept()
		cancel()
		if err == nil {
			_, _ = io.Copy(io.Discard, conn)
			conn.Close()
		}
	}()
	called := false
	err = c.use(ctx, func(context.Context, *esdb.Client) error { called = true; return nil })
	if !errors.Is(err, context.Canceled) || called || classify(err) != unsent {
		t.Errorf("use = %v, called: %t", err, called)
	}
}

func testA9(t *testing.T) {
	source := new(ledgertest.Store)
	node := startNode(t, esdbnode.Options{Log: source, Store: source})
	p := newProxy(t, "")
	c := dial(t, Options{Address: "esdb://" + p.address()})
	read := func() error { _, err := c.last(within(t), "$settings"); return err }
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := read(); classify(err) != unsent {
				t.Errorf("with no server, reading = %v", err)
			}
		})
	}
	wg.Wait()
	_, err := NewStore(c, source, NewCopier(c, source, CopierOptions{})).Append(within(t), ledgertest.NewStream(), 0, ledgertest.Record("1"))
	if !errors.Is(err, ledger.ErrRejected) {
		t.Errorf("with no server, Append = %v, want %v", err, ledger.ErrRejected)
	}
	p.lead(node.at)
	for range 8 {
		wg.Go(func() {
			if err := read(); err != nil {
				t.Errorf("once there is one, reading = %v", err)
			}
		})
	}
	wg.Wait()
}

func testA11(t *testing.T) {
	source := new(ledgertest.Store)
	node := startNode(t, esdbnode.Options{Log: source, Store: source})
	for range 5 {
		c := dial(t, Options{Address: node.address()})
		var wg sync.WaitGroup
		begun := make(chan struct{}, 8)
		for range 8 {
			wg.Go(func() {
				for {
					_, err := c.last(t.Context(), "$settings")
					select {
					case begun <- struct{}{}:
					default:
					}
					if errors.Is(err, ErrClosed) {
						return
					}
					if err != nil {
						t.Errorf("reading while it is being closed = %v", err)
						return
					}
				}
			})
		}
		for range 8 {
			<-begun
		}
		closeClient(t, c)
		wg.Wait()
	}
	// A call that does not end is cut off when Close may wait no longer.
	held := make(chan struct{})
	_, c := serve(t, "Append", func(ss grpc.ServerStream, _ func(grpc.ServerStream) error) error {
		close(held)
		<-ss.Context().Done()
		return ss.Context().Err()
	})
	done := make(chan error, 1)
	go func() {
		done <- newAppend(c, ledgertest.NewStream(), 0, []ledger.Record{ledgertest.Record("1")}).send(t.Context(), 0, nil)
	}()
	<-held
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Close = %v, want %v", err, context.Canceled)
	}
	if err := <-done; err == nil {
		t.Error("the call that was cut off succeeds")
	}
	if err := c.Close(t.Context()); err != nil {
		t.Errorf("Close again = %v", err)
	}
}

func testA12(t *testing.T) {
	var asked atomic.Int32
	_, c := serve(t, "Read", func(ss grpc.ServerStream, handle func(grpc.ServerStream) error) error {
		req := new(streams.ReadReq)
		if err := ss.RecvMsg(req); err != nil {
			return err
		}
		if req.GetOptions().GetSubscription() == nil && asked.Add(1) > 1 {
			return ss.SendMsg(&streams.ReadResp{Content: &streams.ReadResp_StreamNotFound_{StreamNotFound: &streams.ReadResp_StreamNotFound{
				StreamIdentifier: req.GetOptions().GetStream().GetStreamIdentifier()}}})
		}
		return status.Error(codes.Unavailable, "by the test")
	})
	for i := range 2 {
		_, err := c.last(within(t), "$settings")
		if (err == nil) != (i == 1) {
			t.Errorf("reading %d = %v", i, err)
		}
	}
}

func testA15(t *testing.T) {
	source := new(ledgertest.Store)
	node := startNode(t, esdbnode.Options{Log: source, Server: intercept("Read", func(grpc.ServerStream, func(grpc.ServerStream) error) error {
		return status.Error(codes.Unavailable, "by the test")
	})})
	p := newProxy(t, node.at)
	c := dial(t, Options{Address: "esdb://" + p.address()})
	for range 10 {
		if _, err := c.last(within(t), "$settings"); classify(err) != lost {
			t.Errorf("reading = %v", err)
		}
	}
	c.mu.Lock()
	left := c.link
	c.mu.Unlock()
	if left != nil {
		t.Error("a link that is dead is still in use")
	}
	c.links.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.pipes) > 0 {
		p.arrivals.Wait() // or the test hangs
	}
}

func testA22(t *testing.T) {
	w, source, replica := newWriter(2), new(ledgertest.Store), new(ledgertest.Store)
	all := w.next(100)
	if err := source.Adopt(t.Context(), all...); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var asked []*streams.ReadReq_Options
	node := startNode(t, esdbnode.Options{Log: source, Server: intercept("Read", func(ss grpc.ServerStream, handle func(grpc.ServerStream) error) error {
		return handle(tapped{ServerStream: ss, in: func(m any) error {
			mu.Lock()
			defer mu.Unlock()
			asked = append(asked, m.(*streams.ReadReq).GetOptions())
			return nil
		}})
	})})
	c := dial(t, Options{Address: node.address()})
	for range 2 {
		if err := NewCopier(c, replica, CopierOptions{Recheck: 10}).CatchUp(within(t)); err != nil {
			t.Fatal(err)
		}
	}
	for i, o := range asked {
		if o.GetFilter() != nil || o.GetSubscription() == nil || o.GetResolveLinks() {
			t.Errorf("the source is asked for %v", o)
		}
		if place := o.GetAll().GetPosition(); i == 1 {
			env, err := ledger.At(t.Context(), replica, heads(t, replica)-10)
			if err != nil || place.GetCommitPosition() != env.Origin.Commit || place.GetPreparePosition() != env.Origin.Prepare {
				t.Errorf("the source is read after %v, want the place of %v (%v)", place, env.Origin, err)
			}
		}
	}
	if len(asked) != 2 {
		t.Errorf("the source was asked %d times, want 2", len(asked))
	}
	checkCopy(t, replica, all)
}

func testA25(t *testing.T) {
	var asked atomic.Int32
	_, c := serve(t, "Read", func(ss grpc.ServerStream, handle func(grpc.ServerStream) error) error {
		if asked.Add(1) == 1 {
			return ss.SendMsg(&streams.ReadResp{Content: &streams.ReadResp_FirstStreamPosition{}})
		}
		return handle(ss)
	})
	_, err := c.last(within(t), "$scavenges")
	if _, ok := errors.AsType[*panicked](err); !ok || classify(err) != lost {
		t.Errorf("reading = %v, want what the client panicked with", err)
	}
	if _, err := c.last(within(t), "$scavenges"); err != nil {
		t.Errorf("reading again = %v", err)
	}
}

func testA27(t *testing.T) {
	_, c := serve(t, "Delete", func(grpc.ServerStream, func(grpc.ServerStream) error) error { return nil })
	err := c.use(within(t), func(ctx context.Context, es *esdb.Client) error {
		_, err := es.GetStreamMetadata(ctx, ledgertest.NewStream().String(), esdb.ReadStreamOptions{})
		return err
	})
	if classify(err) != notFound {
		t.Errorf("classify(%v) = %s, want %s", err, classify(err), notFound)
	}
}

func testA29(t *testing.T) {
	var official atomic.Bool
	source := new(ledgertest.Store)
	features := grpc.ChainUnaryInterceptor(func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
		if strings.HasSuffix(info.FullMethod, "/GetSupportedMethods") && !official.Load() {
			return &serverfeatures.SupportedMethods{EventStoreServerVersion: "24.10.0-prerelease"}, nil
		}
		return handle(ctx, req)
	})
	node := startNode(t, esdbnode.Options{Log: source, Store: source, Server: []grpc.ServerOption{features}})
	c := dial(t, Options{Address: node.address()})
	if _, err := c.last(within(t), "$settings"); classify(err) != unsent || !strings.Contains(err.Error(), "version") {
		t.Errorf("reading = %v, want an error that says that the version is not understood", err)
	}
	official.Store(true)
	if _, err := c.last(within(t), "$settings"); err != nil {
		t.Errorf("reading = %v", err)
	}
}
