// Package esdbnode serves a ledger (台账) over the gRPC protocol of EventStoreDB, so
// that clients made for that server read it, follow it and append to it: another
// node that keeps a replica, an inspection team with nothing of ours installed.
//
// # What is served
//
// A stream is [ledger.Stream.String], a revision is a version minus one, and a
// place in $all is an [ledger.Origin]. Data and metadata are the exact bytes of
// the ledger, both ways. The calls are Read (streams and $all, both directions,
// subscriptions, filters), Append, BatchAppend, Gossip.Read and
// ServerFeatures.GetSupportedMethods; reads are served from any [ledger.Log].
//
// Where the server has a choice, the node takes the careful one:
//
//   - Names: only what [ledger.ParseStream] accepts can be appended to, and
//     nothing that begins with "$".
//   - Nothing can be taken away. Delete, Tombstone and every append to a "$" stream
//     (metadata that truncates, rights that permit it) are PermissionDenied, and
//     [Options.Refused] is told. A stream named $settings that the ledger does not
//     hold is answered with the rights that the node enforces, see settings.go.
//   - An answer is never better than the truth. What the ledger rejected is
//     ResourceExhausted; what may have been written or not is Aborted.
//   - Links are not resolved: a ledger has none. First and last stream positions
//     are not sent: they are optional, and the Go client v4.2.0 panics on them.
//
// # Asking twice
//
// An append with an exact revision below the current one succeeds, with the
// original numbers, if the events that stand there have the ids of those proposed.
// That holds for ever. Any and stream_exists have no place to look at: there an
// append succeeds if its ids, in order, are among the last 4,096 events of the
// stream, and is written again if they are not.
//
// # Subscriptions
//
// A subscription is a loop of [ledger.Log.ReadAll] and [ledger.Log.Wait], so there
// is no seam between what was and what is new: nothing can be lost or come twice
// there. It reads when the client takes; a slow client holds one event in memory.
// Whoever loses his rights loses his subscriptions with the next event, or within
// the next thousand while he catches up.
//
// # Who may
//
// Each call is authenticated by itself, by basic credentials or by a client
// certificate, and has no rights but those that [Users] gives. Gossip and features
// are for everybody, as clients ask for them before they say who they are. Failed
// attempts of one host are answered one after the other, and ever more slowly.
package esdbnode

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"

	"xinfang/domain/ledger"
)

// Options says what a node serves, and to whom.
type Options struct {
	Log   ledger.Log   // what is served. Required
	Store ledger.Store // where appends go; nil: appends answer PermissionDenied

	// TLS is how connections are secured. If it has ClientCAs, a client may show a
	// certificate of theirs instead of credentials. Nil is no TLS, which [Node.Serve]
	// accepts on a loopback listener only.
	TLS *tls.Config

	// Users says who may do what; nil: everybody may read and append. Needs TLS:
	// credentials that anyone can overhear are none.
	Users Users

	// Refused, if set, is told of every refused attempt to take something away, or
	// to act without the right. It is called before the client is answered, and
	// concurrently.
	Refused func(context.Context, Attempt)

	// Admit, if set, says why a record is nothing that this ledger takes, such as an
	// event of one of its own categories that none of its readers could read. It sees
	// every record before it is appended.
	Admit func(ledger.Stream, ledger.Record) error

	// Leader says where the leader is, and whether it is this node; nil: it is. If it
	// is another, calls are answered with its address, which clients turn to.
	Leader func() (addr string, isLeader bool)

	Advertise string           // host:port that gossip gives for this node; "": the one the client has reached
	MaxAppend int              // most bytes that one append may have; 0 is the server's own ceiling of 16 MiB - 10,000
	Logger    *slog.Logger     // nil is silence
	Now       func() time.Time // for the time stamps of gossip and nothing else; nil: they are zero

	// Server is added to the options of the gRPC server, for tests that come
	// between.
	Server []grpc.ServerOption
}

const (
	defaultMaxAppend = 16<<20 - 10_000
	maxStreams       = 1024             // calls at the same time, of one connection
	handshake        = 10 * time.Second // most time for TLS and the first frames
	pingEvery        = time.Second      // clients ping idle connections, every 10 s unless told otherwise
)

// A Node is a running server. Its methods may be called concurrently.
type Node struct {
	o      Options
	log    *slog.Logger
	server *grpc.Server

	// life is done once the node is stopping: nothing that has no end by itself
	// begins or goes on then.
	life context.Context
	end  context.CancelFunc

	failures      failures
	subscriptions atomic.Uint64 // counts them, to name them
}

// New returns a node that is ready to [Node.Serve].
func New(o Options) (*Node, error) {
	switch {
	case o.Log == nil:
		return nil, errors.New("an EventStoreDB node needs a ledger to serve")
	case o.Users != nil && o.TLS == nil:
		return nil, errors.New("an EventStoreDB node with users needs TLS: without it, their credentials can be overheard")
	}
	if o.Advertise != "" {
		if _, err := endPoint(o.Advertise); err != nil {
			return nil, fmt.Errorf("the address to advertise: %w", err)
		}
	}
	if o.MaxAppend == 0 {
		o.MaxAppend = defaultMaxAppend
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	n := &Node{o: o, log: o.Logger}
	n.life, n.end = context.WithCancel(context.Background())

	options := []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(n.unary),
		grpc.ChainStreamInterceptor(n.stream),
		// One message is at most one append. If it is somewhat more, it is we who say
		// so, in the way that clients understand.
		grpc.MaxRecvMsgSize(o.MaxAppend + 1<<20),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.ConnectionTimeout(handshake),
		grpc.WaitForHandlers(true),
		// By default a server breaks with clients that ping an idle connection more
		// often than every five minutes; those of EventStoreDB all do.
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: pingEvery, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: time.Minute, Timeout: 20 * time.Second}),
	}
	if o.TLS != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(serverTLS(o.TLS))))
	}
	n.server = grpc.NewServer(append(options, o.Server...)...)
	streams.RegisterStreamsServer(n.server, service{Node: n})
	gossip.RegisterGossipServer(n.server, cluster{Node: n})
	serverfeatures.RegisterServerFeaturesServer(n.server, features{})
	return n, nil
}

// service is the Streams service of a node.
type service struct {
	streams.UnimplementedStreamsServer
	*Node
}

// serverTLS returns c with client certificates asked for, if it says whom to
// trust with them.
func serverTLS(c *tls.Config) *tls.Config {
	c = c.Clone()
	if c.ClientCAs != nil && c.ClientAuth == tls.NoClientCert {
		c.ClientAuth = tls.VerifyClientCertIfGiven
	}
	return c
}

// Serve takes connections from l until the node is stopped, and returns nil then.
// It refuses to serve what others can reach without TLS.
func (n *Node) Serve(l net.Listener) error {
	if tcp, ok := l.Addr().(*net.TCPAddr); ok && n.o.TLS == nil && !tcp.IP.IsLoopback() {
		return fmt.Errorf("serving the EventStoreDB protocol on %v: without TLS only a loopback address is served; configure a certificate", l.Addr())
	}
	if err := n.server.Serve(l); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return fmt.Errorf("serving the EventStoreDB protocol on %v: %w", l.Addr(), err)
	}
	return nil
}

// Stop takes no new calls, ends subscriptions, and waits until the appends and
// reads that have begun are answered. Once ctx is done it breaks them off. When it
// returns, the node no longer uses its ledger.
func (n *Node) Stop(ctx context.Context) {
	n.end()
	stop := context.AfterFunc(ctx, n.server.Stop)
	defer stop()
	n.server.GracefulStop()
}

// endPoint splits an address as gossip writes it.
func endPoint(addr string) (*gossip.EndPoint, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("%q is no host:port: %w", addr, err)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || host == "" || number == 0 {
		return nil, fmt.Errorf("%q is no host:port that a client could connect to", addr)
	}
	return &gossip.EndPoint{Address: host, Port: uint32(number)}, nil
}
