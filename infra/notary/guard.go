package notary

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/gofrs/flock"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// A Guard (签名守护) has the notary's keys. It signs a checkpoint only if that
// continues what it signed before, whatever the files of the tree or the ledger
// say: it believes a proof, and its own memory. It signs with each key that its
// policy lists for the size, so that keys can be changed, and with no other.
//
// It writes down what it is about to sign, durably, before it signs. A crash in
// between leaves a checkpoint that nobody has seen and that it will sign again;
// Ed25519 then makes the same signature.
//
// It may be used concurrently.
type Guard struct {
	origin  string
	policy  *proof.Policy
	path    string
	lock    *flock.Flock
	signers []note.Signer
	disk    disk

	pathSM3 string

	mu      sync.Mutex // guards what follows
	last    proof.Checkpoint
	lastSM3 proof.Checkpoint // of the SM3 tree
}

// OpenGuard returns the guard that keeps its memory in dir, for the ledger of policy.
// There is one at a time. A memory that is damaged or of another ledger is an error:
// a guard never starts from nothing unless nothing is there.
func OpenGuard(dir string, policy *proof.Policy, signers ...note.Signer) (*Guard, error) {
	if len(signers) == 0 {
		return nil, errors.New("a guard without a key")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(dir, "LOCK"))
	ok, err := lock.TryLock()
	if err == nil && !ok {
		err = ledger.Troubled("%s 正由另一个公证使用", "%s is in use by another notary", dir)
	}
	if err != nil {
		return nil, err
	}
	g := &Guard{
		origin: policy.Origin, policy: policy, path: filepath.Join(dir, "guard"), lock: lock, signers: signers, disk: realDisk, pathSM3: filepath.Join(dir, "sm3"),
	}
	if g.last, err = recall(g.path, g.origin); err == nil {
		g.lastSM3, err = recall(g.pathSM3, proof.SM3Origin(g.origin))
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return g, nil
}

// Close gives the guard's memory free.
func (g *Guard) Close() error { return g.lock.Close() }

// Last implements [Signer].
func (g *Guard) Last(context.Context) (proof.Checkpoint, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.last, nil
}

// Sign implements [Signer]. The same checkpoint again is signed again. Of one that is
// refused nothing is signed.
func (g *Guard) Sign(ctx context.Context, c proof.Checkpoint, growth tlog.TreeProof) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.next(&g.last, g.path, c, g.covering, func() error { return proof.CheckGrowth(growth, c, g.last) })
}

// next signs c with keys of its size if it continues last, and makes it the last, in
// the file at path too.
func (g *Guard) next(last *proof.Checkpoint, path string, c proof.Checkpoint, keys func(int64) ([]note.Signer, error), continues func() error) ([]byte, error) {
	if _, err := proof.ParseCheckpoint(c.Text()); err != nil {
		return nil, err
	}
	switch {
	case c.Origin != last.Origin:
		return nil, proof.Found(proof.WrongOrigin, "签名守护属于 %s", "the guard is of %s", last.Origin)
	case c.Size < last.Size:
		return nil, proof.Found(proof.RolledBack, "已签过 %d 叶的检查点，不再签 %d 叶的", "a checkpoint of %d leaves was signed; none of %d will be", last.Size, c.Size)
	case last.Size > 0:
		if err := continues(); err != nil {
			return nil, err
		}
	}
	signers, err := keys(c.Size)
	if err != nil {
		return nil, err
	}
	if c != *last {
		// A crash before this is durable leaves the old memory: c is signed by no one
		// and proposed again. A crash after it is healed by signing c.
		if err := g.remember(path, c); err != nil {
			return nil, fmt.Errorf("writing down what is to be signed: %w", err)
		}
		*last = c
	}
	return note.Sign(&note.Note{Text: c.Text()}, signers...)
}

// covering returns the keys that the policy lists for checkpoints of size.
func (g *Guard) covering(size int64) ([]note.Signer, error) {
	var keys []note.Signer
	for _, s := range g.signers {
		if g.policy.Signs(s.Name(), s.KeyHash(), size) {
			keys = append(keys, s)
		}
	}
	if len(keys) == 0 {
		return nil, proof.Found(proof.KeyOutOfRange, "信任策略所列、适用于 %d 叶的公证密钥，签名守护一把也没有", "the guard has no key that the policy lists for %d leaves", size)
	}
	return keys, nil
}

// SignHeads implements [Signer]. The heads must be of no more leaves than the guard
// has signed for.
func (g *Guard) SignHeads(ctx context.Context, n proof.HeadsNote) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if n.Size > g.last.Size {
		return nil, proof.Found(proof.BadProof, "末条总表涉及 %d 叶，只签过 %d 叶", "the heads are of %d leaves, and %d were signed for", n.Size, g.last.Size)
	}
	keys, err := g.covering(n.Size)
	if err != nil {
		return nil, err
	}
	return note.Sign(&note.Note{Text: n.Text(g.origin)}, keys...)
}

// SignKeyChange implements [Signer]. The change must be one of the guard's policy.
func (g *Guard) SignKeyChange(ctx context.Context, c proof.KeyChange) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	text := c.Text(g.origin)
	if _, err := proof.ParseKeyChange(text, g.origin); err != nil {
		return nil, err
	}
	if err := g.policy.CheckKeyChange(c); err != nil {
		return nil, err
	}
	var keys []note.Signer
	for _, vkey := range []string{c.Old, c.New} {
		i := slices.IndexFunc(g.signers, func(s note.Signer) bool { return isOf(s, vkey) })
		if i < 0 {
			return nil, proof.Found(proof.UnknownKey, "密钥更换须由新旧两把密钥签署，签名守护缺其中之一", "a change of keys has to be signed by both, and the guard lacks one")
		}
		keys = append(keys, g.signers[i])
	}
	return note.Sign(&note.Note{Text: text}, keys...)
}

// isOf reports whether s signs for the public key that is written vkey.
func isOf(s note.Signer, vkey string) bool {
	return strings.HasPrefix(vkey, fmt.Sprintf("%s+%08x+", s.Name(), s.KeyHash()))
}

// memory returns the file that says that c was last: its three lines, and a digest
// of them against accidents. Against malice there are witnesses.
func memory(c proof.Checkpoint) []byte {
	sum := sha256.Sum256([]byte(c.Text()))
	return []byte(c.Text() + hex.EncodeToString(sum[:]) + "\n")
}

func (g *Guard) remember(path string, c proof.Checkpoint) error {
	if err := g.disk.replace(path, memory(c), 0o600); err != nil {
		return err
	}
	return g.disk.syncDir(filepath.Dir(path))
}

func recall(path, origin string) (proof.Checkpoint, error) {
	none := proof.Checkpoint{Origin: origin}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return none, nil
	}
	if err != nil {
		return none, err
	}
	text := string(b)
	c, err := proof.ParseCheckpoint(text[:max(0, strings.LastIndex(strings.TrimSuffix(text, "\n"), "\n")+1)])
	if err != nil || string(memory(c)) != text {
		return none, ledger.Troubled("签名守护的记录 %s 已损坏；请从备份恢复，不要删除", "the memory of the guard, %s, is damaged: restore it from a backup, and do not remove it", path)
	}
	if c.Origin != origin {
		return none, ledger.Troubled("%s 属于台账 %s，不是 %s", "%s is of the ledger %s, not %s", path, c.Origin, origin)
	}
	return c, nil
}
