package esdb

import (
	"fmt"
	"math"
	"strconv"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"xinfang/domain/ledger"
)

// A delivery is what a source sends: an event that a ledger keeps, or word that
// there is nothing more for now.
type delivery struct {
	env       ledger.Envelope // without position and leaf; Recorded is the server's word
	tombstone bool            // env ends its stream, and its version is not known yet
	caughtUp  bool            // there is no env
	broken    *ledger.Break   // if no ledger can keep env; its position is not known yet
}

// deletedRevision is the event number that a server gives the event that ends a
// stream, whichever is its last.
const deletedRevision = math.MaxInt64

// deliver returns e, of stream, with its bytes as they are.
func deliver(stream ledger.Stream, e *esdb.RecordedEvent) delivery {
	d := delivery{env: ledger.Envelope{
		Stream: stream,
		Origin: ledger.Origin{Commit: e.Position.Commit, Prepare: e.Position.Prepare},
		Record: ledger.Record{ID: e.EventID, Type: e.EventType, Data: e.Data, Meta: e.UserMetadata},
	}}
	foreign := func(format string, args ...any) delivery {
		d.broken = &ledger.Break{Kind: ledger.Foreign, Stream: stream, ID: e.EventID, Reason: fmt.Sprintf(format, args...)}
		return d
	}
	switch {
	case e.EventNumber < deletedRevision:
		d.env.Version = ledger.Version(e.EventNumber) + 1
	case e.EventType == "$streamDeleted":
		d.tombstone = true
	default:
		return foreign("its number in the stream, %d, is impossible", e.EventNumber)
	}
	switch e.ContentType {
	case "application/json":
	case "application/octet-stream":
		d.env.Binary = true
	default:
		return foreign("its content type is %.40q", e.ContentType)
	}
	// CreatedDate has gone through nanoseconds, which end in 2262. That the client
	// ends the program (log.Fatalf) if this is no number is its own affair; the
	// supervisor of the process starts it again, and the event comes again.
	created, err := strconv.ParseInt(e.SystemMetadata["created"], 10, 64)
	if err != nil {
		return foreign("the server does not say when it was recorded")
	}
	d.env.Recorded = ledger.Ticks(created)
	return d
}

// size is about how many bytes d occupies.
func (d *delivery) size() int { return 512 + len(d.env.Data) + len(d.env.Meta) }
