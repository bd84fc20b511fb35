package esdbnode

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"

	"xinfang/domain/ledger"
)

// A proposal is what a client wants to have appended.
type proposal struct {
	stream   ledger.Stream
	expected expectation
	records  []ledger.Record
	size     int // bytes so far
	limit    int // most bytes
}

// An expectation is what a client expects of a stream: that it is at a version (0:
// that it does not exist), that it exists, or anything.
type expectation struct {
	any, exists bool
	version     ledger.Version
}

// proposed is an event as either call carries it.
type proposed interface {
	GetId() *shared.UUID
	GetMetadata() map[string]string
	GetCustomMetadata() []byte
	GetData() []byte
}

// add adds one event.
func (p *proposal) add(m proposed) error {
	id, err := parseID(m.GetId())
	if err != nil {
		return err
	}
	kind, content := m.GetMetadata()[keyType], m.GetMetadata()[keyContentType]
	size := len(m.GetData()) + len(m.GetCustomMetadata())
	p.size += size + len(kind)
	switch {
	case p.size > p.limit:
		return tooLarge(p.limit, "an append has more than %d bytes", p.limit)
	case size > ledger.MaxRecordSize:
		return tooLarge(ledger.MaxRecordSize, "event %v has %d bytes, more than the %d that an entry of the ledger can have", id, size, ledger.MaxRecordSize)
	case len(p.records) == ledger.MaxBatch:
		return refuse(codes.InvalidArgument, "an append has more than %d events", ledger.MaxBatch)
	case kind == "" || len(kind) > ledger.MaxName:
		return refuse(codes.InvalidArgument, "event %v: its metadata %q is missing or longer than %d bytes", id, keyType, ledger.MaxName)
	case content == "":
		return refuse(codes.InvalidArgument, "event %v: its metadata %q is missing", id, keyContentType)
	}
	p.records = append(p.records, ledger.Record{
		ID: id, Type: kind, Data: m.GetData(), Meta: m.GetCustomMetadata(), Binary: content != "application/json",
	})
	return nil
}

// A written says where an append has put the last of its events. An append of
// none has no origin.
type written struct {
	version ledger.Version
	origin  *ledger.Origin
}

func writtenAt(envelopes []ledger.Envelope) written {
	last := &envelopes[len(envelopes)-1]
	return written{last.Version, &last.Origin}
}

// A conflict is an expectation that does not hold.
type conflict struct {
	current  ledger.Version
	expected expectation
}

// Error implements error.
func (c *conflict) Error() string { return fmt.Sprintf("the stream is at version %d", c.current) }

const (
	attempts = 16   // to append to a stream that others append to, whatever its version
	recent   = 4096 // events of a stream among which an append is looked for that may have been made before
)

// write appends what p proposes, once, however often it is proposed. It returns a
// [*conflict] if the stream is not as expected.
func (n *Node) write(ctx context.Context, p *proposal) (written, error) {
	for _, r := range p.records {
		if n.o.Admit == nil {
			break
		}
		if err := n.o.Admit(p.stream, r); err != nil {
			return written{}, refuse(codes.InvalidArgument, "event %v of %v is nothing that this ledger takes: %v", r.ID, p.stream, err)
		}
	}
	if len(p.records) == 0 {
		return n.writeNothing(ctx, p)
	}
	if !p.expected.any && !p.expected.exists {
		envelopes, err := n.o.Store.Append(ctx, p.stream, p.expected.version, p.records...)
		switch {
		case errors.Is(err, ledger.ErrConflict):
			return n.writtenBefore(ctx, p)
		case err != nil:
			return written{}, n.notWritten(ctx, p.stream, err)
		}
		return writtenAt(envelopes), nil
	}
	for range attempts {
		current, before, err := n.look(ctx, p)
		switch {
		case err != nil:
			return written{}, err
		case before != nil:
			return *before, nil
		case current == 0 && p.expected.exists:
			return written{}, &conflict{current, p.expected}
		}
		envelopes, err := n.o.Store.Append(ctx, p.stream, current, p.records...)
		switch {
		case errors.Is(err, ledger.ErrConflict):
			continue
		case err != nil:
			return written{}, n.notWritten(ctx, p.stream, err)
		}
		return writtenAt(envelopes), nil
	}
	return written{}, refuse(codes.Aborted, "others append to %v without a pause: nothing was written; try again, or say which revision is expected", p.stream)
}

// writeNothing appends no events, which only asks whether the expectation holds.
func (n *Node) writeNothing(ctx context.Context, p *proposal) (written, error) {
	current, err := n.version(ctx, p.stream)
	if err != nil {
		return written{}, err
	}
	e := p.expected
	if !e.any && (e.exists && current == 0 || !e.exists && current != e.version) {
		return written{}, &conflict{current, e}
	}
	return written{version: current}, nil
}

// writtenBefore returns where the events of p stand, if they are exactly those
// that follow the version at which p expects its stream.
func (n *Node) writtenBefore(ctx context.Context, p *proposal) (written, error) {
	var w written
	var current ledger.Version
	same := 0
	for env, err := range n.o.Log.ReadStream(ctx, p.stream, p.expected.version) {
		if err != nil {
			return w, err
		}
		place := int(env.Version - p.expected.version - 1)
		if same == place && same < len(p.records) && env.ID == p.records[same].ID {
			same++
			w = written{env.Version, &env.Origin}
		}
		current = env.Version
	}
	if same == len(p.records) {
		return w, nil
	}
	if current == 0 { // it is not even where p expects it
		var err error
		if current, err = n.version(ctx, p.stream); err != nil {
			return w, err
		}
	}
	return w, &conflict{current, p.expected}
}

// look returns the version of p's stream, and where the events of p stand if they
// are among the recent ones.
func (n *Node) look(ctx context.Context, p *proposal) (current ledger.Version, before *written, err error) {
	var ids []uuid.UUID // of the last events
	var places []written
	for env, err := range n.o.Log.ReadStream(ctx, p.stream, 0) {
		if err != nil {
			return 0, nil, err
		}
		current = env.Version
		ids, places = append(ids, env.ID), append(places, written{env.Version, &env.Origin})
		if len(ids) == 2*recent {
			ids, places = slices.Clone(ids[recent:]), slices.Clone(places[recent:])
		}
	}
	old := max(0, len(ids)-recent)
	ids, places = ids[old:], places[old:]
	for i := len(ids) - len(p.records); i >= 0; i-- {
		if slices.EqualFunc(ids[i:i+len(p.records)], p.records, func(id uuid.UUID, r ledger.Record) bool { return id == r.ID }) {
			return current, &places[i+len(p.records)-1], nil
		}
	}
	return current, nil, nil
}

func (w written) message() *streams.AppendResp_Success {
	m := &streams.AppendResp_Success{
		CurrentRevisionOption: &streams.AppendResp_Success_NoStream{NoStream: &shared.Empty{}},
		PositionOption:        &streams.AppendResp_Success_NoPosition{NoPosition: &shared.Empty{}},
	}
	if w.version > 0 {
		m.CurrentRevisionOption = &streams.AppendResp_Success_CurrentRevision{CurrentRevision: uint64(w.version - 1)}
	}
	if w.origin != nil {
		m.PositionOption = &streams.AppendResp_Success_Position{Position: &streams.AppendResp_Position{
			CommitPosition: w.origin.Commit, PreparePosition: w.origin.Prepare,
		}}
	}
	return m
}

// message returns c as Append answers it: in the fields of today and in those of
// clients before 20.6.1.
func (c *conflict) message() *streams.AppendResp_WrongExpectedVersion {
	m := new(streams.AppendResp_WrongExpectedVersion)
	if c.current == 0 {
		m.CurrentRevisionOption = &streams.AppendResp_WrongExpectedVersion_CurrentNoStream{CurrentNoStream: &shared.Empty{}}
		m.CurrentRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_NoStream_20_6_0{NoStream_20_6_0: &shared.Empty{}}
	} else {
		revision := uint64(c.current - 1)
		m.CurrentRevisionOption = &streams.AppendResp_WrongExpectedVersion_CurrentRevision{CurrentRevision: revision}
		m.CurrentRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_CurrentRevision_20_6_0{CurrentRevision_20_6_0: revision}
	}
	switch {
	case c.expected.any:
		m.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedAny{ExpectedAny: &shared.Empty{}}
		m.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_Any_20_6_0{Any_20_6_0: &shared.Empty{}}
	case c.expected.exists:
		m.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedStreamExists{ExpectedStreamExists: &shared.Empty{}}
		m.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_StreamExists_20_6_0{StreamExists_20_6_0: &shared.Empty{}}
	case c.expected.version == 0:
		m.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedNoStream{ExpectedNoStream: &shared.Empty{}}
	default:
		revision := uint64(c.expected.version - 1)
		m.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedRevision{ExpectedRevision: revision}
		m.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_ExpectedRevision_20_6_0{ExpectedRevision_20_6_0: revision}
	}
	return m
}
