package evidence

import (
	"bytes"
	"crypto/hpke"
	"fmt"
	"os"
	"path/filepath"
	"slices"
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
	two    bool         // the reply commits to otherKey
	erased uuid.UUID    // whose data is authorised to be erased, at the end
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
		keys[1] = otherKey.Commitment()
	}
	if c.erased != uuid.Nil {
		events, keys = append(events, petition.ErasureAuthorised{Subject: c.erased, Ground: "第47条"}), append(keys, "")
	}
	for i, e := range events {
		record := petition.Codec.Record(e, ledger.Meta{Command: uuid.UUID{9}, Actor: ledger.Actor{Officer: "A1"}, Occurred: epoch, Key: keys[i]}, i)
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
		disclosing("E16 disclosed key of another petitioner", proof.Malformed, none, readers[0], ofSomebody),
		disclosing("keys wrapped for another reader", proof.Malformed, none, readers[1], asItIs),
		disclosing("a value sealed under another key than the event commits to", proof.Malformed, sealedCase{sealed: otherKey}, readers[0], asItIs),
		disclosing("key disclosed that was to be erased", proof.OK, allowed, readers[0], asItIs),
		{"a reader, and nothing is disclosed", proof.Incomplete, func(s *specimen) ([]byte, Options) {
			return s.bundle, Options{ReaderKey: readers[0]}
		}},

		disclosing("A27 key erased, with authorisation", proof.OK, allowed, nil, gone),
		disclosing("A27 key erased, with authorisation, and a reader", proof.OK, allowed, readers[0], gone),
		disclosing("A26 key erased without authorisation", proof.ErasedUnallowed, none, nil, gone),
		disclosing("A26 key erased, and it was that of somebody else that was to be", proof.ErasedUnallowed, elsewhere, nil, gone),
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

// TestErased checks that a report says under which event content was erased.
func TestErased(t *testing.T) {
	s := erasedSpecimen(t)
	r := s.verify(s.bundle)
	if r.Verdict != proof.OK || !slices.Equal(r.Erased, []int64{3}) {
		t.Fatalf("%s, erased under %v: %v", r.Verdict, r.Erased, r.Findings)
	}
	var b bytes.Buffer
	ok(t, r.WriteJSON(&b))
	for _, text := range []struct{ got, want string }{
		{shown(t, &r, "en"), "content erased under event #3\n"}, {shown(t, &r, "zh-CN"), "个人信息已依第 3 叶的批准清除\n"}, {strings.Join(strings.Fields(b.String()), ""), `"erased":[3]`},
	} {
		if !strings.Contains(text.got, text.want) {
			t.Errorf("there is no %q in\n%s", text.want, text.got)
		}
	}
}

// TestReveal checks that values are shown to whoever has the reader's key and asks,
// and to nobody else; not in JSON, nor wherever a report is printed.
func TestReveal(t *testing.T) {
	w := none.record(t)
	s := w.specimen(w.size(), 1)
	s.source.Disclosed = wrapped(t, petitioner, dataKey)
	s.write()
	asked := func(key *ReaderKey, reveal bool) Report {
		return s.verify(s.bundle, func(o *Options) { o.ReaderKey, o.Reveal = key, reveal })
	}
	r := asked(readers[0], true)
	want := []Revealed{{1, personal.Name, "欧阳守礼"}, {1, personal.Claim, "三个月\n未付\x1b[2J"}, {2, personal.Reply, "已支付"}}
	if r.Verdict != proof.OK || !slices.Equal(r.Revealed, want) {
		t.Fatalf("%s, and it reveals %q: %v", r.Verdict, r.Revealed, r.Findings)
	}
	for lang, lines := range map[string]string{
		"zh-CN": "原文：  第 1 叶，姓名：欧阳守礼\n原文：  第 1 叶，诉求内容：三个月\n        未付\uFFFD[2J\n原文：  第 2 叶，答复内容：已支付\n",
		"en":    "in clear:    leaf 1, Name: 欧阳守礼\nin clear:    leaf 1, Claim: 三个月\n        未付\uFFFD[2J\nin clear:    leaf 2, Reply: 已支付\n",
	} {
		if text := shown(t, &r, lang); !strings.Contains(text, lines) {
			t.Errorf("there is no %q in\n%s", lines, text)
		}
	}
	var b bytes.Buffer
	ok(t, r.WriteJSON(&b))
	fmt.Fprintf(&b, "%v %+v %#v %q", r, r, r, r.Revealed)
	for _, r := range []Report{asked(readers[0], false), asked(nil, true), asked(readers[1], true)} {
		b.WriteString(shown(t, &r, "zh-CN"))
	}
	if strings.Contains(b.String(), "守礼") || strings.Contains(b.String(), "未付") {
		t.Errorf("it shows a value:\n%s", &b)
	}
}

// TestRefusesDisclosure checks that no bundle is written that would not hold.
func TestRefusesDisclosure(t *testing.T) {
	for name, d := range map[string]*Disclosure{
		"of a key that no event has":    wrapped(t, petitioner, otherKey),
		"erased without authorisation":  destroyed(),
		"of nothing":                    {},
		"to nobody":                     {Keys: wrapped(t, petitioner, dataKey).Keys},
		"of a key that is not the size": {Reader: readers[0].Reader().String(), Keys: []DisclosedKey{{Subject: petitioner, Commitment: dataKey.Commitment(), Wrapped: []byte{1}}}},
	} {
		w := none.record(t)
		s := w.specimen(w.size(), 1)
		s.source.Disclosed = d
		if err := Write(t.Context(), new(bytes.Buffer), s.source); proof.VerdictOf(err) == proof.OK {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestReaderKey checks that a reader's key is kept for its owner alone, is never
// replaced, and is what it was when it is read again.
func TestReaderKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "reader.key")
	made, err := NewReaderKey(path)
	ok(t, err)
	if _, err := NewReaderKey(path); err == nil {
		t.Error("it was replaced")
	}
	read, err := ReadReaderKey(path)
	ok(t, err)
	reader, err := ParseReader(made.Reader().String())
	ok(t, err)
	d, err := reader.Wrap(petitioner, dataKey)
	ok(t, err)
	if key, ok := read.open(d); !ok || key != dataKey {
		t.Error("it does not open what was wrapped for it")
	}
	secret := fileText(t, path)
	if text := fmt.Sprintf("%v %+v %#v %x", made, made, Options{ReaderKey: made}, made); strings.Contains(text, strings.TrimSpace(secret)) {
		t.Error("it prints")
	}
	for name, text := range map[string]string{"empty": "", "cut": secret[:60], "two": secret + secret, "no key": "g" + secret[1:], "spaced": " " + secret[:64]} {
		err := writeKey(filepath.Join(t.TempDir(), "k"), text, 0o600)
		if err == nil || strings.Contains(err.Error(), secret[8:16]) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := writeKey(filepath.Join(t.TempDir(), "k"), secret, 0o644); err == nil {
		t.Error("others may read it")
	}
	for _, text := range []string{"", "00", secret[:62], secret[:63] + "x", strings.Repeat("00", 33), strings.Repeat("00", 32)} {
		if _, err := ParseReader(text); err == nil {
			t.Errorf("%d characters are a reader, to whom a key could be wrapped", len(text))
		}
	}
}

func fileText(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	ok(t, err)
	return string(b)
}

// writeKey writes text as a reader's key, and returns what reading it says.
func writeKey(path, text string, mode os.FileMode) error {
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		return err
	}
	_, err := ReadReaderKey(path)
	return err
}
