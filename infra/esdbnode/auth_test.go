package esdbnode_test

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"xinfang/domain/ledger/ledgertest"
	"xinfang/infra/esdbnode"
)

func (s *served) revoke(t testing.TB, user string) {
	t.Helper()
	if err := esdbnode.RemoveUser(s.users, user); err != nil {
		t.Fatal(err)
	}
}

// TestRights tries everything as everybody.
func TestRights(t *testing.T) {
	store := new(ledgertest.Store)
	fill(t, store, 3)
	s := serveTLS(t, store)
	certified := func(user string) *tls.Certificate {
		t.Helper()
		if err := esdbnode.ClientCertificate(certificates, user, time.Now(), rand.Reader); err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(certificates, "user-"+user)
		cert, err := tls.LoadX509KeyPair(filepath.Join(dir, "client.crt"), filepath.Join(dir, "client.key"))
		if err != nil {
			t.Fatal(err)
		}
		return &cert
	}
	nodeCert, err := tls.LoadX509KeyPair(filepath.Join(certificates, "127.0.0.1", "node.crt"), filepath.Join(certificates, "127.0.0.1", "node.key"))
	if err != nil {
		t.Fatal(err)
	}
	const ok, denied, unknown = codes.OK, codes.PermissionDenied, codes.Unauthenticated
	for _, tt := range []struct {
		name           string
		user, secret   string
		header         string
		cert           *tls.Certificate
		read, append   codes.Code
		others         codes.Code // delete, tombstone, metadata
		attemptsByUser string
	}{
		{name: "nobody", read: unknown, append: unknown, others: unknown},
		{name: "a wrong secret", user: "both", secret: "changeit", read: unknown, append: unknown, others: unknown, attemptsByUser: "both"},
		{name: "no secret", user: "both", read: unknown, append: unknown, others: unknown, attemptsByUser: "both"},
		{name: "a user who is none", user: "admin", secret: s.secrets["both"], read: unknown, append: unknown, others: unknown, attemptsByUser: "admin"},
		{name: "another scheme", header: "Bearer x", read: unknown, append: unknown, others: unknown},
		{name: "a header that is none", header: "Basic %%%", read: unknown, append: unknown, others: unknown},
		{name: "without a role", user: "none", secret: s.secrets["none"], read: denied, append: denied, others: denied, attemptsByUser: "none"},
		{name: "reader", user: "reader", secret: s.secrets["reader"], read: ok, append: denied, others: denied, attemptsByUser: "reader"},
		{name: "writer", user: "writer", secret: s.secrets["writer"], read: denied, append: ok, others: denied, attemptsByUser: "writer"},
		{name: "both", user: "both", secret: s.secrets["both"], read: ok, append: ok, others: denied, attemptsByUser: "both"},
		{name: "certificate of a reader", cert: certified("reader"), read: ok, append: denied, others: denied, attemptsByUser: "reader"},
		{name: "certificate of nobody", cert: certified("nobody"), read: unknown, append: unknown, others: unknown, attemptsByUser: "nobody"},
		{name: "certificate of a node", cert: &nodeCert, read: unknown, append: unknown, others: unknown, attemptsByUser: "eventstoredb-node"},
		{name: "certificate of a reader, secret of a writer", cert: certified("reader"), user: "writer", secret: s.secrets["writer"], read: denied, append: ok, others: denied, attemptsByUser: "writer"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			conn := s.dial(t, tt.cert)
			stub := streams.NewStreamsClient(conn)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			if tt.user != "" {
				ctx = as(ctx, tt.user, tt.secret)
			} else if tt.header != "" {
				ctx = metadata.AppendToOutgoingContext(ctx, "authorization", tt.header)
			}
			one := []esdb.EventData{event("{}")}
			stream := newStream()
			id := &shared.StreamIdentifier{StreamName: []byte(stream)}
			var wantTold []string
			expect := func(what, kind, stream string, got, want codes.Code) {
				t.Helper()
				if got != want {
					t.Errorf("%s = %v, want %v", what, got, want)
				}
				if want == unknown {
					kind, stream = "authentication", ""
				}
				if want != ok {
					wantTold = append(wantTold, fmt.Sprint(kind, " ", tt.attemptsByUser, " ", stream))
				}
			}
			s.refused()
			_, err := read(ctx, t, stub, fromStart(nil))
			expect("Read", "read", "$all", status.Code(err), tt.read)
			expect("Append", "append", stream, code(appendRaw(ctx, t, stub, stream, esdb.Any{}, one)), tt.append)
			if tt.append != unknown { // else that is enough: each failure is answered later than the last
				expect("BatchAppend", "append", stream, code(appendBatch(ctx, t, stub, stream, esdb.Any{}, one)), tt.append)
				_, err = stub.Delete(ctx, &streams.DeleteReq{Options: &streams.DeleteReq_Options{StreamIdentifier: id}})
				expect("Delete", "delete", stream, status.Code(err), tt.others)
				_, err = stub.Tombstone(ctx, &streams.TombstoneReq{Options: &streams.TombstoneReq_Options{StreamIdentifier: id}})
				expect("Tombstone", "tombstone", stream, status.Code(err), tt.others)
				expect("metadata", "metadata", "$$"+stream, code(appendRaw(ctx, t, stub, "$$"+stream, esdb.Any{}, one)), tt.others)
			}
			var told []string
			for _, a := range s.refused() {
				told = append(told, fmt.Sprint(a.Kind, " ", a.User, " ", a.Stream))
				if a.Remote == "" {
					t.Errorf("the attempt %+v came from nowhere", a)
				}
			}
			if fmt.Sprint(told) != fmt.Sprint(wantTold) {
				t.Errorf("refused attempts:\n%v, want\n%v", told, wantTold)
			}
			ping(t, s.client(t, "writer")) // a success, so that failures are forgotten
			// Everybody may find out what is here.
			if _, err := gossip.NewGossipClient(conn).Read(ctx, &shared.Empty{}); err != nil {
				t.Errorf("Gossip.Read = %v", err)
			}
			if f, err := serverfeatures.NewServerFeaturesClient(conn).GetSupportedMethods(ctx, &shared.Empty{}); err != nil || f.EventStoreServerVersion != "24.10.6" {
				t.Errorf("GetSupportedMethods = %v, %v", f, err)
			}
		})
	}
}

// code returns the code that appendRaw and appendBatch give in words.
func code(outcome string) codes.Code {
	for c := codes.OK; c <= codes.Unauthenticated; c++ {
		if name := c.String(); len(outcome) > len(name) && outcome[:len(name)] == name {
			return c
		}
	}
	return codes.OK
}

// TestReadOnly checks that a node without a store takes nothing from anybody.
func TestReadOnly(t *testing.T) {
	store := new(ledgertest.Store)
	s := serveWith(t, esdbnode.Options{Log: store})
	stub, ctx := s.stub(t, "")
	if got := appendRaw(ctx, t, stub, newStream(), esdb.Any{}, []esdb.EventData{event("{}")}); code(got) != codes.PermissionDenied {
		t.Errorf("Append: %s", got)
	}
	if told := s.refused(); len(told) != 1 || told[0].Kind != "append" {
		t.Errorf("refused attempts: %+v", told)
	}
}

// TestGuessing checks that whoever guesses secrets is slow at it, and that others
// from the same host are not.
func TestGuessing(t *testing.T) {
	s := serveTLS(t, new(ledgertest.Store))
	c := s.client(t, "writer")
	stub, ctx := s.stub(t, "")
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() { stub.Delete(as(ctx, "both", fmt.Sprint("guess ", i)), &streams.DeleteReq{}) })
	}
	for len(s.refused()) == 0 && ctx.Err() == nil {
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(500 * time.Millisecond)
	if told := len(s.refused()); told > 2 {
		t.Errorf("in half a second %d guesses were answered", told)
	}
	ping(t, c)
	cancel()
	wg.Wait()
}

// TestAttemptIsText checks that what is told of an attempt can be written down,
// whatever the client has sent.
func TestAttemptIsText(t *testing.T) {
	s := serve(t, new(ledgertest.Store))
	stub, ctx := s.stub(t, "")
	name := []byte("case-督\xff\n" + strings.Repeat("x", 1<<20))
	_, err := stub.Delete(ctx, &streams.DeleteReq{Options: &streams.DeleteReq_Options{StreamIdentifier: &shared.StreamIdentifier{StreamName: name}}})
	if status.Code(err) != codes.PermissionDenied || len(err.Error()) > 1000 {
		t.Errorf("Delete = %.2000v", err)
	}
	if told := s.refused(); len(told) != 1 || !strings.HasPrefix(told[0].Stream, "case-督??xxx") || len(told[0].Stream) > 300 {
		t.Errorf("refused attempts: %.2000v", told)
	}
}

// TestDeleteOfficial checks that the official client understands that nothing can
// be deleted.
func TestDeleteOfficial(t *testing.T) {
	s := serveTLS(t, new(ledgertest.Store))
	c := s.client(t, "both")
	stream := newStream()
	_, deleted := c.DeleteStream(t.Context(), stream, esdb.DeleteStreamOptions{ExpectedRevision: esdb.Any{}})
	_, tombstoned := c.TombstoneStream(t.Context(), stream, esdb.TombstoneStreamOptions{ExpectedRevision: esdb.Any{}})
	var meta esdb.StreamMetadata
	meta.SetMaxCount(1)
	_, truncated := c.SetStreamMetadata(t.Context(), stream, esdb.AppendToStreamOptions{}, meta)
	for _, err := range []error{deleted, tombstoned, truncated} {
		if got := esdbCode(err); got != esdb.ErrorCodeAccessDenied {
			t.Errorf("%v", err)
		}
	}
}
