package esdbnode

import (
	"context"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"xinfang/domain/ledger"
)

// version is the server whose protocol the node speaks: the first in which the
// checkpoints of filtered subscriptions are right. Clients want three numbers and
// nothing else.
const version = "24.10.6"

type features struct {
	serverfeatures.UnimplementedServerFeaturesServer
}

// GetSupportedMethods says what clients may count on.
func (features) GetSupportedMethods(context.Context, *shared.Empty) (*serverfeatures.SupportedMethods, error) {
	const streams = "event_store.client.streams.streams"
	answer := &serverfeatures.SupportedMethods{EventStoreServerVersion: version}
	for _, m := range [][2]string{
		{streams, "read"}, {streams, "append"}, {streams, "batchappend"}, {streams, "delete"}, {streams, "tombstone"},
		{"event_store.client.gossip.gossip", "read"},
		{"event_store.client.server_features.serverfeatures", "getsupportedmethods"},
	} {
		answer.Methods = append(answer.Methods, &serverfeatures.SupportedMethod{ServiceName: m[0], MethodName: m[1]})
	}
	return answer, nil
}

type cluster struct {
	gossip.UnimplementedGossipServer
	*Node
}

// Read names this node, and the leader if that is another.
func (c cluster) Read(ctx context.Context, _ *shared.Empty) (*gossip.ClusterInfo, error) {
	addr := c.o.Advertise
	if addr == "" {
		if p, ok := peer.FromContext(ctx); ok && p.LocalAddr != nil {
			addr = p.LocalAddr.String()
		}
	}
	self, state := c.member(addr), gossip.MemberInfo_Leader
	members := []*gossip.MemberInfo{self}
	if c.o.Leader != nil {
		if leader, isLeader := c.o.Leader(); !isLeader {
			state = gossip.MemberInfo_Follower
			if other := c.member(leader); other != nil {
				other.State = gossip.MemberInfo_Leader
				members = append(members, other)
			}
		}
	}
	if self == nil {
		return nil, refuse(codes.Unavailable, "the node does not know its own address; configure one to advertise")
	}
	self.State = state
	return &gossip.ClusterInfo{Members: members}, nil
}

// members is the name space of instance ids, which are made from addresses.
var members = uuid.MustParse("b0a1d8a4-4a5a-5d3f-8f0e-6d1f3f5f0a77")

// member returns the member at addr, nil if addr is no address.
func (c cluster) member(addr string) *gossip.MemberInfo {
	at, err := endPoint(addr)
	if err != nil {
		return nil
	}
	m := &gossip.MemberInfo{
		InstanceId:   structured(uuid.NewSHA1(members, []byte(addr))),
		IsAlive:      true,
		HttpEndPoint: at,
	}
	if c.o.Now != nil {
		m.TimeStamp = int64(ledger.TicksOf(c.o.Now()))
	}
	return m
}

// leads returns the refusal that sends a client to the leader, nil if that is
// this node.
func (n *Node) leads() error {
	if n.o.Leader == nil {
		return nil
	}
	addr, isLeader := n.o.Leader()
	if isLeader {
		return nil
	}
	at, err := endPoint(addr)
	if err != nil {
		return refuse(codes.Unavailable, "there is no leader at the moment; try again")
	}
	r := refuse(codes.NotFound, "the leader is %s", addr)
	r.trailer = metadata.Pairs("exception", "not-leader", "leader-endpoint-host", at.Address, "leader-endpoint-port", port(at))
	return r
}
