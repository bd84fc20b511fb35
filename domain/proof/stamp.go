package proof

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"slices"
	"time"

	"github.com/digitorus/timestamp"

	"xinfang/domain/ledger"
)

// A Stamp (时间戳) is a time-stamp authority's word that a checkpoint existed at a
// time (RFC 3161). Nobody can know the bytes of it before, so that whatever holds
// them came later.
type Stamp struct {
	Time      time.Time // of the authority's clock, UTC
	Authority string    // the common name in its certificate
}

// MaxToken is the most bytes that the token of a [Stamp] may have, and MaxChain the
// most certificates that may come with it.
const (
	MaxToken = 64 << 10
	MaxChain = 8
)

// oidUsage is id-ce-extKeyUsage: what a certificate is for (RFC 5280 §4.2.1.12).
var oidUsage = asn1.ObjectIdentifier{2, 5, 29, 37}

// OpenStamp returns what token, a DER TimeStampToken, says of c if a chain leads from
// its signer to a certificate that the policy pins (tsaroot). Certificates may come
// from anywhere: those in the token, and chain, each DER. The error is a [*Finding].
//
// The authority's certificate must be in the token and be for time stamping only; all of
// the chain must have been valid at the time that it says. Keys are of RSA, 2048 to 8192
// bits, or on P-256 or P-384, with SHA-256, SHA-384 or SHA-512; a chain has no more than
// [MaxChain] certificates.
func (p *Policy) OpenStamp(token []byte, c Checkpoint, chain ...[]byte) (Stamp, error) {
	signed, signer, err := openToken(token)
	if err != nil {
		return Stamp{}, err
	}
	info, err := timestamp.Parse(token)
	if err != nil {
		return Stamp{}, Found(Malformed, "时间戳格式不对", "the time-stamp is malformed")
	}
	sum := sha256.Sum256([]byte(c.Text()))
	if info.HashAlgorithm != crypto.SHA256 || !bytes.Equal(info.HashedMessage, sum[:]) {
		return Stamp{}, Found(BadProof, "时间戳不是对这个检查点的", "the time-stamp is of another checkpoint")
	}
	if err := p.trusts(signer, slices.Concat(signed.Certificates, parseChain(chain)), info.Time); err != nil {
		return Stamp{}, err
	}
	return Stamp{info.Time.UTC(), signer.Subject.CommonName}, nil
}

// parseChain returns the certificates that can be read.
func parseChain(chain [][]byte) (all []*x509.Certificate) {
	for _, der := range chain[:min(len(chain), MaxChain)] {
		if c, err := x509.ParseCertificate(der); err == nil {
			all = append(all, c)
		}
	}
	return all
}

// trusts checks that a chain of certificates led from signer to one that is pinned,
// at a time.
func (p *Policy) trusts(signer *x509.Certificate, certificates []*x509.Certificate, at time.Time) error {
	roots, others := x509.NewCertPool(), x509.NewCertPool()
	for _, c := range certificates {
		if slices.Contains(p.TSARoots, ledger.Hash(sha256.Sum256(c.Raw))) {
			roots.AddCert(c)
		} else {
			others.AddCert(c)
		}
	}
	chains, err := signer.Verify(x509.VerifyOptions{Roots: roots, Intermediates: others, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}})
	if err != nil || !onlyStamps(signer) || !slices.ContainsFunc(chains, isShort) {
		return Found(UnknownKey, "时间戳的证书链不通向信任策略所列的证书，或当时不在有效期内", "the certificates of the time-stamp do not lead to one of the policy, or were not valid at its time")
	}
	return nil
}

// onlyStamps reports whether c is for time stamping and for nothing else (RFC 3161 §2.3).
func onlyStamps(c *x509.Certificate) bool {
	return len(c.ExtKeyUsage) == 1 && c.ExtKeyUsage[0] == x509.ExtKeyUsageTimeStamping && len(c.UnknownExtKeyUsage) == 0 &&
		slices.ContainsFunc(c.Extensions, func(e pkix.Extension) bool { return e.Critical && e.Id.Equal(oidUsage) })
}
