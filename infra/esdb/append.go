package esdb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"xinfang/domain/ledger"
)

// Append is [Store.Append] without a replica: it returns once records are recorded
// at the source, and says no more. A ledger moves there with it.
func (c *Client) Append(ctx context.Context, stream ledger.Stream, expected ledger.Version, records ...ledger.Record) error {
	if err := checkAppend(stream, records); err != nil {
		return err
	}
	_, err := newAppend(c, stream, expected, records).do(ctx)
	return err
}

// checkAppend is [ledger.CheckAppend], and leaves to the server what is its own.
func checkAppend(stream ledger.Stream, records []ledger.Record) error {
	if err := ledger.CheckAppend(stream, records); err != nil {
		return err
	}
	for i, r := range records {
		if stream.Category[0] == '$' || r.Type[0] == '$' {
			return fmt.Errorf("entry %d, %.40q of %v: what begins with $ is for the server to write: %w", i, r.Type, stream, ledger.ErrRejected)
		}
	}
	return nil
}

// An appending is one Append on its way to the source. One goroutine has it.
type appending struct {
	client   *Client
	stream   ledger.Stream
	expected ledger.Version
	ids      []uuid.UUID
	events   []esdb.EventData

	maybe bool // it was sent, and no answer has said that it was not recorded
}

// newAppend copies records: the client may still be sending when Append has
// returned, and the caller may reuse its slices.
func newAppend(c *Client, stream ledger.Stream, expected ledger.Version, records []ledger.Record) *appending {
	a := &appending{client: c, stream: stream, expected: expected}
	for _, r := range records {
		content := esdb.ContentTypeJson
		if r.Binary {
			content = esdb.ContentTypeBinary
		}
		a.ids = append(a.ids, r.ID)
		a.events = append(a.events, esdb.EventData{
			EventID: r.ID, EventType: r.Type, ContentType: content, Data: bytes.Clone(r.Data), Metadata: bytes.Clone(r.Meta),
		})
	}
	return a
}

// maxLeaders is how many leaders an append is sent to, one redirecting to the
// next, before that counts as trouble.
const maxLeaders = 3

// do sends a until there is an answer that settles it, or no sense in sending it
// again. After ErrConflict, at is a version that the stream has reached.
func (a *appending) do(ctx context.Context) (at ledger.Version, err error) {
	pause, leaders, cuts := firstPause, 0, 0
	for try := 0; ; try++ {
		err := a.send(ctx, a.expected, a.events)
		c := classify(err)
		if c == none {
			return 0, nil
		}
		a.maybe = a.maybe || !c.definite()
		if c == cut {
			// The reason was lost. An append of nothing may hear it.
			if cuts++; cuts == 2 {
				err = a.probe(ctx, err)
				c = classify(err)
			}
		}
		a.client.log.Debug("append", "stream", a.stream.String(), "try", try, "class", string(c), "err", err)
		switch {
		case ctx.Err() != nil:
			return 0, a.unknown(err)
		case c == conflict:
			return a.resolve(ctx, err)
		case c == refused, c == denied:
			return a.giveUp(ctx, err)
		case c == notLeader && leaders < maxLeaders:
			leaders++
			try--
			continue
		case try >= a.client.options.Retries:
			return a.giveUp(ctx, err)
		}
		if err := sleep(ctx, pause); err != nil {
			return 0, a.unknown(err)
		}
		pause = min(2*pause, lastPause)
	}
}

// send asks the server to write events if the stream is at version expected.
func (a *appending) send(ctx context.Context, expected ledger.Version, events []esdb.EventData) error {
	options := esdb.AppendToStreamOptions{Deadline: &a.client.options.Deadline, ExpectedRevision: esdb.NoStream{}}
	if expected > 0 {
		options.ExpectedRevision = esdb.StreamRevision{Value: uint64(expected - 1)}
	}
	return a.client.use(ctx, func(ctx context.Context, es *esdb.Client) error {
		result, err := es.AppendToStream(ctx, a.stream.String(), options, events...)
		if err == nil && result.NextExpectedVersion != uint64(expected)+uint64(len(events))-1 {
			// The client reports 1 when it does not understand the answer.
			err = fmt.Errorf("the server says that the stream goes on from %d", result.NextExpectedVersion)
		}
		return err
	})
}

// nowhere is a version that no stream has.
const nowhere ledger.Version = 1 << 62

// errTooLarge says what else can break off an append.
var errTooLarge = errors.New("the server breaks off the append while it is sent, and takes smaller ones: it is probably larger than its limit (MaxAppendSize)")

// probe sends an append of nothing that expects a version which no stream has: with
// nothing left to send, the reason of its refusal comes through, where that of a
// larger append was lost in cut. It returns that reason.
func (a *appending) probe(ctx context.Context, cut error) error {
	err := a.send(ctx, nowhere, nil)
	switch classify(err) {
	case conflict:
		return fmt.Errorf("%w: %d entries: %w", errTooLarge, len(a.events), cut)
	case refused, denied, notLeader:
		return err
	default:
		return cut
	}
}

// giveUp says what became of a, which is not sent again, after err.
func (a *appending) giveUp(ctx context.Context, err error) (ledger.Version, error) {
	if !a.maybe && !errors.Is(err, io.EOF) {
		return 0, fmt.Errorf("%v at version %d: %w: %w", a.stream, a.expected, ledger.ErrRejected, err)
	}
	return a.resolve(ctx, err)
}

// unknown says that there is no telling what became of a.
func (a *appending) unknown(err error) error {
	if !a.maybe && classify(err).definite() {
		return fmt.Errorf("%v at version %d: not recorded: %w", a.stream, a.expected, err)
	}
	return fmt.Errorf("%v at version %d: it is not known whether this was recorded, it may have been; ask again: %w", a.stream, a.expected, err)
}

// readings is how often a source is read that shows nothing where it must have
// something: a follower may lag behind the leader that has answered.
const readings = 5

// resolve reads the stream and says what became of a, after err.
func (a *appending) resolve(ctx context.Context, err error) (ledger.Version, error) {
	pause := firstPause
	for range readings {
		found, at, readErr := a.look(ctx)
		switch {
		case readErr != nil:
			return 0, a.unknown(fmt.Errorf("%w; and then: %w", err, readErr))
		case found == ours:
			return 0, nil
		case found == others, found == short && !a.maybe && classify(err) == conflict:
			return at, fmt.Errorf("%v is at version %d or later, not %d: %w (%w)", a.stream, at, a.expected, ledger.ErrConflict, err)
		case classify(err) != conflict && !a.maybe:
			return 0, fmt.Errorf("%v at version %d: %w: %w", a.stream, a.expected, ledger.ErrRejected, err)
		}
		if err := sleep(ctx, pause); err != nil {
			return 0, a.unknown(err)
		}
		pause *= 2
	}
	if a.maybe {
		return 0, a.unknown(err)
	}
	return 0, fmt.Errorf("%v is not at version %d: %w (%w)", a.stream, a.expected, ledger.ErrConflict, err)
}

// What stands where an append wanted to write.
type finding int

const (
	ours   finding = iota // its own events, all of them
	others                // events of others: it was not written and never will be
	free                  // nothing: not written, not yet written, or not yet seen
	short                 // the stream does not even reach the version that was expected
)

// look reads the stream at the source from the expected version on. at is the last
// version that it has seen.
func (a *appending) look(ctx context.Context) (found finding, at ledger.Version, err error) {
	options := esdb.ReadStreamOptions{From: esdb.StreamRevision{Value: uint64(max(a.expected-1, 0))}, Deadline: &a.client.options.Deadline}
	var ids []uuid.UUID // of the versions after expected
	err = a.client.use(ctx, func(ctx context.Context, es *esdb.Client) error {
		ids, at = nil, 0
		rs, err := es.ReadStream(ctx, a.stream.String(), options, uint64(len(a.ids))+1)
		if err != nil {
			return err
		}
		defer rs.Close()
		for {
			got, err := rs.Recv()
			if errors.Is(err, io.EOF) || classify(err) == notFound {
				return nil
			}
			if err != nil {
				return err
			}
			e := got.OriginalEvent()
			at = ledger.Version(e.EventNumber) + 1
			if at > a.expected {
				ids = append(ids, e.EventID)
			}
		}
	})
	if err != nil {
		return free, 0, err
	}
	n := min(len(ids), len(a.ids))
	switch {
	case at < a.expected:
		return short, at, nil
	case len(ids) == 0:
		return free, at, nil
	case slices.Equal(ids[:n], a.ids):
		return ours, at, nil
	}
	return others, at, nil
}
