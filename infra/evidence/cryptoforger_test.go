package evidence

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"io"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/digitorus/pkcs7"
	"github.com/digitorus/timestamp"

	"xinfang/domain/proof"
)

var (
	oidTSTInfo = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidSHA256  = pkcs7.OIDDigestAlgorithmSHA256
	imprinted  = sha256.Sum256([]byte(stampedCheckpoint.Text()))
	stampedAt  = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

	stampedCheckpoint = proof.Checkpoint{Origin: origin, Size: 7}
)

// A certified is a certificate and its key.
type certified struct {
	*x509.Certificate
	key crypto.Signer
}

// certify has parent, or itself, certify a key, from 2020 to 2049, as an authority if
// it is told so.
func certify(t testing.TB, name string, key crypto.Signer, parent *certified, change ...func(*x509.Certificate)) *certified {
	t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	ok(t, err)
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, BasicConstraintsValid: true, MaxPathLen: -1,
		NotBefore: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2049, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	for _, f := range change {
		f(template)
	}
	c := &certified{key: key}
	if parent == nil {
		parent = &certified{template, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent.Certificate, key.Public(), parent.key)
	ok(t, err)
	c.Certificate, err = x509.ParseCertificate(der)
	ok(t, err)
	return c
}

func authority(c *x509.Certificate) { c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign }
func stamper(c *x509.Certificate) {
	c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: []byte("\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x08")}}
}

func newECDSA(t testing.TB, curve elliptic.Curve) crypto.Signer {
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	ok(t, err)
	return key
}

func newRSA(t testing.TB, bits int) crypto.Signer {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	ok(t, err)
	return key
}

// respond returns a token as a time stamping authority makes it. The chain begins with
// the issuer.
func respond(t testing.TB, signer *certified, hash crypto.Hash, chain ...*certified) []byte {
	t.Helper()
	info := timestamp.Timestamp{
		HashAlgorithm: crypto.SHA256, HashedMessage: imprinted[:], Time: stampedAt, Policy: asn1.ObjectIdentifier{1, 2, 3, 4},
		Accuracy: 1500 * time.Millisecond, Nonce: big.NewInt(1 << 60), Qualified: true, Ordering: true, AddTSACertificate: true,
	}
	for _, c := range chain {
		info.Certificates = append(info.Certificates, c.Certificate)
	}
	response, err := info.CreateResponseWithOpts(signer.Certificate, signer.key, hash)
	ok(t, err)
	parsed, err := timestamp.ParseResponse(response)
	ok(t, err)
	return parsed.RawToken
}

// tstInfo is the least that a TSTInfo must have (RFC 3161 2.4.2).
type tstInfo struct {
	Version int
	Policy  asn1.ObjectIdentifier
	Imprint struct {
		Algorithm pkix.AlgorithmIdentifier
		Hash      []byte
	}
	Serial int
	Time   asn1.RawValue
}

// A forger makes tokens in which anything may be wrong.
type forger struct {
	signer  *certified
	others  []*certified
	bare    bool // without the certificate of the signer
	digest  asn1.ObjectIdentifier
	info    func(*tstInfo)
	prepare func(*pkcs7.SignedData)
	finish  func(*pkcs7.SignedData)
}

// token returns a token that is right but for what was asked.
func (f forger) token(t testing.TB) []byte {
	t.Helper()
	info := tstInfo{Version: 1, Policy: asn1.ObjectIdentifier{1, 2, 3, 4}, Serial: 1}
	info.Imprint.Algorithm.Algorithm, info.Imprint.Hash = oidSHA256, imprinted[:]
	info.Time = asn1.RawValue{Tag: asn1.TagGeneralizedTime, Bytes: []byte("20260102030405Z")}
	if f.info != nil {
		f.info(&info)
	}
	content, err := asn1.Marshal(info)
	ok(t, err)
	sd, err := pkcs7.NewSignedData(content)
	ok(t, err)
	sd.SetContentType(oidTSTInfo)
	sd.SetDigestAlgorithm(oidSHA256)
	if f.digest != nil {
		sd.SetDigestAlgorithm(f.digest)
	}
	if f.prepare != nil {
		f.prepare(sd)
	}
	ok(t, sd.AddSigner(f.signer.Certificate, f.signer.key, pkcs7.SignerInfoConfig{SkipCertificates: f.bare}))
	for _, c := range f.others {
		sd.AddCertificate(c.Certificate)
	}
	if f.finish != nil {
		f.finish(sd)
	}
	token, err := sd.Finish()
	ok(t, err)
	return token
}

// at has a token say another time.
func at(text string) func(*tstInfo) { return func(i *tstInfo) { i.Time.Bytes = []byte(text) } }

// An office has the keys and certificates of the tests.
type office struct {
	t                     testing.TB
	rsaRoot, rsaStamper   *certified
	root, stamper, middle *certified
	under                 *certified // a stamper that middle certified
}

func newOffice(t testing.TB) *office {
	o := &office{t: t}
	o.rsaRoot = certify(t, "RSA root", newRSA(t, 2048), nil, authority)
	o.rsaStamper = certify(t, "RSA stamper", newRSA(t, 2048), o.rsaRoot, stamper)
	o.root = certify(t, "root", newECDSA(t, elliptic.P384()), nil, authority)
	o.stamper = certify(t, "stamper", newECDSA(t, elliptic.P256()), o.root, stamper)
	o.middle = certify(t, "middle", newECDSA(t, elliptic.P256()), o.root, authority)
	o.under = certify(t, "under", newECDSA(t, elliptic.P384()), o.middle, stamper)
	return o
}

// line returns a stamper and those above it, so many in all.
func (o *office) line(n int) []*certified {
	line := []*certified{certify(o.t, "top", newECDSA(o.t, elliptic.P256()), nil, authority, func(c *x509.Certificate) { c.MaxPathLen = n - 2 })}
	for i := range n - 2 {
		line = append(line, certify(o.t, fmt.Sprint("level ", i), newECDSA(o.t, elliptic.P256()), line[i], authority))
	}
	line = append(line, certify(o.t, "bottom", newECDSA(o.t, elliptic.P256()), line[n-2], stamper))
	slices.Reverse(line)
	return line
}

// crowd returns so many certificates of the name "middle", none of which is the genuine.
func (o *office) crowd(n int) (out []*certified) {
	key := newECDSA(o.t, elliptic.P256())
	self := certify(o.t, "middle", key, nil, authority)
	for range n {
		out = append(out, certify(o.t, "middle", key, self, authority))
	}
	return out
}

// unattributed returns a token of which the content itself was signed.
func (o *office) unattributed() []byte {
	p7, err := pkcs7.Parse(forger{signer: o.stamper}.token(o.t))
	ok(o.t, err)
	sd, err := pkcs7.NewSignedData(p7.Content)
	ok(o.t, err)
	sd.SetContentType(oidTSTInfo)
	sd.SetDigestAlgorithm(oidSHA256)
	ok(o.t, sd.SignWithoutAttr(o.stamper.Certificate, o.stamper.key, pkcs7.SignerInfoConfig{}))
	token, err := sd.Finish()
	ok(o.t, err)
	return token
}

// sign signs the attributes of a token once more, as the stamper.
func (o *office) sign(sd *pkcs7.SignedData, hash crypto.Hash) {
	info := &sd.GetSignedData().SignerInfos[0]
	attributes, err := asn1.MarshalWithParams(info.AuthenticatedAttributes, "set")
	ok(o.t, err)
	h := hash.New()
	h.Write(attributes)
	info.EncryptedDigest, err = o.stamper.key.Sign(rand.Reader, h.Sum(nil), hash)
	ok(o.t, err)
}

// repeated returns a certificate that has an extension twice.
func (o *office) repeated() []byte {
	extension := pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3}, Value: []byte{5, 0}}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), ExtraExtensions: []pkix.Extension{extension, extension}}
	der, err := x509.CreateCertificate(rand.Reader, template, o.root.Certificate, o.stamper.key.Public(), o.root.key)
	ok(o.t, err)
	return der
}

func newEd25519(t testing.TB) crypto.Signer {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	ok(t, err)
	return key
}

// A cube is a key of exponent 3 that its owner does not have: what it signs is right
// only as far as a cube root goes (Bleichenbacher 2006).
type cube struct{ rsa.PublicKey }

func newCube(t testing.TB) crypto.Signer {
	return cube{rsa.PublicKey{N: newRSA(t, 2048).Public().(*rsa.PublicKey).N, E: 3}}
}

func (c cube) Public() crypto.PublicKey { return &c.PublicKey }

func (c cube) Sign(_ io.Reader, digest []byte, _ crypto.SignerOpts) ([]byte, error) {
	info := append([]byte{0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20}, digest...)
	head := slices.Concat([]byte{0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0}, info)
	target := new(big.Int).SetBytes(append(head, bytes.Repeat([]byte{0xff}, 256-len(head))...))
	low, high := big.NewInt(0), new(big.Int).Lsh(big.NewInt(1), 700)
	for low.Cmp(high) < 0 { // the largest number whose cube is not above target
		middle := new(big.Int).Add(low, high)
		middle.Add(middle, big.NewInt(1)).Rsh(middle, 1)
		if new(big.Int).Exp(middle, big.NewInt(3), nil).Cmp(target) <= 0 {
			low = middle
		} else {
			high = middle.Sub(middle, big.NewInt(1))
		}
	}
	return low.FillBytes(make([]byte, 256)), nil
}

// An above adds the order of its curve to the second number of each signature.
type above struct{ crypto.Signer }

func (a above) Sign(r io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	signature, err := a.Signer.Sign(r, digest, o)
	if err != nil {
		return nil, err
	}
	var p struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(signature, &p); err != nil {
		return nil, err
	}
	p.S.Add(p.S, a.Public().(*ecdsa.PublicKey).Params().N)
	return asn1.Marshal(p)
}
