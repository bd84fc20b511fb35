package esdbnode_test

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"xinfang/domain/ledger"
	"xinfang/infra/esdbnode"
)

// certificates are those of all tests: making one takes a while.
var certificates string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "esdbnode-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		certificates = dir
		if err := esdbnode.WriteCertificates(dir, []string{"127.0.0.1"}, time.Now(), rand.Reader); err != nil {
			panic(err)
		}
		return m.Run()
	}())
}

// A served is a node under test.
type served struct {
	*esdbnode.Node
	addr    string
	secrets map[string]string // by user; nil if the node has no TLS
	users   string            // path of the users' file

	mu       sync.Mutex
	attempts []esdbnode.Attempt // guarded by mu
}

// serve serves store without users or TLS.
func serve(t testing.TB, store ledger.Store) *served {
	t.Helper()
	return serveWith(t, esdbnode.Options{Log: store, Store: store})
}

// serveTLS serves store to users who may do what their names say.
func serveTLS(t testing.TB, store ledger.Store) *served {
	t.Helper()
	s := &served{secrets: make(map[string]string), users: filepath.Join(t.TempDir(), "users.json")}
	for user, roles := range map[string][]string{"reader": {"read"}, "writer": {"append"}, "both": {"read", "append"}, "none": nil} {
		secret, err := esdbnode.AddUser(s.users, user, roles, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		s.secrets[user] = secret
	}
	users, err := esdbnode.LoadUsers(s.users)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := tls.LoadX509KeyPair(filepath.Join(certificates, "127.0.0.1", "node.crt"), filepath.Join(certificates, "127.0.0.1", "node.key"))
	if err != nil {
		t.Fatal(err)
	}
	o := esdbnode.Options{Log: store, Store: store, Users: users, TLS: &tls.Config{Certificates: []tls.Certificate{cert}, ClientCAs: roots(t)}}
	return s.run(t, o)
}

func serveWith(t testing.TB, o esdbnode.Options) *served {
	t.Helper()
	return new(served).run(t, o)
}

func (s *served) run(t testing.TB, o esdbnode.Options) *served {
	t.Helper()
	o.Refused = func(_ context.Context, a esdbnode.Attempt) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.attempts = append(s.attempts, a)
	}
	node, err := esdbnode.New(o)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Node, s.addr = node, l.Addr().String()
	done := make(chan error, 1)
	go func() { done <- node.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		node.Stop(ctx)
		if err := <-done; err != nil {
			t.Errorf("Serve = %v", err)
		}
	})
	return s
}

// refused returns the attempts that the node has told of, and forgets them.
func (s *served) refused() []esdbnode.Attempt {
	s.mu.Lock()
	defer s.mu.Unlock()
	told := s.attempts
	s.attempts = nil
	return told
}

// client returns the official client, as user if the node has any. options are
// those of a connection string.
func (s *served) client(t testing.TB, user string, options ...string) *esdb.Client {
	t.Helper()
	at := s.addr
	if s.secrets == nil {
		options = append(options, "tls=false")
	} else {
		options = append(options, "tlsCaFile="+filepath.Join(certificates, "ca.crt"))
	}
	if user != "" {
		at = user + ":" + s.secrets[user] + "@" + at
	}
	cfg, err := esdb.ParseConnectionString("esdb://" + at + "?" + strings.Join(options, "&"))
	if err != nil {
		t.Fatal(err)
	}
	cfg.Logger = esdb.NoopLogging()
	c, err := esdb.NewClient(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.GetServerVersion(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// stub returns the raw protocol, and the context in which to call it as user.
func (s *served) stub(t testing.TB, user string, options ...grpc.DialOption) (streams.StreamsClient, context.Context) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	if user != "" {
		ctx = as(ctx, user, s.secrets[user])
	}
	return streams.NewStreamsClient(s.dial(t, nil, options...)), ctx
}

func as(ctx context.Context, user, secret string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user+":"+secret)))
}

func (s *served) dial(t testing.TB, cert *tls.Certificate, options ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	if s.secrets == nil {
		options = append(options, grpc.WithTransportCredentials(insecure.NewCredentials()))
	} else {
		c := &tls.Config{RootCAs: roots(t)}
		if cert != nil {
			c.Certificates = []tls.Certificate{*cert}
		}
		options = append(options, grpc.WithTransportCredentials(credentials.NewTLS(c)))
	}
	conn, err := grpc.NewClient(s.addr, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func roots(t testing.TB) *x509.CertPool {
	t.Helper()
	pem, err := os.ReadFile(filepath.Join(certificates, "ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		t.Fatal("no certificate in ca.crt")
	}
	return pool
}

func newStream() string { return "case-" + uuid.NewString() }

func event(data string) esdb.EventData {
	return esdb.EventData{EventID: uuid.New(), EventType: "Said", ContentType: esdb.ContentTypeJson, Data: []byte(data), Metadata: []byte(`{"a": 1}`)}
}

func ping(t testing.TB, c *esdb.Client) {
	t.Helper()
	if _, err := c.AppendToStream(t.Context(), newStream(), esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}, event("{}")); err != nil {
		t.Fatal(err)
	}
}

// read calls Read, without the official client.
func read(ctx context.Context, t testing.TB, stub streams.StreamsClient, o *streams.ReadReq_Options) ([]*streams.ReadResp, error) {
	t.Helper()
	call, err := stub.Read(ctx, &streams.ReadReq{Options: o})
	if err != nil {
		t.Fatal(err)
	}
	var all []*streams.ReadResp
	for {
		m, err := call.Recv()
		if errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return all, err
		}
		all = append(all, m)
	}
}

func fromStart(filter *streams.ReadReq_Options_FilterOptions) *streams.ReadReq_Options {
	o := &streams.ReadReq_Options{
		StreamOption: &streams.ReadReq_Options_All{All: &streams.ReadReq_Options_AllOptions{AllOption: &streams.ReadReq_Options_AllOptions_Start{Start: &shared.Empty{}}}},
		CountOption:  &streams.ReadReq_Options_Count{Count: 1 << 60},
	}
	if filter != nil {
		o.FilterOption = &streams.ReadReq_Options_Filter{Filter: filter}
	}
	return o
}

// undecoded is a codec that leaves messages as they are.
type undecoded struct{}

func (undecoded) Name() string { return "proto" }

func (undecoded) Marshal(v any) ([]byte, error) { return proto.Marshal(v.(proto.Message)) }

func (undecoded) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = append((*v.(*[]byte))[:0], data...)
	return nil
}

// drain counts the messages of a Read call.
func drain(t testing.TB, conn *grpc.ClientConn, o *streams.ReadReq_Options) int {
	t.Helper()
	call, err := conn.NewStream(t.Context(), &grpc.StreamDesc{ServerStreams: true}, "/event_store.client.streams.Streams/Read", grpc.ForceCodec(undecoded{}))
	if err != nil {
		t.Fatal(err)
	}
	call.SendMsg(&streams.ReadReq{Options: o})
	call.CloseSend()
	var room []byte
	for n := 0; ; n++ {
		if err := call.RecvMsg(&room); errors.Is(err, io.EOF) {
			return n
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
