// Package erasure finds keys of personal data that are gone without authority
// (个人信息清除审计). To erase is to destroy a key: the events, their hashes and their
// proofs stay as they are, so that nothing but this would tell an erasure that was
// authorised (个人信息保护法第47条) from the destruction of evidence.
//
// It compares what the events of a ledger commit to with what a vault holds. It opens
// nothing.
package erasure

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/petition"
	"xinfang/domain/proof"
)

// A Key is what a vault knows of the data key of a petitioner.
type Key struct {
	Commitment string    // see [ledger.Meta.Key]
	Held       bool      // the vault has it, and it is the one that Commitment says
	Authority  uuid.UUID // the event under which the vault has erased it; zero if it has not
}

// An Audit goes through the events of a ledger, in order.
type Audit struct {
	keys        map[uuid.UUID]*used     // by petitioner
	petitioners map[uuid.UUID]uuid.UUID // by the identity of the case's stream
	authorised  map[uuid.UUID]uuid.UUID // event ErasureAuthorised → petitioner
	elsewhere   map[uuid.UUID]bool      // petitioners whose keys another node keeps
	lost        map[lostKey]*proof.Finding
	shared      bool
}

// A used is a key, and the first event that has used it.
type used struct {
	Key
	first ledger.Position // 0 if none has
}

// A lostKey is one that the vault does not know.
type lostKey struct {
	petitioner uuid.UUID
	commitment string
}

// A Result says what has become of the keys that the events have used.
type Result struct {
	Held      int              // there
	Returned  int              // of those, which were to be destroyed: that was never done, or they came back from a backup
	Erased    int              // destroyed, as an event has authorised
	Elsewhere int              // of other nodes, which this vault says nothing of
	Lost      []*proof.Finding // ERASED_UNAUTHORISED, one for each key, at the first leaf that used it; in order
}

// New returns an audit of a vault that holds keys, by petitioner. It must have all
// that the events use that Next will be given; but if the ledger is shared by nodes
// that seal, each has its own vault, and keys that this one has never had are theirs.
func New(keys map[uuid.UUID]Key, shared bool) *Audit {
	a := &Audit{
		keys: make(map[uuid.UUID]*used, len(keys)), petitioners: make(map[uuid.UUID]uuid.UUID), authorised: make(map[uuid.UUID]uuid.UUID),
		elsewhere: make(map[uuid.UUID]bool), lost: make(map[lostKey]*proof.Finding), shared: shared,
	}
	for petitioner, k := range keys {
		a.keys[petitioner] = &used{Key: k}
	}
	return a
}

// Next takes in an event. It decodes only those that name a petitioner or a key.
func (a *Audit) Next(env *ledger.Envelope) {
	if env.Stream.Category != petition.Category {
		return
	}
	if bytes.Contains(env.Data, []byte(`"subject":"`)) {
		a.name(env)
	}
	if !bytes.Contains(env.Meta, []byte(`"key_commitment":"`)) {
		return
	}
	if meta, err := env.DecodeMeta(); err == nil && meta.Key != "" { // another's meta says nothing of our keys
		a.use(a.petitioners[env.Stream.ID], meta.Key, env)
	}
}

// name takes in an event that may name a petitioner.
func (a *Audit) name(env *ledger.Envelope) {
	e, err := petition.Codec.Decode(env.Type, env.Data)
	if err != nil {
		return
	}
	if petitioner := petition.SubjectIn(e); petitioner != uuid.Nil {
		a.petitioners[env.Stream.ID] = petitioner
	}
	if erasure, is := e.(petition.ErasureAuthorised); is {
		a.authorised[env.ID] = erasure.Subject
	}
}

// use notes that env uses the key of petitioner with that commitment.
func (a *Audit) use(petitioner uuid.UUID, commitment string, env *ledger.Envelope) {
	k, known := a.keys[petitioner]
	switch {
	case !known && a.shared:
		a.elsewhere[petitioner] = true
	case !known:
		a.lose(petitioner, commitment, env.Position, proof.Found(proof.ErasedUnallowed, "个人信息库中没有该条目所用的密钥", "the vault has not the key that this event uses"))
	case k.Commitment != commitment:
		a.lose(petitioner, commitment, env.Position, proof.Found(proof.ErasedUnallowed, "个人信息库中的密钥不是该条目所用的那一把", "the vault has another key than the one that this event uses"))
	case k.first == 0:
		k.first = env.Position
	}
}

// lose notes that a key is gone that the event at first was the first to use.
func (a *Audit) lose(petitioner uuid.UUID, commitment string, first ledger.Position, f *proof.Finding) {
	key := lostKey{petitioner, commitment}
	if _, before := a.lost[key]; !before {
		a.lost[key] = f.At(int64(first) - 1)
	}
}

// Result returns what has become of all keys that were used, once all events were
// taken in.
func (a *Audit) Result() Result {
	r, to := Result{Elsewhere: len(a.elsewhere)}, make(map[uuid.UUID]bool) // be erased
	for _, petitioner := range a.authorised {
		to[petitioner] = true
	}
	for petitioner, k := range a.keys {
		switch {
		case k.first == 0:
		case k.Held:
			if r.Held++; to[petitioner] {
				r.Returned++
			}
		case k.Authority == uuid.Nil:
			a.lose(petitioner, k.Commitment, k.first, proof.Found(proof.ErasedUnallowed, "该条目所用的密钥已被毁坏，没有清除的记录", "the key that this event uses was destroyed, and no erasure is on record"))
		case a.authorised[k.Authority] != petitioner:
			a.lose(petitioner, k.Commitment, k.first, proof.Found(proof.ErasedUnallowed, "该条目所用的密钥已销毁，所依据的条目不是台账中对该信访人的批准清除", "the key that this event uses was destroyed under an event that is not in the ledger, or does not authorise that of this petitioner"))
		default:
			r.Erased++
		}
	}
	for _, f := range a.lost {
		r.Lost = append(r.Lost, f)
	}
	slices.SortFunc(r.Lost, func(f, g *proof.Finding) int { return cmp.Compare(f.Index, g.Index) })
	return r
}
