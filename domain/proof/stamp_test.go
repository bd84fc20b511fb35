package proof_test

import (
	"bytes"
	"encoding/asn1"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/digitorus/pkcs7"

	"xinfang/domain/proof"
	"xinfang/domain/proof/prooftest"
)

// stampTime is what the authorities of the tests say the time is.
var stampTime = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func atStampTime() time.Time { return stampTime }

// TestOpenStamp opens tokens as they should be, and as the rows E12 to E14 of the
// catalogue have them.
func TestOpenStamp(t *testing.T) {
	w := newWorld(t, 7)
	tsa := prooftest.NewTSA(t, "tsa.example", atStampTime)
	old := prooftest.NewTSA(t, "tsa.example", func() time.Time { return time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC) })
	lapsed := *tsa
	lapsed.Now = func() time.Time { return time.Date(2041, 1, 1, 0, 0, 0, 0, time.UTC) }
	server := prooftest.NewTSAFor(t, "tsa.example", atStampTime, true, prooftest.ForServers)
	both := prooftest.NewTSAFor(t, "tsa.example", atStampTime, true, prooftest.ForServers, prooftest.ForStamping)
	anything := prooftest.NewTSAFor(t, "tsa.example", atStampTime, true, prooftest.ForAnything)
	uncritical := prooftest.NewTSAFor(t, "tsa.example", atStampTime, false, prooftest.ForStamping)
	bare := *tsa
	bare.NoCertificate = true
	policy := func(pins ...fmt.Stringer) *proof.Policy {
		text := w.lines(0)
		for _, pin := range pins {
			text += fmt.Sprintf("tsaroot %v\n", pin)
		}
		return mustParse(t, text)
	}
	ours := policy(tsa.Pin(), server.Pin(), both.Pin(), anything.Pin(), uncritical.Pin())
	c := w.at(t, 7)
	token := func(a *prooftest.TSA, text string) []byte {
		b, err := a.Token(text)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	good := token(tsa, c.Text())
	broken := bytes.Clone(good)
	broken[len(broken)-4] ^= 1
	root := tsa.Root.Raw
	for _, tt := range []struct {
		name   string
		policy *proof.Policy
		token  []byte
		chain  [][]byte
		want   proof.Verdict
	}{
		{"honest", ours, good, [][]byte{root}, proof.OK},
		{"honest, among other certificates", ours, good, [][]byte{{1, 2}, old.Root.Raw, root}, proof.OK},
		{"the root is not there", ours, good, nil, proof.UnknownKey},
		{"the root comes too late", ours, good, append(make([][]byte, proof.MaxChain), root), proof.UnknownKey},
		{"the policy pins nothing", policy(), good, [][]byte{root}, proof.UnknownKey},
		{"E12 unknown root, dated 2001", ours, token(old, c.Text()), [][]byte{old.Root.Raw, root}, proof.UnknownKey},
		{"E12 after the certificates have lapsed", ours, token(&lapsed, c.Text()), [][]byte{root}, proof.UnknownKey},
		{"E12 certificate for something else", ours, token(server, c.Text()), [][]byte{server.Root.Raw}, proof.UnknownKey},
		{"E12 certificate for something else, too", ours, token(both, c.Text()), [][]byte{both.Root.Raw}, proof.UnknownKey},
		{"E12 certificate for anything", ours, token(anything, c.Text()), [][]byte{anything.Root.Raw}, proof.UnknownKey},
		{"E12 certificate that need not be for it", ours, token(uncritical, c.Text()), [][]byte{uncritical.Root.Raw}, proof.UnknownKey},
		{"E13 no certificate", ours, token(&bare, c.Text()), [][]byte{root}, proof.BadSignature},
		{"E13 no certificate, but in the chain", ours, token(&bare, c.Text()), [][]byte{root, tsa.Certificate.Raw}, proof.BadSignature},
		{"E13 broken signature", ours, broken, [][]byte{root}, proof.BadSignature},
		{"E13 no certificate, broken signature", ours, flipped(token(&bare, c.Text()), -4), [][]byte{root}, proof.BadSignature},
		{"E14 of another checkpoint", ours, token(tsa, w.at(t, 6).Text()), [][]byte{root}, proof.BadProof},
		{"E14 of another ledger", ours, token(tsa, strings.Replace(c.Text(), "petition", "other", 1)), [][]byte{root}, proof.BadProof},
		{"of another kind of content", ours, resigned(t, tsa, good, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}), [][]byte{root}, proof.Malformed},
		{"of this kind of content, signed again", ours, resigned(t, tsa, good, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}), [][]byte{root}, proof.OK},
		{"nothing", ours, nil, [][]byte{root}, proof.Malformed},
		{"a certificate", ours, root, [][]byte{root}, proof.Malformed},
		{"junk after it", ours, append(bytes.Clone(good), 0), [][]byte{root}, proof.Malformed},
		{"too large", ours, append(bytes.Clone(good), make([]byte, proof.MaxToken)...), [][]byte{root}, proof.Malformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.policy.OpenStamp(tt.token, c, tt.chain...)
			mustFind(t, err, tt.want)
			want := proof.Stamp{}
			if err == nil {
				want = proof.Stamp{Time: stampTime, Authority: "tsa.example"}
			}
			if got != want {
				t.Errorf("the stamp is %+v, want %+v", got, want)
			}
		})
	}
}

// resigned returns a message of what a token says, signed by the authority as content of
// that kind.
func resigned(t *testing.T, tsa *prooftest.TSA, token []byte, kind asn1.ObjectIdentifier) []byte {
	t.Helper()
	genuine, err := pkcs7.Parse(token)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := pkcs7.NewSignedData(genuine.Content)
	if err != nil {
		t.Fatal(err)
	}
	signed.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
	signed.SetContentType(kind)
	if err := signed.AddSigner(tsa.Certificate, tsa.Key, pkcs7.SignerInfoConfig{}); err != nil {
		t.Fatal(err)
	}
	out, err := signed.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// flipped returns b with a bit changed, counted from its end.
func flipped(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[len(b)+at] ^= 1
	return b
}

// TestOpenStampFlipped changes every byte of a token: it is never taken for another
// time, and never a panic.
func TestOpenStampFlipped(t *testing.T) {
	w := newWorld(t, 7)
	tsa := prooftest.NewTSA(t, "tsa.example", atStampTime)
	p := mustParse(t, w.lines(0)+fmt.Sprintf("tsaroot %v\n", tsa.Pin()))
	good, err := tsa.Token(w.at(t, 7).Text())
	if err != nil {
		t.Fatal(err)
	}
	for i := range good {
		for _, token := range [][]byte{flipped(good, -1-i), good[:i]} {
			if s, err := p.OpenStamp(token, w.at(t, 7), tsa.Root.Raw); err == nil && (!s.Time.Equal(stampTime) || len(token) < len(good)) {
				t.Errorf("changed at %d from the end: %v", 1+i, s)
			}
		}
	}
}

// FuzzOpenStamp has it read anything.
func FuzzOpenStamp(f *testing.F) {
	w := newWorld(f, 7)
	tsa := prooftest.NewTSA(f, "tsa.example", atStampTime)
	p := mustParse(f, w.lines(0)+fmt.Sprintf("tsaroot %v\n", tsa.Pin()))
	good, err := tsa.Token(w.at(f, 7).Text())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, token []byte) {
		if s, err := p.OpenStamp(token, w.at(t, 7), tsa.Root.Raw); err == nil && !s.Time.Equal(stampTime) {
			t.Errorf("%v", s)
		}
	})
}
