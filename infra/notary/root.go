package notary

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/ledger"
)

// MakeRoot makes an offline root key (离线根密钥) called name, which signs policies: an
// Ed25519 key in a new file at path, which only its owner can read. It returns the
// public key. The error wraps [fs.ErrExist] if there is such a file: it is never
// replaced.
//
// The public key is returned once the file is durable: a crash before that leaves a
// file with a key, or a part of one, that no policy lists. Remove it, and repeat.
func MakeRoot(path, name string, random io.Reader) (vkey string, err error) {
	secret, vkey, err := note.GenerateKey(random, name)
	if err != nil {
		return "", err
	}
	if _, err := note.NewVerifier(vkey); err != nil {
		return "", ledger.Troubled("名称 %q 不能用于签名：不能为空，不能含空格或加号", "the name %q cannot be signed with: it must not be empty, nor have a space or a plus in it", name)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	_, err = f.WriteString(secret + "\n")
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(path))
	}
	return vkey, syncDir(filepath.Dir(path))
}

// WritePolicy makes text the content of the file at path, durably. A crash leaves the
// old content or the new: both are policies that whoever holds the file has accepted.
func WritePolicy(path string, text []byte) error {
	if err := replace(path, text, 0o644); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}
