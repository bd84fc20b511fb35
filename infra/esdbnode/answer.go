package esdbnode

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	rpc "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"xinfang/domain/ledger"
)

// A refusal is why a call was not carried out, in the ways in which clients are
// told: a code and a text for all, trailers for the older calls, a detail for
// BatchAppend. The text never holds event data.
type refusal struct {
	code    codes.Code
	text    string
	trailer metadata.MD
	detail  proto.Message
}

func refuse(code codes.Code, format string, args ...any) *refusal {
	return &refusal{code: code, text: fmt.Sprintf(format, args...)}
}

// Error returns the text.
func (r *refusal) Error() string { return r.text }

// GRPCStatus is how gRPC reads an error.
func (r *refusal) GRPCStatus() *status.Status { return status.New(r.code, r.text) }

// denied refuses what the caller has no right to, or nobody has.
func denied(format string, args ...any) *refusal {
	r := refuse(codes.PermissionDenied, format, args...)
	r.trailer, r.detail = metadata.Pairs("exception", "access-denied"), &shared.AccessDenied{}
	return r
}

// tooLarge refuses an append of more than limit bytes.
func tooLarge(limit int, format string, args ...any) *refusal {
	r := refuse(codes.InvalidArgument, format, args...)
	r.trailer = metadata.Pairs("exception", "maximum-append-size-exceeded", "maximum-append-size", strconv.Itoa(limit))
	r.detail = &shared.MaximumAppendSizeExceeded{MaxAppendSize: uint32(limit)}
	return r
}

// errStopping is why calls without an end are ended.
var errStopping = refuse(codes.Unavailable, "the node is stopping; connect again later, or to another node")

// answer turns any error of a call into the one that the client is sent. What the
// client could not act on goes to the log.
func (n *Node) answer(ctx context.Context, method string, err error) *refusal {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r
	}
	if ctx.Err() != nil {
		r := refuse(status.FromContextError(ctx.Err()).Code(), "%v", ctx.Err())
		if r.code == codes.DeadlineExceeded {
			r.detail = &shared.Timeout{}
		}
		return r
	}
	if n.life.Err() != nil && errors.Is(err, context.Canceled) {
		return errStopping
	}
	if s, ok := status.FromError(err); ok && s.Code() != codes.Unknown {
		return refuse(s.Code(), "%s", s.Message())
	}
	n.log.ErrorContext(ctx, "an EventStoreDB call failed", "method", method, "err", err)
	return refuse(codes.Internal, "the ledger could not answer; the log of the node says why")
}

// notWritten turns the error of [ledger.Store.Append], which is no conflict, into
// a refusal that says as much about the outcome as is known.
func (n *Node) notWritten(ctx context.Context, stream ledger.Stream, err error) error {
	if ctx.Err() != nil && !errors.Is(err, ledger.ErrRejected) {
		return ctx.Err()
	}
	n.log.ErrorContext(ctx, "an append over the EventStoreDB protocol failed", "stream", stream.String(), "err", err)
	if errors.Is(err, ledger.ErrRejected) {
		return refuse(codes.ResourceExhausted, "the ledger takes no entries: nothing was written; the log of the node says why")
	}
	r := refuse(codes.Aborted, "the events may have been written or not: append again with the same ids and the same expected revision")
	r.detail = &shared.Timeout{} // as the server says that it does not know
	return r
}

// status returns r as BatchAppend sends it. Some clients look at the detail alone:
// what has none of its own goes as a BadRequest, the only one with a text.
func (r *refusal) status() *rpc.Status {
	s := &rpc.Status{Code: int32(r.code), Message: r.text}
	detail := r.detail
	if detail == nil {
		detail = &shared.BadRequest{Message: r.text}
	}
	if packed, err := anypb.New(detail); err == nil {
		s.Details = append(s.Details, packed)
	}
	return s
}

// unary comes before every call with one answer: it sees to it that a panic ends
// one call only, that the caller is known, and that errors have one form.
func (n *Node) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (resp any, err error) {
	trailers := func(md metadata.MD) { _ = grpc.SetTrailer(ctx, md) }
	err = n.guard(ctx, info.FullMethod, trailers, func(ctx context.Context) (err error) {
		resp, err = handle(ctx, req)
		return err
	})
	return resp, err
}

// stream is unary for calls with many messages. An Append that is refused, by whatever
// of the node, is first heard to the end, within bounds: a client that is answered
// while it sends sees the connection end, and not why.
func (n *Node) stream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
	err := n.guard(ss.Context(), info.FullMethod, ss.SetTrailer, func(ctx context.Context) error {
		return handle(srv, &callStream{ss, ctx})
	})
	if err == nil || info.FullMethod != streams.Streams_Append_FullMethodName {
		return err
	}
	for heard := 0; heard < n.o.MaxAppend; {
		m := new(streams.AppendReq)
		if ss.RecvMsg(m) != nil {
			break
		}
		heard += len(m.GetProposedMessage().GetData()) + 100
	}
	return err
}

func (n *Node) guard(ctx context.Context, method string, trailers func(metadata.MD), call func(context.Context) error) error {
	err := n.protect(ctx, method, func() error {
		if strings.HasPrefix(method, "/event_store.client.streams.") {
			if err := n.leads(); err != nil {
				return err
			}
			who, err := n.identify(ctx)
			if err != nil {
				return err
			}
			ctx = context.WithValue(ctx, callerKey{}, who)
		}
		return call(ctx)
	})
	if err == nil {
		return nil
	}
	r := n.answer(ctx, method, err)
	if r.trailer != nil {
		trailers(r.trailer)
	}
	return r
}

// protect turns a panic of call into an error.
func (n *Node) protect(ctx context.Context, method string, call func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			n.log.ErrorContext(ctx, "an EventStoreDB call panicked", "method", method, "panic", p, "stack", string(debug.Stack()))
			err = refuse(codes.Internal, "the node has met a mistake of its own; its log says which")
		}
	}()
	return call()
}

// callStream is a stream whose context knows the caller.
type callStream struct {
	grpc.ServerStream
	ctx context.Context
}

// Context implements [grpc.ServerStream].
func (s *callStream) Context() context.Context { return s.ctx }

func port(at *gossip.EndPoint) string { return strconv.FormatUint(uint64(at.Port), 10) }
