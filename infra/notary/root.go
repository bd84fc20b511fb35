package notary

import (
	"io"

	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/ledger"
	"xinfang/infra/durable"
)

// MakeRoot makes an offline root key (离线根密钥) called name, which signs policies: an
// Ed25519 key in a new file at path, which only its owner can read. It returns the
// public key. The error wraps [fs.ErrExist] if there is such a file: it is never
// replaced.
//
// The public key is returned once the file is durable: a crash before that leaves no
// file, or one with a key that no policy lists. Remove it, and repeat.
func MakeRoot(path, name string, random io.Reader) (vkey string, err error) {
	secret, vkey, err := note.GenerateKey(random, name)
	if err != nil {
		return "", err
	}
	if _, err := note.NewVerifier(vkey); err != nil {
		return "", ledger.Troubled("名称 %q 不能用于签名：不能为空，不能含空格或加号", "the name %q cannot be signed with: it must not be empty, nor have a space or a plus in it", name)
	}
	return vkey, durable.Create(path, []byte(secret+"\n"), 0o600)
}
