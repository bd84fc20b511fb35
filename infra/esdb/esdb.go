// Package esdb keeps a ledger (台账) in an EventStoreDB, through the official
// client, and a verified copy of it, a replica (副本), on the local disk.
//
// A [Client] is the connection. A [Copier] follows the source and keeps the
// replica. A [Store] is the [ledger.Store] made of both: it appends at the source
// and reads the replica.
//
// # Connection
//
// The official client connects on its first call without heeding the caller's
// context, closes itself for good when it finds no server, hangs callers who ask
// meanwhile, and leaks a connection each time it finds its own way back. So a
// Client never lets it: an inner client is one connection, called a link. One
// goroutine settles it, by asking for the server's version; callers wait for that
// as long as their contexts let them. The first sign that a link is dead retires
// it: nobody gets it any more, those who are on it may finish within
// Options.Grace, then it is closed, and the next caller makes a new one. The only
// way back that is left to the inner client is the redirection to a new leader,
// after which the link settles once more.
//
// # Appending
//
// An append always names the version that the stream must have; the ids of events
// are the caller's, and are the same when a command is asked again. That makes
// sending twice the same as sending once: the server compares the ids. errors.go
// has one function that sorts whatever comes back:
//
//   - It was not written: denied, deleted, too large. [ledger.ErrRejected].
//   - The stream is at another version. The source is read from the expected
//     version on: if our ids stand there we have been answered late, not wrong;
//     otherwise it is [ledger.ErrConflict], returned once the replica has what the
//     source has, so that who decides again sees why.
//   - There is no telling: a deadline, a broken connection, an abort. The same is
//     sent again, Options.Retries times at most. Unless a later answer or a reading
//     of the source settles it, the error says that it may have been recorded.
//
// An Append that has been written returns when the replica has it: whoever wrote,
// reads it.
//
// # Copying
//
// The copier subscribes to $all, unfiltered, and picks what a ledger keeps itself
// (filter.go): filtered subscriptions of a server have lost events. It starts
// after the event of a position that the replica already holds, some way before its
// head, and compares what comes again byte for byte. So the replica is its own
// bookmark, at-least-once becomes exactly-once, and a source that was restored,
// truncated or rewritten is found out at the next connection. The first difference
// is a [*ledger.Break]: the copier stops, and the replica keeps what it holds.
//
// Two goroutines share the work: the reader receives, picks and converts into a
// buffer that is bounded in events and in bytes; the copier compares and adopts.
// While one batch syncs, the next fills. What this program has appended at once is
// adopted at once (parts.go); of what others have, a reader may see the beginning
// before the end.
//
// # After a crash
//
//   - Before an event is adopted: it comes again.
//   - While a batch is being adopted: the replica has all of it, or none, or its
//     beginning, and says which by its head.
//   - After it was adopted, before its trace was told: it is read again and told,
//     as long as it is among the positions that are compared; see
//     CopierOptions.Trace.
//   - After an event was sent to the source, before the answer: the caller asks
//     again, and the ids tell.
package esdb

import (
	"log/slog"
	"time"
)

// Options says how to reach an EventStoreDB.
type Options struct {
	// Address is a connection string, esdb:// or esdb+discover://, as the official
	// client reads it. Credentials may be in it.
	Address string

	User, Password string // override what is in Address
	CAFile         string // PEM file of the authorities that are trusted; overrides tlsCaFile

	// Now is the clock by which a copier says when it last heard from its source.
	// Required.
	Now func() time.Time

	// Deadline is how long the server may take to answer one append or one reading
	// of a stream; 0 is defaultDeadline of Address, or 10 s.
	Deadline time.Duration

	// Retries is how often an append is sent again when its outcome is unknown; 0
	// is 4, less is never.
	Retries int

	// Grace is how long calls may go on over a connection that has been given up,
	// and how long Close waits for them; 0 is 5 s.
	Grace time.Duration

	// Logger hears of connections made and lost, and at the level debug what the
	// official client has to say. Nil is silence.
	Logger *slog.Logger
}
