package evidence

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// An SM3Source is what shows the events of a bundle in the SM3 tree of the ledger (国密),
// too: for those who may rely on commercial cryptography alone.
type SM3Source struct {
	Checkpoint []byte // signed note, of a tree no smaller than that of the bundle

	// Prove returns the proof that the leaf at index is in the SM3 tree of size leaves.
	Prove func(size, index int64) (tlog.RecordProof, error)
}

// fileSM3 returns the name of the proof that the event of that index of the bundle is
// in the SM3 tree.
func fileSM3(index int) string { return fmt.Sprintf("sm3/%06d.txt", index) }

// sm3 writes the checkpoint of the SM3 tree, and the proof of each event.
func (x *export) sm3(context.Context) error {
	if x.SM3 == nil {
		return nil
	}
	c, err := x.Policy.OpenSM3(x.SM3.Checkpoint)
	if err != nil {
		return err
	}
	if err := x.add(fileCheckpointSM3, x.SM3.Checkpoint); err != nil {
		return err
	}
	for i, leaf := range x.leaves {
		hashes, err := x.SM3.Prove(c.Size, leaf.index)
		if err != nil {
			return fmt.Errorf("proving position %d: %w", leaf.index+1, err)
		}
		if err := proof.CheckInclusionSM3(hashes, leaf.bytes, c); err != nil {
			return err
		}
		if err := x.add(fileSM3(i), hashLines(hashes)); err != nil {
			return err
		}
	}
	return nil
}

// sm3 checks that the events that are proven are in the SM3 tree, too, if it says so. A policy
// without an SM2 key believes no such tree, and it is not looked at.
func (c *check) sm3() {
	isSM2 := func(k proof.Key) bool { return k.Kind() == proof.SM2 }
	if _, ok := c.entries[fileCheckpointSM3]; !ok || !slices.ContainsFunc(c.Policy.LogKeys, isSM2) {
		return
	}
	before := len(c.report.Findings)
	note, err := c.file(fileCheckpointSM3, proof.MaxNote)
	if err != nil {
		c.found(err)
		return
	}
	at, err := c.Policy.OpenSM3(note)
	if err != nil {
		c.found(err)
		return
	}
	for _, name := range c.proven {
		if err := c.eventSM3(name+".leaf", "sm3"+strings.TrimPrefix(name, "events")+".txt", at); err != nil {
			c.found(err)
		}
	}
	c.report.SM3 = len(c.report.Findings) == before && len(c.proven) == c.report.Events
}

func (c *check) eventSM3(leafName, proofName string, at proof.Checkpoint) error {
	hashes, err := c.growth(proofName)
	if err != nil {
		return err
	}
	leaf, err := c.file(leafName, maxLeaf)
	if err != nil {
		return err
	}
	if len(hashes) > 64 {
		return malformed("证据包中的 %s 格式不对", "%s in the bundle is malformed", proofName)
	}
	return proof.CheckInclusionSM3(tlog.RecordProof(hashes), leaf, at)
}

// A leafAt is a leaf that was written.
type leafAt struct {
	index int64
	bytes []byte
}

func newLeafAt(env *ledger.Envelope) leafAt {
	return leafAt{int64(env.Position) - 1, env.AppendLeaf(nil, ledger.DigestOf(env.Data), ledger.DigestOf(env.Meta))}
}

// hashLines returns hashes, one a line.
func hashLines(hashes []tlog.Hash) []byte {
	var text strings.Builder
	for _, h := range hashes {
		text.WriteString(h.String() + "\n")
	}
	return []byte(text.String())
}
