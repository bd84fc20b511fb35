package esdbnode_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
	"xinfang/infra/esdbnode"
)

// panics counts what the node writes to its log about panics.
type panics struct {
	slog.Handler
	count atomic.Int64
}

func (p *panics) Enabled(context.Context, slog.Level) bool { return true }

func (p *panics) Handle(_ context.Context, r slog.Record) error {
	if strings.Contains(r.Message, "panicked") {
		p.count.Add(1)
	}
	return nil
}

// FuzzCalls sends what a client might: the bytes are cut into messages of each of
// the calls in turn. The node must not panic, must write all of an append or
// nothing, and must still serve.
func FuzzCalls(f *testing.F) {
	store, log := new(ledgertest.Store), new(panics)
	node, err := esdbnode.New(esdbnode.Options{Log: store, Store: store, Logger: slog.New(log), MaxAppend: 1 << 16})
	if err != nil {
		f.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.Fatal(err)
	}
	go node.Serve(l)
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		conn.Close()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		node.Stop(ctx)
	})
	stub := streams.NewStreamsClient(conn)

	seed := func(messages ...proto.Message) {
		var in []byte
		for _, m := range messages {
			b, err := proto.Marshal(m)
			if err != nil {
				f.Fatal(err)
			}
			in = append(append(in, byte(len(b)>>8), byte(len(b))), b...)
		}
		for kind := range uint8(4) {
			f.Add(kind, in)
		}
	}
	stream := newStream()
	one := &streams.AppendReq{Content: &streams.AppendReq_ProposedMessage_{ProposedMessage: message(event("{}"))}}
	for _, expect := range []esdb.ExpectedRevision{esdb.Any{}, esdb.NoStream{}, esdb.StreamExists{}, esdb.Revision(0), esdb.Revision(1<<64 - 1)} {
		seed(header(stream, expect), one, one)
		chunks := batch(stream, expect, []esdb.EventData{event("1"), event("2")})
		seed(chunks[0], chunks[1], chunks[2])
	}
	seed(&streams.ReadReq{Options: fromStart(nil)})
	seed(&streams.ReadReq{Options: fromStart(&streams.ReadReq_Options_FilterOptions{Filter: &streams.ReadReq_Options_FilterOptions_EventType{
		EventType: &streams.ReadReq_Options_FilterOptions_Expression{Regex: "a|b"},
	}})})
	seed(&streams.ReadReq{Options: &streams.ReadReq_Options{
		ReadDirection: streams.ReadReq_Options_Backwards,
		StreamOption: &streams.ReadReq_Options_Stream{Stream: &streams.ReadReq_Options_StreamOptions{
			StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte(stream)},
			RevisionOption:   &streams.ReadReq_Options_StreamOptions_Revision{Revision: 1<<64 - 1},
		}},
		CountOption: &streams.ReadReq_Options_Count{Count: 1<<64 - 1},
	}})
	seed(&streams.ReadReq{Options: &streams.ReadReq_Options{
		StreamOption: &streams.ReadReq_Options_All{All: &streams.ReadReq_Options_AllOptions{AllOption: &streams.ReadReq_Options_AllOptions_Position{
			Position: &streams.ReadReq_Options_Position{CommitPosition: 1<<64 - 1, PreparePosition: 1},
		}}},
		CountOption: &streams.ReadReq_Options_Subscription{Subscription: &streams.ReadReq_Options_SubscriptionOptions{}},
	}})

	f.Fuzz(func(t *testing.T, kind uint8, in []byte) {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		before, _ := store.Head(ctx)
		next := func(m proto.Message) bool { // the next message of in
			if len(in) < 2 {
				return false
			}
			size := min(int(in[0])<<8|int(in[1]), len(in)-2)
			err := proto.Unmarshal(in[2:2+size], m)
			in = in[2+size:]
			return err == nil
		}
		proposed, ok := 0, false
		switch kind % 3 {
		case 0:
			call, err := stub.Append(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for m := new(streams.AppendReq); next(m); m = new(streams.AppendReq) {
				if m.GetProposedMessage() != nil {
					proposed++
				}
				if call.Send(m) != nil {
					break
				}
			}
			r, err := call.CloseAndRecv()
			ok = err == nil && r.GetSuccess() != nil
		case 1:
			call, err := stub.BatchAppend(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for m := new(streams.BatchAppendReq); next(m); m = new(streams.BatchAppendReq) {
				if call.Send(m) != nil {
					break
				}
			}
			call.CloseSend()
			for {
				if _, err := call.Recv(); err != nil {
					break
				}
			}
			return // which of them were written is TestBatchAppend's to say
		case 2:
			m := new(streams.ReadReq)
			next(m)
			call, err := stub.Read(ctx, m)
			if err != nil {
				t.Fatal(err)
			}
			for {
				m, err := call.Recv()
				if err != nil {
					break
				}
				if m.GetCaughtUp() != nil {
					cancel()
				}
			}
		}
		after, err := store.Head(context.Background())
		if err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		if n := int(after - before); n != 0 && (n != proposed || !ok) {
			t.Errorf("%d of %d proposed events were written, success %t", n, proposed, ok)
		}
		if log.count.Load() > 0 {
			t.Error("the node has panicked")
		}
		if after > 2000 {
			t.Skip("the ledger has grown enough")
		}
		_ = ledger.Position(after)
	})
}
