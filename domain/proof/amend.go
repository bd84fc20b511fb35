package proof

import (
	"fmt"
	"slices"
	"strings"

	"xinfang/domain/ledger"
)

// An Amendment (信任策略改版) is what the next version of a policy says otherwise.
type Amendment struct {
	LogKeys []string // public keys of kinds that are added; they count from the next size on
	Dropped []string // names of witnesses, which count for no later size
	Lines   []string // lines that are new: witness, writer, tsaroot, root; quorum and roots take the place of those that are there
}

// Amended returns the policy that follows p once size leaves are signed for. All log keys
// stay as they are, so that [Policy.Succeed] takes it when enough roots of p have signed
// it. A line that p has says nothing new. The error is a [*ledger.Refusal], or that of
// [ParsePolicy].
//
// A witness that is dropped keeps its line up to size: what it has cosigned stays
// witnessed. One that is added should count from 0: it cosigns from now on, and each
// cosignature is of a tree with all that was before. The quorum is one for all sizes: a
// higher one leaves unwitnessed what fewer have cosigned, long ago too.
func (p *Policy) Amended(a Amendment, size int64) (*Policy, error) {
	next := *p
	next.Version++
	next.LogKeys, next.Witnesses, next.Writers = slices.Clone(p.LogKeys), slices.Clone(p.Witnesses), slices.Clone(p.Writers)
	next.TSARoots, next.Roots = slices.Clone(p.TSARoots), slices.Clone(p.Roots)
	for _, name := range a.Dropped {
		if !next.drop(name, size) {
			return nil, &ledger.Refusal{Code: "ERR_NO_WITNESS", Kind: ledger.NotFound, Text: ledger.Text{
				ZH: fmt.Sprintf("信任策略没有仍适用的见证 %.100q", name), EN: fmt.Sprintf("the policy has no witness %.100q that still counts", name),
			}}
		}
	}
	for _, line := range a.Lines {
		if err := next.amend(line); err != nil {
			return nil, err
		}
	}
	for _, vkey := range a.LogKeys {
		if err := next.addKind(vkey, size+1); err != nil {
			return nil, err
		}
	}
	if err := next.checkAmended(p, size); err != nil {
		return nil, err
	}
	return ParsePolicy([]byte(next.String()))
}

// drop closes the range of the witnesses called name at size; false if there are none.
func (p *Policy) drop(name string, size int64) (dropped bool) {
	for i := range p.Witnesses {
		if k := &p.Witnesses[i]; k.Name() == name && k.From <= size && size < k.To {
			k.To, dropped = size, true
		}
	}
	return dropped
}

// amend takes a line of an [Amendment].
func (p *Policy) amend(line string) error {
	if strings.Contains("\n"+p.String(), "\n"+line+"\n") {
		return nil
	}
	fields := append(strings.Fields(line), "")
	may := []string{"witness", "writer", "tsaroot", "root", "quorum", "roots"}
	if !slices.Contains(may, fields[0]) || !p.set(fields[0], fields[1:len(fields)-1]) {
		return ledger.Troubled("信任策略的新行有误（%.20q）", "the new line of the policy is wrong (%.20q)", fields[0])
	}
	return nil
}

// addKind adds the log key vkey, which counts from the size from on, if no key of its kind
// does.
func (p *Policy) addKind(vkey string, from int64) error {
	v, err := NewVerifier(vkey)
	if err != nil {
		return ledger.Troubled("要加的公证密钥有误", "the log key that is to be added is wrong")
	}
	if kind := KindOf(v); p.Wants(kind, from) {
		return &ledger.Refusal{Code: "ERR_HAS_KIND", Kind: ledger.Conflict, Text: ledger.Text{
			ZH: "信任策略已有适用的 " + kind + " 公证密钥", EN: "the policy has a log key of the kind " + kind + " that counts",
		}}
	}
	p.LogKeys = append(p.LogKeys, Key{VKey: vkey, From: from, To: MaxSize, verifier: v})
	return nil
}

// checkAmended refuses what changes nothing of before, or leaves a quorum that can never be
// met.
func (p *Policy) checkAmended(before *Policy, size int64) error {
	same := *p
	same.Version = before.Version
	counting := 0
	for _, k := range p.Witnesses {
		if k.covers(size + 1) {
			counting++
		}
	}
	switch {
	case same.String() == before.String():
		return &ledger.Refusal{Code: "ERR_SAME_POLICY", Kind: ledger.Conflict, Text: ledger.Text{
			ZH: "信任策略已是如此，没有要改的", EN: "the policy says so already: there is nothing to change",
		}}
	case p.Quorum > counting:
		return &ledger.Refusal{Code: "ERR_QUORUM", Kind: ledger.Conflict, Text: ledger.Text{
			ZH: fmt.Sprintf("要求 %d 个见证，此后只有 %d 个适用：请以 --quorum 说明", p.Quorum, counting), EN: fmt.Sprintf("%d witnesses are required, and %d count from now on: say --quorum", p.Quorum, counting),
		}}
	case p.Quorum == 0 && len(p.Witnesses) > len(before.Witnesses):
		return &ledger.Refusal{Code: "ERR_QUORUM", Kind: ledger.Conflict, Text: ledger.Text{
			ZH: "现行信任策略不要求见证（quorum 0）：请以 --quorum 说明须几个见证签名", EN: "the policy asks for no witness (quorum 0): say with --quorum how many must cosign",
		}}
	}
	return nil
}
