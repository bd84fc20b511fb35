package main

import (
	"context"
	"io"
	"iter"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/custody"
	"xinfang/domain/ledger"
	"xinfang/domain/petition"
	"xinfang/domain/proof"
	"xinfang/infra/esdbnode"
	"xinfang/infra/metrics"
	"xinfang/infra/notary"
	"xinfang/infra/segment"
)

// A scavenged log is what a server has left after a scavenge.
type scavenged struct {
	ledger.Log
	gone func(ledger.Envelope) bool
}

// ReadAll implements [ledger.Log].
func (s scavenged) ReadAll(ctx context.Context, after ledger.Position) iter.Seq2[ledger.Envelope, error] {
	return func(yield func(ledger.Envelope, error) bool) {
		for env, err := range s.Log.ReadAll(ctx, after) {
			if err == nil && s.gone(env) {
				continue
			}
			if !yield(env, err) {
				return
			}
		}
	}
}

// sign has the notary of the data directory dir sign for all there is.
func sign(t *testing.T, dir string) {
	t.Helper()
	a := &app{process: process{Getenv: func(string) string { return "" }, Stderr: io.Discard, Now: time.Now}}
	a.cfg.Data = dir
	n, err := a.openNode(t.Context(), true)
	ok(t, err)
	defer n.Close()
	kept, err := a.openNotary(t.Context(), n, a.Now, a.logger())
	ok(t, err)
	defer kept.Close()
	ok(t, kept.CatchUp(t.Context()))
}

// TestScavenge has somebody hide the events of a case and scavenge the disk, on a
// server that has scavenged before and let go of what told of it. The custodian raises
// the alarm while all is still there; the audit of the server says what is missing
// then, and does not mind what was to expire.
func TestScavenge(t *testing.T) {
	t.Parallel()
	made, err := quarter()
	ok(t, err)
	dir := filepath.Join(t.TempDir(), "data")
	ok(t, copyData(made, dir))
	operateOn(t, dir, "notary", "init", "--origin", "ledger.example.gov.cn/petition")
	store := aSegment(t, filepath.Join(dir, ledgerDir), segment.Options{Now: time.Now})
	var victim ledger.StreamHead
	for head, err := range store.Streams(t.Context(), petition.Category) {
		ok(t, err)
		if victim = head; head.Version > 3 {
			break
		}
	}
	write := func(s ledger.Stream, after ledger.Version, typ, data string) ledger.Position {
		t.Helper()
		done, err := store.Append(t.Context(), s, after, ledger.Record{ID: uuid.New(), Type: typ, Data: []byte(data), Meta: []byte("{}")})
		ok(t, err)
		return done[0].Position
	}
	said := ledger.Stream{Category: "visit", ID: uuid.New()}
	older, newer := ledger.Stream{Category: notary.Scavenges, ID: uuid.New()}, ledger.Stream{Category: notary.Scavenges, ID: uuid.New()}
	write(older, 0, "$scavengeStarted", "{}")
	write(older, 1, "$scavengeCompleted", "{}")
	write(newer, 0, "$scavengeStarted", "{}")
	write(said, 0, "Said", "{}")
	write(newer, 1, "$scavengeCompleted", "{}")
	hiding := write(ledger.Stream{Category: "$$" + petition.Category, ID: victim.Stream.ID}, 0, "$metadata", `{"$tb":2}`)

	t.Run("A21 a case is hidden: the alarm", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		a := &app{process: process{Stderr: io.Discard}}
		c := &custodian{store: store, log: store, metrics: metrics.New(metrics.Build{}), logger: a.logger(), now: time.Now}
		var watching sync.WaitGroup
		watching.Go(func() { ok(t, c.watch(ctx, 0)) })
		alarm := custody.AlarmRaised{}
		for env, err := range ledger.Follow(ctx, store, hiding) {
			ok(t, err)
			if env.Stream.Category != custody.Category {
				continue
			}
			e, err := custody.Codec.Decode(env.Type, env.Data)
			ok(t, err)
			if alarm, _ = e.(custody.AlarmRaised); alarm.Kind == "metadata" {
				break
			}
		}
		cancel()
		watching.Wait()
		if alarm.Position != hiding || alarm.Stream != victim.Stream.String() {
			t.Errorf("recorded %+v", alarm)
		}
	})
	write(said, 1, "Said", "{}")
	ok(t, store.Close())
	sign(t, dir)

	trace := func(env ledger.Envelope) bool {
		return env.Stream == older || env.Stream == newer && env.Version == 1
	}
	hidden := func(env ledger.Envelope) bool { return env.Stream == victim.Stream && env.Version <= 2 }
	for _, tt := range []struct {
		name string
		gone func(ledger.Envelope) bool
		code int
		want string // in what is printed
	}{
		{"A21 nothing was scavenged yet", func(ledger.Envelope) bool { return false }, exitOK, `"verdict": "OK_UNWITNESSED"`},
		{"A21 a case hidden and scavenged", hidden, exitUnverified, `"verdict": "TAMPERED_MISSING"`},
		{"A21 a whole case scavenged", func(env ledger.Envelope) bool { return env.Stream == victim.Stream }, exitUnverified, `"verdict": "TAMPERED_MISSING"`},
		{"A21 a case scavenged, and traces expired", func(env ledger.Envelope) bool { return hidden(env) || trace(env) }, exitUnverified, `"verdict": "TAMPERED_MISSING"`},
		{"A22 traces of scavenges expired", trace, exitOK, `"expired": 3`},
		{"A22 one expired in the middle of its stream", func(env ledger.Envelope) bool { return env.Stream == older && env.Version == 2 }, exitOK, `"expired": 1`},
		{"A22 metadata is no trace that expires", func(env ledger.Envelope) bool { return trace(env) || env.Position == hiding }, exitUnverified, `"verdict": "TAMPERED_MISSING"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			left := aSegment(t, filepath.Join(dir, ledgerDir), segment.Options{Now: time.Now, ReadOnly: true})
			address := serveNode(t, esdbnode.Options{Log: scavenged{left, tt.gone}})
			var out, trouble strings.Builder
			p := process{Getenv: func(string) string { return "" }, Stdout: &out, Stderr: &trouble, Now: time.Now}
			code := run(t.Context(), []string{"--data", dir, "audit", address, "-o", "json"}, p)
			if code != tt.code || !strings.Contains(out.String(), tt.want) {
				t.Errorf("exit code %d: %s%s", code, &out, &trouble)
			}
			out.Reset()
			if tt.code == exitOK && strings.Contains(tt.want, "expired") {
				run(t.Context(), []string{"--data", dir, "--lang", "en", "audit", address}, p)
				if !strings.Contains(out.String(), "were let go by the server's own retention") {
					t.Errorf("a person is not told: %s", &out)
				}
			}
		})
	}
}

// TestFollowerTampered has one server of two alter an event, and everything fit again.
func TestFollowerTampered(t *testing.T) {
	t.Parallel()
	t.Run("A20 on one follower only", func(t *testing.T) {
		made, err := quarter()
		ok(t, err)
		dir := filepath.Join(t.TempDir(), "data")
		ok(t, copyData(made, dir))
		operateOn(t, dir, "notary", "init", "--origin", "ledger.example.gov.cn/petition")
		sign(t, dir)
		store := aSegment(t, filepath.Join(dir, ledgerDir), segment.Options{Now: time.Now, ReadOnly: true})
		leader := serveNode(t, esdbnode.Options{Log: store})
		follower := serveNode(t, esdbnode.Options{Log: rewritten{store, 100}})
		var out strings.Builder
		p := process{Getenv: func(string) string { return "" }, Stdout: &out, Stderr: io.Discard, Now: time.Now}
		code := run(t.Context(), []string{"--data", dir, "audit", leader, follower, "-o", "json"}, p)
		var nodes []auditedNode
		ok(t, decode([]byte(out.String()), &nodes))
		host := strings.TrimPrefix(strings.Split(follower, "?")[0], "esdb://")
		if code != exitUnverified || len(nodes) != 2 || nodes[0].Verdict != proof.OKUnwitnessed ||
			nodes[1].Verdict != proof.TamperedContent || nodes[1].Finding.Index != 99 || nodes[1].Node != host {
			t.Errorf("exit code %d: %s", code, &out)
		}
	})
}
