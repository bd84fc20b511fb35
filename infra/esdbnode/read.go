package esdbnode

import (
	"context"
	"errors"
	"iter"
	"math"
	"slices"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc/codes"

	"xinfang/domain/ledger"
)

// all is what clients call the whole ledger.
const all = "$all"

// Read implements streams.StreamsServer.
func (s service) Read(req *streams.ReadReq, out streams.Streams_ReadServer) error {
	o, ctx := req.GetOptions(), out.Context()
	name := string(o.GetStream().GetStreamIdentifier().GetStreamName())
	if o.GetAll() != nil {
		name = all
	}
	if err := s.mayRead(ctx, name); err != nil {
		return err
	}
	if o.GetStream() == nil && o.GetAll() == nil {
		return refuse(codes.InvalidArgument, "a read names neither a stream nor $all")
	}
	f, err := newFilter(o.GetFilter())
	if err != nil {
		return err
	}
	to := &sender{out: out, textual: o.GetUuidOption().GetString_() != nil, still: func() error {
		return errors.Join(s.leads(), s.mayRead(ctx, name))
	}}
	backwards := o.GetReadDirection() == streams.ReadReq_Options_Backwards
	switch o.GetCountOption().(type) {
	case *streams.ReadReq_Options_Count:
		if o.GetAll() != nil {
			return s.readAll(ctx, to, o.GetAll(), backwards, o.GetCount(), f)
		}
		return s.readStream(ctx, to, o.GetStream(), backwards, o.GetCount())
	case *streams.ReadReq_Options_Subscription:
		if backwards {
			return refuse(codes.InvalidArgument, "a subscription goes forwards")
		}
		if o.GetAll() != nil {
			return s.subscribeAll(ctx, to, o.GetAll(), f)
		}
		return s.subscribeStream(ctx, to, o.GetStream())
	}
	return refuse(codes.InvalidArgument, "a read says neither how many events it wants nor that it subscribes")
}

// readStream sends up to count events of a stream, from the given one on.
func (n *Node) readStream(ctx context.Context, to *sender, o *streams.ReadReq_Options_StreamOptions, backwards bool, count uint64) error {
	name := o.GetStreamIdentifier().GetStreamName()
	stream, ok := ledger.ParseStream(string(name))
	if !ok {
		return to.notFound(name)
	}
	if backwards {
		return n.readStreamBackwards(ctx, to, stream, o, count)
	}
	var after ledger.Version
	switch from := o.GetRevisionOption().(type) {
	case *streams.ReadReq_Options_StreamOptions_Revision:
		after = versionOf(from.Revision) - 1
	case *streams.ReadReq_Options_StreamOptions_End:
		count = 0
	}
	found := false
	for env, err := range n.events(ctx, stream, after) {
		if err != nil {
			return err
		}
		if found = true; count == 0 {
			break
		}
		if err := to.event(&env); err != nil {
			return err
		}
		count--
	}
	if found {
		return nil
	}
	for _, err := range n.events(ctx, stream, 0) {
		return err
	}
	return to.notFound(name)
}

// readStreamBackwards collects what it sends: a ledger is read forwards.
func (n *Node) readStreamBackwards(ctx context.Context, to *sender, stream ledger.Stream, o *streams.ReadReq_Options_StreamOptions, count uint64) error {
	last := versionOf(math.MaxUint64)
	switch from := o.GetRevisionOption().(type) {
	case *streams.ReadReq_Options_StreamOptions_Revision:
		last = versionOf(from.Revision)
	case *streams.ReadReq_Options_StreamOptions_Start:
		last = 1
	}
	most := int(min(count, math.MaxInt32))
	var kept []ledger.Envelope
	found := false
	for env, err := range n.events(ctx, stream, 0) {
		if err != nil {
			return err
		}
		if found = true; env.Version > last {
			break
		}
		if kept = append(kept, env); len(kept) > 2*max(1024, most) {
			kept = slices.Clone(kept[len(kept)-most:])
		}
	}
	if !found {
		return to.notFound([]byte(stream.String()))
	}
	for _, env := range slices.Backward(kept[max(0, len(kept)-most):]) {
		if err := to.event(&env); err != nil {
			return err
		}
	}
	return nil
}

// readAll sends up to count events of the ledger that pass f.
func (n *Node) readAll(ctx context.Context, to *sender, o *streams.ReadReq_Options_AllOptions, backwards bool, count uint64, f *filter) error {
	var events iter.Seq2[ledger.Envelope, error]
	at, err := n.place(ctx, o)
	switch {
	case err != nil:
		return err
	case backwards:
		// As the server, and unlike a stream's revision, the place is before the
		// event there: paging by the last event's place sees none twice.
		events = n.backwards(ctx, at)
	default:
		events = n.o.Log.ReadAll(ctx, at)
	}
	for env, err := range events {
		if err != nil || count == 0 {
			return err
		}
		if !f.passes(&env) {
			continue
		}
		if err := to.event(&env); err != nil {
			return err
		}
		count--
	}
	return nil
}

// place returns the last position before the place that o names.
func (n *Node) place(ctx context.Context, o *streams.ReadReq_Options_AllOptions) (ledger.Position, error) {
	switch from := o.GetAllOption().(type) {
	case *streams.ReadReq_Options_AllOptions_Position:
		if from.Position.GetCommitPosition() == 0 {
			return 0, nil
		}
		return n.position(ctx, from.Position.GetCommitPosition()-1)
	case *streams.ReadReq_Options_AllOptions_End:
		return n.o.Log.Head(ctx)
	}
	return 0, nil
}

// position is [ledger.ByOrigin], and knows that in most ledgers a commit is the
// position.
func (n *Node) position(ctx context.Context, commit uint64) (ledger.Position, error) {
	head, err := n.o.Log.Head(ctx)
	if err != nil || commit == 0 {
		return 0, err
	}
	if commit <= uint64(head) {
		env, err := ledger.At(ctx, n.o.Log, ledger.Position(commit))
		if err != nil || env.Origin.Commit == commit {
			return env.Position, err
		}
	}
	return ledger.ByOrigin(ctx, n.o.Log, commit)
}

// backwardsPage is how many events are read at once to send them backwards.
const backwardsPage = 64

// backwards yields the envelopes up to position last, in falling order.
func (n *Node) backwards(ctx context.Context, last ledger.Position) iter.Seq2[ledger.Envelope, error] {
	return func(yield func(ledger.Envelope, error) bool) {
		for last > 0 {
			after := max(0, last-backwardsPage)
			page := make([]ledger.Envelope, 0, last-after)
			for env, err := range n.o.Log.ReadAll(ctx, after) {
				if err != nil {
					yield(env, err)
					return
				}
				if page = append(page, env); env.Position == last {
					break
				}
			}
			for _, env := range slices.Backward(page) {
				if !yield(env, nil) {
					return
				}
			}
			last = after
		}
	}
}
