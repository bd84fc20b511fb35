package notary

import (
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
	"xinfang/infra/durable"
)

// Growth returns the proof that the tree in dir, at c, continues that of old leaves,
// and nil if there is nothing to prove. A courier takes it to a witness without a
// network.
func Growth(dir string, c proof.Checkpoint, old int64) (tlog.TreeProof, error) {
	if old < 0 || old > c.Size {
		return nil, ledger.Troubled("见证所见为 %d 叶，这里签到 %d 叶", "the witness has seen %d leaves, and %d were signed for here", old, c.Size)
	}
	return proveGrowth(c, old, tree{dir: dir}.stored(c))
}

// Merge adds the lines that a courier has brought back from witnesses to signed, the
// checkpoint that they were given, and keeps the result in dir as the last witnessed
// one, which a running notary takes from there within its Liveness. It returns that one,
// which is a later one if there is. The error is a [*proof.Finding] if a signature does
// not hold, or the quorum of the policy is not met.
func Merge(dir string, policy *proof.Policy, signed []byte, lines ...[]byte) (Published, error) {
	merged := proof.Merge(signed, lines...)
	s, err := policy.Open(merged)
	now := Published{s, merged}
	if err != nil {
		return now, err
	}
	if !s.Witnessed {
		return now, proof.Found(proof.QuorumNotMet, "有 %d 个见证签名，信任策略要求 %d 个", "%d witnesses have cosigned, and the policy wants %d", len(s.Cosigned), policy.Quorum)
	}
	path := filepath.Join(dir, "witnessed")
	if b, err := os.ReadFile(path); err == nil {
		if old, err := policy.Open(b); err == nil && old.Size > s.Size {
			return Published{old, b}, nil // there is a later one
		}
	}
	return now, durable.Replace(path, merged, 0o644)
}
