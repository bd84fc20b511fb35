package evidence

import (
	"maps"
	"slices"
	"strings"

	"xinfang/domain/ledger"
	"xinfang/domain/petition"
	"xinfang/domain/proof"
)

// maxLeaf is the most bytes of a leaf: its fixed fields, and three names.
const maxLeaf = 512 + 3*(1<<16)

// maxInclusion is the most bytes of an inclusion proof, which ends with the note.
const maxInclusion = proof.MaxNote + 4096

// events checks the events of the bundle: each by itself and each against the one
// before. It returns the heads that the stream had, one after each event, of those
// that are proven; what is wrong it adds to the report.
//
// An event is not blamed for another: if the one before it is not proven, there is
// nothing that it could be linked to.
func (c *check) events() (history []proof.Head) {
	var last ledger.Envelope // the one before; its position is 0 if that is not proven
	expected := ledger.Version(1)
	for _, name := range slices.Sorted(maps.Keys(c.entries)) {
		name, ok := strings.CutSuffix(name, ".leaf")
		if !ok || !strings.HasPrefix(name, "events/") {
			continue
		}
		c.report.Events++
		env, err := c.event(name, ".leaf")
		if err == nil && env.Stream != c.stream {
			err = malformed("该条目不属于该案", "this event is of another stream").At(int64(env.Position) - 1)
		}
		if err != nil {
			c.found(err)
			last, expected = ledger.Envelope{}, expected+1
			continue
		}
		if err := c.follows(&env, &last, expected); err != nil {
			c.found(err)
		}
		c.proven = append(c.proven, name)
		c.report.Entries = append(c.report.Entries, c.recorded(&env))
		c.sealed(name, &env)
		c.noted(name, env)
		c.numbered(name, &env)
		last, expected = env, env.Version+1
		history = append(history, proof.Head{Stream: env.Stream, Version: env.Version, Index: int64(env.Position) - 1, Leaf: env.Leaf})
	}
	if len(history) > 0 {
		c.report.Stream = c.stream
	}
	return history
}

// event checks the event in the files of that name by itself: its leaf commits to
// its data and meta, and is in the tree. The error is a [*proof.Finding].
func (c *check) event(name, leafSuffix string) (ledger.Envelope, error) {
	leaf, err := c.file(name+leafSuffix, maxLeaf)
	if err != nil {
		return ledger.Envelope{}, err
	}
	inclusion, err := c.file(name+".tlog-proof", maxInclusion)
	if err != nil {
		return ledger.Envelope{}, err
	}
	env, data, meta, err := ledger.ParseLeaf(leaf)
	if err != nil {
		return env, malformed("%s 不是叶子", "%s is no leaf", name+leafSuffix)
	}
	index := int64(env.Position) - 1
	for i, want := range []ledger.Digest{data, meta} {
		part := name + []string{".data", ".meta"}[i]
		got, ok := c.sums[part]
		if !ok {
			return env, malformed("证据包缺少文件 %s", "the bundle has no file %s", part).At(index)
		}
		if got != want {
			return env, proof.Found(proof.TamperedContent, "%s 不是当时所记的内容", "%s is not what was recorded", part).At(index).Differing(want.Sum, got.Sum)
		}
	}
	return env, proof.CheckInclusion(inclusion, leaf, c.report.Checkpoint, c.checkpoint)
}

// follows checks that env comes right after last, with the version expected.
func (c *check) follows(env, last *ledger.Envelope, expected ledger.Version) error {
	index := int64(env.Position) - 1
	switch {
	case env.Version > expected:
		return proof.Found(proof.Incomplete, "缺少该案第 %d 至 %d 条", "events %d to %d of the stream are left out", expected, env.Version-1).At(index)
	case env.Version < expected:
		return malformed("该案第 %d 条的顺序不对，或出现了两次", "event %d of the stream is out of order, or there twice", env.Version).At(index)
	case expected > 1 && last.Position == 0:
		return nil
	case env.Prev != last.Leaf:
		return proof.Found(proof.TamperedInserted, "该条目所接续的不是前面那一条：台账中另有一条", "this event does not continue the one before it: the ledger has another in its place").At(index).Differing(env.Prev, last.Leaf)
	case env.Position <= last.Position:
		return proof.Found(proof.TamperedOrder, "该条目在台账中排在前一条之前", "this event stands before its predecessor in the ledger").At(index)
	case env.Recorded < last.Recorded:
		return proof.Found(proof.TimeViolation, "该条目的录入时间早于前一条", "this event was recorded before its predecessor").At(index)
	}
	return nil
}

// sealed checks that env, of the files of that name, has the seal of a writer, if the
// policy wants one.
func (c *check) sealed(name string, env *ledger.Envelope) {
	if len(c.Policy.Sealing(int64(env.Position)-1)) == 0 {
		return
	}
	var err error
	if env.Meta, err = c.file(name+".meta", ledger.MaxRecordSize); err == nil {
		err = c.Policy.CheckSeal(env, c.sums[name+".data"].Sum)
	}
	if err != nil {
		c.found(err)
	}
}

// numbered notes the number of the case, if env, of the files of that name, is its first
// event and gives the one that makes the stream's name.
func (c *check) numbered(name string, env *ledger.Envelope) {
	if env.Version > 1 || env.Stream.Category != petition.Category {
		return
	}
	if data, err := c.file(name+".data", ledger.MaxRecordSize); err == nil {
		c.report.Number = petition.NumberOf(env.Stream.ID, data)
	}
}

// heads checks that history is all that there was of the stream when the notary
// signed the heads. If an event of the bundle is not proven, there is no telling.
func (c *check) heads(history []proof.Head) {
	env, err := c.event(fileHeads, ".bin")
	if err == nil {
		env.Data, err = c.file(fileHeads+".data", ledger.MaxRecordSize)
	}
	if err != nil {
		c.found(err)
		return
	}
	c.recorded(&env)
	c.sealed(fileHeads, &env)
	note, err := readHeads(c.Policy, &env)
	if err == nil && len(history) == c.report.Events {
		err = c.complete(note, history)
	}
	if err != nil {
		c.found(err)
		return
	}
	c.report.HeadsAt = env.Recorded.Time()
	if len(c.report.Findings) == 0 {
		c.report.CompleteTo = note.Size
	}
	if c.StaleAfter > 0 && c.Now.Sub(c.report.HeadsAt) > c.StaleAfter {
		c.found(proof.Found(proof.Stale, "末条公证是 %s 的，太旧：其后的条目可能没有收进来", "the heads are of %s, which is too old: later events may have been left out", moment(c.report.HeadsAt)))
	}
}

// complete checks that the last of history that note has looked at is what the
// notary knew as the last of the stream.
func (c *check) complete(note proof.HeadsNote, history []proof.Head) error {
	var last proof.Head
	for _, h := range history {
		if h.Index < note.Size {
			last = h
		}
	}
	if last.Version == 0 {
		return proof.Found(proof.Incomplete, "证据包中没有末条公证之前的条目，不能证明没有遗漏", "there is no event before the heads in the bundle, so that nothing shows that none is left out")
	}
	b, err := c.file(fileMapProof, 1<<16)
	if err != nil {
		return err
	}
	p, ok := parseMapProof(b)
	if !ok {
		return malformed("%s 格式不对", "%s is malformed", fileMapProof)
	}
	return note.Check(last, p)
}
