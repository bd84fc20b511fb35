package esdbnode_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
	"xinfang/infra/esdbnode"
)

// fill appends n events, in turn to three streams, and returns all that store has.
func fill(t testing.TB, store *ledgertest.Store, n int) []ledger.Envelope {
	t.Helper()
	ids := []uuid.UUID{{1}, {2}, {3}}
	versions := make([]ledger.Version, len(ids))
	for i := range n {
		at := i * i % len(ids)
		r := ledgertest.Record(fmt.Sprintf(`{"b": %d, "a": "信"}`, i))
		r.Binary = i%5 == 4
		if _, err := store.Append(t.Context(), ledger.Stream{Category: "case", ID: ids[at]}, versions[at], r); err != nil {
			t.Fatal(err)
		}
		versions[at]++
	}
	var all []ledger.Envelope
	for env, err := range store.ReadAll(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, env)
	}
	return all
}

// replica returns a ledger whose places in $all have gaps, as one that was copied
// from an EventStoreDB.
func replica(t testing.TB) (*ledgertest.Store, []ledger.Envelope) {
	t.Helper()
	store := new(ledgertest.Store)
	if err := store.Adopt(t.Context(), ledgertest.Source()...); err != nil {
		t.Fatal(err)
	}
	var all []ledger.Envelope
	for env := range store.ReadAll(t.Context(), 0) {
		all = append(all, env)
	}
	return store, all
}

// check compares an event that a client has received with the ledger's.
func check(t testing.TB, got *esdb.RecordedEvent, want *ledger.Envelope) {
	t.Helper()
	content := "application/json"
	if want.Binary {
		content = "application/octet-stream"
	}
	if got.EventID != want.ID || got.EventType != want.Type || got.ContentType != content || got.StreamID != want.Stream.String() ||
		got.EventNumber != uint64(want.Version-1) || got.Position != (esdb.Position{Commit: want.Origin.Commit, Prepare: want.Origin.Prepare}) ||
		!got.CreatedDate.Equal(want.Recorded.Time()) || string(got.Data) != string(want.Data) || string(got.UserMetadata) != string(want.Meta) {
		t.Errorf("read %+v\nwant %+v", got, want)
	}
}

// receive reads to the end.
func receive(t testing.TB, r *esdb.ReadStream, err error) ([]*esdb.RecordedEvent, error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var all []*esdb.RecordedEvent
	for {
		e, err := r.Recv()
		if errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return all, err
		}
		all = append(all, e.Event)
	}
}

// TestReadStream reads a stream in every shape there is: both directions, from
// everywhere, as many as there are and more.
func TestReadStream(t *testing.T) {
	store := new(ledgertest.Store)
	all := fill(t, store, 20)
	stream := all[0].Stream
	in := slices.DeleteFunc(slices.Clone(all), func(env ledger.Envelope) bool { return env.Stream != stream })
	c := serve(t, store).client(t, "")
	n := len(in)
	for _, backwards := range []bool{false, true} {
		for from := -2; from < n+2; from++ {
			for _, count := range []int{0, 1, 2, n, n + 1, 1 << 40} {
				o := esdb.ReadStreamOptions{From: esdb.Revision(uint64(max(0, from)))}
				want := in[min(max(0, from), n):]
				if backwards {
					o.Direction = esdb.Backwards
					want = reversed(in[:min(max(0, from)+1, n)])
				}
				switch from {
				case -2:
					o.From = esdb.Start{}
				case -1:
					o.From = esdb.End{}
					if want = nil; backwards {
						want = reversed(in)
					}
				}
				want = want[:min(count, len(want))]
				r, err := c.ReadStream(t.Context(), stream.String(), o, uint64(count))
				got, err := receive(t, r, err)
				if err != nil || len(got) != len(want) {
					t.Fatalf("backwards %t, from %d, count %d: %d events, %v; want %d", backwards, from, count, len(got), err, len(want))
				}
				for i := range want {
					check(t, got[i], &want[i])
				}
			}
		}
	}
	for _, name := range []string{newStream(), "visits", "$$" + newStream(), "$other"} {
		for _, direction := range []esdb.Direction{esdb.Forwards, esdb.Backwards} {
			r, err := c.ReadStream(t.Context(), name, esdb.ReadStreamOptions{Direction: direction, From: esdb.Revision(3)}, 10)
			_, err = receive(t, r, err)
			if e, ok := errors.AsType[*esdb.Error](err); !ok || e.Code() != esdb.ErrorCodeResourceNotFound {
				t.Errorf("reading %s: %v", name, err)
			}
		}
	}
}

func reversed(envs []ledger.Envelope) []ledger.Envelope {
	envs = slices.Clone(envs)
	slices.Reverse(envs)
	return envs
}

// TestReadStreamBackwards reads the end of a stream that is longer than what is
// kept of it on the way there.
func TestReadStreamBackwards(t *testing.T) {
	store := new(ledgertest.Store)
	stream := ledgertest.NewStream()
	const total = 5000
	for i := range total {
		if _, err := store.Append(t.Context(), stream, ledger.Version(i), ledgertest.Record("{}")); err != nil {
			t.Fatal(err)
		}
	}
	c := serve(t, store).client(t, "")
	for _, count := range []int{1, 10, 2000, total} {
		for _, from := range []int{4444, total - 1} {
			r, err := c.ReadStream(t.Context(), stream.String(), esdb.ReadStreamOptions{Direction: esdb.Backwards, From: esdb.Revision(uint64(from))}, uint64(count))
			got, err := receive(t, r, err)
			if err != nil || len(got) != min(count, from+1) {
				t.Fatalf("%d events, %v; want %d", len(got), err, count)
			}
			for i, e := range got {
				if e.EventNumber != uint64(from-i) {
					t.Fatalf("event %d has revision %d, want %d", i, e.EventNumber, from-i)
				}
			}
		}
	}
}

// TestReadAll reads the ledger in every shape, a ledger of its own and one whose
// places have gaps.
func TestReadAll(t *testing.T) {
	own := new(ledgertest.Store)
	ownAll := fill(t, own, 150)
	copied, copiedAll := replica(t)
	for name, tt := range map[string]struct {
		store *ledgertest.Store
		all   []ledger.Envelope
		from  []uint64
	}{
		"own":    {own, ownAll, []uint64{0, 1, 2, 63, 64, 65, 66, 149, 150, 151, 1000, 1<<64 - 1}},
		"copied": {copied, copiedAll, []uint64{0, 1, 50, 99, 100, 101, 199, 200, 450, 800, 801, 1<<64 - 1}},
	} {
		t.Run(name, func(t *testing.T) {
			c := serve(t, tt.store).client(t, "")
			for _, count := range []int{0, 1, 2, len(tt.all), 1 << 40} {
				try := func(what string, o esdb.ReadAllOptions, want []ledger.Envelope) {
					t.Helper()
					want = want[:min(count, len(want))]
					r, err := c.ReadAll(t.Context(), o, uint64(count))
					got, err := receive(t, r, err)
					if err != nil || len(got) != len(want) {
						t.Fatalf("%s, count %d: %d events, %v; want %d", what, count, len(got), err, len(want))
					}
					for i := range want {
						check(t, got[i], &want[i])
					}
				}
				for _, from := range tt.from {
					cut := 0
					for cut < len(tt.all) && tt.all[cut].Origin.Commit < from {
						cut++
					}
					at := esdb.Position{Commit: from, Prepare: from}
					try(fmt.Sprint("forwards from ", from), esdb.ReadAllOptions{From: at}, tt.all[cut:])
					try(fmt.Sprint("backwards from ", from), esdb.ReadAllOptions{From: at, Direction: esdb.Backwards}, reversed(tt.all[:cut]))
				}
				try("forwards from the start", esdb.ReadAllOptions{From: esdb.Start{}}, tt.all)
				try("forwards from the end", esdb.ReadAllOptions{From: esdb.End{}}, nil)
				try("backwards from the start", esdb.ReadAllOptions{From: esdb.Start{}, Direction: esdb.Backwards}, nil)
				try("backwards from the end", esdb.ReadAllOptions{From: esdb.End{}, Direction: esdb.Backwards}, reversed(tt.all))
			}
		})
	}
}

// TestReadSystemStreams checks that what a replica holds of the server's own
// streams is served like anything else.
func TestReadSystemStreams(t *testing.T) {
	store, all := replica(t)
	c := serveWith(t, esdbnode.Options{Log: store}).client(t, "")
	for _, stream := range []ledger.Stream{{Category: "$settings"}, {Category: "$$case", ID: uuid.UUID{1}}} {
		r, err := c.ReadStream(t.Context(), stream.String(), esdb.ReadStreamOptions{}, 10)
		got, err := receive(t, r, err)
		if err != nil {
			t.Fatal(err)
		}
		for i := range all {
			if all[i].Stream == stream {
				check(t, got[0], &all[i])
				got = got[1:]
			}
		}
		if len(got) != 0 {
			t.Errorf("%v has %d events more than the ledger", stream, len(got))
		}
	}
}

// TestReadSettings checks that a ledger without $settings shows the rights that
// are enforced.
func TestReadSettings(t *testing.T) {
	const sample = `{"$userStreamAcl":{"$r":[%s],"$w":[%s],"$d":[],"$mr":[%[1]s],"$mw":[]},"$systemStreamAcl":{"$r":[%[1]s],"$w":[],"$d":[],"$mr":[%[1]s],"$mw":[]},"fixed":true}`
	store := new(ledgertest.Store)
	for name, tt := range map[string]struct {
		s    *served
		want string
	}{
		"both": {serveTLS(t, store), fmt.Sprintf(sample, `"read"`, `"append"`)},
		"":     {serveWith(t, esdbnode.Options{Log: store}), fmt.Sprintf(sample, `"$all"`, ``)},
	} {
		c := tt.s.client(t, name)
		for _, o := range []esdb.ReadStreamOptions{{}, {Direction: esdb.Backwards, From: esdb.End{}}} {
			r, err := c.ReadStream(t.Context(), "$settings", o, 1)
			got, err := receive(t, r, err)
			if err != nil || len(got) != 1 || got[0].EventType != "update-default-acl" || string(got[0].Data) != tt.want || got[0].EventNumber != 0 {
				t.Errorf("$settings = %v, %v; want %s", got, err, tt.want)
			}
		}
		r, err := c.ReadAll(t.Context(), esdb.ReadAllOptions{}, 10)
		if got, err := receive(t, r, err); err != nil || len(got) != 0 {
			t.Errorf("$all = %v, %v", got, err)
		}
	}
}

// TestReadRaw checks what the official client never asks for.
func TestReadRaw(t *testing.T) {
	store := new(ledgertest.Store)
	all := fill(t, store, 20)
	stub, ctx := serve(t, store).stub(t, "")

	o := fromStart(nil)
	o.UuidOption = &streams.ReadReq_Options_UUIDOption{Content: &streams.ReadReq_Options_UUIDOption_String_{String_: &shared.Empty{}}}
	o.ControlOption = &streams.ReadReq_Options_ControlOption{Compatibility: 1}
	got, err := read(ctx, t, stub, o)
	if err != nil || len(got) != len(all) {
		t.Fatalf("%d events, %v", len(got), err)
	}
	for i, m := range got {
		if e := m.GetEvent(); e.GetEvent().GetId().GetString_() != all[i].ID.String() || e.GetCommitPosition() != all[i].Origin.Commit || e.Link != nil {
			t.Errorf("event %d is %v", i, m)
		}
	}

	expression := func(e *streams.ReadReq_Options_FilterOptions_Expression) *streams.ReadReq_Options_FilterOptions {
		return &streams.ReadReq_Options_FilterOptions{Filter: &streams.ReadReq_Options_FilterOptions_StreamIdentifier{StreamIdentifier: e}}
	}
	second := all[1].Stream
	got, err = read(ctx, t, stub, fromStart(expression(&streams.ReadReq_Options_FilterOptions_Expression{Prefix: []string{"visit-", second.String()[:10]}})))
	if err != nil || len(got) == 0 {
		t.Fatalf("filtered: %d events, %v", len(got), err)
	}
	for _, m := range got {
		if name := string(m.GetEvent().GetEvent().GetStreamIdentifier().GetStreamName()); name != second.String() {
			t.Errorf("%s has passed the filter", name)
		}
	}

	backwards := fromStart(nil)
	backwards.ReadDirection, backwards.CountOption = streams.ReadReq_Options_Backwards, &streams.ReadReq_Options_Subscription{}
	uncounted := fromStart(nil)
	uncounted.CountOption = nil
	for name, o := range map[string]*streams.ReadReq_Options{
		"nothing":                  nil,
		"no stream":                {CountOption: &streams.ReadReq_Options_Count{Count: 1}},
		"no count":                 uncounted,
		"a subscription backwards": backwards,
		"an empty filter":          fromStart(&streams.ReadReq_Options_FilterOptions{}),
		"an expression of nothing": fromStart(expression(&streams.ReadReq_Options_FilterOptions_Expression{})),
		"a pattern that is none":   fromStart(expression(&streams.ReadReq_Options_FilterOptions_Expression{Regex: "("})),
		"a pattern without end":    fromStart(expression(&streams.ReadReq_Options_FilterOptions_Expression{Regex: strings.Repeat("a", 1<<13)})),
		"prefixes without end":     fromStart(expression(&streams.ReadReq_Options_FilterOptions_Expression{Prefix: make([]string, 1<<11)})),
	} {
		if got, err := read(ctx, t, stub, o); status.Code(err) != codes.InvalidArgument || len(got) != 0 {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// TestReadDamage checks that a ledger that cannot be read is no shorter ledger.
func TestReadDamage(t *testing.T) {
	store := new(ledgertest.Store)
	all := fill(t, store, 20)
	c := serveWith(t, esdbnode.Options{Log: damaged{store, 10}}).client(t, "")
	r, err := c.ReadAll(t.Context(), esdb.ReadAllOptions{}, 100)
	if got, err := receive(t, r, err); err == nil || len(got) != 9 || strings.Contains(err.Error(), "secret") {
		t.Errorf("ReadAll = %d events, %v", len(got), err)
	}
	r, err = c.ReadStream(t.Context(), all[0].Stream.String(), esdb.ReadStreamOptions{Direction: esdb.Backwards, From: esdb.End{}}, 100)
	if got, err := receive(t, r, err); err == nil || len(got) != 0 {
		t.Errorf("ReadStream = %d events, %v", len(got), err)
	}
	sub, err := c.SubscribeToAll(t.Context(), esdb.SubscribeToAllOptions{From: esdb.Start{}})
	if err != nil {
		t.Fatal(err)
	}
	for range 9 {
		if sub.Recv().EventAppeared == nil {
			t.Fatal("an event is missing")
		}
	}
	if dropped := sub.Recv().SubscriptionDropped; dropped == nil || status.Code(dropped.Error) != codes.Internal {
		t.Errorf("the subscription ends with %+v", dropped)
	}
}

// TestSlowReader checks that a reader who does not take holds the node up, and not
// in memory.
func TestSlowReader(t *testing.T) {
	const size, count = 100_000, 400 // 40 MB
	store := new(ledgertest.Store)
	stream := ledgertest.NewStream()
	for i := range count {
		if _, err := store.Append(t.Context(), stream, ledger.Version(i), ledgertest.Record(strings.Repeat("x", size))); err != nil {
			t.Fatal(err)
		}
	}
	log := &counted{Store: store}
	c := serveWith(t, esdbnode.Options{Log: log}).client(t, "")
	sub, err := c.SubscribeToAll(t.Context(), esdb.SubscribeToAllOptions{From: esdb.Start{}})
	if err != nil {
		t.Fatal(err)
	}
	var before int64 = -1
	for now := log.yielded.Load(); now != before; now = log.yielded.Load() {
		before = now
		time.Sleep(100 * time.Millisecond)
	}
	if before > count/4 {
		t.Errorf("%d of %d events were read for a client that takes none", before, count)
	}
	for i := range count {
		if e := sub.Recv().EventAppeared; e == nil || e.Event.EventNumber != uint64(i) {
			t.Fatalf("event %d is %+v", i, e)
		}
	}
}
