package esdbnode

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"

	"xinfang/domain/ledger"
)

// The keys of an event's system metadata.
const (
	keyType        = "type"
	keyContentType = "content-type"
	keyCreated     = "created"
)

// A sender sends what one Read call answers. Not safe for concurrent use.
type sender struct {
	out     streams.Streams_ReadServer
	textual bool         // ids are sent as text, not as two numbers
	still   func() error // whether the caller may go on, here
	events  int          // that were sent
}

// checkEvery is after how many events a caller is asked again whether he may read.
const checkEvery = 1000

// An eventMessage is one event as it is sent, in one piece of memory.
type eventMessage struct {
	response   streams.ReadResp
	content    streams.ReadResp_Event
	event      streams.ReadResp_ReadEvent
	commit     streams.ReadResp_ReadEvent_CommitPosition
	recorded   streams.ReadResp_ReadEvent_RecordedEvent
	stream     shared.StreamIdentifier
	id         shared.UUID
	structured shared.UUID_Structured_
	bits       shared.UUID_Structured
}

// event sends env.
func (s *sender) event(env *ledger.Envelope) error {
	if s.events++; s.events%checkEvery == 0 {
		if err := s.still(); err != nil {
			return err
		}
	}
	m := new(eventMessage)
	m.stream.StreamName = appendName(make([]byte, 0, len(env.Stream.Category)+37), env.Stream)
	if s.textual {
		m.id.Value = &shared.UUID_String_{String_: env.ID.String()}
	} else {
		m.bits.MostSignificantBits = int64(binary.BigEndian.Uint64(env.ID[:8]))
		m.bits.LeastSignificantBits = int64(binary.BigEndian.Uint64(env.ID[8:]))
		m.structured.Structured = &m.bits
		m.id.Value = &m.structured
	}
	r := &m.recorded
	r.Id, r.StreamIdentifier = &m.id, &m.stream
	r.StreamRevision = uint64(env.Version - 1)
	r.CommitPosition, r.PreparePosition = env.Origin.Commit, env.Origin.Prepare
	r.Metadata = map[string]string{
		keyType:        env.Type,
		keyContentType: env.ContentType(),
		keyCreated:     strconv.FormatInt(int64(env.Recorded), 10), // or the Go client ends its process
	}
	r.CustomMetadata, r.Data = env.Meta, env.Data
	m.commit.CommitPosition = env.Origin.Commit
	m.event.Event, m.event.Position = r, &m.commit
	m.content.Event = &m.event
	m.response.Content = &m.content
	return s.out.Send(&m.response)
}

func (s *sender) confirmation(id string) error {
	return s.out.Send(&streams.ReadResp{Content: &streams.ReadResp_Confirmation{
		Confirmation: &streams.ReadResp_SubscriptionConfirmation{SubscriptionId: id},
	}})
}

func (s *sender) checkpoint(at ledger.Origin) error {
	return s.out.Send(&streams.ReadResp{Content: &streams.ReadResp_Checkpoint_{
		Checkpoint: &streams.ReadResp_Checkpoint{CommitPosition: at.Commit, PreparePosition: at.Prepare},
	}})
}

func (s *sender) caughtUp() error {
	return s.out.Send(&streams.ReadResp{Content: &streams.ReadResp_CaughtUp_{CaughtUp: &streams.ReadResp_CaughtUp{}}})
}

func (s *sender) notFound(name []byte) error {
	return s.out.Send(&streams.ReadResp{Content: &streams.ReadResp_StreamNotFound_{
		StreamNotFound: &streams.ReadResp_StreamNotFound{StreamIdentifier: &shared.StreamIdentifier{StreamName: name}},
	}})
}

// appendName appends [ledger.Stream.String] to b.
func appendName(b []byte, stream ledger.Stream) []byte {
	b = append(b, stream.Category...)
	if stream.ID == uuid.Nil {
		return b
	}
	for _, part := range [...][]byte{stream.ID[:4], stream.ID[4:6], stream.ID[6:8], stream.ID[8:10], stream.ID[10:]} {
		b = append(b, '-')
		b = hex.AppendEncode(b, part)
	}
	return b
}

func structured(id uuid.UUID) *shared.UUID {
	return &shared.UUID{Value: &shared.UUID_Structured_{Structured: &shared.UUID_Structured{
		MostSignificantBits:  int64(binary.BigEndian.Uint64(id[:8])),
		LeastSignificantBits: int64(binary.BigEndian.Uint64(id[8:])),
	}}}
}

// parseID returns the id that a client has given in either form.
func parseID(id *shared.UUID) (uuid.UUID, error) {
	var parsed uuid.UUID
	switch v := id.GetValue().(type) {
	case *shared.UUID_Structured_:
		binary.BigEndian.PutUint64(parsed[:8], uint64(v.Structured.GetMostSignificantBits()))
		binary.BigEndian.PutUint64(parsed[8:], uint64(v.Structured.GetLeastSignificantBits()))
	case *shared.UUID_String_:
		var err error
		if parsed, err = uuid.Parse(v.String_); err != nil {
			return parsed, refuse(codes.InvalidArgument, "an id is no UUID")
		}
	}
	if parsed == uuid.Nil {
		return parsed, refuse(codes.InvalidArgument, "an id is missing or zero")
	}
	return parsed, nil
}

// versionOf returns the version of a revision, the largest there is if it has none.
func versionOf(revision uint64) ledger.Version {
	return ledger.Version(min(revision, math.MaxInt64-1)) + 1
}
