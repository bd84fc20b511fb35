package ledger

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"
)

// A seal (写入印记) is the signature, under a key that only this program's servers
// have, of an event and of its place in its stream. It is the last member of the
// event's meta, so that the leaf commits to it, too. Who has the store and not the
// key can append, but not seal.
const (
	sealTag   = "petition-ledger/seal/v1\x00" // opens what is signed
	sealOpen  = `,"seal":"`
	sealClose = `"}`
)

// SealSize is how many bytes a seal adds to the meta of a record.
const SealSize = len(sealOpen) + (ed25519.SignatureSize+2)/3*4 + len(`"`)

// SealText returns what is signed of r as the event of that version of stream. data
// is the SHA-256 of r.Data, which is not looked at. As in a leaf, numbers are
// big-endian and what has no fixed length is prefixed with its length:
//
//	tag 24 · event id 16 · revision 8 · stream 2+n · type 2+n ·
//	SHA-256(data) 32 · SHA-256(meta without the seal) 32
//
// The revision, Version-1, is in it so that an event cannot be appended again, later
// in its stream. The position is not: nobody knows it before the event is recorded.
func SealText(stream Stream, version Version, r *Record, data Hash) []byte {
	meta, _ := Unseal(r.Meta)
	sum := sha256.Sum256(meta)
	b := append(make([]byte, 0, 256), sealTag...)
	b = append(b, r.ID[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(version-1))
	b = appendString(b, stream.String())
	b = appendString(b, r.Type)
	b = append(b, data[:]...)
	return append(b, sum[:]...)
}

// WithSeal returns r, as [Codec.Record] made it, sealed as the event of that version
// of stream. sign makes an Ed25519 signature (RFC 8032), which is the same whenever
// it is made, so that an event that is told twice stays the same event.
//
// A record that has a seal keeps it. Meta that is no JSON object with members has no
// room for one and stays as it is.
func WithSeal(r Record, stream Stream, version Version, sign func(text []byte) []byte) Record {
	bare, seal := Unseal(r.Meta)
	if seal != nil || len(bare) < len(`{"":0}`) || bare[0] != '{' || bare[len(bare)-1] != '}' {
		return r
	}
	seal = sign(SealText(stream, version, &r, sha256.Sum256(r.Data)))
	meta := append(make([]byte, 0, len(bare)+SealSize), bare[:len(bare)-1]...)
	meta = base64.StdEncoding.AppendEncode(append(meta, sealOpen...), seal)
	r.Meta = append(meta, sealClose...)
	return r
}

// CheckSeal reports whether e has the seal of one of keys, in its place: nothing is
// decoded and encoded again, and a byte more or less is another seal. data is the
// SHA-256 of e.Data, which is not looked at.
func CheckSeal(e *Envelope, data Hash, keys []ed25519.PublicKey) bool {
	_, seal := Unseal(e.Meta)
	if seal == nil {
		return false
	}
	text := SealText(e.Stream, e.Version, &e.Record, data)
	return slices.ContainsFunc(keys, func(k ed25519.PublicKey) bool { return ed25519.Verify(k, text, seal) })
}

// Unseal returns meta as it was before [WithSeal], and the seal. It returns meta as it
// is, and nil, if there is none at its end.
func Unseal(meta []byte) (bare, seal []byte) {
	at := len(meta) - len(`}`) - SealSize
	if at < 0 || !bytes.HasPrefix(meta[at:], []byte(sealOpen)) || !bytes.HasSuffix(meta, []byte(sealClose)) {
		return meta, nil
	}
	text := meta[at+len(sealOpen) : len(meta)-len(sealClose)]
	seal, err := base64.StdEncoding.Strict().AppendDecode(nil, text)
	if err != nil || len(seal) != ed25519.SignatureSize {
		return meta, nil
	}
	return append(bytes.Clone(meta[:at]), '}'), seal
}
