// Package projections turns the ledger into what people look at.
//
// A case is one stream, and everything shown of a case is a pure function of its
// stream: package casefile folds it into a File, and [RowOf] cuts the File down
// to the [Row] that lists and measures need. A [View] keeps rows. A [Projector]
// keeps a view up to date; [Build] fills an empty one.
//
// # One way to make a row
//
// A projector does not update rows, it makes them again: for each case that has
// new events it folds the whole stream, a few dozen events, and writes the row
// over the old one, in one transaction with the position that the view then
// reflects. Build does the same for every case, in parallel. So a view that
// caught up event by event and one that was rebuilt hold the same rows, a
// restart is a catch-up, and "as known at" a position is a build up to there.
//
// What was turned down: applying events to stored rows, which needs the fold
// twice, once in Go and once as updates; and replaying the whole ledger by
// position for a rebuild, which needs every open case in memory.
//
// # When a projection stops
//
// An event that cannot be decoded stops the projector, and only the projector:
// the ledger goes on taking entries. [Projector.Status] names the event. Skipping
// it would show a case as it never was.
//
// The package and those below it do no I/O and know no clock.
package projections

import (
	"context"

	"xinfang/domain/ledger"
)

// A View keeps rows, one for each case, and the position that they reflect.
type View interface {
	// Position returns what the view reflects, 0 if it is empty.
	Position(ctx context.Context) (ledger.Position, error)

	// Write puts rows over those of the same cases and moves the view to
	// position at, all in one transaction: after a crash the view has both or
	// neither. It changes nothing if the view is past at already: another
	// process was faster, and made the same rows.
	Write(ctx context.Context, at ledger.Position, rows []Row) error
}
