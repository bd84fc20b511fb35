package esdbnode

import (
	"bytes"
	"context"
	"errors"
	"math"
	"regexp"
	"strconv"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"

	"xinfang/domain/ledger"
)

// nearHead is how far a subscription may be behind and count as caught up: under
// load there is always something new.
const nearHead = 1000

// subscribeAll sends the events after the given one that pass f, and whatever
// comes, until ctx is done. A filtered subscription is told every so often how far
// it has come.
func (n *Node) subscribeAll(ctx context.Context, to *sender, o *streams.ReadReq_Options_AllOptions, f *filter) error {
	ctx, stop := n.mortal(ctx)
	defer stop()
	after, err := n.subscribedAfter(ctx, o)
	if err != nil {
		return err
	}
	if err := to.confirmation(n.subscription()); err != nil {
		return err
	}
	var last ledger.Origin // that was looked at
	unsaid := 0            // looked at since the client was told how far it has come
	told := func() error { // the client how far it has come
		unsaid = 0
		return to.checkpoint(last)
	}
	for caughtUp := false; ; {
		for env, err := range n.o.Log.ReadAll(ctx, after) {
			if err != nil {
				return err
			}
			if f.passes(&env) {
				if err := to.event(&env); err != nil {
					return err
				}
			}
			after, last = env.Position, env.Origin
			if unsaid++; f != nil && unsaid >= f.interval {
				if err := told(); err != nil {
					return err
				}
			}
		}
		if !caughtUp {
			head, err := n.o.Log.Head(ctx)
			if err != nil {
				return err
			}
			if caughtUp = head-after < nearHead; caughtUp {
				if f != nil && unsaid > 0 {
					err = told()
				}
				if err := errors.Join(err, to.caughtUp()); err != nil {
					return err
				}
			}
		}
		if err := n.o.Log.Wait(ctx, after); err != nil {
			return err
		}
		if err := to.still(); err != nil {
			return err
		}
	}
}

// subscribedAfter returns the position after which a subscription begins. Unlike a
// read, it does not begin with the event that it is given.
func (n *Node) subscribedAfter(ctx context.Context, o *streams.ReadReq_Options_AllOptions) (ledger.Position, error) {
	if from, ok := o.GetAllOption().(*streams.ReadReq_Options_AllOptions_Position); ok {
		return n.position(ctx, from.Position.GetCommitPosition())
	}
	return n.place(ctx, o)
}

// subscribeStream sends the events of a stream after the given one, and whatever
// comes, until ctx is done. The stream need not exist yet.
func (n *Node) subscribeStream(ctx context.Context, to *sender, o *streams.ReadReq_Options_StreamOptions) error {
	ctx, stop := n.mortal(ctx)
	defer stop()
	name := string(o.GetStreamIdentifier().GetStreamName())
	stream, ok := ledger.ParseStream(name)
	if !ok {
		return refuse(codes.InvalidArgument, "stream %.80q can have no events: a stream is named category-uuid", name)
	}
	var after ledger.Version
	switch from := o.GetRevisionOption().(type) {
	case *streams.ReadReq_Options_StreamOptions_Revision:
		after = versionOf(from.Revision)
	case *streams.ReadReq_Options_StreamOptions_End:
		var err error
		if after, err = n.version(ctx, stream); err != nil {
			return err
		}
	}
	if err := to.confirmation(n.subscription()); err != nil {
		return err
	}
	for caughtUp := false; ; {
		// Whatever comes after head wakes this loop; all before it is read now.
		head, err := n.o.Log.Head(ctx)
		if err != nil {
			return err
		}
		for env, err := range n.o.Log.ReadStream(ctx, stream, after) {
			if err != nil {
				return err
			}
			if err := to.event(&env); err != nil {
				return err
			}
			after = env.Version
		}
		if !caughtUp {
			if err := to.caughtUp(); err != nil {
				return err
			}
			caughtUp = true
		}
		if err := n.o.Log.Wait(ctx, head); err != nil {
			return err
		}
		if err := to.still(); err != nil {
			return err
		}
	}
}

// version returns the version of stream, 0 if it does not exist.
func (n *Node) version(ctx context.Context, stream ledger.Stream) (ledger.Version, error) {
	var last ledger.Version
	for env, err := range n.o.Log.ReadStream(ctx, stream, 0) {
		if err != nil {
			return 0, err
		}
		last = env.Version
	}
	return last, nil
}

// mortal returns a context that is also done once the node is stopping.
func (n *Node) mortal(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(n.life, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}

// subscription returns the name of a new subscription.
func (n *Node) subscription() string {
	return uuid.NewSHA1(members, strconv.AppendUint([]byte("subscription "), n.subscriptions.Add(1), 10)).String()
}

// A filter says which events of $all a client wants. A nil filter passes all. Not
// safe for concurrent use.
type filter struct {
	types    bool // it is about event types, not about names of streams
	prefixes [][]byte
	pattern  *regexp.Regexp // nil if there are prefixes
	interval int            // events looked at between checkpoints
	name     []byte         // scratch
}

const (
	defaultWindow = 500     // if the client sets none
	maxPattern    = 4 << 10 // bytes
	maxPrefixes   = 1 << 10
)

// newFilter returns the filter that o describes, nil if o is. A pattern has no
// look-around and takes time linear in what it is matched with.
func newFilter(o *streams.ReadReq_Options_FilterOptions) (*filter, error) {
	if o == nil {
		return nil, nil
	}
	f := &filter{types: o.GetEventType() != nil, interval: defaultWindow}
	if o.GetMax() > 0 {
		f.interval = int(o.GetMax())
	}
	f.interval *= int(min(max(1, o.GetCheckpointIntervalMultiplier()), math.MaxInt32))
	e := o.GetStreamIdentifier()
	if f.types {
		e = o.GetEventType()
	}
	switch {
	case e.GetRegex() == "" && len(e.GetPrefix()) == 0:
		return nil, refuse(codes.InvalidArgument, "a filter has neither a pattern nor prefixes")
	case len(e.GetPrefix()) > maxPrefixes || len(e.GetRegex()) > maxPattern:
		return nil, refuse(codes.InvalidArgument, "a filter has more than %d prefixes, or a pattern of more than %d bytes", maxPrefixes, maxPattern)
	case e.GetRegex() != "":
		var err error
		if f.pattern, err = regexp.Compile(e.GetRegex()); err != nil {
			return nil, refuse(codes.InvalidArgument, "the pattern of a filter: %v", err)
		}
	}
	for _, prefix := range e.GetPrefix() {
		f.prefixes = append(f.prefixes, []byte(prefix))
	}
	return f, nil
}

func (f *filter) passes(env *ledger.Envelope) bool {
	if f == nil {
		return true
	}
	if !f.types {
		f.name = appendName(f.name[:0], env.Stream)
	} else {
		f.name = append(f.name[:0], env.Type...)
	}
	if f.pattern != nil {
		return f.pattern.Match(f.name)
	}
	for _, prefix := range f.prefixes {
		if bytes.HasPrefix(f.name, prefix) {
			return true
		}
	}
	return false
}
