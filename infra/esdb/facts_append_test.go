package esdb

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
)

func testA2(t *testing.T) {
	var large []ledger.Record
	for range 300 {
		large = append(large, ledgertest.Record(strings.Repeat("x", 2000)))
	}
	for name, tt := range map[string]struct {
		answer func(first *streams.AppendReq) error // that ends the call before all has been sent
		want   string
	}{
		"denied":    {func(*streams.AppendReq) error { return status.Error(codes.PermissionDenied, "no") }, "right ACL"},
		"too large": {func(*streams.AppendReq) error { return status.Error(codes.InvalidArgument, "too large") }, "MaxAppendSize"},
	} {
		var cuts atomic.Int32
		source, c := serve(t, "Append", func(ss grpc.ServerStream, handle func(grpc.ServerStream) error) error {
			first := new(streams.AppendReq)
			if err := ss.RecvMsg(first); err != nil {
				return err
			}
			if name == "too large" && first.GetOptions().GetRevision() == uint64(nowhere-1) {
				return ss.SendMsg(&streams.AppendResp{Result: wrongVersion})
			}
			cuts.Add(1)
			return tt.answer(first)
		})
		_, err := followed(t, c, new(ledgertest.Store)).Append(within(t), ledgertest.NewStream(), 0, large...)
		if !errors.Is(err, ledger.ErrRejected) {
			t.Errorf("%s: Append = %v, want %v", name, err, ledger.ErrRejected)
		}
		// Whether the answer overtakes what is being sent is up to the network.
		if errors.Is(err, io.EOF) && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: Append = %v, want an error that says %q", name, err, tt.want)
		}
		if heads(t, source) != 0 || cuts.Load() == 0 {
			t.Errorf("%s: %d events were written, %d appends cut", name, heads(t, source), cuts.Load())
		}
	}
}

var wrongVersion = &streams.AppendResp_WrongExpectedVersion_{WrongExpectedVersion: &streams.AppendResp_WrongExpectedVersion{
	CurrentRevisionOption:  &streams.AppendResp_WrongExpectedVersion_CurrentNoStream{CurrentNoStream: &shared.Empty{}},
	ExpectedRevisionOption: &streams.AppendResp_WrongExpectedVersion_ExpectedNoStream{ExpectedNoStream: &shared.Empty{}},
}}

func testA3(t *testing.T) {
	for code, definite := range map[codes.Code]bool{
		codes.InvalidArgument: true, codes.FailedPrecondition: true, codes.ResourceExhausted: true,
		codes.PermissionDenied: true, codes.Unauthenticated: true, codes.Unimplemented: true,
		codes.Aborted: false, codes.Unavailable: false, codes.DeadlineExceeded: false,
		codes.Unknown: false, codes.Internal: false, codes.Canceled: false, codes.DataLoss: false,
	} {
		t.Run(code.String(), func(t *testing.T) {
			t.Parallel()
			_, c := serve(t, "Append", func(ss grpc.ServerStream, _ func(grpc.ServerStream) error) error {
				// The client has said that it is done before it hears this.
				for ss.RecvMsg(new(streams.AppendReq)) == nil {
				}
				return status.Error(code, "by the test")
			})
			_, err := followed(t, c, new(ledgertest.Store)).Append(within(t), ledgertest.NewStream(), 0, ledgertest.Record("1"))
			if err == nil || errors.Is(err, ledger.ErrRejected) != definite || errors.Is(err, ledger.ErrConflict) {
				t.Errorf("Append = %v, want that it was rejected: %t", err, definite)
			}
			if !definite && !strings.Contains(err.Error(), "may have been") {
				t.Errorf("Append = %v, which does not say that it may have been recorded", err)
			}
		})
	}
}

// A server that compares no ids answers the second asking with a wrong version: the
// stream tells that it was ours.
func testA4(t *testing.T) {
	var asked atomic.Int32
	source, c := serve(t, "Append", func(ss grpc.ServerStream, handle func(grpc.ServerStream) error) error {
		if asked.Add(1) > 1 {
			for ss.RecvMsg(new(streams.AppendReq)) == nil {
			}
			return ss.SendMsg(&streams.AppendResp{Result: wrongVersion})
		}
		return handle(tapped{ServerStream: ss, out: func(any) error { return status.Error(codes.Unavailable, "by the test") }})
	})
	got, err := followed(t, c, new(ledgertest.Store)).Append(within(t), ledgertest.NewStream(), 0, ledgertest.Record("1"), ledgertest.Record("2"))
	if err != nil || len(got) != 2 || asked.Load() != 2 || heads(t, source) != 2 {
		t.Errorf("Append = %v, %v, asked %d times; the source has %d events", got, err, asked.Load(), heads(t, source))
	}
	// The same answer, and nothing there: a follower that lags, or the truth.
	if _, err := followed(t, c, new(ledgertest.Store)).Append(within(t), ledgertest.NewStream(), 0, ledgertest.Record("3")); !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("Append = %v, want %v", err, ledger.ErrConflict)
	}
}

func testA5(t *testing.T) {
	var asked atomic.Int32
	source, c := serve(t, "Append", func(ss grpc.ServerStream, handle func(grpc.ServerStream) error) error {
		first := asked.Add(1) == 1
		return handle(tapped{ServerStream: ss, out: func(m any) error {
			if resp, ok := m.(*streams.AppendResp); ok && first {
				resp.Result = nil
			}
			return nil
		}})
	})
	got, err := followed(t, c, new(ledgertest.Store)).Append(within(t), ledgertest.NewStream(), 0, ledgertest.Record("1"))
	if err != nil || len(got) != 1 || asked.Load() != 2 || heads(t, source) != 1 {
		t.Errorf("Append = %v, %v, asked %d times; the source has %d events", got, err, asked.Load(), heads(t, source))
	}
}

// The caller may reuse its bytes once Append has returned.
func TestAppendKeepsNothing(t *testing.T) {
	data := []byte("1")
	a := newAppend(nil, ledgertest.NewStream(), 0, []ledger.Record{{Data: data, Meta: data}})
	data[0] = '2'
	if !bytes.Equal(a.events[0].Data, []byte("1")) || !bytes.Equal(a.events[0].Metadata, []byte("1")) {
		t.Error("the bytes are the caller's")
	}
}
