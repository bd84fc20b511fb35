package notary

import (
	"crypto/ed25519"
	"encoding/base64"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

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
	policy, vkey, secrets := k.guard.policy, k.unlisted(), k.secrets
	if vkey == "" {
		secret, made, err := note.GenerateKey(random, policy.Origin)
		if err != nil {
			return nil, err
		}
		vkey, secrets = made, append(slices.Clip(secrets), secret)
	}
	next, err := policy.Succeeded(vkey, k.guard.last.Size, overlap)
	if err != nil {
		return nil, err
	}
	if err := k.disk.writeKeys(k.keyFile, secrets); err != nil {
		return nil, err
	}
	if err := k.disk.replace(filepath.Join(k.dir, PolicyName), []byte(next.String()), 0o644); err != nil {
		return nil, err
	}
	return next, k.disk.syncDir(k.dir)
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

// unlisted returns the public key of an Ed25519 key in the file that the policy does
// not list; "" if there is none.
func (k *Keyring) unlisted() string {
	for i, s := range k.guard.signers {
		vkey, ok := publicOf(k.secrets[i])
		if ok && !slices.ContainsFunc(k.guard.policy.LogKeys, func(key proof.Key) bool { return isOf(s, key.VKey) }) {
			return vkey
		}
	}
	return ""
}

// publicOf returns the public key of a secret one as [note.GenerateKey] makes both;
// false if it is not of Ed25519.
func publicOf(secret string) (vkey string, ok bool) {
	const ed25519Kind = 1
	fields := strings.SplitN(secret, "+", 5) // PRIVATE+KEY+name+hash+key
	key, err := base64.StdEncoding.DecodeString(fields[len(fields)-1])
	if err != nil || len(fields) != 5 || len(key) != 1+ed25519.SeedSize || key[0] != ed25519Kind {
		return "", false
	}
	public, isPublic := ed25519.NewKeyFromSeed(key[1:]).Public().(ed25519.PublicKey)
	vkey, err = note.NewEd25519VerifierKey(fields[2], public)
	return vkey, err == nil && isPublic
}
