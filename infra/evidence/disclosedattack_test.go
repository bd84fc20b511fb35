package evidence

import (
	"bytes"
	"crypto/hpke"
	"strings"
	"testing"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/personal"
	"xinfang/domain/petition"
	"xinfang/domain/proof"
)

var (
	petitioner, somebody = uuid.UUID{0xa}, uuid.UUID{0xb}
	dataKey, otherKey    = personal.Key{1}, personal.Key{2}
)

// A sealedCase is what happens in a case with personal data, and to its key.
type sealedCase struct {
	sealed personal.Key // under which its values are sealed; dataKey, to which its events commit, if it is zero
	two    bool         // somebody is the petitioner from the second event on, which commits to otherKey
	erased uuid.UUID    // whose data is authorised to be erased, at the end

	change func(i int, r *ledger.Record) // what else than the program recorded them; nil if that did
}

// record records the case in a world of its own, in two events or three.
func (c sealedCase) record(t testing.TB) *world {
	w := newWorld(t)
	w.append(theirs, 1)
	if c.sealed == (personal.Key{}) {
		c.sealed = dataKey
	}
	nonce := [personal.NonceSize]byte{1}
	events := []petition.Event{
		petition.PetitionRegistered{
			Petitioner: petition.Person{Subject: petitioner, Name: petition.Sealed{Masked: "欧阳某", Box: c.sealed.Seal(nonce, petitioner, personal.Name, "欧阳守礼")}},
			Claims:     []petition.Claim{{Summary: "工资", Text: petition.Sealed{Box: c.sealed.Seal(nonce, petitioner, personal.Claim, "三个月\n未付\x1b[2J")}}},
		},
		petition.ReplyIssued{No: "1", Text: petition.Sealed{Box: c.sealed.Seal(nonce, petitioner, personal.Reply, "已支付")}},
	}
	keys := []string{dataKey.Commitment(), dataKey.Commitment()}
	if c.two {
		events[1], keys[1] = petition.CaseImported{Number: "2", Petitioner: petition.Person{Subject: somebody}}, otherKey.Commitment()
	}
	if c.erased != uuid.Nil {
		events, keys = append(events, petition.ErasureAuthorised{Subject: c.erased, Ground: "第47条"}), append(keys, "")
	}
	for i, e := range events {
		record := petition.Codec.Record(e, ledger.Meta{Command: uuid.UUID{9}, Actor: ledger.Actor{Officer: "A1"}, Occurred: epoch, Key: keys[i]}, i)
		if c.change != nil {
			c.change(i, &record)
		}
		envelopes, err := w.store.Append(t.Context(), ours, ledger.Version(i), record)
		ok(t, err)
		w.take(envelopes)
	}
	return w
}

// readers are two keys of readers, made once.
var readers = func() (keys [2]*ReaderKey) {
	for i := range keys {
		key, err := kem.GenerateKey()
		if err != nil {
			panic(err)
		}
		keys[i] = &ReaderKey{key}
	}
	return keys
}()

// wrapped is a disclosure of key to the first of readers.
func wrapped(t testing.TB, subject uuid.UUID, key personal.Key) *Disclosure {
	d, err := readers[0].Reader().Wrap(subject, key)
	ok(t, err)
	return &Disclosure{readers[0].Reader().String(), []DisclosedKey{d}}
}

// destroyed is a disclosure that says that the key of petitioner was.
func destroyed() *Disclosure {
	return &Disclosure{"", []DisclosedKey{{Subject: petitioner, Commitment: dataKey.Commitment(), Erased: true}}}
}

// disclosing is an attack on a bundle of c: change makes of a genuine disclosure what
// is in the bundle, whether or not Write would.
func disclosing(name string, want proof.Verdict, c sealedCase, reader *ReaderKey, change func(t testing.TB, d *Disclosure)) attack {
	return disclosingBytes(name, want, c, reader, func(t testing.TB) []byte {
		d := wrapped(t, petitioner, dataKey)
		change(t, d)
		b, err := d.encode()
		ok(t, err)
		return b
	})
}

func disclosingBytes(name string, want proof.Verdict, c sealedCase, reader *ReaderKey, file func(t testing.TB) []byte) attack {
	return attack{name, want, func(s *specimen) ([]byte, Options) {
		w := c.record(s.t)
		s2 := w.specimen(w.size(), 1)
		s2.files[fileKeys] = file(s.t)
		return s2.pack(), Options{ReaderKey: reader}
	}}
}

// reformed replaces text in a genuine disclosure.
func reformed(name, from, to string) attack {
	return disclosingBytes("keys disclosed in another form: "+name, proof.Malformed, sealedCase{}, nil, func(t testing.TB) []byte {
		b, err := wrapped(t, petitioner, dataKey).encode()
		ok(t, err)
		changed := strings.Replace(string(b), from, to, 1)
		if changed == string(b) {
			t.Fatalf("there is no %s in %s", from, b)
		}
		return []byte(changed)
	})
}

func asItIs(testing.TB, *Disclosure)   {}
func gone(_ testing.TB, d *Disclosure) { *d = *destroyed() }

// altered is a case with an erasure, where the event at index i is recorded by somebody
// else than the program.
func altered(index int, change func(r *ledger.Record)) sealedCase {
	return sealedCase{erased: petitioner, change: func(i int, r *ledger.Record) {
		if i == index {
			change(r)
		}
	}}
}

func replaced(from, to string) func(r *ledger.Record) {
	return func(r *ledger.Record) { r.Data = bytes.Replace(r.Data, []byte(from), []byte(to), 1) }
}

func swapped(t testing.TB, d *Disclosure) {
	d.Keys[0].Wrapped = wrapped(t, petitioner, otherKey).Keys[0].Wrapped
}
func ofNoEvent(t testing.TB, d *Disclosure)  { *d = *wrapped(t, petitioner, otherKey) }
func ofSomebody(t testing.TB, d *Disclosure) { *d = *wrapped(t, somebody, dataKey) }

// mismatched wraps another key as if it were the one that the events commit to.
func mismatched(t testing.TB, d *Disclosure) {
	enc, sender, err := hpke.NewSender(readers[0].Reader().key, kdf, aead, []byte(wrapInfo))
	ok(t, err)
	sealed, err := sender.Seal(wrapContext(petitioner, dataKey.Commitment()), otherKey[:])
	ok(t, err)
	d.Keys[0].Wrapped = append(enc, sealed...)
}

var (
	upper     = strings.ToUpper(dataKey.Commitment())
	none      = sealedCase{}
	allowed   = sealedCase{erased: petitioner}
	elsewhere = sealedCase{erased: somebody}

	disclosedAttacks = []attack{
		disclosing("keys disclosed", proof.OK, none, nil, asItIs),
		disclosing("keys disclosed, and opened by their reader", proof.OK, none, readers[0], asItIs),
		disclosing("E16 disclosed key not matching its commitment", proof.Malformed, none, readers[0], mismatched),
		disclosing("E16 disclosed key not matching its commitment, though it opens all", proof.Malformed, sealedCase{sealed: otherKey}, readers[0], mismatched),
		disclosing("E16 disclosed key put in the place of another", proof.Malformed, none, readers[0], swapped),
		disclosing("E16 disclosed key of a commitment that no event has", proof.Malformed, none, nil, ofNoEvent),
		disclosing("E16 disclosed key of another petitioner", proof.Malformed, none, nil, ofSomebody),
		disclosing("keys wrapped for another reader", proof.OK, none, readers[1], asItIs),
		disclosing("a value sealed under another key than the event commits to", proof.Malformed, sealedCase{sealed: otherKey}, readers[0], asItIs),
		disclosing("key disclosed that was to be erased", proof.OK, allowed, readers[0], asItIs),
		{"a reader, and nothing is disclosed", proof.OK, func(s *specimen) ([]byte, Options) {
			return s.bundle, Options{ReaderKey: readers[0]}
		}},

		disclosing("A27 key erased, with authorisation", proof.OK, allowed, nil, gone),
		disclosing("A27 key erased, with authorisation, and a reader", proof.OK, allowed, readers[0], gone),
		disclosing("A26 key erased without authorisation", proof.ErasedUnallowed, none, nil, gone),
		disclosing("A26 key erased, and it was that of somebody else that was to be", proof.ErasedUnallowed, elsewhere, nil, gone),
		disclosing("A26 key erased, and said to be that of somebody else that was to be", proof.Malformed, elsewhere, nil, func(_ testing.TB, d *Disclosure) {
			*d = *destroyed()
			d.Keys[0].Subject = somebody
		}),
		{"A26 key erased, and the authorisation left out", proof.ErasedUnallowed, func(s *specimen) ([]byte, Options) {
			s2 := erasedSpecimen(s.t)
			s2.drop(2)
			return s2.pack(), Options{}
		}},
		{"A27 key erased, and the authorisation altered", proof.TamperedContent, func(s *specimen) ([]byte, Options) {
			s2 := erasedSpecimen(s.t)
			data := fileEvent(2) + ".data"
			s2.files[data] = bytes.Replace(s2.files[data], []byte(petitioner.String()), []byte(somebody.String()), 1)
			return s2.pack(), Options{}
		}},
		{"an altered event with a disclosed key", proof.TamperedContent, func(s *specimen) ([]byte, Options) {
			s2 := erasedSpecimen(s.t)
			s2.files[fileEvent(0)+".meta"][3] ^= 1
			return s2.pack(), Options{}
		}},

		disclosing("key of an event of a type that only a newer program knows", proof.OK, altered(1, func(r *ledger.Record) {
			r.Type = "PetitionSung"
			r.Meta = bytes.Replace(r.Meta, []byte(dataKey.Commitment()), []byte(otherKey.Commitment()), 1)
		}), nil, func(t testing.TB, d *Disclosure) { *d = *wrapped(t, petitioner, otherKey) }),
		disclosing("key of a petition with a member that only a newer program knows", proof.OK, altered(0, replaced(`{`, `{"more":1,`)), nil, asItIs),
		disclosing("key of a petition of nobody", proof.Malformed, altered(0, replaced(`"subject":"`, `"subject":null,"s":"`)), nil, asItIs),
		disclosing("key of a petition that is no JSON", proof.Malformed, altered(0, replaced(`{`, `{"x":NaN,`)), nil, asItIs),
		disclosing("key of a petition with half a surrogate pair", proof.Malformed, altered(0, replaced(`{`, `{"x":"\ud800",`)), nil, asItIs),
		disclosing("A26 key erased, and authorised with a member more", proof.ErasedUnallowed, altered(2, replaced(`{`, `{"not":true,`)), nil, gone),
		disclosing("A26 key erased, and authorised for one in capitals", proof.ErasedUnallowed, altered(2, replaced(`0a00`, `0A00`)), nil, gone),
		disclosing("A26 key erased, and authorised on a ground that is none", proof.ErasedUnallowed, altered(2, replaced(`"第47条"`, `47`)), nil, gone),
		disclosing("A27 key erased, and authorised in another order", proof.OK, altered(2, func(r *ledger.Record) {
			r.Data = []byte(`{ "ground": "第47条", "subject": "` + petitioner.String() + `" }`)
		}), nil, gone),
		disclosing("keys disclosed, one twice", proof.Malformed, none, nil, func(_ testing.TB, d *Disclosure) { d.Keys = append(d.Keys, d.Keys[0]) }),
		disclosing("keys disclosed, a commitment twice", proof.Malformed, none, nil, func(_ testing.TB, d *Disclosure) {
			d.Keys = append(d.Keys, d.Keys[0])
			d.Keys[1].Subject = somebody
		}),
		disclosing("keys of two disclosed", proof.OK, sealedCase{two: true}, nil, func(t testing.TB, d *Disclosure) {
			d.Keys = append(d.Keys, wrapped(t, somebody, otherKey).Keys...)
		}),
		disclosing("keys of two disclosed, out of order", proof.Malformed, sealedCase{two: true}, nil, func(t testing.TB, d *Disclosure) {
			d.Keys = append(wrapped(t, somebody, otherKey).Keys, d.Keys...)
		}),
		disclosing("two keys of one disclosed", proof.Malformed, sealedCase{two: true}, nil, func(t testing.TB, d *Disclosure) {
			d.Keys = append(d.Keys, wrapped(t, petitioner, otherKey).Keys...)
		}),
		disclosing("keys disclosed, both wrapped and erased", proof.Malformed, allowed, nil, func(_ testing.TB, d *Disclosure) { d.Keys[0].Erased = true }),
		disclosing("keys disclosed, neither wrapped nor erased", proof.Malformed, allowed, nil, func(_ testing.TB, d *Disclosure) { d.Keys[0].Wrapped = nil }),
		disclosing("keys disclosed, wrapped in a byte more", proof.Malformed, none, nil, func(_ testing.TB, d *Disclosure) { d.Keys[0].Wrapped = append(d.Keys[0].Wrapped, 0) }),
		disclosing("keys disclosed, wrapped in nothing", proof.Malformed, none, nil, func(_ testing.TB, d *Disclosure) { d.Keys[0].Wrapped = []byte{} }),
		disclosing("keys disclosed to nobody", proof.Malformed, none, nil, func(_ testing.TB, d *Disclosure) { d.Reader = "" }),
		disclosing("keys disclosed to a reader that is no key", proof.Malformed, none, nil, func(_ testing.TB, d *Disclosure) { d.Reader = d.Reader[2:] }),
		disclosing("a reader of erased keys", proof.Malformed, allowed, nil, func(_ testing.TB, d *Disclosure) {
			d.Keys = destroyed().Keys
		}),
		disclosing("no keys disclosed, in a file", proof.Malformed, none, nil, func(_ testing.TB, d *Disclosure) { *d = Disclosure{} }),
		disclosing("keys disclosed of nobody", proof.Malformed, none, nil, func(_ testing.TB, d *Disclosure) { d.Keys[0].Subject = uuid.Nil }),
		reformed("commitment in capitals", dataKey.Commitment(), upper),
		reformed("another member", `{"reader"`, `{"more":1,"reader"`),
		reformed("a space", `{"reader"`, `{ "reader"`),
		reformed("not erased", `"wrapped"`, `"erased":false,"wrapped"`),
		reformed("a member twice", `{"reader"`, `{"reader":"","reader"`),
		disclosingBytes("keys disclosed in no JSON", proof.Malformed, none, nil, func(testing.TB) []byte { return []byte("null") }),
		disclosingBytes("keys disclosed in nothing", proof.Malformed, none, nil, func(testing.TB) []byte { return nil }),
	}
)

// erasedSpecimen is a genuine bundle of a case whose key was erased, as authorised by
// its third event.
func erasedSpecimen(t testing.TB) *specimen {
	w := allowed.record(t)
	s := w.specimen(w.size(), 1)
	s.source.Disclosed = destroyed()
	s.write()
	return s
}
