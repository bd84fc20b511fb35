package evidence

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/personal"
	"xinfang/domain/petition"
	"xinfang/domain/proof"
)

// A Disclosure (披露) says what a bundle discloses of the data keys of its case, to
// one [Reader]. Whoever has a key opens all that is sealed under it, now and later.
type Disclosure struct {
	Reader string         `json:"reader"` // as [Reader.String] writes it; empty if no key is wrapped
	Keys   []DisclosedKey `json:"keys"`   // by subject, each once
}

// A DisclosedKey is the data key of one petitioner, wrapped, or says that it was
// destroyed.
type DisclosedKey struct {
	Subject    uuid.UUID `json:"subject"`
	Commitment string    `json:"commitment"` // as in [ledger.Meta.Key]
	Wrapped    []byte    `json:"wrapped,omitzero"`
	Erased     bool      `json:"erased,omitzero"`
}

// maxKeys is the most bytes of a Disclosure: a key for each event.
const maxKeys = 300 * MaxEvents

// encode returns d as a bundle has it.
func (d *Disclosure) encode() ([]byte, error) { return json.Marshal(d, json.Deterministic(true)) }

// parseDisclosure is the inverse of encode, and takes nothing else.
func parseDisclosure(b []byte) (d Disclosure, ok bool) {
	if err := json.Unmarshal(b, &d, json.RejectUnknownMembers(true)); err != nil {
		return d, false
	}
	again, err := d.encode()
	return d, err == nil && string(again) == string(b) && d.valid()
}

// valid reports whether d has the form that it must have.
func (d *Disclosure) valid() bool {
	wrapped, last := false, uuid.Nil
	seen := make(map[string]bool)
	for _, k := range d.Keys {
		if k.Subject.String() <= last.String() || seen[k.Commitment] || !isHash(k.Commitment) {
			return false
		}
		if k.Erased == (k.Wrapped != nil) || !k.Erased && len(k.Wrapped) != lenWrapped {
			return false
		}
		last, seen[k.Commitment], wrapped = k.Subject, true, wrapped || !k.Erased
	}
	return len(d.Keys) > 0 && (d.Reader != "") == wrapped && (d.Reader == "" || isHash(d.Reader))
}

// isHash reports whether s is 32 bytes in hexadecimal, in its one form.
func isHash(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == 32 && hex.EncodeToString(b) == s
}

// A keyring is a Disclosure, and what the events of the bundle say of its keys.
type keyring struct {
	Disclosure
	petitioner uuid.UUID           // of the case, as far as the events were noted
	committed  map[string]use      // by commitment
	authorised map[uuid.UUID]int64 // subject → the event ErasureAuthorised
	opened     map[string]opened   // commitment → the key, if whoever checks has opened it
}

// A use is the first event that has committed to a key.
type use struct {
	index   int64
	subject uuid.UUID
}

type opened struct {
	subject uuid.UUID
	key     personal.Key
}

func newKeyring(d Disclosure) *keyring {
	return &keyring{Disclosure: d, committed: make(map[string]use), authorised: make(map[uuid.UUID]int64), opened: make(map[string]opened)}
}

// A Revealed is a value of personal data in clear. It does not print.
type Revealed struct {
	Index int64 // of the leaf of the event that has it
	Field personal.Field
	Plain string
}

// note takes in what an event says of keys. It returns what of it is sealed under a
// key that is open; ok is false if that cannot be opened.
func (k *keyring) note(env *ledger.Envelope) (list []Revealed, ok bool) {
	if env.Stream.Category != petition.Category {
		return nil, true
	}
	index := int64(env.Position) - 1
	key, named, erased := says(env)
	if named != uuid.Nil {
		k.petitioner = named
	}
	if _, before := k.committed[key]; !before {
		k.committed[key] = use{index, k.petitioner}
	}
	if _, before := k.authorised[erased]; !before {
		k.authorised[erased] = index
	}
	by, is := k.opened[key]
	e, err := petition.Codec.Decode(env.Type, env.Data)
	if !is || err != nil {
		return nil, true
	}
	for _, b := range petition.Boxes(e) {
		plain, ok := by.key.Open(by.subject, b.Field, b.Box)
		if !ok {
			return list, false
		}
		list = append(list, Revealed{index, b.Field, plain})
	}
	return list, true
}

// says returns what an event of a case says of keys: to which it commits, whom it makes
// the petitioner, and whose key it allows to be destroyed; zero for none. All else in it
// may be of a version that this program does not know, but for an erasure, which might
// mean something else then.
func says(env *ledger.Envelope) (key string, named, erased uuid.UUID) {
	var meta struct {
		Key string `json:"key_commitment"`
	}
	if err := json.Unmarshal(env.Meta, &meta); err != nil {
		meta.Key = ""
	}
	switch env.Type {
	case petition.Codec.Name(petition.PetitionRegistered{}), petition.Codec.Name(petition.CaseImported{}):
		var said struct {
			Petitioner struct {
				Subject string `json:"subject"`
			} `json:"petitioner"`
		}
		if err := json.Unmarshal(env.Data, &said); err == nil {
			named = subjectOf(said.Petitioner.Subject)
		}
	case petition.Codec.Name(petition.ErasureAuthorised{}):
		var said struct {
			Subject string `json:"subject"`
			Ground  string `json:"ground"`
		}
		if err := json.Unmarshal(env.Data, &said, json.RejectUnknownMembers(true)); err == nil {
			erased = subjectOf(said.Subject)
		}
	}
	return meta.Key, named, erased
}

// subjectOf returns the identity of a petitioner in its one form; zero if text is none.
func subjectOf(text string) uuid.UUID {
	id, err := uuid.Parse(text)
	if err != nil || id.String() != text {
		return uuid.Nil
	}
	return id
}

// judge returns under which events keys were destroyed, and what is wrong with what
// is disclosed, once all events were noted.
func (k *keyring) judge() (erased []int64, wrong []*proof.Finding) {
	for _, d := range k.Keys {
		first := k.committed[d.Commitment]
		authority, authorised := k.authorised[d.Subject]
		switch {
		case first.subject != d.Subject: // which is not zero
			wrong = append(wrong, malformed("披露的密钥与其主体，同该案的任何条目都对不上", "a key is disclosed to which no event of the stream has committed, of that subject"))
		case d.Erased && !authorised:
			wrong = append(wrong, unauthorised().At(first.index))
		case d.Erased:
			erased = append(erased, authority)
		}
	}
	slices.Sort(erased)
	return erased, wrong
}

func unauthorised() *proof.Finding {
	return proof.Found(proof.ErasedUnallowed, "个人信息的密钥已销毁，该案却没有批准清除的条目", "the key of personal data is destroyed, and no event of the stream has authorised that")
}

// Format writes what v is of, for every verb, and never the value itself.
func (v Revealed) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "%s of leaf %d", v.Field, v.Index)
}

// lines returns the value for a terminal, its lines one below the other.
func (v Revealed) lines() string {
	var list []string
	for line := range strings.SplitSeq(v.Plain, "\n") {
		list = append(list, ledger.Printable(line))
	}
	return strings.Join(list, "\n        ")
}
