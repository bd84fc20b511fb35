package seal

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/ledger"
	"xinfang/infra/durable"
)

// A Key is the key of a writer (写入密钥). It may be used concurrently.
type Key struct {
	VKey    string // the public key, as a policy has it
	private ed25519.PrivateKey
}

// Public returns the public key.
func (k *Key) Public() ed25519.PublicKey { return k.private.Public().(ed25519.PublicKey) }

func (k *Key) sign(text []byte) []byte { return ed25519.Sign(k.private, text) }

// SetUp makes the key of the program that writes the ledger called origin, in the file
// at path, which only its owner can read. A key that is there is taken as it is: what
// was sealed with it stays sealed.
//
// The file gets its name last and is durable when SetUp returns: after a crash before
// that, nothing was sealed, or only with the key that is there.
func SetUp(path, origin string, random io.Reader) (*Key, error) {
	if key, err := ReadKey(path); !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	secret, _, err := note.GenerateKey(random, origin+"/writer")
	if err != nil {
		return nil, err
	}
	key, ok := parseKey(secret)
	if !ok {
		return nil, ledger.Troubled("台账名称 %q 不能用于签名：不能为空，不能含空格或加号", "the name %q cannot be signed for: it must not be empty, nor have a space or a plus in it", origin)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	return key, durable.Create(path, []byte(secret+"\n"), 0o600)
}

// ReadKey returns the key in the file at path: a line as note.GenerateKey makes it. A
// file that others can read is refused.
func ReadKey(path string) (*Key, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, ledger.Troubled("写入密钥 %s 可被他人读取；请 chmod 600，并考虑更换密钥", "others can read the writer's key %s: chmod 600 it, and consider another key", path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	key, ok := parseKey(strings.TrimSpace(string(b)))
	if !ok { // an error could quote the key
		return nil, ledger.Troubled("%s 不是写入密钥", "%s holds no key of a writer", path)
	}
	return key, nil
}

// parseKey reads PRIVATE+KEY+name+hash+key, where the key is base64, may have a plus
// in it, and is an algorithm and an Ed25519 seed.
func parseKey(line string) (*Key, bool) {
	if _, err := note.NewSigner(line); err != nil {
		return nil, false
	}
	parts := strings.SplitN(line, "+", 5)
	b, err := base64.StdEncoding.DecodeString(parts[4])
	if err != nil || len(b) != 1+ed25519.SeedSize {
		return nil, false
	}
	k := &Key{private: ed25519.NewKeyFromSeed(b[1:])}
	k.VKey, err = note.NewEd25519VerifierKey(parts[2], k.Public())
	return k, err == nil
}
