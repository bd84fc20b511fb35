package witness

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"os"
	"runtime"

	"xinfang/domain/ledger"
	"xinfang/infra/durable"
)

const keyName = "key.pem"

// newKey returns a new key. It reads the seed itself: crypto/ed25519 does not
// promise to take it from the reader that it is given.
func newKey(random io.Reader) (ed25519.PrivateKey, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return nil, &ledger.Trouble{Text: ledger.Text{
			ZH: "没有随机数，未生成见证密钥", EN: "no random bytes, so no witness key was made",
		}, Cause: err}
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// LoadKey reads the Ed25519 key in the file at path: PKCS #8 in PEM, as [Create]
// and "openssl genpkey -algorithm ed25519" write it. It refuses a file that others
// than its owner may use (Unix). Its errors do not say what it read.
func LoadKey(path string) (key ed25519.PrivateKey, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &ledger.Trouble{Text: said("%s 中没有见证密钥；请先建立见证", "there is no witness key at %s; make a witness first", path), Cause: err}
	}
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, unreadable(path, err)
	}
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o077 != 0 {
		return nil, ledger.Troubled("见证密钥 %s 可被他人使用（权限 %04o）；请执行：chmod 600 %[1]s",
			"others may use the witness key %s (mode %04o); run: chmod 600 %[1]s", path, mode)
	}
	text, err := io.ReadAll(io.LimitReader(f, 4096))
	if err != nil {
		return nil, unreadable(path, err)
	}
	block, rest := pem.Decode(text)
	if block == nil || block.Type != "PRIVATE KEY" || len(rest) > 0 {
		return nil, ledger.Troubled("%s 不是 PEM 格式的私钥（PKCS #8）", "%s is no private key in PEM (PKCS #8)", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, ok := parsed.(ed25519.PrivateKey)
	if err != nil || !ok {
		return nil, ledger.Troubled("%s 中的私钥不是 Ed25519 私钥", "the private key in %s is no Ed25519 key", path)
	}
	return key, nil
}

// saveKey writes key to a new file at path, for its owner alone. The file appears
// under its name only when all of it is durable, so that after a crash there is
// none, or a whole one.
func saveKey(path string, key ed25519.PrivateKey) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err := durable.Create(path, text, 0o600); err != nil {
		return unwritable(path, err)
	}
	return nil
}
