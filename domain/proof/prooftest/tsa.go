// Package prooftest has what tests of proofs need from others: a time-stamp
// authority (时间戳服务机构) that stamps at any time that it is told.
package prooftest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"io"
	"math/big"
	"net/http"
	"testing"
	"time"

	"github.com/digitorus/timestamp"

	"xinfang/domain/ledger"
)

// A TSA stamps. Its certificate is signed by its root. Change its fields to make it
// do what it should not.
type TSA struct {
	Root, Certificate *x509.Certificate
	Key               crypto.Signer
	Now               func() time.Time // what it says the time is

	NoCertificate bool // leave the certificate out of tokens
}

// NewTSA returns an authority of that name, whose certificates are valid from 2020 to
// 2040.
func NewTSA(t testing.TB, name string, now func() time.Time) *TSA {
	return NewTSAFor(t, name, now, true, ForStamping)
}

// What certificates are for (RFC 5280 §4.2.1.12).
var (
	ForStamping = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}
	ForServers  = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 1}
	ForAnything = asn1.ObjectIdentifier{2, 5, 29, 37, 0}
)

// NewTSAFor is [NewTSA] with a certificate that says for what it is, and whether
// whoever does not understand that must refuse it.
func NewTSAFor(t testing.TB, name string, now func() time.Time, critical bool, usage ...asn1.ObjectIdentifier) *TSA {
	t.Helper()
	from, to := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC)
	rootKey, key := newKey(t), newKey(t)
	usages, err := asn1.Marshal(usage)
	if err != nil {
		t.Fatal(err)
	}
	root := certificate(t, &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name + " root"}, NotBefore: from, NotAfter: to,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, nil, rootKey, rootKey)
	own := certificate(t, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: to,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtraExtensions: []pkix.Extension{{Id: []int{2, 5, 29, 37}, Critical: critical, Value: usages}},
	}, root, key, rootKey)
	return &TSA{Root: root, Certificate: own, Key: key, Now: now}
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// certificate returns template signed by parent, or by itself if there is none.
func certificate(t testing.TB, template, parent *x509.Certificate, of, by *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, of.Public(), by)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Pin is what a policy says of the root, after tsaroot.
func (a *TSA) Pin() ledger.Hash { return sha256.Sum256(a.Root.Raw) }

// Token returns a token over text. The root is not in it.
func (a *TSA) Token(text string) ([]byte, error) {
	sum := sha256.Sum256([]byte(text))
	response, err := a.respond(&timestamp.Request{HashAlgorithm: crypto.SHA256, HashedMessage: sum[:]})
	if err != nil {
		return nil, err
	}
	stamp, err := timestamp.ParseResponse(response)
	if err != nil {
		return nil, err
	}
	return stamp.RawToken, nil
}

func (a *TSA) respond(r *timestamp.Request) ([]byte, error) {
	stamp := timestamp.Timestamp{
		HashAlgorithm: r.HashAlgorithm, HashedMessage: r.HashedMessage, Time: a.Now().UTC().Truncate(time.Second), Nonce: r.Nonce,
		Policy: asn1.ObjectIdentifier{1, 2, 3, 4}, AddTSACertificate: !a.NoCertificate,
	}
	return stamp.CreateResponseWithOpts(a.Certificate, a.Key, crypto.SHA256)
}

// ServeHTTP answers requests as RFC 3161 §3.4 says.
func (a *TSA) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 4096))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	request, err := timestamp.ParseRequest(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	response, err := a.respond(request)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	_, _ = w.Write(response) // who has gone needs no answer
}
