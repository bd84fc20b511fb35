package notary

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
	"xinfang/infra/durable"
)

// A Plan says what notary is to be made.
type Plan struct {
	Origin    string   // the name of the ledger
	Witnesses []string // public keys
	Quorum    int      // how many of them must cosign
	Further   []string // kinds of key besides Ed25519, such as [proof.SM2]
	Lines     []string // more lines of the policy
}

// SetUp makes the notary of p: an Ed25519 key, and one of each further kind, in the file
// at keyPath, which must not exist and which only its owner can read, and in dir the
// policy that believes them. The error wraps [fs.ErrExist] if there is a key.
//
// The file of keys gets its name last: after a crash before that there is no key,
// nothing was signed, and SetUp can be repeated.
func SetUp(dir, keyPath string, p Plan, random io.Reader) (*proof.Policy, error) {
	if _, err := os.Lstat(keyPath); !errors.Is(err, fs.ErrNotExist) {
		return nil, cmp.Or(err, error(&fs.PathError{Op: "create", Path: keyPath, Err: fs.ErrExist}))
	}
	var secrets, vkeys []string
	for _, kind := range append([]string{proof.Ed25519}, p.Further...) {
		secret, vkey, err := proof.GenerateKey(kind, p.Origin, random)
		if err != nil {
			return nil, ledger.Troubled("台账名称 %q 不能用于签名：不能为空，不能含空格或加号", "the name %q cannot be signed for: it must not be empty, nor have a space or a plus in it", p.Origin)
		}
		secrets, vkeys = append(secrets, secret), append(vkeys, vkey)
	}
	policy, err := proof.NewPolicy(p.Origin, vkeys, p.Witnesses, p.Quorum, p.Lines...)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if err := durable.Replace(filepath.Join(dir, PolicyName), []byte(policy.String()), 0o644); err != nil {
		return nil, err
	}
	return policy, realDisk.writeKeys(keyPath, secrets)
}

// writeKeys makes secret keys the content of the file at path, which only its owner
// can read, and durable.
func (d disk) writeKeys(path string, secrets []string) error {
	if err := d.replace(path, []byte(strings.Join(secrets, "\n")+"\n"), 0o600); err != nil {
		return err
	}
	return d.syncDir(filepath.Dir(path))
}

// PolicyName is the file in a notary's directory with its policy.
const PolicyName = "policy.txt"

// ReadKey returns the one key in the file at path, such as a root. A file that others
// can read is refused.
func ReadKey(path string) (note.Signer, error) {
	signers, err := ReadKeys(path)
	if err == nil && len(signers) > 1 {
		err = ledger.Troubled("%s 不止一把密钥", "%s holds more than one key", path)
	}
	if err != nil {
		return nil, err
	}
	return signers[0], nil
}

// ReadKeys returns the keys in the file at path, one a line. A file that others can
// read is refused.
func ReadKeys(path string) ([]note.Signer, error) {
	_, signers, err := readKeys(path)
	return signers, err
}

// maxKeyFile is the most bytes that a key file may have.
const maxKeyFile = 64 << 10

// readKeys returns the keys as they are written, too.
func readKeys(path string) (secrets []string, signers []note.Signer, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, nil, ledger.Troubled("密钥 %s 可被他人读取；请 chmod 600，并考虑更换密钥", "others can read the key %s: chmod 600 it, and consider another key", path)
	}
	unusable := ledger.Troubled("%s 不是签名密钥", "%s holds no key that signs", path)
	if info.Size() > maxKeyFile {
		return nil, nil, unusable
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	for line := range strings.Lines(string(b)) {
		secret := strings.TrimSpace(line)
		if secret == "" {
			continue
		}
		signer, err := proof.NewSigner(secret)
		if err != nil || slices.Contains(secrets, secret) { // the error could quote the key
			return nil, nil, unusable
		}
		secrets, signers = append(secrets, secret), append(signers, signer)
	}
	if len(signers) == 0 {
		return nil, nil, unusable
	}
	return secrets, signers, nil
}
