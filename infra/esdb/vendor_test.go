package esdb

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// A vendor is as much of a vendor's server as rights need: it keeps the streams
// that a node of ours refuses, and heeds the access control lists in them.
type vendor struct {
	streams.UnimplementedStreamsServer
	t  *testing.T
	at string

	before func(stream string) // is called before an append, if set

	mu      sync.Mutex
	streams map[string][]vendorEvent
	appends int
	lose    map[string]bool // by stream: the next append is answered Unavailable, having been written or not
}

type vendorEvent struct {
	id       uuid.UUID
	revision uint64
	kind     string
	data     []byte
}

func newVendor(t *testing.T) *vendor {
	t.Helper()
	config, _ := identity()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	v := &vendor{t: t, at: listener.Addr().String(), streams: make(map[string][]vendorEvent)}
	server := grpc.NewServer(grpc.Creds(credentials.NewTLS(config)))
	streams.RegisterStreamsServer(server, v)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-served; err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			t.Errorf("Serve = %v", err)
		}
	})
	return v
}

// client returns a client with the account user.
func (v *vendor) client(user string) *Client {
	return dial(v.t, Options{Address: "esdb://" + v.at, User: user, Password: "secret"})
}

func (v *vendor) put(stream, data string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.streams[stream] = append(v.streams[stream], vendorEvent{uuid.New(), uint64(len(v.streams[stream])), "x", []byte(data)})
}

// may reports whether user has the right on stream, which is no metadata stream.
func (v *vendor) may(user, stream, right string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.allowed(user, stream, right)
}

// allowed is may for who holds mu.
func (v *vendor) allowed(user, stream, name string) bool {
	if user == "admin" {
		return true
	}
	latest := func(stream string) []byte {
		if all := v.streams[stream]; len(all) > 0 {
			return all[len(all)-1].data
		}
		return []byte(`{}`)
	}
	// What it cannot read it ignores.
	d, _ := parseDefaults(latest(streamSettings))
	m, _ := parseMetadata(latest(metaOf + stream))
	r := map[string]right{
		"$r": rightRead, "$w": rightWrite, "$d": rightDelete, "$mw": rightMetaWrite,
		"$mr": {"$mr", func(a *acl) roles { return a.MetaRead }},
	}[name]
	roles := d.effective(stream, m.acl, r)
	return slices.Contains(roles, roleAll) || slices.Contains(roles, user)
}

// check refuses the caller of ctx who has no right on stream.
func (v *vendor) check(ctx context.Context, stream, right string) error {
	if about, isMeta := strings.CutPrefix(stream, metaOf); isMeta {
		stream, right = about, strings.Replace(right, "$", "$m", 1)
	}
	md, _ := metadata.FromIncomingContext(ctx)
	plain, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(strings.Join(md.Get("authorization"), ""), "Basic "))
	user, _, _ := strings.Cut(string(plain), ":")
	if !v.allowed(user, stream, right) {
		return status.Error(codes.PermissionDenied, "access denied")
	}
	return nil
}

// Read implements streams.StreamsServer for the last event of a stream.
func (v *vendor) Read(req *streams.ReadReq, out streams.Streams_ReadServer) error {
	name := req.GetOptions().GetStream().GetStreamIdentifier().GetStreamName()
	v.mu.Lock()
	err := v.check(out.Context(), string(name), "$r")
	all := v.streams[string(name)]
	v.mu.Unlock()
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return out.Send(&streams.ReadResp{Content: &streams.ReadResp_StreamNotFound_{StreamNotFound: &streams.ReadResp_StreamNotFound{
			StreamIdentifier: &shared.StreamIdentifier{StreamName: name},
		}}})
	}
	last := all[len(all)-1]
	return out.Send(&streams.ReadResp{Content: &streams.ReadResp_Event{Event: &streams.ReadResp_ReadEvent{
		Event: &streams.ReadResp_ReadEvent_RecordedEvent{
			Id:               &shared.UUID{Value: &shared.UUID_String_{String_: last.id.String()}},
			StreamIdentifier: &shared.StreamIdentifier{StreamName: name},
			StreamRevision:   last.revision, Data: last.data,
			Metadata: map[string]string{"type": last.kind, "created": "0", "content-type": "application/json"},
		},
	}}})
}

// Append implements streams.StreamsServer for one event at an exact revision.
func (v *vendor) Append(in streams.Streams_AppendServer) error {
	first, err := in.Recv()
	if err != nil {
		return err
	}
	second, err := in.Recv()
	if err != nil {
		return err
	}
	stream, proposed := string(first.GetOptions().GetStreamIdentifier().GetStreamName()), second.GetProposedMessage()
	if v.before != nil {
		v.before(stream)
	}
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], uint64(proposed.GetId().GetStructured().GetMostSignificantBits()))
	binary.BigEndian.PutUint64(id[8:], uint64(proposed.GetId().GetStructured().GetLeastSignificantBits()))
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.check(in.Context(), stream, "$w"); err != nil {
		return err
	}
	written, losing := v.lose[stream]
	delete(v.lose, stream)
	if losing && !written {
		return status.Error(codes.Unavailable, "not written")
	}
	all, revision := v.streams[stream], uint64(0)
	if r, ok := first.GetOptions().GetExpectedStreamRevision().(*streams.AppendReq_Options_Revision); ok {
		revision = r.Revision + 1
	}
	switch {
	case revision == uint64(len(all)):
		kind := proposed.GetMetadata()["type"]
		v.streams[stream] = append(all, vendorEvent{id, revision, kind, proposed.GetData()})
		v.appends++
	case revision < uint64(len(all)) && all[revision].id == id:
	default:
		return in.SendAndClose(&streams.AppendResp{Result: &streams.AppendResp_WrongExpectedVersion_{WrongExpectedVersion: &streams.AppendResp_WrongExpectedVersion{
			CurrentRevisionOption:  &streams.AppendResp_WrongExpectedVersion_CurrentRevision{CurrentRevision: uint64(len(all) - 1)},
			ExpectedRevisionOption: &streams.AppendResp_WrongExpectedVersion_ExpectedRevision{ExpectedRevision: revision - 1},
		}}})
	}
	if losing {
		return status.Error(codes.Unavailable, "written")
	}
	return in.SendAndClose(&streams.AppendResp{Result: &streams.AppendResp_Success_{Success: &streams.AppendResp_Success{
		CurrentRevisionOption: &streams.AppendResp_Success_CurrentRevision{CurrentRevision: revision},
		PositionOption:        &streams.AppendResp_Success_NoPosition{},
	}}})
}
