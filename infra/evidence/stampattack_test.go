package evidence

import (
	"bytes"
	"context"
	"encoding/asn1"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/attest"
	"xinfang/domain/ledger"
	"xinfang/domain/proof"
	"xinfang/domain/proof/prooftest"
)

// A stamping says how an anchor is made, when, and what is wrong with it.
type stamping struct {
	tsa    *prooftest.TSA      // that stamps; that of the world if nil
	by     note.Signer         // of the note; the notary if nil
	text   string              // that is stamped; that of the checkpoint if ""
	garble func([]byte) []byte // the token
	ahead  time.Duration       // of the authority's clock before the ledger's
	change func(*proof.Checkpoint)
	after  func()              // is done between the checkpoint and the record of the anchor
	data   func(string) string // of the event, as somebody records it who is not the program
}

// A rewriting store records other data than it is given.
type rewriting struct {
	ledger.Store
	data func(string) string
}

// Append implements [ledger.Store].
func (r rewriting) Append(ctx context.Context, stream ledger.Stream, expected ledger.Version, records ...ledger.Record) ([]ledger.Envelope, error) {
	for i := range records {
		records[i].Data = []byte(r.data(string(records[i].Data)))
	}
	return r.Store.Append(ctx, stream, expected, records...)
}

// anchor records an anchor of all leaves that there are.
func (w *world) anchor(s stamping) ledger.Envelope {
	w.t.Helper()
	c, err := w.policy(0).Open(w.checkpoint(w.size(), 0))
	ok(w.t, err)
	if s.change != nil {
		s.change(&c.Checkpoint)
	}
	if s.by == nil {
		s.by = w.note
	}
	if s.tsa == nil {
		s.tsa = w.tsa
	}
	if s.text == "" {
		s.text = c.Text()
	}
	signed, err := note.Sign(&note.Note{Text: c.Text()}, s.by)
	ok(w.t, err)
	s.tsa.Now = func() time.Time { return w.store.Now().Add(s.ahead) }
	token, err := s.tsa.Token(s.text)
	ok(w.t, err)
	if s.garble != nil {
		token = s.garble(token)
	}
	if s.after != nil {
		s.after()
	}
	e := attest.NotaryAnchor{Note: string(signed), Token: token, Chain: [][]byte{s.tsa.Root.Raw}}
	store := ledger.Store(w.store)
	if s.data != nil {
		store = rewriting{store, s.data}
	}
	envelopes, err := attest.Decider.Handle(w.t.Context(), store, attest.Ask(e, ledger.Meta{Actor: ledger.Actor{Officer: "system"}, Occurred: epoch}))
	ok(w.t, err)
	w.take(envelopes)
	return envelopes[0]
}

// newStamped returns a bundle of five events: two, an anchor, two, an anchor as s has
// it, and one.
func newStamped(t testing.TB, s stamping) *specimen {
	t.Helper()
	w := newWorld(t)
	w.tsa = prooftest.NewTSA(t, "tsa.example", nil)
	w.append(ours, 2)
	first := w.anchor(stamping{})
	w.append(ours, 2)
	second := w.anchor(s)
	w.append(ours, 1)
	b := w.specimen(7, 1)
	b.source.Older = []Older{b.proveGrowth(b.size(), 2), b.proveGrowth(b.size(), 5)}
	b.source.Anchors = []ledger.Envelope{first}
	if _, err := attest.OpenAnchor(b.source.Policy, &second); err == nil {
		b.source.Anchors = append(b.source.Anchors, second)
		b.write()
		return b
	}
	b.write()
	b.putAnchor("time/5", 5)
	return b
}

// putAnchor puts the event at index of the tree in the bundle as an anchor.
func (s *specimen) putAnchor(name string, index int64) {
	s.event(name, index)
	e, _ := attest.Codec.Decode("NotaryAnchor", s.files[name+".data"])
	made, _ := e.(attest.NotaryAnchor) // which it need not be
	s.files[name+".tsr"] = made.Token
}

// stamped is an attack by an anchor that is made so.
func stamped(name string, want proof.Verdict, make func(*testing.T) stamping) attack {
	return attack{name, want, func(s *specimen) ([]byte, Options) {
		b := newStamped(s.t, make(s.t.(*testing.T)))
		return b.pack(), Options{Policy: b.source.Policy}
	}}
}

// recorded is an attack by an anchor that somebody has recorded with other data.
func recorded(name string, want proof.Verdict, data func(string) string) attack {
	return stamped("anchor recorded with "+name, want, func(*testing.T) stamping { return stamping{data: data} })
}

// restamped is an attack on the files of a bundle with two good anchors.
func restamped(name string, want proof.Verdict, change func(*specimen)) attack {
	return attack{name, want, func(s *specimen) ([]byte, Options) {
		b := newStamped(s.t, stamping{})
		change(b)
		return b.pack(), Options{Policy: b.source.Policy}
	}}
}

// pinned is an attack by an authority that the policy pins, and whose certificate is
// for these usages.
func pinned(name string, usage ...asn1.ObjectIdentifier) attack {
	return attack{name, proof.UnknownKey, func(s *specimen) ([]byte, Options) {
		tsa := prooftest.NewTSAFor(s.t, "tsa.example", nil, true, usage...)
		b := newStamped(s.t, stamping{tsa: tsa})
		b.tsa = tsa
		b.dropAnchor("time/2")
		return b.pack(), Options{Policy: b.policy(1)}
	}}
}

func other(t *testing.T) *prooftest.TSA { return prooftest.NewTSA(t, "tsa.example", nil) }

var stampAttacks = []attack{
	stamped("anchors as they should be", proof.OK, func(*testing.T) stamping { return stamping{} }),
	stamped("the authority's clock a little ahead", proof.OK, func(*testing.T) stamping { return stamping{ahead: DefaultSkew} }),
	stamped("A25 back-dated: the ledger's clock 30 days behind", proof.TimeViolation, func(*testing.T) stamping { return stamping{ahead: 30 * 24 * time.Hour} }),
	stamped("post-dated: the ledger's clock 30 days ahead", proof.TimeViolation, func(*testing.T) stamping { return stamping{ahead: -30 * 24 * time.Hour} }),
	stamped("E12 token of an unknown root, dated 2001", proof.UnknownKey, func(t *testing.T) stamping {
		return stamping{tsa: other(t), ahead: -25 * 365 * 24 * time.Hour}
	}),
	stamped("E12 token of an unknown root", proof.UnknownKey, func(t *testing.T) stamping { return stamping{tsa: other(t)} }),
	pinned("E12 token by a certificate for something else", prooftest.ForServers),
	pinned("E12 token by a certificate for something else, too", prooftest.ForServers, prooftest.ForStamping),
	pinned("E12 token by a certificate for anything", prooftest.ForAnything),
	stamped("E13 token without a certificate, broken signature", proof.BadSignature, func(t *testing.T) stamping {
		a := other(t)
		a.NoCertificate = true
		return stamping{tsa: a, garble: breakLast}
	}),
	stamped("E13 token with a broken signature", proof.BadSignature, func(*testing.T) stamping { return stamping{garble: breakLast} }),
	stamped("E14 token over another checkpoint", proof.BadProof, func(*testing.T) stamping {
		return stamping{text: proof.Checkpoint{Origin: origin, Size: 5}.Text()}
	}),
	stamped("token of junk", proof.Malformed, func(*testing.T) stamping {
		return stamping{garble: func([]byte) []byte { return []byte("junk") }}
	}),
	stamped("token with junk behind it", proof.Malformed, func(*testing.T) stamping {
		return stamping{garble: func(b []byte) []byte { return append(b, 0) }}
	}),
	stamped("B19 anchor that the notary has not signed", proof.UnknownKey, func(t *testing.T) stamping {
		k, _ := logKey(t, origin, 9)
		return stamping{by: k}
	}),
	stamped("anchor of a checkpoint of another history", proof.Fork, func(*testing.T) stamping {
		return stamping{change: func(c *proof.Checkpoint) { c.Root[0] ^= 1 }}
	}),
	stamped("anchor of what comes after it", proof.Malformed, func(*testing.T) stamping {
		return stamping{change: func(c *proof.Checkpoint) { c.Size++ }}
	}),
	recorded("its members in another order", proof.OK, func(data string) string {
		note, rest, _ := strings.Cut(data[1:], `,"token"`)
		return `{"token"` + rest[:len(rest)-1] + "," + note + "}"
	}),
	recorded("a certificate that is none in its chain", proof.OK, func(data string) string { return strings.Replace(data, `"chain":["`, `"chain":["AAAA","`, 1) }),
	recorded("nothing in its chain", proof.OK, func(data string) string { return strings.Replace(data, `"chain":["`, `"chain":[null,"`, 1) }),
	recorded("no chain", proof.UnknownKey, func(data string) string { return data[:strings.Index(data, `,"chain"`)] + `,"chain":null}` }),
	recorded("a chain that is none", proof.Malformed, func(data string) string { return data[:strings.Index(data, `,"chain"`)] + `,"chain":""}` }),
	recorded("a member more", proof.Malformed, func(data string) string { return `{"more":1,` + data[1:] }),
	{"policy without an authority: a bad token shows nothing", proof.OK, func(s *specimen) ([]byte, Options) {
		b := newStamped(s.t, stamping{garble: breakLast, ahead: 30 * 24 * time.Hour})
		b.tsa = nil
		return b.pack(), Options{Policy: b.policy(1)}
	}},
	restamped("anchors left out", proof.OK, func(s *specimen) { s.dropAnchor("time/2"); s.dropAnchor("time/5") }),
	restamped("time-stamp without its event", proof.Malformed, func(s *specimen) {
		for _, suffix := range suffixes(".leaf") {
			delete(s.files, "time/5"+suffix)
		}
	}),
	restamped("event without its time-stamp", proof.Malformed, func(s *specimen) { delete(s.files, "time/5.tsr") }),
	restamped("another time-stamp than that of the event", proof.Malformed, func(s *specimen) { s.files["time/5.tsr"] = s.files["time/2.tsr"] }),
	restamped("anchor under another name", proof.Malformed, func(s *specimen) {
		s.putAnchor("time/6", 5)
		s.dropAnchor("time/5")
	}),
	restamped("an event of the case as an anchor", proof.Malformed, func(s *specimen) {
		s.event("time/5", 4)
	}),
	restamped("anchor altered", proof.TamperedContent, func(s *specimen) { s.files["time/5.data"][20] ^= 1 }),
	restamped("no proof that the tree continues what was stamped", proof.Malformed, func(s *specimen) {
		delete(s.files, fileGrowth(5, s.size()))
	}),
	restamped("proof of another growth", proof.Fork, func(s *specimen) {
		s.files[fileGrowth(5, s.size())] = s.files[fileGrowth(2, s.size())]
	}),
}

// breakLast changes the signature, which is last in a token.
func breakLast(token []byte) []byte {
	token[len(token)-4] ^= 1
	return token
}

func (s *specimen) dropAnchor(name string) {
	for _, suffix := range append(suffixes(".leaf"), ".tsr") {
		delete(s.files, name+suffix)
	}
}

// TestEntries checks between which times each event is shown to have been recorded.
func TestEntries(t *testing.T) {
	s := newStamped(t, stamping{ahead: time.Second})
	at := func(minute int) time.Time { return epoch.Add(time.Duration(minute) * time.Minute) }
	first, second, seen := at(2), at(5).Add(time.Second), at(10)
	want := []Entry{
		{0, 1, at(0), time.Time{}, first},
		{1, 2, at(1), time.Time{}, first},
		{3, 3, at(3), first, second},
		{4, 4, at(4), first, second},
		{6, 5, at(6), second, seen},
	}
	if got := s.verify(s.bundle).Entries; !slices.EqualFunc(got, want, func(a, b Entry) bool {
		return a.Index == b.Index && a.Version == b.Version && a.Recorded.Equal(b.Recorded) && a.NotEarlier.Equal(b.NotEarlier) && a.NotLater.Equal(b.NotLater)
	}) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	var text bytes.Buffer
	report := s.verify(s.bundle)
	ok(t, report.WriteText(&text, "en"))
	if line := fmt.Sprintf("recorded %s, between %s and %s", moment(at(3)), moment(first), moment(second)); !bytes.Contains(text.Bytes(), []byte(line)) {
		t.Errorf("no %q in\n%s", line, &text)
	}
}

// TestEntryBetween has an event recorded after a checkpoint, and before the anchor that
// stamps it: nothing shows that it was there by then, nor that it was not.
func TestEntryBetween(t *testing.T) {
	w := newWorld(t)
	w.tsa = prooftest.NewTSA(t, "tsa.example", nil)
	w.append(ours, 1)
	anchor := w.anchor(stamping{after: func() { w.append(ours, 1) }})
	s := w.specimen(w.size(), 0)
	s.source.Older, s.source.Anchors = []Older{s.proveGrowth(s.size(), 1)}, []ledger.Envelope{anchor}
	s.write()
	got := s.verify(s.bundle).Entries
	if len(got) != 2 || !got[0].NotLater.Equal(epoch.Add(time.Minute)) || got[1].Index != 1 || !got[1].NotLater.IsZero() || !got[1].NotEarlier.IsZero() {
		t.Errorf("%+v", got)
	}
}

// TestUnbounded leaves anchors out of a bundle, as somebody would who has turned the
// clock of the ledger back: the report says of how many events nothing but that clock
// says when they were recorded, if the policy pins an authority.
func TestUnbounded(t *testing.T) {
	s := newStamped(t, stamping{})
	whole := s.verify(s.bundle)
	s.source.Anchors, s.source.Older = nil, nil
	s.write()
	without := s.verify(s.bundle)
	unpinned := newSpecimen(t, 3, 1)
	none := unpinned.verify(unpinned.bundle)
	for name, tt := range map[string]struct {
		report Report
		want   int
	}{"with anchors": {whole, 2}, "without": {without, 5}, "of a policy that pins nobody": {none, 0}} {
		if got := tt.report; got.Unbounded != tt.want || got.Verdict != proof.OK {
			t.Errorf("%s: %d of %d events are unbounded, and it is %s; want %d", name, got.Unbounded, got.Events, got.Verdict, tt.want)
		}
		for _, lang := range []string{"zh-CN", "en"} {
			if said := strings.Contains(shown(t, &tt.report, lang), ledger.Text{ZH: "只凭台账的时钟", EN: "only the ledger's clock"}.In(lang)); said != (tt.want > 0) {
				t.Errorf("%s: it is said in %s: %v", name, lang, said)
			}
		}
	}
}
