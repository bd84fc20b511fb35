package esdbnode

import (
	"context"
	"errors"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc/codes"

	"xinfang/domain/ledger"
)

// Append implements streams.StreamsServer.
func (s service) Append(in streams.Streams_AppendServer) error {
	ctx := in.Context()
	p, refused := s.receive(in)
	if refused != nil {
		return refused
	}
	at, err := s.write(ctx, p)
	if stale, ok := errors.AsType[*conflict](err); ok {
		return in.SendAndClose(&streams.AppendResp{Result: &streams.AppendResp_WrongExpectedVersion_{WrongExpectedVersion: stale.message()}})
	}
	if err != nil {
		return err
	}
	return in.SendAndClose(&streams.AppendResp{Result: &streams.AppendResp_Success_{Success: at.message()}})
}

// receive returns all that the client proposes, or why it is not taken.
func (s service) receive(in streams.Streams_AppendServer) (*proposal, error) {
	first, err := in.Recv()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	o := first.GetOptions()
	if o == nil {
		return nil, refuse(codes.InvalidArgument, "an append begins with its options")
	}
	p := &proposal{limit: s.o.MaxAppend}
	switch e := o.GetExpectedStreamRevision().(type) {
	case *streams.AppendReq_Options_Revision:
		p.expected = expectation{version: versionOf(e.Revision)}
	case *streams.AppendReq_Options_NoStream:
	case *streams.AppendReq_Options_Any:
		p.expected.any = true
	case *streams.AppendReq_Options_StreamExists:
		p.expected.exists = true
	default:
		return nil, refuse(codes.InvalidArgument, "an append does not say which revision it expects")
	}
	if p.stream, err = s.mayAppend(in.Context(), o.GetStreamIdentifier()); err != nil {
		return nil, err
	}
	for {
		m, err := in.Recv()
		switch {
		case errors.Is(err, io.EOF):
			return p, nil
		case err != nil:
			return nil, err
		case m.GetProposedMessage() == nil:
			return nil, refuse(codes.InvalidArgument, "an append has options once, and then events")
		}
		if err := p.add(m.GetProposedMessage()); err != nil {
			return nil, err
		}
	}
}

// mayAppend returns the stream that the caller wants to append to, if he may.
func (n *Node) mayAppend(ctx context.Context, id *shared.StreamIdentifier) (ledger.Stream, error) {
	who, name := callerOf(ctx), string(id.GetStreamName())
	stream, ok := ledger.ParseStream(name)
	switch {
	case strings.HasPrefix(name, "$"):
		// Of these streams are made the metadata that truncates a stream, and the
		// rights that permit it.
		n.refused(ctx, who, "metadata", name)
		return stream, denied("stream %.80q is not to be appended to: this ledger hides and removes nothing", name)
	case !who.rights().Append:
		n.refused(ctx, who, "append", name)
		return stream, denied("user %q may not append", who.user)
	case n.o.Store == nil:
		n.refused(ctx, who, "append", name)
		return stream, denied("this node only serves a copy of the ledger; append where the ledger is")
	case !ok || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) || len(stream.Category) > ledger.MaxName:
		return stream, refuse(codes.InvalidArgument, "stream %.80q: a stream is named category-uuid, in lower case, with a category of at most %d bytes", name, ledger.MaxName)
	}
	return stream, nil
}

// Delete implements streams.StreamsServer: nothing is ever deleted.
func (s service) Delete(ctx context.Context, req *streams.DeleteReq) (*streams.DeleteResp, error) {
	return nil, s.mayNotDelete(ctx, "delete", req.GetOptions().GetStreamIdentifier())
}

// Tombstone implements streams.StreamsServer: nothing is ever deleted.
func (s service) Tombstone(ctx context.Context, req *streams.TombstoneReq) (*streams.TombstoneResp, error) {
	return nil, s.mayNotDelete(ctx, "tombstone", req.GetOptions().GetStreamIdentifier())
}

func (n *Node) mayNotDelete(ctx context.Context, kind string, id *shared.StreamIdentifier) error {
	n.refused(ctx, callerOf(ctx), kind, string(id.GetStreamName()))
	return denied("stream %.80q is not to be deleted: this ledger removes nothing; the attempt is noted", id.GetStreamName())
}
