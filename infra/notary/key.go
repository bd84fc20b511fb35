package notary

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/ledger"
)

// WriteKey makes an Ed25519 key for the ledger called origin and writes it to the
// file at path, which must not exist and which only its owner can read. It returns
// the public key as a policy lists it.
func WriteKey(path, origin string, random io.Reader) (vkey string, err error) {
	secret, vkey, err := note.GenerateKey(random, origin)
	if err != nil {
		return "", ledger.Troubled("台账名称 %q 不能用于签名：不能为空，不能含空格或加号", "the name %q cannot be signed for: it must not be empty, nor have a space or a plus in it", origin)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	_, err = f.WriteString(secret + "\n")
	if err == nil {
		err = f.Sync()
	}
	// A crash before this is durable leaves no key, or one that nothing was signed
	// with.
	if err = errors.Join(err, f.Close()); err == nil {
		err = syncDir(filepath.Dir(path))
	}
	return vkey, err
}

// ReadKey returns the key in the file at path. A file that others can read is
// refused.
func ReadKey(path string) (note.Signer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, ledger.Troubled("公证密钥 %s 可被他人读取；请 chmod 600，并考虑更换密钥", "others can read the notary's key %s: chmod 600 it, and consider another key", path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	signer, err := note.NewSigner(strings.TrimSpace(string(b)))
	if err != nil { // which could quote the key
		return nil, ledger.Troubled("%s 不是公证密钥", "%s holds no key of a notary", path)
	}
	return signer, nil
}
