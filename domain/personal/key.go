package personal

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"

	"github.com/google/uuid"
	"golang.org/x/crypto/chacha20poly1305"
)

// KeySize is the length of a data key, in bytes.
const KeySize = chacha20poly1305.KeySize

// NonceSize is the length of the nonce of a box, in bytes.
const NonceSize = chacha20poly1305.NonceSizeX

// A Key (数据密钥) seals the values of one petitioner, the subject. It does not
// print.
type Key [KeySize]byte

// Format writes that k is a key, for every verb, and never the key itself.
func (k Key) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, "data key") }

// LogValue is [Key.Format] for logs.
func (k Key) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(k)) }

// Commitment returns what an event says of the key, without giving it away, in
// hexadecimal. It stands in [ledger.Meta.Key]: no AEAD of this kind commits to its
// key, and a box alone could be made to open two ways.
func (k Key) Commitment() string {
	sum := sha256.Sum256(append([]byte("dek-commit/v1"), k[:]...))
	return hex.EncodeToString(sum[:])
}

// boxFormat is the first byte of a box.
const boxFormat = 1

// boxContext binds a box to its subject and field.
func boxContext(subject uuid.UUID, field Field) []byte {
	b := append([]byte("xinfang/vault/v1/box\x00"), subject[:]...)
	return append(b, field...)
}

// Seal returns plain in a box (密文) that only Open opens, with the same key, for
// the same subject and field. nonce is random, and used once.
func (k Key) Seal(nonce [NonceSize]byte, subject uuid.UUID, field Field, plain string) []byte {
	aead, err := chacha20poly1305.NewX(k[:])
	if err != nil {
		panic(err) // a Key has the length that it takes
	}
	box := make([]byte, 0, 1+NonceSize+len(plain)+aead.Overhead())
	box = append(append(box, boxFormat), nonce[:]...)
	return aead.Seal(box, nonce[:], []byte(plain), boxContext(subject, field))
}

// Open returns what was sealed in box. It reports false if the box was altered, or
// is of another key, subject or field.
func (k Key) Open(subject uuid.UUID, field Field, box []byte) (plain string, ok bool) {
	if len(box) < 1+NonceSize || box[0] != boxFormat {
		return "", false
	}
	aead, err := chacha20poly1305.NewX(k[:])
	if err != nil {
		panic(err) // a Key has the length that it takes
	}
	b, err := aead.Open(nil, box[1:1+NonceSize], box[1+NonceSize:], boxContext(subject, field))
	return string(b), err == nil
}
