package evidence

import (
	"bytes"
	"crypto"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/digitorus/pkcs7"
	"github.com/digitorus/timestamp"

	"xinfang/domain/proof"
)

// A stamp is a token to check.
type stamp struct {
	name  string
	want  string // the time, or the verdict
	token []byte
	pins  []*certified
	extra []*certified
}

func (s stamp) call(digest []byte) cryptoCall {
	c := cryptoCall{Do: "timestamp", Args: [][]byte{s.token, digest}}
	for _, pin := range s.pins {
		sum := sha256.Sum256(pin.Raw)
		c.Pins = append(c.Pins, sum[:])
	}
	for _, e := range s.extra {
		c.Extra = append(c.Extra, e.Raw)
	}
	return c
}

// accepted returns the time of a token that the Go libraries accept.
func (s stamp) accepted() (time.Time, bool) {
	token, err := timestamp.Parse(s.token)
	if err != nil {
		return time.Time{}, false
	}
	p7, err := pkcs7.Parse(s.token)
	if err != nil {
		return time.Time{}, false
	}
	roots, others := x509.NewCertPool(), x509.NewCertPool()
	for _, pin := range s.pins {
		if there := func(c *x509.Certificate) bool { return c.Equal(pin.Certificate) }; slices.ContainsFunc(p7.Certificates, there) || slices.Contains(s.extra, pin) {
			roots.AddCert(pin.Certificate)
		}
	}
	for _, c := range p7.Certificates {
		others.AddCert(c)
	}
	for _, c := range s.extra {
		others.AddCert(c.Certificate)
	}
	err = p7.VerifyWithOpts(x509.VerifyOptions{
		Roots: roots, Intermediates: others, CurrentTime: token.Time, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping},
	})
	return token.Time, err == nil && token.HashAlgorithm == crypto.SHA256 && bytes.Equal(token.HashedMessage, imprinted[:])
}

// opened returns what this program says of a token.
func (s stamp) opened(t *testing.T) string {
	t.Helper()
	text := newWorld(t).policy(0).String()
	for _, pin := range s.pins {
		text += fmt.Sprintf("tsaroot %x\n", sha256.Sum256(pin.Raw))
	}
	policy, err := proof.ParsePolicy([]byte(text))
	ok(t, err)
	var chain [][]byte
	for _, c := range s.extra {
		chain = append(chain, c.Raw)
	}
	got, err := policy.OpenStamp(s.token, stampedCheckpoint, chain...)
	if err != nil {
		return quoted(proof.VerdictOf(err))
	}
	return seconds(got.Time)
}

// TestPythonTokens checks what crypto.py and this program say of tokens, and that neither
// accepts one that the Go libraries refuse.
func TestPythonTokens(t *testing.T) {
	o := newOffice(t)
	stamps := slices.Concat(o.good(), o.malformed(), o.badSignature(), o.badProof(), o.unknownKey())
	var calls []cryptoCall
	for _, s := range stamps {
		calls = append(calls, s.call(imprinted[:]), s.call(make([]byte, 32)))
	}
	answers := askCrypto(t, calls)
	for i, s := range stamps {
		got, elsewhere := answers[2*i], answers[2*i+1]
		if got[0] != '"' && elsewhere != quoted(proof.BadProof) {
			t.Errorf("%s, of another checkpoint: it says %s", s.name, elsewhere)
		}
		if got != s.want {
			t.Errorf("%s: it says %s, want %s", s.name, got, s.want)
		}
		if opened := s.opened(t); opened != s.want {
			t.Errorf("%s: Go says %s, want %s", s.name, opened, s.want)
		}
		when, accepted := s.accepted()
		if holds := got[0] != '"'; holds && !accepted || holds && got != seconds(when) {
			t.Errorf("%s: it says %s, Go accepts it: %t, at %v", s.name, got, accepted, when)
		}
	}
}

// seconds is how Python writes a time.
func seconds(at time.Time) string { return fmt.Sprintf("%.1f", float64(at.UnixMilli())/1000) }

func quoted(v proof.Verdict) string { return fmt.Sprintf("%q", v) }

func (o *office) good() []stamp {
	want := seconds(stampedAt)
	fraction := func(text string) []byte { return forger{signer: o.stamper, info: at(text)}.token(o.t) }
	root := []*certified{o.root}
	old := certify(o.t, "since 1960", o.root.key, nil, authority, func(c *x509.Certificate) { c.NotBefore = time.Date(1960, 1, 1, 0, 0, 0, 0, time.UTC) })
	below := certify(o.t, "below", o.stamper.key, old, stamper)
	at8 := o.line(8)
	return []stamp{
		{"RSA", want, respond(o.t, o.rsaStamper, crypto.SHA256, o.rsaRoot), []*certified{o.rsaRoot}, nil},
		{"RSA with SHA-384", want, respond(o.t, o.rsaStamper, crypto.SHA384, o.rsaRoot), []*certified{o.rsaRoot}, nil},
		{"RSA with SHA-512", want, respond(o.t, o.rsaStamper, crypto.SHA512, o.rsaRoot), []*certified{o.rsaRoot}, nil},
		{"P-256 under P-384", want, respond(o.t, o.stamper, crypto.SHA256, o.root), root, nil},
		{"P-256 with SHA-512", want, respond(o.t, o.stamper, crypto.SHA512, o.root), root, nil},
		{"P-384 with SHA-384, an intermediate", want, respond(o.t, o.under, crypto.SHA384, o.middle, o.root), root, nil},
		{"P-384 with SHA-256", want, respond(o.t, o.under, crypto.SHA256, o.middle), root, root},
		{"the intermediate is pinned", want, respond(o.t, o.under, crypto.SHA256, o.middle), []*certified{o.middle}, nil},
		{"the signer is pinned", want, respond(o.t, o.stamper, crypto.SHA256), []*certified{o.stamper}, nil},
		{"one of two pins", want, respond(o.t, o.stamper, crypto.SHA256), []*certified{o.rsaRoot, o.root}, []*certified{o.rsaRoot, o.root}},
		{"the root is extra", want, respond(o.t, o.stamper, crypto.SHA256), root, root},
		{"all is extra", want, respond(o.t, o.under, crypto.SHA256), root, []*certified{o.root, o.middle, o.rsaRoot, o.stamper}},
		{"8 certificates", want, respond(o.t, at8[0], crypto.SHA256, at8[1:]...), at8[7:], nil},
		{"a root since 1960", want, respond(o.t, below, crypto.SHA256, old), []*certified{old}, nil},
		{"the signer is not the first", want, forger{signer: o.stamper, bare: true, others: []*certified{o.root, o.under, o.stamper}}.token(o.t), root, nil},
		{"attributes out of order", want, forger{signer: o.stamper, finish: func(sd *pkcs7.SignedData) {
			slices.Reverse(sd.GetSignedData().SignerInfos[0].AuthenticatedAttributes)
		}}.token(o.t), root, root},
		{"plain", want, fraction("20260102030405Z"), root, root},
		{"a fraction", "1767323045.5", fraction("20260102030405.5Z"), root, root},
	}
}

func (o *office) malformed() (out []stamp) {
	add := func(name string, token []byte) {
		out = append(out, stamp{name, quoted(proof.Malformed), token, []*certified{o.root}, []*certified{o.root}})
	}
	forge := func(name string, f forger) {
		f.signer = o.stamper
		add(name, f.token(o.t))
	}
	good := respond(o.t, o.stamper, crypto.SHA256, o.root)
	add("trailing byte", append(bytes.Clone(good), 0))
	add("two tokens", append(bytes.Clone(good), good...))
	for i := range good {
		add(fmt.Sprintf("cut off at byte %d", i), good[:i])
	}
	size := len(good) - 4 // of 30 82 xx xx
	add("indefinite length", slices.Concat([]byte{0x30, 0x80}, good[4:], []byte{0, 0}))
	add("a length of three bytes", slices.Concat([]byte{0x30, 0x83, 0, byte(size >> 8), byte(size)}, good[4:]))
	replace := func(name, old, new string) { add(name, bytes.Replace(good, []byte(old), []byte(new), 1)) }
	replace("enveloped data", "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03")
	replace("a string in parts", "\x13\x07stamper", "\x33\x07\x13\x05amper") // the name in the content
	replace("a tag of two bytes", "\x13\x07stamper", "\x1f\x07stamper")
	replace("another truth", "\x01\x01\xff\x02\x08", "\x01\x01\x01\x02\x08") // ordering, before the nonce
	unlike := bytes.Clone(o.stamper.Raw)
	unlike[bytes.LastIndex(unlike, []byte("\x2a\x86\x48\xce\x3d\x04\x03\x03"))+7]++ // ecdsa-with-SHA384, around what was signed
	for name, certificate := range map[string][]byte{"two algorithms": unlike, "an extension twice": o.repeated()} {
		forge(name, forger{others: []*certified{{Certificate: &x509.Certificate{Raw: certificate}}}})
	}
	add("nested 30,000 deep", nested(30000))
	add("64 KiB of nothing", make([]byte, 64<<10))
	add("more than 64 KiB", forger{signer: o.stamper, others: slices.Repeat([]*certified{o.root}, 200)}.token(o.t))
	forge("no digest", forger{info: func(i *tstInfo) { i.Imprint.Hash = nil }})
	replace("content said to be something else", "\x01\x09\x10\x01\x04\xa0", "\x01\x09\x10\x01\x05\xa0")
	forge("version 2", forger{info: func(i *tstInfo) { i.Version = 2 }})
	for _, text := range []string{"20260102030405", "20260102030405+0000", "202601020304Z", "20260102030460Z", "20260230030405Z", "20260102030405.Z",
		"20260102030405.50Z", "20260102030405.0Z", "20260102030405,5Z", "20260102 30405Z", "20260102030405.1234567891Z", "20260102030405Z\n", ""} {
		forge("the time "+text, forger{info: at(text)})
	}
	forge("UTCTime", forger{info: func(i *tstInfo) { i.Time = asn1.RawValue{Tag: asn1.TagUTCTime, Bytes: []byte("260102030405Z")} }})
	forge("other content type", forger{prepare: func(sd *pkcs7.SignedData) { sd.SetContentType(pkcs7.OIDData) }})
	forge("no content", forger{finish: func(sd *pkcs7.SignedData) {
		sd.Detach()
		sd.SetContentType(oidTSTInfo)
	}})
	forge("two signers", forger{finish: func(sd *pkcs7.SignedData) {
		ok(o.t, sd.AddSigner(o.rsaStamper.Certificate, o.rsaStamper.key, pkcs7.SignerInfoConfig{}))
	}})
	forge("no signer", forger{finish: func(sd *pkcs7.SignedData) { sd.GetSignedData().SignerInfos = nil }})
	return out
}

// nested returns so many values one in the other.
func nested(depth int) (out []byte) {
	for range depth {
		switch n := len(out); {
		case n < 0x80:
			out = append([]byte{0x30, byte(n)}, out...)
		case n < 0x100:
			out = append([]byte{0x30, 0x81, byte(n)}, out...)
		case n < 0xfff0:
			out = append([]byte{0x30, 0x82, byte(n >> 8), byte(n)}, out...)
		}
	}
	return out
}

func (o *office) badSignature() (out []stamp) {
	add := func(name string, token []byte) {
		out = append(out, stamp{name, quoted(proof.BadSignature), token, []*certified{o.root, o.rsaRoot}, []*certified{o.root, o.rsaRoot}})
	}
	good := respond(o.t, o.stamper, crypto.SHA256, o.root)
	broken := flipped(good, len(good)-1)
	brokenRSA := respond(o.t, o.rsaStamper, crypto.SHA256, o.rsaRoot)
	add("broken ECDSA signature", broken)
	add("broken RSA signature", flipped(brokenRSA, len(brokenRSA)-1))
	add("without certificates", forger{signer: o.stamper, bare: true}.token(o.t))
	bare := forger{signer: o.stamper, bare: true}.token(o.t)
	add("without certificates, with a broken signature", flipped(bare, len(bare)-1))
	add("without that of the signer", forger{signer: o.stamper, bare: true, others: []*certified{o.root, o.under}}.token(o.t))
	add("other time in the content", bytes.Replace(good, []byte("20260102030405Z"), []byte("20250102030405Z"), 1))
	add("without attributes", o.unattributed())
	add("a content type that was not signed", forger{signer: o.stamper, prepare: func(sd *pkcs7.SignedData) { sd.SetContentType(pkcs7.OIDData) },
		finish: func(sd *pkcs7.SignedData) { sd.SetContentType(oidTSTInfo) }}.token(o.t))
	add("signed by another key", forger{signer: &certified{o.stamper.Certificate, newECDSA(o.t, elliptic.P256())}}.token(o.t))
	add("a number above the order of the curve", forger{signer: &certified{o.stamper.Certificate, above{o.stamper.key}}}.token(o.t))
	add("SHA-1", forger{signer: o.rsaStamper, digest: pkcs7.OIDDigestAlgorithmSHA1}.token(o.t))
	add("digest and signature by other hashes", forger{signer: o.stamper, finish: func(sd *pkcs7.SignedData) {
		sd.GetSignedData().SignerInfos[0].DigestEncryptionAlgorithm.Algorithm = pkcs7.OIDDigestAlgorithmECDSASHA384
		o.sign(sd, crypto.SHA384)
	}}.token(o.t))
	add("an attribute twice", forger{signer: o.stamper, finish: func(sd *pkcs7.SignedData) {
		info := &sd.GetSignedData().SignerInfos[0]
		info.AuthenticatedAttributes = append(info.AuthenticatedAttributes, info.AuthenticatedAttributes[0])
		o.sign(sd, crypto.SHA256)
	}}.token(o.t))
	expired := certify(o.t, "expired", newECDSA(o.t, elliptic.P256()), o.root, stamper, func(c *x509.Certificate) { c.NotAfter = stampedAt.Add(time.Hour) })
	add("signed after the certificate expired", forger{signer: expired}.token(o.t))
	for name, key := range map[string]crypto.Signer{
		"RSA of 2040 bits": newRSA(o.t, 2040), "P-521": newECDSA(o.t, elliptic.P521()), "Ed25519": newEd25519(o.t), "a forgery for exponent 3": newCube(o.t),
	} {
		add(name, forger{signer: certify(o.t, name, key, o.root, stamper)}.token(o.t))
	}
	return out
}

func (o *office) badProof() (out []stamp) {
	for name, change := range map[string]func(*tstInfo){
		"other digest": func(i *tstInfo) { i.Imprint.Hash = make([]byte, 32) },
		"SHA-512":      func(i *tstInfo) { i.Imprint.Algorithm.Algorithm = pkcs7.OIDDigestAlgorithmSHA512 },
		"SHA-1":        func(i *tstInfo) { i.Imprint.Algorithm.Algorithm = pkcs7.OIDDigestAlgorithmSHA1 },
		"half of it":   func(i *tstInfo) { i.Imprint.Hash = imprinted[:16] },
	} {
		token := forger{signer: o.stamper, info: change}.token(o.t)
		out = append(out, stamp{name, quoted(proof.BadProof), token, []*certified{o.root}, []*certified{o.root}})
	}
	return out
}

func (o *office) unknownKey() (out []stamp) {
	key := newECDSA(o.t, elliptic.P256())
	add := func(name string, f forger, pins ...*certified) {
		out = append(out, stamp{name, quoted(proof.UnknownKey), f.token(o.t), pins, append(f.others, pins...)})
	}
	// issue adds a token of a stamper whose issuer, certified by the root, is not quite right.
	issue := func(name string, wrong func(*x509.Certificate)) {
		issuer := certify(o.t, name, key, o.root, authority, wrong)
		add(name, forger{signer: certify(o.t, "issued", key, issuer, stamper), others: []*certified{issuer}}, o.root)
	}
	// use adds a token of a stamper that is not quite right itself.
	use := func(name string, time func(*tstInfo), wrong ...func(*x509.Certificate)) {
		add(name, forger{signer: certify(o.t, name, key, o.root, wrong...), info: time}, o.root)
	}
	long := func(c *x509.Certificate) { c.NotBefore = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) }
	other := certify(o.t, "root", newECDSA(o.t, elliptic.P384()), nil, authority, long)
	add("other root of 2001", forger{signer: certify(o.t, "stamper", key, other, stamper, long), others: []*certified{other}, info: at("20010102030405Z")}, o.root)
	add("no pin", forger{signer: o.stamper, others: []*certified{o.root}})
	add("other pin", forger{signer: o.stamper, others: []*certified{o.root}}, o.rsaRoot)
	add("no intermediate", forger{signer: o.under}, o.root)
	namesake := certify(o.t, "middle", key, o.root, authority)
	add("a namesake of the issuer", forger{signer: o.under, others: []*certified{namesake}}, o.root)
	use("before it was valid", at("20191231235959Z"), stamper)
	use("after it was valid", at("20490101000001Z"), stamper)
	use("a fraction after it was valid", at("20490101000000.1Z"), stamper)
	use("no EKU", nil)
	use("other EKU", nil, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning} })
	use("any EKU", nil, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} })
	critical := pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte{5, 0}}
	use("a critical extension", nil, stamper, func(c *x509.Certificate) { c.ExtraExtensions = append(c.ExtraExtensions, critical) })
	use("an EKU that is not critical", nil, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping} })
	issue("an issuer that is none", func(c *x509.Certificate) { c.IsCA = false })
	issue("an issuer without constraints", func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = false, false })
	issue("an issuer that may not sign", func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature })
	issue("an issuer of code signers", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning} })
	issue("an issuer that has expired", func(c *x509.Certificate) { c.NotAfter = stampedAt.Add(-time.Second) })
	issue("an issuer that is not yet valid", func(c *x509.Certificate) { c.NotBefore = stampedAt.Add(time.Second) })
	issue("an issuer with a critical extension", func(c *x509.Certificate) { c.ExtraExtensions = []pkix.Extension{critical} })
	short := certify(o.t, "short", key, nil, authority, func(c *x509.Certificate) { c.MaxPathLen, c.MaxPathLenZero = 0, true })
	middle := certify(o.t, "below", key, short, authority)
	add("a path that is too long for the root", forger{signer: certify(o.t, "issued", key, middle, stamper), others: []*certified{middle}}, short)
	at9 := o.line(9)
	add("9 certificates", forger{signer: at9[0], others: at9[1:8]}, at9[8])
	add("too many namesakes", forger{signer: o.under, others: append(o.crowd(140), o.middle)}, o.root)
	return out
}

// TestPythonTokenBytes checks that no token of which any one byte was changed is
// accepted with another time, or without the Go libraries, and that none breaks
// crypto.py.
func TestPythonTokenBytes(t *testing.T) {
	o := newOffice(t)
	for _, s := range []stamp{
		{name: "RSA", token: respond(t, o.rsaStamper, crypto.SHA256, o.rsaRoot), pins: []*certified{o.rsaRoot}},
		{name: "ECDSA", token: respond(t, o.stamper, crypto.SHA256), pins: []*certified{o.stamper}},
	} {
		var altered []stamp
		var calls []cryptoCall
		for i := range s.token {
			altered = append(altered, stamp{token: flipped(s.token, i), pins: s.pins})
			calls = append(calls, altered[i].call(imprinted[:]))
		}
		held := 0
		for i, got := range askCrypto(t, calls) {
			if got[0] == '"' {
				continue
			}
			held++
			if _, accepted := altered[i].accepted(); got != seconds(stampedAt) || !accepted {
				t.Errorf("%s with byte %d changed: it says %s, Go accepts it: %t", s.name, i, got, accepted)
			}
		}
		if held > 50 { // of what is not signed: versions, and algorithms named twice
			t.Errorf("%s: %d of %d altered tokens held", s.name, held, len(calls))
		}
	}
}
