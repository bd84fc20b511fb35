package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/infra/esdbnode"
	"xinfang/infra/segment"
)

// aNode serves store over the EventStoreDB protocol, with TLS, to everybody, and
// returns the connection string.
func aNode(t *testing.T, store *segment.Store) string {
	t.Helper()
	return serveNode(t, esdbnode.Options{Log: store, Store: store})
}

// serveNode serves what o says as aNode does.
func serveNode(t *testing.T, o esdbnode.Options) string {
	t.Helper()
	dir := t.TempDir()
	ok(t, esdbnode.WriteCertificates(dir, []string{"127.0.0.1"}, time.Now(), rand.Reader))
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "127.0.0.1", "node.crt"), filepath.Join(dir, "127.0.0.1", "node.key"))
	ok(t, err)
	o.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	n, err := esdbnode.New(o)
	ok(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	ended := make(chan error, 1)
	go func() { ended <- n.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		n.Stop(ctx)
		ok(t, <-ended)
	})
	return fmt.Sprintf("esdb://%s?tlsCaFile=%s", l.Addr(), filepath.Join(dir, "ca.crt"))
}

func aSegment(t *testing.T, dir string, o segment.Options) *segment.Store {
	t.Helper()
	s, err := segment.Open(dir, o)
	ok(t, err)
	t.Cleanup(func() { _ = s.Close() }) // it may be closed already
	return s
}

// leavesOf returns the leaf of every position of l.
func leavesOf(t *testing.T, l ledger.Log) (all []ledger.Hash) {
	t.Helper()
	for env, err := range l.ReadAll(t.Context(), 0) {
		ok(t, err)
		all = append(all, env.Leaf)
	}
	return all
}

// TestKillFollow: a follower is killed over and over while its source goes on. What
// it has is always the beginning of the source, leaf by leaf, and in the end it is
// all of it.
func TestKillFollow(t *testing.T) {
	t.Parallel()
	source := aSegment(t, t.TempDir(), segment.Options{Now: time.Now})
	address := aNode(t, source)
	writing, stop := context.WithCancel(t.Context())
	written := make(chan struct{})
	go func() {
		defer close(written)
		var streams [16]ledger.StreamHead
		for i := range streams {
			streams[i].Stream = ledger.Stream{Category: "visit", ID: uuid.New()}
		}
		for n := 0; writing.Err() == nil; n++ {
			s := &streams[n*n%len(streams)]
			records := make([]ledger.Record, 1+n%3)
			for i := range records {
				records[i] = ledger.Record{ID: uuid.New(), Type: "Said", Data: bytes.Repeat([]byte("1"), n%900+1), Meta: []byte("{}")}
			}
			if _, err := source.Append(t.Context(), s.Stream, s.Version, records...); err != nil {
				t.Errorf("Append = %v", err)
				return
			}
			s.Version += ledger.Version(len(records))
		}
	}()

	dir, kills := t.TempDir(), 0
	for end := time.Now().Add(killFor); time.Now().Before(end) && !t.Failed(); {
		cmd, said := start(t, dir, "follow", address, "--http.addr", "127.0.0.1:0", "--metrics.addr", "")
		time.Sleep(mathrand.N(150 * time.Millisecond))
		ok(t, cmd.Process.Kill())
		if !killed(t, cmd, said) {
			t.Fatalf("the follower had ended by itself\n%s", said)
		}
		kills++
	}
	stop()
	<-written
	operateOn(t, dir, "follow", address, "--once")
	operateOn(t, dir, "verify")
	replica := aSegment(t, filepath.Join(dir, ledgerDir), segment.Options{ReadOnly: true})
	want, got := leavesOf(t, source), leavesOf(t, replica)
	if len(got) != len(want) {
		t.Fatalf("after %d kills the replica has %d entries, the source %d", kills, len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("after %d kills, position %d is not what the source has there", kills, i+1)
		}
	}
	t.Logf("killed %d times; %d entries", kills, len(want))
}

// TestKillMigrate: moving out and coming home are killed over and over, and in the
// end every answer is what it was.
func TestKillMigrate(t *testing.T) {
	t.Parallel()
	made, err := quarter()
	ok(t, err)
	dir, home := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "home")
	ok(t, copyData(made, dir))
	before := operateOn(t, dir, "case", "list", "-o", "json")
	address := aNode(t, aSegment(t, t.TempDir(), segment.Options{Now: time.Now}))

	// migrate runs it until it is not killed any more, and gives it more time each
	// time.
	migrate := func(dir string, args ...string) (kills int) {
		for patience := 20 * time.Millisecond; ; patience += patience / 2 {
			cmd, said := start(t, dir, append([]string{"store", "migrate"}, args...)...)
			timer := time.AfterFunc(mathrand.N(patience), func() { _ = cmd.Process.Kill() })
			if !killed(t, cmd, said) {
				timer.Stop()
				return kills
			}
			kills++
		}
	}
	out := migrate(dir, "--from", "segment", "--to", address)
	if after := operateOn(t, dir, "case", "list", "-o", "json"); !bytes.Equal(after, before) {
		t.Errorf("after moving out, the list of cases is another")
	}
	operateOn(t, dir, "verify")
	back := migrate(home, "--from", address, "--to", "segment")
	if after := operateOn(t, home, "case", "list", "-o", "json"); !bytes.Equal(after, before) {
		t.Errorf("after coming home, the list of cases is another")
	}
	operateOn(t, home, "verify", "--without-vault") // which stays where it was
	t.Logf("killed %d times on the way out, %d times on the way home", out, back)
}

// TestMigrateBetweenRenames: a crash between the steps at the end of a move leaves
// nothing that can be written to, and the next run finishes.
func TestMigrateBetweenRenames(t *testing.T) {
	t.Parallel()
	made, err := quarter()
	ok(t, err)
	dir := filepath.Join(t.TempDir(), "data")
	ok(t, copyData(made, dir))
	address := aNode(t, aSegment(t, t.TempDir(), segment.Options{Now: time.Now}))
	operateOn(t, dir, "store", "migrate", "--from", "segment", "--to", address)
	path := func(name string) string { return filepath.Join(dir, name) }

	for name, undo := range map[string]func() error{
		"after the first rename": func() error { return os.Rename(path(ledgerDir), path(movingDir)) },
		"before the first rename": func() error {
			if err := os.Rename(path(ledgerDir), path(movingDir)); err != nil {
				return err
			}
			return os.Rename(path(beforeDir), path(ledgerDir))
		},
	} {
		ok(t, undo())
		if _, err := operate(t.Context(), dir, "org", "load", "testdata/district.toml"); err == nil {
			t.Errorf("%s: something could be written", name)
		}
		if there, err := exists(path(ledgerDir)); name == "after the first rename" && (there || err != nil) {
			t.Errorf("%s: a new ledger was begun: %v", name, err)
		}
		operateOn(t, dir, "store", "migrate", "--from", "segment", "--to", address)
		operateOn(t, dir, "verify")
		if of, err := os.ReadFile(filepath.Join(path(ledgerDir), markerFile)); err != nil || len(of) == 0 {
			t.Errorf("%s: the data directory is no replica afterwards: %v", name, err)
		}
	}
}
