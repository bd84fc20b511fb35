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

// SetUp makes the notary of the ledger called origin: an Ed25519 key in the file at
// keyPath, which must not exist and which only its owner can read, and in dir the
// policy that believes it and wants quorum of witnesses, public keys, to cosign; lines
// are more of the policy. The error wraps [fs.ErrExist] if there is a key.
//
// The key gets its name last: after a crash before that there is no key, nothing was
// signed, and SetUp can be repeated.
func SetUp(dir, keyPath, origin string, witnesses []string, quorum int, random io.Reader, lines ...string) (*proof.Policy, error) {
	if _, err := os.Lstat(keyPath); !errors.Is(err, fs.ErrNotExist) {
		return nil, cmp.Or(err, error(&fs.PathError{Op: "create", Path: keyPath, Err: fs.ErrExist}))
	}
	secret, vkey, err := note.GenerateKey(random, origin)
	if err != nil {
		return nil, ledger.Troubled("台账名称 %q 不能用于签名：不能为空，不能含空格或加号", "the name %q cannot be signed for: it must not be empty, nor have a space or a plus in it", origin)
	}
	policy, err := proof.NewPolicy(origin, vkey, witnesses, quorum, lines...)
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
	if err := replace(keyPath, []byte(secret+"\n"), 0o600); err != nil {
		return nil, err
	}
	return policy, syncDir(filepath.Dir(keyPath))
}

// PolicyName is the file in a notary's directory with its policy.
const PolicyName = "policy.txt"

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
