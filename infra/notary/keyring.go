package notary

import (
	"io"
	"os"
	"path/filepath"
	"slices"

	"xinfang/domain/proof"
)

// A Keyring (密钥串) is what a notary that does not run has on disk of its keys: the
// secret ones in a file, and the policy that believes the public ones. It holds the
// guard's memory, so that nobody signs meanwhile. Open it anew after each change.
type Keyring struct {
	dir, keyFile string
	secrets      []string // in the order of the guard's
	guard        *Guard
	disk         disk
}

// OpenKeyring opens the keys of the notary in dir.
func OpenKeyring(dir, keyFile string) (*Keyring, error) {
	b, err := os.ReadFile(filepath.Join(dir, PolicyName))
	if err != nil {
		return nil, err
	}
	policy, err := proof.ParsePolicy(b)
	if err != nil {
		return nil, err
	}
	secrets, signers, err := readKeys(keyFile)
	if err != nil {
		return nil, err
	}
	guard, err := OpenGuard(filepath.Join(dir, "guard"), policy, signers...)
	if err != nil {
		return nil, err
	}
	return &Keyring{dir, keyFile, secrets, guard, realDisk}, nil
}

// Close gives the guard's memory free.
func (k *Keyring) Close() error { return k.guard.Close() }

// Rotate makes a new Ed25519 key of random bytes and the policy by which it takes the
// old one's place (公证密钥更换), which it returns: both sign for overlap leaves, then
// the new one alone. It refuses while the overlap of an earlier change goes on.
//
// A crash before the policy is durable leaves a key that no policy lists: nothing is
// signed with it, and Rotate takes it up. A crash after that leaves a change that
// lacks its record in the ledger, which [Notary.AnnounceKeys] makes.
func (k *Keyring) Rotate(overlap int64, random io.Reader) (*proof.Policy, error) {
	secrets, vkey, err := k.with(proof.Ed25519, k.secrets, random)
	if err != nil {
		return nil, err
	}
	next, err := k.guard.policy.Succeeded(vkey, k.guard.last.Size, overlap)
	if err != nil {
		return nil, err
	}
	if err := k.disk.writeKeys(k.keyFile, secrets); err != nil {
		return nil, err
	}
	return next, k.writePolicy(next)
}

// Retire takes the keys out of the key file that will never sign again, since more is
// signed for than the policy lets them count for, and returns how many those were. A
// crash leaves the file as it was, or as it shall be.
func (k *Keyring) Retire() (int, error) {
	size := k.guard.last.Size
	if _, err := k.guard.covering(size + 1); err != nil {
		return 0, err
	}
	var kept []string
	for i, s := range k.guard.signers {
		over := func(key proof.Key) bool { return isOf(s, key.VKey) && key.To < size }
		if !slices.ContainsFunc(k.guard.policy.LogKeys, over) {
			kept = append(kept, k.secrets[i])
		}
	}
	if len(kept) == len(k.secrets) {
		return 0, nil
	}
	return len(k.secrets) - len(kept), k.disk.writeKeys(k.keyFile, kept)
}

// with returns a public key of a kind that the policy does not list, and secrets with the
// secret one: that in the file if there is one, or else one of random bytes.
func (k *Keyring) with(kind string, secrets []string, random io.Reader) (more []string, vkey string, err error) {
	for i, s := range k.guard.signers {
		if proof.KindOf(s) == kind && !slices.ContainsFunc(k.guard.policy.LogKeys, func(key proof.Key) bool { return isOf(s, key.VKey) }) {
			vkey, err = proof.PublicKey(k.secrets[i])
			return secrets, vkey, err
		}
	}
	secret, vkey, err := proof.GenerateKey(kind, k.guard.origin, random)
	return append(slices.Clip(secrets), secret), vkey, err
}

// writePolicy makes next the policy, durably.
func (k *Keyring) writePolicy(next *proof.Policy) error {
	if err := k.disk.replace(filepath.Join(k.dir, PolicyName), []byte(next.String()), 0o644); err != nil {
		return err
	}
	return k.disk.syncDir(k.dir)
}
