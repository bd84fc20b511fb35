package esdbnode

import (
	"context"
	"iter"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"xinfang/domain/ledger"
)

// settings is the stream in which an EventStoreDB keeps its default rights.
var settings = ledger.Stream{Category: "$settings"}

// events is [ledger.Log.ReadStream]. If the ledger has no $settings, it yields the
// rights that this node enforces in their place, so that a client that asks
// whether anything can be deleted here hears that nothing can. That event is in no
// ledger and not in $all, and nobody can subscribe to it.
func (n *Node) events(ctx context.Context, stream ledger.Stream, after ledger.Version) iter.Seq2[ledger.Envelope, error] {
	if stream != settings {
		return n.o.Log.ReadStream(ctx, stream, after)
	}
	return func(yield func(ledger.Envelope, error) bool) {
		held := false
		for env, err := range n.o.Log.ReadStream(ctx, stream, 0) {
			held = true
			if (err != nil || env.Version > after) && !yield(env, err) {
				return
			}
		}
		if !held && after == 0 {
			yield(n.enforced(), nil)
		}
	}
}

// acl is a list of rights as EventStoreDB writes it.
type acl struct {
	Read      []string `json:"$r"`
	Write     []string `json:"$w"`
	Delete    []string `json:"$d"`
	MetaRead  []string `json:"$mr"`
	MetaWrite []string `json:"$mw"`
}

// enforced returns the event that states the rights this node enforces.
func (n *Node) enforced() ledger.Envelope {
	read, write := []string{"$all"}, []string{"$all"}
	if n.o.Users != nil {
		read, write = []string{roleRead}, []string{roleAppend}
	}
	nobody := []string{}
	if n.o.Store == nil {
		write = nobody
	}
	data, err := json.Marshal(struct {
		User   acl  `json:"$userStreamAcl"`
		System acl  `json:"$systemStreamAcl"`
		Fixed  bool `json:"fixed"` // nobody can set them; no other server says so
	}{
		acl{Read: read, Write: write, Delete: nobody, MetaRead: read, MetaWrite: nobody},
		acl{Read: read, Write: nobody, Delete: nobody, MetaRead: read, MetaWrite: nobody},
		true,
	})
	if err != nil {
		panic("esdbnode: lists of words that cannot be written as JSON: " + err.Error())
	}
	return ledger.Envelope{
		Stream: settings, Version: 1,
		Record: ledger.Record{ID: uuid.NewSHA1(members, data), Type: "update-default-acl", Data: data},
	}
}
