package proof

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/ledger"
)

// A KeyChange (密钥更换) is what the notary's old key and its new one both sign, as
// an event of the ledger: which key follows which, and which checkpoints each counts
// for. A reader trusts the new key because his [Policy] lists it; the change shows
// that nobody but the holder of both has made it.
type KeyChange struct {
	Old   string // public key, as in a [Key]
	Last  int64  // size of the last checkpoint that Old counts for
	New   string
	First int64 // size of the first checkpoint that New counts for; at most Last+1
}

// Text returns c as it is signed for the ledger called origin:
//
//	<origin>/key
//	old <vkey> <last size>
//	new <vkey> <first size>
func (c KeyChange) Text(origin string) string {
	return fmt.Sprintf("%s/key\nold %s %d\nnew %s %d\n", origin, c.Old, c.Last, c.New, c.First)
}

// ParseKeyChange is the inverse of [KeyChange.Text]. The error is a [*Finding].
func ParseKeyChange(text, origin string) (KeyChange, error) {
	c, _, _, err := parseKeyChange(text, origin)
	return c, err
}

// parseKeyChange returns what verifies the signatures of both keys, too.
func parseKeyChange(text, origin string) (c KeyChange, old, next note.Verifier, err error) {
	malformed := Found(Malformed, "密钥更换记录格式不对", "the note of a change of keys is malformed")
	title, body, _ := strings.Cut(text, "\n")
	if of, ok := strings.CutSuffix(title, "/key"); ok && of != origin {
		return KeyChange{}, nil, nil, Found(WrongOrigin, "密钥更换记录属于 %.100q", "the note of a change of keys is of %.100q", of)
	}
	if n, err := fmt.Sscanf(body, "old %s %d\nnew %s %d\n", &c.Old, &c.Last, &c.New, &c.First); n != 4 || err != nil || c.Text(origin) != text {
		return KeyChange{}, nil, nil, malformed
	}
	old, oldErr := note.NewVerifier(c.Old)
	next, newErr := note.NewVerifier(c.New)
	if oldErr != nil || newErr != nil || c.First < 1 || c.First > c.Last+1 || c.Last >= MaxSize {
		return KeyChange{}, nil, nil, malformed
	}
	switch {
	case old.Name() != origin || next.Name() != origin:
		return KeyChange{}, nil, nil, Found(WrongOrigin, "密钥更换记录中有其他台账的密钥", "the note of a change of keys has a key of another ledger")
	case old.KeyHash() == next.KeyHash():
		return KeyChange{}, nil, nil, Found(Malformed, "密钥更换前后是同一把密钥", "the note of a change of keys has one key twice")
	}
	return c, old, next, nil
}

// OpenKeyChange returns what a signed note of a change of keys says, if both keys
// that it names have signed it for the ledger called origin. Whether to believe the
// old one is for a policy to say: [Policy.CheckKeyChange]. The error is a [*Finding].
func OpenKeyChange(signed []byte, origin string) (KeyChange, error) {
	if len(signed) > MaxNote {
		return KeyChange{}, Found(Malformed, "密钥更换记录过大", "the signed note of a change of keys is too large")
	}
	text, _, _ := strings.Cut(string(signed), "\n\n")
	c, old, next, err := parseKeyChange(text+"\n", origin)
	if err != nil {
		return KeyChange{}, err
	}
	n, err := open(signed, old, next)
	if err != nil {
		return KeyChange{}, err
	}
	if n.Text != text+"\n" {
		return KeyChange{}, Found(Malformed, "密钥更换记录格式不对", "the note of a change of keys is malformed")
	}
	if len(n.Sigs) != 2 {
		return KeyChange{}, Found(UnknownKey, "密钥更换须由新旧两把密钥签署", "a change of keys has to be signed by the old key and the new one")
	}
	return c, nil
}

// KeyChanges returns the changes that p knows of: those of an Ed25519 log key that
// ends, and is followed by the next one. Keys of further kinds change with the policy
// alone: ML-DSA-44 signs nothing but checkpoints.
func (p *Policy) KeyChanges() []KeyChange {
	var before *Key
	var changes []KeyChange
	for _, k := range slices.SortedStableFunc(slices.Values(p.LogKeys), func(a, b Key) int { return cmp.Compare(a.From, b.From) }) {
		if k.Kind() != Ed25519 {
			continue
		}
		if before != nil && before.To < MaxSize {
			changes = append(changes, KeyChange{before.VKey, before.To, k.VKey, k.From})
		}
		before = &k
	}
	return changes
}

// CheckKeyChange checks that c is one that p knows of. The error is a [*Finding].
func (p *Policy) CheckKeyChange(c KeyChange) error {
	switch {
	case slices.Contains(p.KeyChanges(), c):
		return nil
	case p.find(c.Old) == nil || p.find(c.New) == nil:
		return Found(UnknownKey, "信任策略未列出所更换的密钥", "the policy does not list the keys of the change")
	}
	return Found(KeyOutOfRange, "信任策略所列密钥的适用范围与密钥更换记录不同", "the policy has other ranges for the keys than their change")
}

// Predates reports whether p believes the old key of c without an end, and knows
// nothing of the new one: it was made before the change, and the bureau has a newer
// one to give.
func (p *Policy) Predates(c KeyChange) bool {
	old := p.find(c.Old)
	return old != nil && old.To == MaxSize && p.find(c.New) == nil
}

// Has reports whether p knows of c, or would if it had not ended the range of the old
// key sooner since: a later policy may ([Policy.Succeed]).
func (p *Policy) Has(c KeyChange) bool { return slices.ContainsFunc(p.KeyChanges(), c.covers) }

// covers reports whether c is now, or was before the range of the old key ended sooner.
func (c KeyChange) covers(now KeyChange) bool {
	ended := c
	ended.Last = min(c.Last, now.Last)
	return ended == now
}

// Unrecorded returns the changes that p knows of and that none of recorded is, nor was
// before the range of its old key ended sooner.
func (p *Policy) Unrecorded(recorded []KeyChange) []KeyChange {
	return slices.DeleteFunc(p.KeyChanges(), func(now KeyChange) bool {
		return slices.ContainsFunc(recorded, func(c KeyChange) bool { return c.covers(now) })
	})
}

// find returns the log key that is written vkey; nil if p does not list it.
func (p *Policy) find(vkey string) *Key {
	if i := slices.IndexFunc(p.LogKeys, func(k Key) bool { return k.VKey == vkey }); i >= 0 {
		return &p.LogKeys[i]
	}
	return nil
}

// Signs reports whether the key of that name and hash is a log key that counts for
// checkpoints of size.
func (p *Policy) Signs(name string, hash uint32, size int64) bool {
	return slices.ContainsFunc(p.LogKeys, func(k Key) bool {
		return is(&k, note.Signature{Name: name, Hash: hash}) && k.covers(size)
	})
}

// MaxOverlap is the most leaves for which two keys may sign.
const MaxOverlap = 1_000_000_000

// Succeeded returns the policy that follows p once size leaves are signed for: the log
// key vkey, of Ed25519, counts from the next one on, and the one that had no end counts
// for overlap leaves more, so that whoever has not the new policy yet can still check.
// It refuses while two of them count.
func (p *Policy) Succeeded(vkey string, size, overlap int64) (*Policy, error) {
	if overlap < 0 || overlap > MaxOverlap {
		return nil, &ledger.Refusal{Code: "ERR_KEY_OVERLAP", Kind: ledger.Invalid, Text: ledger.Text{
			ZH: fmt.Sprintf("两把密钥并用的条目数应为 0 至 %d", MaxOverlap), EN: fmt.Sprintf("two keys sign for 0 to %d entries", MaxOverlap),
		}}
	}
	next := *p
	next.Version++
	next.LogKeys = append(slices.Clone(p.LogKeys), Key{VKey: vkey, From: size + 1, To: MaxSize})
	for i := range p.LogKeys {
		k := &next.LogKeys[i]
		switch {
		case k.Kind() != Ed25519:
		case k.To == MaxSize:
			k.To = size + overlap
		case k.To >= size:
			return nil, &ledger.Refusal{Code: "ERR_KEY_OVERLAP", Kind: ledger.Conflict, Text: ledger.Text{
				ZH: fmt.Sprintf("上次更换密钥后，旧密钥用到第 %d 条，现在公证到第 %d 条；过后再更换", k.To, size),
				EN: fmt.Sprintf("after the last change, the old key counts up to entry %d, and %d are signed for: change the key again after that", k.To, size),
			}}
		}
	}
	return ParsePolicy([]byte(next.String()))
}
