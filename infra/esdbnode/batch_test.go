package esdbnode_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
)

// appendBatch appends in as many chunks as there are events, and says what has
// come of it.
func appendBatch(ctx context.Context, t testing.TB, stub streams.StreamsClient, stream string, expect esdb.ExpectedRevision, events []esdb.EventData) string {
	t.Helper()
	call, err := stub.BatchAppend(ctx)
	if err != nil {
		t.Fatal(err)
	}
	chunks := batch(stream, expect, events)
	for _, m := range chunks {
		call.Send(m)
	}
	r, err := call.Recv()
	if err != nil {
		t.Fatal(err)
	}
	call.CloseSend()
	if r.CorrelationId.GetString_() != chunks[0].CorrelationId.GetString_() || string(r.StreamIdentifier.StreamName) != stream || r.ExpectedStreamPosition == nil {
		t.Errorf("the answer is about %v, %v, %v", r.CorrelationId, r.StreamIdentifier, r.ExpectedStreamPosition)
	}
	return outcome(t, r)
}

// batch returns the chunks of an append, the last of which is final.
func batch(stream string, expect esdb.ExpectedRevision, events []esdb.EventData) []*streams.BatchAppendReq {
	id := &shared.UUID{Value: &shared.UUID_String_{String_: uuid.NewString()}}
	o := &streams.BatchAppendReq_Options{StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte(stream)}}
	switch e := expect.(type) {
	case esdb.Any:
		o.ExpectedStreamPosition = &streams.BatchAppendReq_Options_Any{Any: &emptypb.Empty{}}
	case esdb.NoStream:
		o.ExpectedStreamPosition = &streams.BatchAppendReq_Options_NoStream{NoStream: &emptypb.Empty{}}
	case esdb.StreamExists:
		o.ExpectedStreamPosition = &streams.BatchAppendReq_Options_StreamExists{StreamExists: &emptypb.Empty{}}
	case esdb.StreamRevision:
		o.ExpectedStreamPosition = &streams.BatchAppendReq_Options_StreamPosition{StreamPosition: e.Value}
	}
	chunks := []*streams.BatchAppendReq{{CorrelationId: id, Options: o}}
	for _, e := range events {
		m := message(e)
		chunks = append(chunks, &streams.BatchAppendReq{CorrelationId: id, ProposedMessages: []*streams.BatchAppendReq_ProposedMessage{
			{Id: m.Id, Metadata: m.Metadata, Data: m.Data, CustomMetadata: m.CustomMetadata},
		}})
	}
	chunks[len(chunks)-1].IsFinal = true
	return chunks
}

func outcome(t testing.TB, r *streams.BatchAppendResp) string {
	t.Helper()
	if e := r.GetError(); e != nil {
		if len(e.Details) != 1 {
			t.Fatalf("an error with %d details", len(e.Details))
		}
		detail, err := e.Details[0].UnmarshalNew()
		if err != nil {
			t.Fatal(err)
		}
		if w, ok := detail.(*shared.WrongExpectedVersion); ok && codes.Code(e.Code) == codes.AlreadyExists {
			return wrong(w.GetExpectedAny() != nil, w.GetExpectedStreamExists() != nil, w.GetExpectedNoStream() != nil, w.GetCurrentNoStream() != nil, w.GetExpectedStreamPosition(), w.GetCurrentStreamRevision())
		}
		return fmt.Sprint(codes.Code(e.Code), ": ", e.Message, " ", detail.ProtoReflect().Descriptor().Name())
	}
	ok := r.GetSuccess()
	switch {
	case ok.GetNoStream() != nil:
		return "revision none"
	case ok.GetNoPosition() != nil:
		return fmt.Sprintf("revision %d without a place", ok.GetCurrentRevision())
	}
	return fmt.Sprintf("revision %d at %d", ok.GetCurrentRevision(), ok.GetPosition().CommitPosition)
}

// TestBatchAppendMixed sends many appends on one call without waiting, their
// chunks mixed: each stream must get its own in order.
func TestBatchAppendMixed(t *testing.T) {
	store := new(ledgertest.Store)
	var appends atomic.Int64
	store.Fault = func(ledger.Stream) (bool, error) { // some take longer than those after them
		time.Sleep(time.Duration(appends.Add(1)%3) * time.Millisecond)
		return false, nil
	}
	stub, ctx := serve(t, store).stub(t, "")
	call, err := stub.BatchAppend(ctx)
	if err != nil {
		t.Fatal(err)
	}
	const count, each = 10, 20
	names := make([]string, count)
	for i := range names {
		names[i] = newStream()
	}
	go func() {
		for i := range each {
			var parts [][]*streams.BatchAppendReq
			for _, name := range names {
				expect := esdb.ExpectedRevision(esdb.NoStream{})
				if i > 0 {
					expect = esdb.Revision(uint64(2*i - 1))
				}
				parts = append(parts, batch(name, expect, []esdb.EventData{event(fmt.Sprint(i)), event("and")}))
			}
			for part := range parts[0] {
				for _, p := range parts {
					call.Send(p[part])
				}
			}
		}
		call.CloseSend()
	}()
	for range count * each {
		r, err := call.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if r.GetSuccess() == nil {
			t.Fatal(outcome(t, r))
		}
	}
	if _, err := call.Recv(); err == nil {
		t.Error("an answer too many")
	}
	if ledgertest.CheckChain(t, store) != 2*count*each {
		t.Error("events are missing")
	}
	for _, name := range names {
		stream, _ := ledger.ParseStream(name)
		for i, env := range ledgertest.Collect(t, store.ReadStream(ctx, stream, 0)) {
			if i%2 == 0 && string(env.Data) != fmt.Sprint(i/2) {
				t.Errorf("%s version %d is %s", name, env.Version, env.Data)
			}
		}
	}
}

// TestBatchAppendRefused checks that a refused append is answered, and the others
// on its call are not affected.
func TestBatchAppendRefused(t *testing.T) {
	store := new(ledgertest.Store)
	s := serveTLS(t, store)
	bad := event("1")
	bad.EventType = ""
	large := event(string(make([]byte, ledger.MaxRecordSize)))
	for _, tt := range []struct {
		user, stream string
		events       []esdb.EventData
		want         string
	}{
		{"both", "visits", []esdb.EventData{event("1")}, "InvalidArgument: stream \"visits\""},
		{"both", newStream(), []esdb.EventData{event("1"), bad, event("2")}, "InvalidArgument: event"},
		{"both", newStream(), []esdb.EventData{event("1"), large}, "InvalidArgument: event"},
		{"both", "$settings", []esdb.EventData{event("1")}, "PermissionDenied: stream"},
		{"reader", newStream(), []esdb.EventData{event("1")}, "PermissionDenied: user \"reader\" may not append"},
		{"writer", newStream(), []esdb.EventData{event("1")}, "revision 0 at "},
	} {
		stub, ctx := s.stub(t, tt.user)
		if got := appendBatch(ctx, t, stub, tt.stream, esdb.Any{}, tt.events); len(got) < len(tt.want) || got[:len(tt.want)] != tt.want {
			t.Errorf("%s to %s: %s, want %s", tt.user, tt.stream, got, tt.want)
		}
	}
	if head, _ := store.Head(t.Context()); head != 1 {
		t.Errorf("head = %d, want 1", head)
	}

	stub, ctx := s.stub(t, "both")
	for name, first := range map[string]*streams.BatchAppendReq{
		"no id":      {IsFinal: true},
		"no options": {CorrelationId: &shared.UUID{Value: &shared.UUID_String_{String_: uuid.NewString()}}, IsFinal: true},
	} {
		call, err := stub.BatchAppend(ctx)
		if err != nil {
			t.Fatal(err)
		}
		call.Send(first)
		if r, err := call.Recv(); status.Code(err) != codes.InvalidArgument && codes.Code(r.GetError().GetCode()) != codes.InvalidArgument {
			t.Errorf("%s: %v, %v", name, r, err)
		}
	}
}

// TestBatchAppendDeadline checks that an append says how long it may take.
func TestBatchAppendDeadline(t *testing.T) {
	store := new(ledgertest.Store)
	var slow atomic.Bool
	slow.Store(true)
	store.Fault = func(ledger.Stream) (bool, error) {
		if slow.Load() {
			time.Sleep(50 * time.Millisecond)
			return true, context.DeadlineExceeded
		}
		return false, nil
	}
	stub, ctx := serve(t, store).stub(t, "")
	call, err := stub.BatchAppend(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"DeadlineExceeded: context deadline exceeded Timeout", "revision 0 at "} {
		chunks := batch(newStream(), esdb.NoStream{}, []esdb.EventData{event("1")})
		if slow.Load() {
			chunks[0].Options.DeadlineOption = &streams.BatchAppendReq_Options_Deadline{Deadline: durationpb.New(10 * time.Millisecond)}
		}
		for _, m := range chunks {
			call.Send(m)
		}
		r, err := call.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if got := outcome(t, r); !strings.HasPrefix(got, want) {
			t.Errorf("%s, want %s", got, want)
		}
		slow.Store(false)
	}
}

// TestBatchAppendBounded checks that a client cannot begin without end.
func TestBatchAppendBounded(t *testing.T) {
	store := new(ledgertest.Store)
	stub, ctx := serve(t, store).stub(t, "")
	call, err := stub.BatchAppend(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for range 300 {
		if call.Send(batch(newStream(), esdb.NoStream{}, []esdb.EventData{event("1")})[0]) != nil {
			break
		}
	}
	if _, err := call.Recv(); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("BatchAppend = %v", err)
	}
}

// TestBatchAppendRevoked checks that whoever is removed from the users appends
// nothing more, on a call that he has made before either.
func TestBatchAppendRevoked(t *testing.T) {
	store := new(ledgertest.Store)
	s := serveTLS(t, store)
	stub, ctx := s.stub(t, "writer")
	call, err := stub.BatchAppend(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []codes.Code{codes.OK, codes.PermissionDenied} {
		for _, m := range batch(newStream(), esdb.NoStream{}, []esdb.EventData{event("1")}) {
			call.Send(m)
		}
		r, err := call.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if got := outcome(t, r); code(got) != want {
			t.Errorf("%s, want %v", got, want)
		}
		if want == codes.OK {
			s.revoke(t, "writer")
		}
	}
	if told := s.refused(); len(told) != 1 || told[0].Kind != "append" || told[0].User != "writer" {
		t.Errorf("refused attempts: %+v", told)
	}
}
