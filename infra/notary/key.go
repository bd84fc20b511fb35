package notary

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// SetUp makes the notary of the ledger called origin: an Ed25519 key, and one of each
// further kind, in the file at keyPath, which must not exist and which only its owner
// can read, and in dir the policy that believes them and wants quorum of witnesses,
// public keys, to cosign. The error wraps [fs.ErrExist] if there is a key.
//
// The file of keys gets its name last: after a crash before that there is no key,
// nothing was signed, and SetUp can be repeated.
func SetUp(dir, keyPath, origin string, witnesses []string, quorum int, random io.Reader, further ...string) (*proof.Policy, error) {
	if _, err := os.Lstat(keyPath); !errors.Is(err, fs.ErrNotExist) {
		return nil, cmp.Or(err, error(&fs.PathError{Op: "create", Path: keyPath, Err: fs.ErrExist}))
	}
	var secrets, vkeys []string
	for _, kind := range append([]string{proof.Ed25519}, further...) {
		secret, vkey, err := proof.GenerateKey(kind, origin, random)
		if err != nil {
			return nil, ledger.Troubled("台账名称 %q 不能用于签名：不能为空，不能含空格或加号", "the name %q cannot be signed for: it must not be empty, nor have a space or a plus in it", origin)
		}
		secrets, vkeys = append(secrets, secret), append(vkeys, vkey)
	}
	policy, err := proof.NewPolicy(origin, vkeys, witnesses, quorum)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if err := replace(filepath.Join(dir, PolicyName), []byte(policy.String()), 0o644); err != nil {
		return nil, err
	}
	if err := syncDir(dir); err != nil {
		return nil, err
	}
	// What an earlier attempt has left could be read by others.
	if err := os.Remove(keyPath + ".tmp"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := replace(keyPath, []byte(strings.Join(secrets, "\n")+"\n"), 0o600); err != nil {
		return nil, err
	}
	return policy, syncDir(filepath.Dir(keyPath))
}

// PolicyName is the file in a notary's directory with its policy.
const PolicyName = "policy.txt"

// maxKeyFile is the most bytes that a key file may have.
const maxKeyFile = 64 << 10

// ReadKeys returns the keys in the file at path, one a line. A file that others can
// read is refused.
func ReadKeys(path string) ([]note.Signer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, ledger.Troubled("公证密钥 %s 可被他人读取；请 chmod 600，并考虑更换密钥", "others can read the notary's key %s: chmod 600 it, and consider another key", path)
	}
	unusable := ledger.Troubled("%s 不是公证密钥", "%s holds no key of a notary", path)
	if info.Size() > maxKeyFile {
		return nil, unusable
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var signers []note.Signer
	for secret := range strings.FieldsSeq(string(b)) {
		signer, err := proof.NewSigner(secret)
		if err != nil { // which could quote the key
			return nil, unusable
		}
		signers = append(signers, signer)
	}
	if len(signers) == 0 {
		return nil, unusable
	}
	return signers, nil
}
