package esdbnode_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
	"xinfang/infra/esdbnode"
)

func TestNewRefuses(t *testing.T) {
	store := new(ledgertest.Store)
	users := new(esdbnode.UserFile)
	for name, o := range map[string]esdbnode.Options{
		"a ledger":          {},
		"TLS":               {Log: store, Users: users},
		"address to advert": {Log: store, Advertise: "nowhere"},
	} {
		if _, err := esdbnode.New(o); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("New without %s = %v", name, err)
		}
	}
	node, err := esdbnode.New(esdbnode.Options{Log: store})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := node.Serve(l); err == nil || !strings.Contains(err.Error(), "without TLS") {
		t.Errorf("Serve to everybody = %v", err)
	}
}

// TestGossip checks what a client that discovers its node is told.
func TestGossip(t *testing.T) {
	store := new(ledgertest.Store)
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	leads := true
	for _, tt := range []struct {
		o    esdbnode.Options
		want string
	}{
		{esdbnode.Options{}, "[Leader SELF]"},
		{esdbnode.Options{Advertise: "ledger.example:2113"}, "[Leader ledger.example:2113]"},
		{esdbnode.Options{Leader: func() (string, bool) { return "", leads }}, "[Leader SELF]"},
		{esdbnode.Options{Leader: func() (string, bool) { return "other.example:2113", !leads }}, "[Follower SELF Leader other.example:2113]"},
		{esdbnode.Options{Leader: func() (string, bool) { return "", !leads }}, "[Follower SELF]"},
	} {
		tt.o.Log, tt.o.Now = store, func() time.Time { return now }
		s := serveWith(t, tt.o)
		info, err := gossip.NewGossipClient(s.dial(t, nil)).Read(t.Context(), &shared.Empty{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range info.Members {
			got = append(got, fmt.Sprintf("%v %s:%d", m.State, m.HttpEndPoint.Address, m.HttpEndPoint.Port))
			if !m.IsAlive || m.TimeStamp != int64(ledger.TicksOf(now)) || m.InstanceId == nil {
				t.Errorf("member %v", m)
			}
		}
		if want := strings.Replace(tt.want, "SELF", s.addr, 1); fmt.Sprint(got) != want {
			t.Errorf("members are %v, want %s", got, want)
		}
	}
}

// TestNotLeader checks that a client is sent to the leader, and gets there.
func TestNotLeader(t *testing.T) {
	store := new(ledgertest.Store)
	leader := serve(t, store)
	follower := serveWith(t, esdbnode.Options{Log: store, Store: store, Leader: func() (string, bool) { return leader.addr, false }})

	stub, ctx := follower.stub(t, "")
	var trailer metadata.MD
	_, err := stub.Delete(ctx, &streams.DeleteReq{}, grpc.Trailer(&trailer))
	host, port, _ := net.SplitHostPort(leader.addr)
	if status.Code(err) != codes.NotFound || !slices.Equal(trailer.Get("exception"), []string{"not-leader"}) ||
		!slices.Equal(trailer.Get("leader-endpoint-host"), []string{host}) || !slices.Equal(trailer.Get("leader-endpoint-port"), []string{port}) {
		t.Errorf("Delete = %v, trailers %v", err, trailer)
	}
	// An append is heard to its end before it is refused: the official client takes an
	// answer in between for the end of the connection.
	slow, err := stub.Append(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := slow.Send(&streams.AppendReq{Content: &streams.AppendReq_Options_{Options: &streams.AppendReq_Options{}}}); err != nil {
			t.Fatalf("it is answered while it is sent: %v", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	if _, err := slow.CloseAndRecv(); status.Code(err) != codes.NotFound {
		t.Errorf("Append = %v", err)
	}
	c := follower.client(t, "")
	stream := newStream()
	for i := range 4 {
		_, err := c.AppendToStream(t.Context(), stream, esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}, event("{}"))
		if err == nil {
			break
		}
		if e, ok := errors.AsType[*esdb.Error](err); !ok || e.Code() != esdb.ErrorCodeNotLeader || i == 3 {
			t.Fatalf("attempt %d: %v", i, err)
		}
	}
	if head, _ := store.Head(t.Context()); head != 1 {
		t.Errorf("head = %d, want 1", head)
	}
}

// TestStop checks that stopping ends what has no end and lets what has begun be
// finished.
func TestStop(t *testing.T) {
	store := new(ledgertest.Store)
	begun, finish := make(chan struct{}), make(chan struct{})
	store.Fault = func(ledger.Stream) (bool, error) {
		close(begun)
		<-finish
		return false, nil
	}
	s := serve(t, store)
	c := s.client(t, "")
	sub, err := c.SubscribeToAll(t.Context(), esdb.SubscribeToAllOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if sub.Recv().CaughtUp == nil {
		t.Fatal("not caught up")
	}
	stub, ctx := s.stub(t, "")
	batch, err := stub.BatchAppend(ctx)
	if err != nil {
		t.Fatal(err)
	}
	appended := make(chan error, 1)
	go func() {
		_, err := c.AppendToStream(ctx, newStream(), esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}, event("{}"))
		appended <- err
	}()
	<-begun
	stopped := make(chan struct{})
	go func() {
		s.Stop(ctx)
		close(stopped)
	}()
	if dropped := sub.Recv().SubscriptionDropped; dropped == nil || status.Code(dropped.Error) != codes.Unavailable {
		t.Errorf("the subscription ends with %v", dropped)
	}
	if _, err := batch.Recv(); status.Code(err) != codes.Unavailable {
		t.Errorf("BatchAppend ends with %v", err)
	}
	select {
	case <-stopped:
		t.Error("Stop has not waited for the append")
	case <-time.After(50 * time.Millisecond):
	}
	close(finish)
	if err := <-appended; err != nil {
		t.Errorf("the append ends with %v", err)
	}
	<-stopped
}

// TestStopBreaksOff checks that Stop waits no longer than it may.
func TestStopBreaksOff(t *testing.T) {
	s := serve(t, new(ledgertest.Store))
	stub, ctx := s.stub(t, "")
	if _, err := stub.Append(ctx); err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	s.Stop(short)
}

// TestPanic checks that a mistake of ours ends one call and no more.
func TestPanic(t *testing.T) {
	store := new(ledgertest.Store)
	store.Fault = func(ledger.Stream) (bool, error) {
		store.Fault = nil
		panic("on purpose")
	}
	c := serve(t, store).client(t, "")
	_, err := c.AppendToStream(t.Context(), newStream(), esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}, event("{}"))
	if err == nil || !strings.Contains(err.Error(), "mistake of its own") || strings.Contains(err.Error(), "on purpose") {
		t.Errorf("AppendToStream = %v", err)
	}
	ping(t, c)
}

// TestKeepalive pings an idle connection: clients do, and by default gRPC breaks
// with whoever does it more than twice in five minutes.
func TestKeepalive(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 5 s")
	}
	t.Parallel()
	conn, err := net.Dial("tcp", serve(t, new(ledgertest.Store)).addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const settings, pong, goAway = 4, 6, 7 // frames of HTTP/2
	frame := func(kind byte, payload string) {
		conn.Write(append([]byte{0, 0, byte(len(payload)), kind, 0, 0, 0, 0, 0}, payload...))
	}
	conn.Write([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
	frame(settings, "")
	for n := range 5 {
		time.Sleep(1050 * time.Millisecond)
		frame(pong, "12345678")
		for answered := false; !answered; {
			head := make([]byte, 9)
			if _, err := io.ReadFull(conn, head); err != nil {
				t.Fatalf("ping %d: %v", n, err)
			}
			payload := make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2]))
			if _, err := io.ReadFull(conn, payload); err != nil {
				t.Fatalf("ping %d: %v", n, err)
			}
			if head[3] == goAway {
				t.Fatalf("ping %d: the node says goodbye: %q", n, payload)
			}
			answered = head[3] == pong
		}
	}
}

// TestDiscover checks that a client that asks for the leader is led here.
func TestDiscover(t *testing.T) {
	s := serveTLS(t, new(ledgertest.Store))
	at := fmt.Sprintf("esdb+discover://both:%s@%s?tlsCaFile=%s", s.secrets["both"], s.addr, filepath.Join(certificates, "ca.crt"))
	cfg, err := esdb.ParseConnectionString(at)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Logger = esdb.NoopLogging()
	c, err := esdb.NewClient(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ping(t, c)
}
