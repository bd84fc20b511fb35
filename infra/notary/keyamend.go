package notary

import (
	"io"
	"slices"

	"xinfang/domain/proof"
)

// Policy returns the policy that believes the keys.
func (k *Keyring) Policy() *proof.Policy { return k.guard.policy }

// Amend makes the next version of the policy (信任策略改版) by a, with a new key of random
// bytes of each of further kinds, and returns it. Keys that are added sign from the next
// leaf on: a tree of SM3 begins there, with all leaves.
//
// A crash before the policy is durable leaves the policy as it was, and perhaps keys that
// it does not list: nothing is signed with them, and Amend takes them up. After that all
// is done.
func (k *Keyring) Amend(a proof.Amendment, further []string, random io.Reader) (*proof.Policy, error) {
	secrets := k.secrets
	a.LogKeys = slices.Clone(a.LogKeys)
	for _, kind := range further {
		more, vkey, err := k.with(kind, secrets, random)
		if err != nil {
			return nil, err
		}
		secrets, a.LogKeys = more, append(a.LogKeys, vkey)
	}
	next, err := k.guard.policy.Amended(a, k.guard.last.Size)
	if err != nil {
		return nil, err
	}
	if len(further) > 0 {
		if err := k.disk.writeKeys(k.keyFile, secrets); err != nil {
			return nil, err
		}
	}
	return next, k.writePolicy(next)
}
