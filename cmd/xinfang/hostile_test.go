package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc"

	"xinfang/domain/ledger"
	"xinfang/infra/esdbnode"
	"xinfang/infra/notary"
	"xinfang/infra/segment"
)

// A timeless stream sends events of which the time of recording is no number, while
// its server is hostile.
type timeless struct {
	grpc.ServerStream
	hostile *atomic.Bool
}

// SendMsg implements [grpc.ServerStream].
func (s timeless) SendMsg(m any) error {
	if r, ok := m.(*streams.ReadResp); ok && r.GetEvent() != nil && s.hostile.Load() {
		r.GetEvent().GetEvent().Metadata["created"] = "yesterday"
	}
	return s.ServerStream.SendMsg(m)
}

// TestHostileServer has a server of the ledger's send an event without a time, at
// which the client that we use ends the whole program: nothing is signed for that was
// not whole, a supervisor that starts it again achieves as much until the server is
// itself again, and meanwhile the alarm of a notary that is silent sounds.
func TestHostileServer(t *testing.T) {
	t.Parallel()
	t.Run("B14 a time that is no number", func(t *testing.T) {
		source := aSegment(t, t.TempDir(), segment.Options{Now: time.Now})
		said, version := ledger.Stream{Category: "visit", ID: uuid.New()}, ledger.Version(0)
		say := func() {
			t.Helper()
			_, err := source.Append(t.Context(), said, version, ledger.Record{ID: uuid.New(), Type: "Said", Data: []byte("{}"), Meta: []byte("{}")})
			ok(t, err)
			version++
		}
		var hostile atomic.Bool
		address := serveNode(t, esdbnode.Options{Log: source, Store: source, Server: []grpc.ServerOption{grpc.ChainStreamInterceptor(
			func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
				return handle(srv, timeless{ss, &hostile})
			})}})
		dir := filepath.Join(t.TempDir(), "data")
		operateOn(t, dir, "notary", "init", "--origin", "ledger.example.gov.cn/petition")
		policy, err := readPolicy(filepath.Join(dir, notaryDir, notary.PolicyName))
		ok(t, err)
		signed := func() int64 {
			raw, err := os.ReadFile(filepath.Join(dir, notaryDir, "checkpoint"))
			if errors.Is(err, os.ErrNotExist) {
				return 0
			}
			ok(t, err)
			s, err := policy.Open(raw)
			ok(t, err)
			return s.Size
		}
		serve := func() (*exec.Cmd, *bytes.Buffer) {
			return start(t, dir, "serve", "--store", address, "--http.addr", "127.0.0.1:0", "--metrics.addr", "")
		}
		until := func(size int64) {
			t.Helper()
			for end := time.Now().Add(time.Minute); signed() < size; time.Sleep(10 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("only %d are signed for", signed())
				}
			}
		}
		dies := func(cmd *exec.Cmd, said *bytes.Buffer) {
			t.Helper()
			err := cmd.Wait()
			if exit, is := errors.AsType[*exec.ExitError](err); !is || exit.ExitCode() <= 0 {
				t.Fatalf("it ended with %v\n%s", err, said)
			}
			if !strings.Contains(said.String(), "created") {
				t.Errorf("it died of something else:\n%s", said)
			}
		}

		say()
		say()
		cmd, output := serve()
		until(2)
		hostile.Store(true)
		say()
		dies(cmd, output)
		before := signed()
		for range 2 { // as often as it is started
			dies(serve())
			if got := signed(); got != before {
				t.Errorf("%d are signed for, %d were", got, before)
			}
			operateOn(t, dir, "verify")
		}
		hostile.Store(false)
		head, err := source.Head(t.Context())
		ok(t, err)
		if before >= int64(head) {
			t.Errorf("%d were signed for while there were %d: what had no time is among them", before, head)
		}
		cmd, output = serve()
		until(int64(head))
		ok(t, cmd.Process.Signal(os.Interrupt))
		if killed(t, cmd, output) {
			t.Errorf("it did not end as it should")
		}
		operateOn(t, dir, "verify")

		rules := alertExpressions(t)
		for _, name := range []string{"NotaryStale", "LedgerMetricsAbsent"} {
			if rules[name] == "" {
				t.Errorf("there is no alarm %s for a notary that is silent", name)
			}
		}
	})
}
