package proof

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"slices"

	"github.com/digitorus/pkcs7"
)

// A token is taken only as every verifier of ours reads it, the second one too: the
// library takes more forms of it, older hashes, and what nobody has signed.

// oidStampInfo is id-ct-TSTInfo: what a token says (RFC 3161 §2.4.2).
var oidStampInfo = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}

// The hashes, and what signs with each (RFC 5754). RSA may be named alone.
var (
	digests    = []asn1.ObjectIdentifier{pkcs7.OIDDigestAlgorithmSHA256, pkcs7.OIDDigestAlgorithmSHA384, pkcs7.OIDDigestAlgorithmSHA512}
	signatures = [][]asn1.ObjectIdentifier{
		{pkcs7.OIDEncryptionAlgorithmRSASHA256, pkcs7.OIDDigestAlgorithmECDSASHA256},
		{pkcs7.OIDEncryptionAlgorithmRSASHA384, pkcs7.OIDDigestAlgorithmECDSASHA384},
		{pkcs7.OIDEncryptionAlgorithmRSASHA512, pkcs7.OIDDigestAlgorithmECDSASHA512},
	}
	certificateSignatures = []x509.SignatureAlgorithm{
		x509.SHA256WithRSA, x509.SHA384WithRSA, x509.SHA512WithRSA, x509.ECDSAWithSHA256, x509.ECDSAWithSHA384, x509.ECDSAWithSHA512,
	}
)

// openToken returns what is signed and whose certificate signed it. That certificate
// must be in the token: without one the library checks no signature.
func openToken(token []byte) (*pkcs7.PKCS7, *x509.Certificate, error) {
	malformed := Found(Malformed, "时间戳格式不对", "the time-stamp is malformed")
	if len(token) > MaxToken || !isToken(token) {
		return nil, nil, malformed
	}
	signed, err := pkcs7.Parse(token)
	if err != nil || len(signed.Signers) != 1 || !isStampInfo(signed.Content) {
		return nil, nil, malformed
	}
	unsigned := Found(BadSignature, "时间戳没有证书，或签名不对", "the time-stamp has no certificate, or its signature is wrong")
	signer := signed.GetOnlySigner()
	var content asn1.ObjectIdentifier
	if signer == nil || signed.UnmarshalSignedAttribute(pkcs7.OIDAttributeContentType, &content) != nil || !content.Equal(oidStampInfo) {
		return nil, nil, unsigned
	}
	if !signsKnown(signed) || !isKnown(signer) {
		return nil, nil, unsigned
	}
	// The time does not matter here, but there has to be one lest the library look at
	// the clock.
	if err := signed.VerifyWithOpts(x509.VerifyOptions{CurrentTime: signer.NotBefore}); err != nil {
		return nil, nil, unsigned
	}
	return signed, signer, nil
}

// isToken reports whether b is DER, and says to hold what a token holds.
func isToken(b []byte) bool {
	var token struct {
		Type asn1.ObjectIdentifier
		Data struct {
			Version    int
			Algorithms asn1.RawValue
			Content    struct{ Type asn1.ObjectIdentifier }
		} `asn1:"explicit,tag:0"`
	}
	if !isDER(b, maxNesting) {
		return false
	}
	rest, err := asn1.Unmarshal(b, &token)
	return err == nil && len(rest) == 0 && token.Data.Content.Type.Equal(oidStampInfo)
}

// isStampInfo reports whether b is the TSTInfo of version 1 (RFC 3161 §2.4.2), in DER.
func isStampInfo(b []byte) bool {
	var info struct {
		Version        int
		Policy         asn1.ObjectIdentifier
		Imprint, Count asn1.RawValue
		Time           asn1.RawValue
	}
	if !isDER(b, maxNesting) {
		return false
	}
	_, err := asn1.Unmarshal(b, &info)
	return err == nil && info.Version == 1 && info.Time.Class == asn1.ClassUniversal && info.Time.Tag == asn1.TagGeneralizedTime
}

// signsKnown reports whether the signature is by a hash and an algorithm that are known
// and fit each other, of attributes that are there once (RFC 5652 §11).
func signsKnown(signed *pkcs7.PKCS7) bool {
	by := signed.Signers[0]
	seen := make(map[string]bool)
	for _, a := range by.AuthenticatedAttributes {
		if seen[a.Type.String()] {
			return false
		}
		seen[a.Type.String()] = true
	}
	i := slices.IndexFunc(digests, by.DigestAlgorithm.Algorithm.Equal)
	algorithm := by.DigestEncryptionAlgorithm.Algorithm
	return i >= 0 && (algorithm.Equal(pkcs7.OIDEncryptionAlgorithmRSA) || slices.ContainsFunc(signatures[i], algorithm.Equal))
}

// isKnown reports whether the key of c is of a kind that is known: RSA of 2048 to 8192
// bits, or ECDSA on P-256 or P-384.
func isKnown(c *x509.Certificate) bool {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return 2048 <= key.N.BitLen() && key.N.BitLen() <= 8192
	case *ecdsa.PublicKey:
		return key.Curve == elliptic.P256() || key.Curve == elliptic.P384()
	}
	return false
}

// isShort reports whether a chain is not too long, and of keys and signatures that are
// known.
func isShort(chain []*x509.Certificate) bool {
	for i, c := range chain {
		if !isKnown(c) || i < len(chain)-1 && !slices.Contains(certificateSignatures, c.SignatureAlgorithm) {
			return false
		}
	}
	return len(chain) <= MaxChain
}

// maxNesting is how deep something may lie in a token.
const maxNesting = 32

// isDER reports whether b is values in DER, one behind the other, and all that is in
// them is, too: so that there is one way to write them (X.690 §10).
func isDER(b []byte, nesting int) bool {
	for len(b) > 0 {
		var v asn1.RawValue
		rest, err := asn1.Unmarshal(b, &v)
		if err != nil || nesting == 0 || v.Tag >= 31 || v.Class == asn1.ClassUniversal && !isPlain(v) || v.IsCompound && !isDER(v.Bytes, nesting-1) {
			return false
		}
		b = rest
	}
	return true
}

// isPlain reports whether v, of a universal class, is itself written as DER has it.
func isPlain(v asn1.RawValue) bool {
	if v.IsCompound != (v.Tag == asn1.TagSequence || v.Tag == asn1.TagSet) { // a string in parts
		return false
	}
	switch v.Tag {
	case asn1.TagBoolean:
		return len(v.Bytes) == 1 && (v.Bytes[0] == 0 || v.Bytes[0] == 0xff)
	case asn1.TagInteger:
		_, err := asn1.Unmarshal(v.FullBytes, new(*big.Int))
		return err == nil
	}
	return true
}
