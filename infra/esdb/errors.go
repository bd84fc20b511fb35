package esdb

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// ErrClosed reports that the client has been closed.
var ErrClosed = errors.New("the connection to the EventStoreDB has been closed")

// A class says what an error of the official client means for the call that got
// it, and above all whether an append was written.
type class string

// The classes of error.
const (
	none      class = ""
	unsent    class = "unsent"    // there was no connection to send anything over
	conflict  class = "conflict"  // not written: the stream is not at the expected version
	refused   class = "refused"   // not written, and will not be however often it is sent
	denied    class = "denied"    // likewise, for want of a right
	notLeader class = "notLeader" // not written: another node leads, and the client has been told which
	notFound  class = "notFound"  // there is no such stream, as far as this node knows
	cut       class = "cut"       // the server hung up while it was being sent to; see below
	timeout   class = "timeout"   // no answer in time: unknown
	lost      class = "lost"      // the link is dead: unknown
	unclear   class = "unclear"   // all else: unknown
)

// unconnected says why there is no connection.
type unconnected struct{ err error }

func (u *unconnected) Error() string { return "no connection: " + u.err.Error() }
func (u *unconnected) Unwrap() error { return u.err }

// panicked is what the official client panicked with.
type panicked struct{ value any }

func (p *panicked) Error() string {
	return fmt.Sprintf("the EventStoreDB client failed: %v", p.value)
}

// classify sorts err. The client's own FromError does not look inside wrapped
// errors and leaves many codes unknown, so errors.As looks first for its code and
// then for that of gRPC; texts are not looked at.
//
// A cut append was not written, although nothing in the answer says so. Send
// reports io.EOF when the server has ended the call while the client still had
// something to send, so the client had not said that it was done. A server writes
// an append once it has all of it, which it knows by that; and the client then
// resets the call. What the server had to say is lost with it.
func classify(err error) class {
	if err == nil {
		return none
	}
	if _, ok := errors.AsType[*unconnected](err); ok {
		return unsent
	}
	if failure, ok := errors.AsType[*esdb.Error](err); ok {
		switch failure.Code() {
		case esdb.ErrorCodeWrongExpectedVersion:
			return conflict
		case esdb.ErrorCodeNotLeader:
			return notLeader
		case esdb.ErrorCodeAccessDenied, esdb.ErrorCodeUnauthenticated:
			return denied
		case esdb.ErrorCodeStreamDeleted, esdb.ErrorCodeUnsupportedFeature:
			return refused
		case esdb.ErrorCodeResourceNotFound:
			return notFound
		case esdb.ErrorCodeDeadlineExceeded:
			return timeout
		case esdb.ErrorUnavailable, esdb.ErrorCodeConnectionClosed:
			return lost
		default: // Aborted among them: the server gave up waiting for its own commit
		}
	}
	if _, ok := errors.AsType[*panicked](err); ok {
		return lost
	}
	switch {
	case errors.Is(err, errTooLarge):
		return refused
	case errors.Is(err, io.EOF):
		return cut
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return timeout
	}
	switch status.Code(err) {
	case codes.InvalidArgument, codes.FailedPrecondition, codes.ResourceExhausted, codes.Unimplemented:
		return refused
	case codes.PermissionDenied, codes.Unauthenticated:
		return denied
	case codes.NotFound:
		return notFound
	case codes.DeadlineExceeded:
		return timeout
	case codes.Unavailable:
		return lost
	default:
		return unclear
	}
}

// definite reports whether an append that got an error of class c was not written.
func (c class) definite() bool {
	switch c {
	case unsent, conflict, refused, denied, notLeader, cut:
		return true
	case none, notFound, timeout, lost, unclear:
		return false
	}
	return false
}
