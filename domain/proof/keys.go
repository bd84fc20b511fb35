package proof

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
)

// The kinds of log keys. Each signs a line of its own under the same text.
const (
	Ed25519 = "ed25519"   // what every C2SP client reads
	MLDSA44 = "ml-dsa-44" // holds against quantum computers (后量子), for records that are kept for decades
	SM2     = "sm2"       // commercial cryptography (国密): SM2 with SM3, of GB/T 32918.2-2016
)

// kinds is the order in which lines are looked for.
var kinds = []string{Ed25519, MLDSA44, SM2}

// An algorithm is what a kind of keys besides Ed25519 comes to. Both have secrets of
// 32 bytes, and sign the same text with the same bytes each time.
type algorithm struct {
	kind string
	tag  []byte // before a key: the signature type of C2SP signed-note

	signer   func(name string, secret []byte) (sign func(text []byte) ([]byte, error), public []byte, err error)
	verifier func(name string, public []byte) (verify func(text, sig []byte) bool, err error)
}

var algorithms = []algorithm{mldsa44, sm2WithSM3}

const secretSize = 32 // of Ed25519, too

var errKey = errors.New("malformed key")

// NewVerifier returns what checks the lines of vkey, which may be of any kind:
//
//	<name>+<hash>+<base64 of tag and public key>
//
// The tag is 0x01 for Ed25519, 0x06 for ML-DSA-44, and for SM2 that of [SM2Type].
// The hash is SHA-256(name ‖ 0x0A ‖ tag ‖ public key)[:4], in hexadecimal, as C2SP
// signed-note recommends. There is one way to write a key.
func NewVerifier(vkey string) (note.Verifier, error) {
	if v, err := note.NewVerifier(vkey); err == nil {
		return v, nil
	}
	name, _, a, public, err := readKey(vkey)
	if err != nil || writeKey(name, a.tag, public) != vkey {
		return nil, errKey
	}
	verify, err := a.verifier(name, public)
	if err != nil {
		return nil, errKey
	}
	return &verifier{keyOf(name, a, public), verify}, nil
}

// NewSigner returns what signs with skey, which may be of any kind. Its error does
// not quote the key.
func NewSigner(skey string) (note.Signer, error) {
	if s, err := note.NewSigner(skey); err == nil {
		return s, nil
	}
	rest, ok := strings.CutPrefix(skey, secretPrefix)
	name, hash, a, secret, err := readKey(rest)
	if !ok || err != nil {
		return nil, errKey
	}
	sign, public, err := a.signer(name, secret)
	if err != nil || fmt.Sprintf("%08x", keyOf(name, a, public).hash) != hash {
		return nil, errKey
	}
	return &signer{keyOf(name, a, public), sign}, nil
}

const secretPrefix = "PRIVATE+KEY+"

// GenerateKey makes a key of a kind out of random bytes: the same ones make the same
// key. The name must not be empty, nor have a space or a plus in it.
func GenerateKey(kind, name string, random io.Reader) (skey, vkey string, err error) {
	if kind == Ed25519 {
		skey, vkey, err = note.GenerateKey(random, name)
	}
	for _, a := range algorithms {
		if a.kind != kind {
			continue
		}
		secret := make([]byte, secretSize)
		if _, err := io.ReadFull(random, secret); err != nil {
			return "", "", err
		}
		_, public, err := a.signer(name, secret)
		if err != nil {
			return "", "", err // of SM2 one time in 2^32: asking again helps
		}
		vkey = writeKey(name, a.tag, public)
		skey = fmt.Sprintf("%s%s+%08x+%s", secretPrefix, name, keyOf(name, a, public).hash, base64.StdEncoding.EncodeToString(append(bytes.Clone(a.tag), secret...)))
	}
	if err == nil {
		_, err = NewVerifier(vkey)
	}
	return skey, vkey, err
}

// PublicKey returns the public key of a secret one, which may be of any kind, as
// [GenerateKey] makes both. Its error does not quote the key.
func PublicKey(skey string) (vkey string, err error) {
	s, err := NewSigner(skey)
	if err != nil {
		return "", errKey
	}
	fields := strings.SplitN(skey, "+", 5) // PRIVATE+KEY+name+hash+key, of which the last is base64
	b, err := base64.StdEncoding.DecodeString(fields[4])
	if err != nil || len(b) < secretSize {
		return "", errKey
	}
	_, vkey, err = GenerateKey(KindOf(s), s.Name(), bytes.NewReader(b[len(b)-secretSize:]))
	return vkey, err
}

// KindOf returns the kind of a key that [NewSigner] or [NewVerifier] has made.
func KindOf(k interface{ KeyHash() uint32 }) string {
	if k, ok := k.(interface{ kindOf() string }); ok {
		return k.kindOf()
	}
	return Ed25519
}

// readKey takes apart what a signer or a verifier is written as.
func readKey(text string) (name, hash string, a algorithm, key []byte, err error) {
	name, rest, _ := strings.Cut(text, "+")
	hash, encoded, _ := strings.Cut(rest, "+")
	b, err := base64.StdEncoding.DecodeString(encoded)
	// The name goes into what ML-DSA signs, after its length in one byte.
	if err != nil || name == "" || len(name) > 255 || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsSpace) {
		return "", "", a, nil, errKey
	}
	for _, a := range algorithms {
		if key, ok := bytes.CutPrefix(b, a.tag); ok {
			return name, hash, a, key, nil
		}
	}
	return "", "", a, nil, errKey
}

func writeKey(name string, tag, public []byte) string {
	b := append(bytes.Clone(tag), public...)
	return fmt.Sprintf("%s+%08x+%s", name, keyHash(name, b), base64.StdEncoding.EncodeToString(b))
}

func keyHash(name string, tagged []byte) uint32 {
	sum := sha256.Sum256(append([]byte(name+"\n"), tagged...))
	return binary.BigEndian.Uint32(sum[:])
}

func keyOf(name string, a algorithm, public []byte) key {
	return key{name, keyHash(name, append(bytes.Clone(a.tag), public...)), a.kind}
}

// A key is what signers and verifiers have in common.
type key struct {
	name string
	hash uint32
	kind string
}

func (k key) Name() string    { return k.name }
func (k key) KeyHash() uint32 { return k.hash }
func (k key) kindOf() string  { return k.kind }

type signer struct {
	key
	sign func(text []byte) ([]byte, error)
}

// Sign implements [note.Signer].
func (s *signer) Sign(text []byte) ([]byte, error) { return s.sign(text) }

type verifier struct {
	key
	verify func(text, sig []byte) bool
}

// Verify implements [note.Verifier].
func (v *verifier) Verify(text, sig []byte) bool { return v.verify(text, sig) }
