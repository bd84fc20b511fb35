package evidence

import (
	"crypto/ecdh"
	"crypto/hpke"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/personal"
	"xinfang/infra/durable"
)

// Keys are wrapped by HPKE (RFC 9180) in its base mode, with DHKEM(X25519,
// HKDF-SHA256), HKDF-SHA256 and ChaCha20Poly1305, as the encapsulated key, then the
// ciphertext.
var (
	kem  = hpke.DHKEM(ecdh.X25519())
	kdf  = hpke.HKDFSHA256()
	aead = hpke.ChaCha20Poly1305()
)

const (
	wrapInfo    = Format + " key"
	lenEnc      = 32                             // bytes of an encapsulated key
	lenWrapped  = lenEnc + personal.KeySize + 16 // and of the key that it wraps, with its tag
	lenReader   = 32                             // bytes of either key of a reader
	lenIdentity = 2 * lenReader                  // of its text
)

// wrapContext binds a wrapped key to whom it is of, and to what the events say of it.
func wrapContext(subject uuid.UUID, commitment string) []byte {
	b, _ := hex.DecodeString(commitment)
	return append(subject[:len(subject):len(subject)], b...)
}

// A Reader (读者) is somebody to whom data keys are disclosed: an X25519 public key.
type Reader struct{ key hpke.PublicKey }

// ParseReader reads a public key in hexadecimal. It refuses one of low order, with
// which nothing would be secret. The error is a [*ledger.Trouble].
func ParseReader(text string) (Reader, error) {
	b, err := hex.DecodeString(text)
	if err == nil && len(b) == lenReader {
		key, err := kem.NewPublicKey(b)
		if err == nil {
			_, _, err = hpke.NewSender(key, kdf, aead, nil)
		}
		if err == nil {
			return Reader{key}, nil
		}
	}
	return Reader{}, ledger.Troubled("这不是读者的公钥：应为 evidence reader-key 给出的 %d 个十六进制字符", "this is no public key of a reader: evidence reader-key gives one, of %d hexadecimal characters", lenIdentity)
}

// String returns the public key in hexadecimal.
func (r Reader) String() string { return hex.EncodeToString(r.key.Bytes()) }

// Wrap returns the data key of subject as a bundle has it, for r alone. It draws
// random bytes from the system, as crypto/hpke does.
func (r Reader) Wrap(subject uuid.UUID, key personal.Key) (DisclosedKey, error) {
	d := DisclosedKey{Subject: subject, Commitment: key.Commitment()}
	enc, sender, err := hpke.NewSender(r.key, kdf, aead, []byte(wrapInfo))
	if err != nil {
		return d, err
	}
	sealed, err := sender.Seal(wrapContext(subject, d.Commitment), key[:])
	d.Wrapped = append(enc, sealed...)
	return d, err
}

// A ReaderKey is the secret key of a [Reader]. It does not print.
type ReaderKey struct{ key hpke.PrivateKey }

// Format writes whose key k is, for every verb, and never the key itself.
func (k *ReaderKey) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "key of reader %v", k.Reader())
}

// Reader returns to whom keys are disclosed that k opens.
func (k *ReaderKey) Reader() Reader { return Reader{k.key.PublicKey()} }

// open returns the data key in d. It reports false if there is none for k, or another
// one than d commits to.
func (k *ReaderKey) open(d DisclosedKey) (key personal.Key, ok bool) {
	recipient, err := hpke.NewRecipient(d.Wrapped[:lenEnc], k.key, kdf, aead, []byte(wrapInfo))
	if err != nil {
		return key, false
	}
	plain, err := recipient.Open(wrapContext(d.Subject, d.Commitment), d.Wrapped[lenEnc:])
	if err != nil {
		return key, false
	}
	key = personal.Key(plain) // which has lenWrapped-lenEnc-16 bytes
	return key, key.Commitment() == d.Commitment
}

// NewReaderKey makes a reader's key and writes it to the file at path, which must not
// exist and which only its owner can read: a line of hexadecimal.
//
// Nobody has been told the public key before the file is durable: after a crash there
// is a file that is of no use, or none, and nothing is sealed for it.
func NewReaderKey(path string) (*ReaderKey, error) {
	key, err := kem.GenerateKey()
	if err != nil {
		return nil, err
	}
	b, err := key.Bytes()
	if err != nil {
		return nil, err
	}
	if err := durable.Create(path, []byte(hex.EncodeToString(b)+"\n"), 0o600); err != nil {
		return nil, err
	}
	return &ReaderKey{key}, nil
}

// ReadReaderKey reads the file that [NewReaderKey] has made. It refuses one that
// others than its owner may use (Unix). Its errors do not say what it read.
func ReadReaderKey(path string) (_ *ReaderKey, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, ledger.Troubled("读者私钥 %s 可被他人读取；请 chmod 600", "others can read the reader's key %s: chmod 600 it", path)
	}
	text, err := io.ReadAll(io.LimitReader(f, lenIdentity+2))
	if err != nil {
		return nil, err
	}
	b, err := hex.DecodeString(strings.TrimSuffix(string(text), "\n"))
	if err == nil && len(b) == lenReader {
		if key, err := kem.NewPrivateKey(b); err == nil {
			return &ReaderKey{key}, nil
		}
	}
	return nil, ledger.Troubled("%s 不是读者私钥", "%s holds no key of a reader", path)
}
