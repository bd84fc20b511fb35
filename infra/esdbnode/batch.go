package esdbnode

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
	rpc "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/emptypb"

	"xinfang/domain/ledger"
)

const (
	maxWriters = 128 // appends of one call that are written at the same time
	maxPending = 256 // appends of one call that have begun and not ended
)

// BatchAppend implements streams.StreamsServer. One call carries many appends, in
// chunks that may be mixed; each is answered under its own id when it is done.
// Appends to one stream are written in the order in which their last chunks came,
// appends to different streams at the same time.
func (s service) BatchAppend(conn streams.Streams_BatchAppendServer) error {
	ctx := conn.Context()
	b := &batches{node: s.Node, conn: conn, pending: make(map[uuid.UUID]*batch), last: make(map[ledger.Stream]chan struct{})}
	b.writers.SetLimit(maxWriters)
	err := b.receive(ctx)
	if unsent := b.writers.Wait(); err == nil {
		err = unsent
	}
	return err
}

// batches is one BatchAppend call.
type batches struct {
	node *Node
	conn streams.Streams_BatchAppendServer

	// The goroutine of the call owns these.
	pending map[uuid.UUID]*batch
	size    int // bytes of all that is pending
	writers errgroup.Group

	// mu guards last, and is held while an answer is sent.
	mu   sync.Mutex
	last map[ledger.Stream]chan struct{} // closed once the last append to the stream is answered
}

// A batch is one append that has begun.
type batch struct {
	proposal
	options *streams.BatchAppendReq_Options
	id      *shared.UUID // as the client writes it
	refused error        // why it will not be written
}

// receive takes chunks until the client ends the call or the node stops.
func (b *batches) receive(ctx context.Context) error {
	chunks, failed := make(chan *streams.BatchAppendReq), make(chan error, 1)
	go func() { // ends when the call does
		for {
			m, err := b.conn.Recv()
			if err != nil {
				failed <- err
				return
			}
			select {
			case chunks <- m:
			case <-ctx.Done():
				return
			}
		}
	}()
	for {
		select {
		case m := <-chunks:
			if err := b.take(ctx, m); err != nil {
				return err
			}
		case err := <-failed:
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		case <-b.node.life.Done():
			return errStopping
		}
	}
}

// take adds m to the append that it is a part of, and has that written if m is the
// last part.
func (b *batches) take(ctx context.Context, m *streams.BatchAppendReq) error {
	if err := b.node.leads(); err != nil {
		return err
	}
	id, err := parseID(m.GetCorrelationId())
	if err != nil {
		return err
	}
	p := b.pending[id]
	if p == nil {
		if len(b.pending) == maxPending {
			return refuse(codes.ResourceExhausted, "more than %d appends have begun on one call and not ended", maxPending)
		}
		p = b.node.begin(ctx, m)
		b.pending[id] = p
	}
	before := p.size
	p.add(m.GetProposedMessages())
	b.size += p.size - before
	if b.size > 4*b.node.o.MaxAppend {
		return refuse(codes.ResourceExhausted, "the appends that have begun on one call and not ended have more than %d bytes", 4*b.node.o.MaxAppend)
	}
	if m.GetIsFinal() {
		delete(b.pending, id)
		b.size -= p.size
		b.start(ctx, p)
	}
	return nil
}

// start writes p in its turn, and answers it.
func (b *batches) start(ctx context.Context, p *batch) {
	turn, done := b.queue(p.stream)
	b.writers.Go(func() error {
		defer b.leave(p.stream, done)
		if turn != nil {
			<-turn
		}
		answer := p.write(ctx, b.node)
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.conn.Send(answer)
	})
}

// queue returns what must be closed before an append to stream may begin, and what
// to close once it is answered.
func (b *batches) queue(stream ledger.Stream) (turn <-chan struct{}, done chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	turn, done = b.last[stream], make(chan struct{})
	b.last[stream] = done
	return turn, done
}

func (b *batches) leave(stream ledger.Stream, done chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(done)
	if b.last[stream] == done {
		delete(b.last, stream)
	}
}

// begin returns the append that m begins.
func (n *Node) begin(ctx context.Context, m *streams.BatchAppendReq) *batch {
	o := m.GetOptions()
	p := &batch{options: o, id: m.GetCorrelationId()}
	p.limit = n.o.MaxAppend
	switch e := o.GetExpectedStreamPosition().(type) {
	case *streams.BatchAppendReq_Options_StreamPosition:
		p.expected = expectation{version: versionOf(e.StreamPosition)}
	case *streams.BatchAppendReq_Options_NoStream:
	case *streams.BatchAppendReq_Options_Any:
		p.expected.any = true
	case *streams.BatchAppendReq_Options_StreamExists:
		p.expected.exists = true
	default:
		p.refused = refuse(codes.InvalidArgument, "an append begins with its options, and they say which revision it expects")
		return p
	}
	p.stream, p.refused = n.mayAppend(ctx, o.GetStreamIdentifier())
	return p
}

// add adds events, unless one of them was refused: then it forgets all.
func (p *batch) add(events []*streams.BatchAppendReq_ProposedMessage) {
	for _, e := range events {
		if p.refused == nil {
			p.refused = p.proposal.add(e)
		}
	}
	if p.refused != nil {
		p.records, p.size = nil, 0
	}
}

// write writes p and returns the answer.
func (p *batch) write(ctx context.Context, n *Node) *streams.BatchAppendResp {
	if d := p.options.GetDeadline(); d != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.AsDuration())
		defer cancel()
	} else if d := p.options.GetDeadline_21_10_0(); d != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, d.AsTime())
		defer cancel()
	}
	var at written
	err := p.refused
	if err == nil {
		err = n.protect(ctx, "BatchAppend", func() (err error) {
			at, err = n.write(ctx, &p.proposal)
			return err
		})
	}
	m := &streams.BatchAppendResp{CorrelationId: p.id, StreamIdentifier: p.options.GetStreamIdentifier()}
	switch e := p.options.GetExpectedStreamPosition().(type) {
	case *streams.BatchAppendReq_Options_StreamPosition:
		m.ExpectedStreamPosition = &streams.BatchAppendResp_StreamPosition{StreamPosition: e.StreamPosition}
	case *streams.BatchAppendReq_Options_NoStream:
		m.ExpectedStreamPosition = &streams.BatchAppendResp_NoStream{NoStream: &emptypb.Empty{}}
	case *streams.BatchAppendReq_Options_Any:
		m.ExpectedStreamPosition = &streams.BatchAppendResp_Any{Any: &emptypb.Empty{}}
	case *streams.BatchAppendReq_Options_StreamExists:
		m.ExpectedStreamPosition = &streams.BatchAppendResp_StreamExists{StreamExists: &emptypb.Empty{}}
	}
	if err == nil {
		m.Result = &streams.BatchAppendResp_Success_{Success: at.batchMessage()}
		return m
	}
	m.Result = &streams.BatchAppendResp_Error{Error: n.batchError(ctx, err)}
	return m
}

// batchError is how BatchAppend says what Append says with a message of its own,
// or with a status.
func (n *Node) batchError(ctx context.Context, err error) *rpc.Status {
	if stale, ok := errors.AsType[*conflict](err); ok {
		r := refuse(codes.AlreadyExists, "WrongExpectedVersion")
		r.detail = stale.detail()
		return r.status()
	}
	return n.answer(ctx, "BatchAppend", err).status()
}

func (w written) batchMessage() *streams.BatchAppendResp_Success {
	m := &streams.BatchAppendResp_Success{
		CurrentRevisionOption: &streams.BatchAppendResp_Success_NoStream{NoStream: &emptypb.Empty{}},
		PositionOption:        &streams.BatchAppendResp_Success_NoPosition{NoPosition: &emptypb.Empty{}},
	}
	if w.version > 0 {
		m.CurrentRevisionOption = &streams.BatchAppendResp_Success_CurrentRevision{CurrentRevision: uint64(w.version - 1)}
	}
	if w.origin != nil {
		m.PositionOption = &streams.BatchAppendResp_Success_Position{Position: &shared.AllStreamPosition{
			CommitPosition: w.origin.Commit, PreparePosition: w.origin.Prepare,
		}}
	}
	return m
}

func (c *conflict) detail() *shared.WrongExpectedVersion {
	m := new(shared.WrongExpectedVersion)
	if c.current == 0 {
		m.CurrentStreamRevisionOption = &shared.WrongExpectedVersion_CurrentNoStream{CurrentNoStream: &emptypb.Empty{}}
	} else {
		m.CurrentStreamRevisionOption = &shared.WrongExpectedVersion_CurrentStreamRevision{CurrentStreamRevision: uint64(c.current - 1)}
	}
	switch {
	case c.expected.any:
		m.ExpectedStreamPositionOption = &shared.WrongExpectedVersion_ExpectedAny{ExpectedAny: &emptypb.Empty{}}
	case c.expected.exists:
		m.ExpectedStreamPositionOption = &shared.WrongExpectedVersion_ExpectedStreamExists{ExpectedStreamExists: &emptypb.Empty{}}
	case c.expected.version == 0:
		m.ExpectedStreamPositionOption = &shared.WrongExpectedVersion_ExpectedNoStream{ExpectedNoStream: &emptypb.Empty{}}
	default:
		m.ExpectedStreamPositionOption = &shared.WrongExpectedVersion_ExpectedStreamPosition{ExpectedStreamPosition: uint64(c.expected.version - 1)}
	}
	return m
}
