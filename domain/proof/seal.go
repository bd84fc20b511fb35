package proof

import (
	"crypto/ed25519"
	"encoding/base64"
	"strings"

	"xinfang/domain/ledger"
)

// CheckSeal checks that env was recorded by a writer of the policy: if the leaf of
// env is among those that any writer may seal, and env is of the product or of the
// notary, it must have the seal (写入印记) of one of these writers. data is the
// SHA-256 of env.Data, which is not looked at. The error is a [*Finding]: UNSEALED.
//
// A seal shows which program has recorded an event, not that it is true. One that is
// missing shows that somebody has written to the store around the program: that event
// is as much a part of the ledger as any other, and for people to explain.
func (p *Policy) CheckSeal(env *ledger.Envelope, data ledger.Hash) error {
	index := int64(env.Position) - 1
	if !p.WantsSeal(env) || ledger.CheckSeal(env, data, p.Sealing(index)) {
		return nil
	}
	return Found(Unsealed, "没有可信的写入印记：写入它的人能写存储，但没有本系统的写入密钥", "it has no seal of a writer that the policy believes: whoever recorded it could write to the store, and had not the program's key").At(index).Of(env.Stream)
}

// WantsSeal reports whether env must have a seal.
func (p *Policy) WantsSeal(env *ledger.Envelope) bool {
	return len(p.Sealing(int64(env.Position)-1)) > 0 && ledger.KindOf(env.Stream.Category) != ledger.KindSystem
}

// Sealing returns the keys of the writers that may seal the leaf at index; none if it
// needs no seal.
func (p *Policy) Sealing(index int64) (keys []ed25519.PublicKey) {
	for _, k := range p.Writers {
		if k.covers(index) {
			keys = append(keys, k.public())
		}
	}
	return keys
}

// public returns the Ed25519 key in k, which note.NewVerifier has read: name+hash+key,
// where the key is base64, begins with its algorithm, and may have a plus in it.
func (k *Key) public() ed25519.PublicKey {
	b, _ := base64.StdEncoding.DecodeString(strings.SplitN(k.VKey, "+", 3)[2])
	return b[1:]
}
