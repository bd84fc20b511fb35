package esdbnode_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
	"xinfang/infra/esdbnode"
)

// TestAppend goes through what can come of an append, step by step on one stream,
// with the official client and over BatchAppend.
func TestAppend(t *testing.T) {
	e := make([]esdb.EventData, 8)
	for i := range e {
		e[i] = event(fmt.Sprint(i))
	}
	rev := esdb.Revision
	steps := []struct {
		name   string
		expect esdb.ExpectedRevision
		events []esdb.EventData
		want   string
	}{
		{"a revision of no stream", rev(0), e[:1], "wrong: expecting '0' but got 'no_stream'"},
		{"no stream to exist", esdb.StreamExists{}, e[:1], "wrong: expecting 'stream_exists' but got 'no_stream'"},
		{"none to nothing", esdb.NoStream{}, nil, "revision none"},
		{"the first", esdb.NoStream{}, e[:1], "revision 0 at 1"},
		{"the first again", esdb.NoStream{}, e[:1], "revision 0 at 1"},
		{"another first", esdb.NoStream{}, e[1:2], "wrong: expecting 'no_stream' but got '0'"},
		{"two", rev(0), e[1:3], "revision 2 at 3"},
		{"two again", rev(0), e[1:3], "revision 2 at 3"},
		{"one of the two again", rev(0), e[1:2], "revision 1 at 2"},
		{"the other again", rev(1), e[2:3], "revision 2 at 3"},
		{"the two and a third", rev(0), e[1:4], "wrong: expecting '0' but got '2'"},
		{"the two turned round", rev(0), []esdb.EventData{e[2], e[1]}, "wrong: expecting '0' but got '2'"},
		{"the two where they do not stand", esdb.NoStream{}, e[1:3], "wrong: expecting 'no_stream' but got '2'"},
		{"all from the start", esdb.NoStream{}, e[:3], "revision 2 at 3"},
		{"a revision to come", rev(9), e[3:4], "wrong: expecting '9' but got '2'"},
		{"a revision that cannot be", rev(1<<64 - 1), e[3:4], "wrong: expecting"},
		{"any", esdb.Any{}, e[3:5], "revision 4 at 5"},
		{"any again", esdb.Any{}, e[3:5], "revision 4 at 5"},
		{"any, partly again", esdb.Any{}, e[4:6], "revision 6 at 7"},
		{"to one that exists", esdb.StreamExists{}, e[6:7], "revision 7 at 8"},
		{"to one that exists, again", esdb.StreamExists{}, e[6:7], "revision 7 at 8"},
		{"none to something", rev(7), nil, "revision 7 without a place"},
		{"none to something else", rev(6), nil, "wrong: expecting '6' but got '7'"},
		{"none to what exists", esdb.StreamExists{}, nil, "revision 7 without a place"},
	}
	for _, how := range []string{"Append", "BatchAppend"} {
		t.Run(how, func(t *testing.T) {
			store := new(ledgertest.Store)
			s := serve(t, store)
			stub, ctx := s.stub(t, "")
			stream := newStream()
			for _, step := range steps {
				got := appendRaw(ctx, t, stub, stream, step.expect, step.events)
				if how == "BatchAppend" {
					got = appendBatch(ctx, t, stub, stream, step.expect, step.events)
				}
				if !strings.HasPrefix(got, step.want) {
					t.Errorf("%s: %s, want %s", step.name, got, step.want)
				}
			}
			ledgertest.CheckChain(t, store)
			parsed, _ := ledger.ParseStream(stream)
			for i, env := range ledgertest.Collect(t, store.ReadStream(ctx, parsed, 0)) {
				want := e[[]int{0, 1, 2, 3, 4, 4, 5, 6}[i]]
				if env.ID != want.EventID || !bytes.Equal(env.Data, want.Data) || !bytes.Equal(env.Meta, want.Metadata) || env.Type != want.EventType || env.Binary {
					t.Errorf("version %d is %+v, want %+v", env.Version, env.Record, want)
				}
			}
		})
	}
}

// appendRaw appends and says what has come of it.
func appendRaw(ctx context.Context, t testing.TB, stub streams.StreamsClient, stream string, expect esdb.ExpectedRevision, events []esdb.EventData) string {
	t.Helper()
	call, err := stub.Append(ctx)
	if err != nil {
		t.Fatal(err)
	}
	call.Send(header(stream, expect))
	for _, e := range events {
		call.Send(&streams.AppendReq{Content: &streams.AppendReq_ProposedMessage_{ProposedMessage: message(e)}})
	}
	r, err := call.CloseAndRecv()
	if err != nil {
		return fmt.Sprint(status.Code(err), ": ", status.Convert(err).Message())
	}
	if w := r.GetWrongExpectedVersion(); w != nil {
		return wrong(w.GetExpectedAny() != nil, w.GetExpectedStreamExists() != nil, w.GetExpectedNoStream() != nil, w.GetCurrentNoStream() != nil, w.GetExpectedRevision(), w.GetCurrentRevision())
	}
	ok := r.GetSuccess()
	switch {
	case ok.GetNoStream() != nil:
		return "revision none"
	case ok.GetNoPosition() != nil:
		return fmt.Sprintf("revision %d without a place", ok.GetCurrentRevision())
	}
	if ok.GetPosition().CommitPosition != ok.GetPosition().PreparePosition {
		t.Errorf("the place is %v", ok.GetPosition())
	}
	return fmt.Sprintf("revision %d at %d", ok.GetCurrentRevision(), ok.GetPosition().CommitPosition)
}

func wrong(any, exists, none, currentNone bool, expected, current uint64) string {
	e, c := fmt.Sprint(expected), fmt.Sprint(current)
	switch {
	case any:
		e = "any"
	case exists:
		e = "stream_exists"
	case none:
		e = "no_stream"
	}
	if currentNone {
		c = "no_stream"
	}
	return fmt.Sprintf("wrong: expecting '%s' but got '%s'", e, c)
}

func header(stream string, expect esdb.ExpectedRevision) *streams.AppendReq {
	o := &streams.AppendReq_Options{StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte(stream)}}
	switch e := expect.(type) {
	case esdb.Any:
		o.ExpectedStreamRevision = &streams.AppendReq_Options_Any{Any: &shared.Empty{}}
	case esdb.NoStream:
		o.ExpectedStreamRevision = &streams.AppendReq_Options_NoStream{NoStream: &shared.Empty{}}
	case esdb.StreamExists:
		o.ExpectedStreamRevision = &streams.AppendReq_Options_StreamExists{StreamExists: &shared.Empty{}}
	case esdb.StreamRevision:
		o.ExpectedStreamRevision = &streams.AppendReq_Options_Revision{Revision: e.Value}
	}
	return &streams.AppendReq{Content: &streams.AppendReq_Options_{Options: o}}
}

// message writes the id as text: the official client writes it as numbers.
func message(e esdb.EventData) *streams.AppendReq_ProposedMessage {
	content := "application/octet-stream"
	if e.ContentType == esdb.ContentTypeJson {
		content = "application/json"
	}
	return &streams.AppendReq_ProposedMessage{
		Id:       &shared.UUID{Value: &shared.UUID_String_{String_: e.EventID.String()}},
		Metadata: map[string]string{"type": e.EventType, "content-type": content},
		Data:     e.Data, CustomMetadata: e.Metadata,
	}
}

// TestAppendOfficial checks that the official client understands the answers.
func TestAppendOfficial(t *testing.T) {
	store := new(ledgertest.Store)
	c := serveTLS(t, store).client(t, "both")
	stream := newStream()
	one, two := event("1"), event("\xff")
	two.ContentType = esdb.ContentTypeBinary
	got, err := c.AppendToStream(t.Context(), stream, esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}, one, two)
	if err != nil || got.NextExpectedVersion != 1 || got.CommitPosition != 2 || got.PreparePosition != 2 {
		t.Errorf("AppendToStream = %+v, %v", got, err)
	}
	_, err = c.AppendToStream(t.Context(), stream, esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}, event("3"))
	if e, ok := errors.AsType[*esdb.Error](err); !ok || e.Code() != esdb.ErrorCodeWrongExpectedVersion || !strings.Contains(err.Error(), "expecting 'no_stream' but got '1'") {
		t.Errorf("AppendToStream to what exists = %v", err)
	}
	parsed, _ := ledger.ParseStream(stream)
	envs := ledgertest.Collect(t, store.ReadStream(t.Context(), parsed, 0))
	if len(envs) != 2 || envs[0].ID != one.EventID || envs[0].Binary || envs[1].ID != two.EventID || !envs[1].Binary || string(envs[1].Data) != "\xff" {
		t.Errorf("the ledger has %+v", envs)
	}
}

// TestAppendRefused checks what is no append that a ledger takes, and that nothing
// of it is taken.
func TestAppendRefused(t *testing.T) {
	store := new(ledgertest.Store)
	s := serveWith(t, esdbnode.Options{Log: store, Store: store, MaxAppend: 4 << 20})
	stub, ctx := s.stub(t, "")
	good := func() []*streams.AppendReq_ProposedMessage {
		return []*streams.AppendReq_ProposedMessage{message(event("1")), message(event("2"))}
	}
	second := func(change func(*streams.AppendReq_ProposedMessage)) []*streams.AppendReq_ProposedMessage {
		two := good()
		change(two[1])
		return two
	}
	big := func(n, size int) (all []*streams.AppendReq_ProposedMessage) {
		for range n {
			all = append(all, message(event(strings.Repeat("x", size))))
		}
		return all
	}
	case1 := newStream()
	for name, tt := range map[string]struct {
		stream  string
		events  []*streams.AppendReq_ProposedMessage
		want    codes.Code
		trailer string
		limit   string
	}{
		"a name without an id":         {"visits", good(), codes.InvalidArgument, "", ""},
		"no name":                      {"", good(), codes.InvalidArgument, "", ""},
		"an id in capitals":            {"case-" + strings.ToUpper(uuid.NewString()), good(), codes.InvalidArgument, "", ""},
		"an id of zeros":               {"case-" + uuid.Nil.String(), good(), codes.InvalidArgument, "", ""},
		"a name that is no text":       {"c\xffse-" + uuid.NewString(), good(), codes.InvalidArgument, "", ""},
		"a name with a line break":     {"c\nse-" + uuid.NewString(), good(), codes.InvalidArgument, "", ""},
		"a name too long":              {strings.Repeat("c", ledger.MaxName+1) + "-" + uuid.NewString(), good(), codes.InvalidArgument, "", ""},
		"metadata of a stream":         {"$$" + case1, good(), codes.PermissionDenied, "access-denied", ""},
		"the default rights":           {"$settings", good(), codes.PermissionDenied, "access-denied", ""},
		"a stream of the server":       {"$user-" + uuid.NewString(), good(), codes.PermissionDenied, "access-denied", ""},
		"no id":                        {case1, second(func(m *streams.AppendReq_ProposedMessage) { m.Id = nil }), codes.InvalidArgument, "", ""},
		"an id that is none":           {case1, second(func(m *streams.AppendReq_ProposedMessage) { m.Id.Value = &shared.UUID_String_{String_: "x"} }), codes.InvalidArgument, "", ""},
		"no type":                      {case1, second(func(m *streams.AppendReq_ProposedMessage) { delete(m.Metadata, "type") }), codes.InvalidArgument, "", ""},
		"no content type":              {case1, second(func(m *streams.AppendReq_ProposedMessage) { delete(m.Metadata, "content-type") }), codes.InvalidArgument, "", ""},
		"a type too long":              {case1, second(func(m *streams.AppendReq_ProposedMessage) { m.Metadata["type"] = strings.Repeat("t", 257) }), codes.InvalidArgument, "", ""},
		"an event too large":           {case1, big(1, ledger.MaxRecordSize), codes.InvalidArgument, "maximum-append-size-exceeded", fmt.Sprint(ledger.MaxRecordSize)},
		"together too large":           {case1, big(5, 1<<20-1<<15), codes.InvalidArgument, "maximum-append-size-exceeded", fmt.Sprint(4 << 20)},
		"one event too large for all":  {case1, big(1, 4<<20), codes.InvalidArgument, "maximum-append-size-exceeded", fmt.Sprint(4 << 20)},
		"more than gRPC itself takes":  {case1, big(1, 6<<20), codes.ResourceExhausted, "", ""},
		"too many":                     {case1, big(ledger.MaxBatch+1, 1), codes.InvalidArgument, "", ""},
		"too many, and a second piece": {case1, big(3*ledger.MaxBatch, 1), codes.InvalidArgument, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var trailer metadata.MD
			call, err := stub.Append(ctx, grpc.Trailer(&trailer))
			if err != nil {
				t.Fatal(err)
			}
			call.Send(header(tt.stream, esdb.Any{}))
			for _, m := range tt.events {
				call.Send(&streams.AppendReq{Content: &streams.AppendReq_ProposedMessage_{ProposedMessage: m}})
			}
			_, err = call.CloseAndRecv()
			if status.Code(err) != tt.want || strings.Join(trailer.Get("exception"), "") != tt.trailer || strings.Join(trailer.Get("maximum-append-size"), "") != tt.limit {
				t.Errorf("Append = %v, trailers %v", err, trailer)
			}
		})
	}
	for _, first := range []*streams.AppendReq{
		{}, {Content: &streams.AppendReq_ProposedMessage_{ProposedMessage: message(event("1"))}}, header(case1, nil),
	} {
		call, err := stub.Append(ctx)
		if err != nil {
			t.Fatal(err)
		}
		call.Send(first)
		if _, err := call.CloseAndRecv(); status.Code(err) != codes.InvalidArgument {
			t.Errorf("beginning with %v, Append = %v", first, err)
		}
	}
	if head, err := store.Head(ctx); head != 0 || err != nil {
		t.Errorf("%d events were written, %v", head, err)
	}
	kinds := make(map[string]int)
	for _, a := range s.refused() {
		kinds[a.Kind]++
	}
	if len(kinds) != 1 || kinds["metadata"] != 3 {
		t.Errorf("refused attempts: %v, want 3 of metadata", kinds)
	}
}

// TestAppendRefusedEarly checks that the official client hears why it is refused,
// even if that is known before it has sent all.
func TestAppendRefusedEarly(t *testing.T) {
	c := serve(t, new(ledgertest.Store)).client(t, "")
	events := make([]esdb.EventData, 200)
	for i := range events {
		events[i] = event(strings.Repeat("x", 20_000))
	}
	_, err := c.AppendToStream(t.Context(), "$$"+newStream(), esdb.AppendToStreamOptions{ExpectedRevision: esdb.Any{}}, events...)
	if e, ok := errors.AsType[*esdb.Error](err); !ok || e.Code() != esdb.ErrorCodeAccessDenied {
		t.Errorf("AppendToStream = %v", err)
	}
}

// TestAppendFaults loses the answer of the ledger in every way it can be lost.
func TestAppendFaults(t *testing.T) {
	for _, tt := range []struct {
		err     error
		applied bool
		want    codes.Code
	}{
		{fmt.Errorf("the disk is full: %w", ledger.ErrRejected), false, codes.ResourceExhausted},
		{errors.New("secret words"), false, codes.Aborted},
		{errors.New("secret words"), true, codes.Aborted},
	} {
		store := new(ledgertest.Store)
		store.Fault = func(ledger.Stream) (bool, error) { return tt.applied, tt.err }
		s := serve(t, store)
		stub, ctx := s.stub(t, "")
		stream, events := newStream(), []esdb.EventData{event("1"), event("2")}
		for _, got := range []string{
			appendRaw(ctx, t, stub, stream, esdb.NoStream{}, events),
			appendBatch(ctx, t, stub, newStream(), esdb.NoStream{}, []esdb.EventData{event("1")}),
		} {
			if !strings.HasPrefix(got, tt.want.String()+": ") || strings.Contains(got, "secret") {
				t.Errorf("%v: %s, want %v", tt.err, got, tt.want)
			}
		}
		store.Fault = nil
		head, _ := store.Head(ctx)
		if got := appendRaw(ctx, t, stub, stream, esdb.NoStream{}, events); !strings.HasPrefix(got, "revision 1 at ") {
			t.Errorf("asked again: %s", got)
		}
		if after, _ := store.Head(ctx); tt.applied && after != head || !tt.applied && after != 2 {
			t.Errorf("%v (applied %t): head was %d and is %d", tt.err, tt.applied, head, after)
		}
	}
}

// TestAppendDeadline checks that an append whose time is up says so.
func TestAppendDeadline(t *testing.T) {
	store := new(ledgertest.Store)
	store.Fault = func(ledger.Stream) (bool, error) {
		time.Sleep(100 * time.Millisecond)
		return true, context.DeadlineExceeded
	}
	s := serve(t, store)
	deadline := 20 * time.Millisecond
	_, err := s.client(t, "").AppendToStream(t.Context(), newStream(), esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}, Deadline: &deadline}, event("1"))
	if e, ok := errors.AsType[*esdb.Error](err); !ok || e.Code() != esdb.ErrorCodeDeadlineExceeded {
		t.Errorf("AppendToStream = %v", err)
	}
}

// TestAppendAnyInACrowd has many append to one stream, whatever its version.
func TestAppendAnyInACrowd(t *testing.T) {
	store := new(ledgertest.Store)
	c := serve(t, store).client(t, "")
	stream := newStream()
	const writers, each = 4, 20
	done := make(chan []uint64, writers)
	for range writers {
		go func() {
			var got []uint64
			for range each {
				for {
					r, err := c.AppendToStream(t.Context(), stream, esdb.AppendToStreamOptions{ExpectedRevision: esdb.Any{}}, event("1"))
					if err == nil {
						got = append(got, r.NextExpectedVersion)
						break
					}
					if e, ok := errors.AsType[*esdb.Error](err); !ok || e.Code() != esdb.ErrorAborted {
						t.Errorf("AppendToStream = %v", err)
						break
					}
				}
			}
			done <- got
		}()
	}
	var all []uint64
	for range writers {
		all = append(all, <-done...)
	}
	slices.Sort(all)
	for i, revision := range all {
		if revision != uint64(i) {
			t.Fatalf("revisions %v", all)
		}
	}
	if ledgertest.CheckChain(t, store) != writers*each {
		t.Error("events are missing")
	}
}

func esdbCode(err error) esdb.ErrorCode {
	if e, ok := errors.AsType[*esdb.Error](err); ok {
		return e.Code()
	}
	return esdb.ErrorCodeUnknown
}
