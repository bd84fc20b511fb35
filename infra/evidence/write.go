package evidence

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/go-json-experiment/json"
	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/attest"
	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// A Source is what a bundle is made from.
type Source struct {
	Stream     ledger.Stream // the case
	Log        ledger.Log
	Policy     *proof.Policy // which believes Checkpoint; also the policy.txt of the bundle
	Checkpoint []byte        // signed note, with all its signatures

	// Prove returns the proof that the leaf at index is in the tree of size leaves.
	Prove func(ctx context.Context, size, index int64) (tlog.RecordProof, error)

	Heads ledger.Envelope // an event NotaryHeads before the end of Checkpoint
	Head  proof.HeadProof // of the last event of Stream that Heads looked at

	Older []Older // checkpoints that readers of the bundle may hold, and those that Anchors have stamped

	Anchors []ledger.Envelope // events NotaryAnchor, up to MaxAnchors, that bound the times of the events

	Disclosed *Disclosure // of the keys of the case; nil if none are disclosed

	SM3 *SM3Source // nil if there is no SM3 tree
}

// An Older is the proof that the tree of a [Source] continues one of that size.
type Older struct {
	Size  int64
	Proof tlog.TreeProof
}

// Write writes the bundle of s to w: all events of s.Stream that the checkpoint
// holds. Equal sources give equal bytes. It keeps one event in memory at a time, and
// the anchors.
//
// It writes no bundle that would not be believed: the error is a [*proof.Finding]
// that says what a verifier would, or a [*ledger.Trouble] that says what to do, or
// comes from s.Log, s.Prove or w. What has been written to w is then of no use.
func Write(ctx context.Context, w io.Writer, s Source) error {
	x := export{Source: &s, zip: zipWriter{w: w}, after: make(map[string][]byte), manifest: manifest{Format: Format, Stream: s.Stream.String(), Files: make(map[string]file)}}
	if err := x.open(); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{x.first, x.events, x.heads, x.keys, x.sm3, x.anchors, x.last} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return x.zip.close()
}

// An export is one run of Write.
type export struct {
	*Source
	zip      zipWriter
	manifest manifest
	signed   proof.Signed
	note     proof.HeadsNote
	total    int64
	after    map[string][]byte // files that come after the manifest, which lists them
	leaves   []leafAt          // of the events, if there is an SM3 tree
	ring     *keyring          // nil if no keys are disclosed
}

// open settles whether there is anything to write.
func (x *export) open() (err error) {
	if x.signed, err = x.Policy.Open(x.Checkpoint); err != nil {
		return err
	}
	x.manifest.Origin, x.manifest.Size = x.signed.Origin, x.signed.Size
	if int64(x.Heads.Position) > x.signed.Size {
		return ledger.Troubled("末条公证在位置 %d，检查点只到 %d：请等下一个检查点再导出", "the heads are at position %d, and the checkpoint ends at %d: export again after the next checkpoint", x.Heads.Position, x.signed.Size)
	}
	if x.note, err = readHeads(x.Policy, &x.Heads); err != nil {
		return err
	}
	if x.Disclosed != nil {
		x.ring = newKeyring(*x.Disclosed)
	}
	if len(x.Older) > MaxOlder {
		return ledger.Troubled("旧检查点的证明超过 %d 份", "there are more than %d proofs of older checkpoints", MaxOlder)
	}
	return nil
}

// add writes a file. Those of the directory go into the manifest on their way.
func (x *export) add(name string, content []byte) error {
	if x.total += int64(len(content)); len(content) > MaxFile || x.total > MaxTotal {
		return ledger.Troubled("证据包超过 %d MiB", "the bundle has more than %d MiB", MaxTotal>>20)
	}
	if name != fileManifest {
		x.manifest.Files[name] = fileOf(content)
	}
	if name > fileManifest {
		x.after[name] = content
		return nil
	}
	return x.zip.add(name, content)
}

// first writes what comes before the events.
func (x *export) first(context.Context) error {
	if err := x.add(fileReadme, []byte(readme)); err != nil {
		return err
	}
	if err := x.add(fileCheckpoint, x.Checkpoint); err != nil {
		return err
	}
	older := slices.SortedFunc(slices.Values(x.Older), func(a, b Older) int {
		return cmp.Compare(fileGrowth(a.Size, x.signed.Size), fileGrowth(b.Size, x.signed.Size))
	})
	for i, o := range older {
		if o.Size < 1 || o.Size >= x.signed.Size || i > 0 && o.Size == older[i-1].Size {
			return ledger.Troubled("旧检查点的大小 %d 不小于检查点的 %d，或重复", "the older checkpoint of size %d is not smaller than %d, or comes twice", o.Size, x.signed.Size)
		}
		if err := x.add(fileGrowth(o.Size, x.signed.Size), hashLines(o.Proof)); err != nil {
			return err
		}
	}
	return nil
}

// events writes the events that the checkpoint holds, and checks that the heads
// speak of the stream as it is.
func (x *export) events(ctx context.Context) error {
	count, head := 0, proof.Head{}
	for env, err := range x.Log.ReadStream(ctx, x.Stream, 0) {
		if err != nil {
			return fmt.Errorf("reading %v for its bundle: %w", x.Stream, err)
		}
		if int64(env.Position) > x.signed.Size {
			break
		}
		if count == MaxEvents {
			return ledger.Troubled("%v 超过 %d 条，一个证据包放不下", "%v has more than %d events, which no bundle holds", x.Stream, MaxEvents)
		}
		if err := x.event(ctx, fileEvent(count), ".leaf", &env); err != nil {
			return err
		}
		if x.ring != nil {
			x.ring.note(&env)
		}
		if x.SM3 != nil {
			x.leaves = append(x.leaves, newLeafAt(&env))
		}
		if index := int64(env.Position) - 1; index < x.note.Size {
			head = proof.Head{Stream: env.Stream, Version: env.Version, Index: index, Leaf: env.Leaf}
		}
		count++
	}
	switch {
	case count == 0:
		return ledger.Troubled("检查点之内没有 %v 的条目", "the checkpoint holds no event of %v", x.Stream)
	case head.Version == 0:
		return ledger.Troubled("末条公证早于 %v 的第一条：请先做一次末条公证再导出", "the heads are older than the first event of %v: have the notary sign new ones, and export again", x.Stream)
	}
	return x.note.Check(head, x.Head)
}

// event writes the four files of env.
func (x *export) event(ctx context.Context, name, leafSuffix string, env *ledger.Envelope) error {
	if err := env.Verify(); err != nil {
		return fmt.Errorf("%v version %d: %w", env.Stream, env.Version, err)
	}
	index := int64(env.Position) - 1
	hashes, err := x.Prove(ctx, x.signed.Size, index)
	if err != nil {
		return fmt.Errorf("proving position %d: %w", env.Position, err)
	}
	leaf := env.AppendLeaf(nil, ledger.DigestOf(env.Data), ledger.DigestOf(env.Meta))
	inclusion := proof.FormatInclusion(index, hashes, x.Checkpoint)
	if err := proof.CheckInclusion(inclusion, leaf, x.signed.Checkpoint, x.Checkpoint); err != nil {
		return err
	}
	files := map[string][]byte{leafSuffix: leaf, ".data": env.Data, ".meta": env.Meta, ".tlog-proof": inclusion}
	for _, suffix := range suffixes(leafSuffix) {
		if err := x.add(name+suffix, files[suffix]); err != nil {
			return err
		}
	}
	return nil
}

// heads writes the event NotaryHeads and what it shows of the stream.
func (x *export) heads(ctx context.Context) error {
	if err := x.event(ctx, fileHeads, ".bin", &x.Heads); err != nil {
		return err
	}
	b, err := json.Marshal(x.Head, json.Deterministic(true))
	if err != nil {
		return err
	}
	return x.add(fileMapProof, b)
}

// anchors writes the events that bound the times, and their time-stamps by themselves,
// for those who check them with another program.
func (x *export) anchors(ctx context.Context) error {
	if len(x.Anchors) > MaxAnchors {
		return ledger.Troubled("时间锚定超过 %d 条", "there are more than %d anchors", MaxAnchors)
	}
	for _, env := range x.Anchors {
		a, err := attest.OpenAnchor(x.Policy, &env)
		if err != nil {
			return err
		}
		name := fileTime(a.Checkpoint.Size)
		if _, twice := x.manifest.Files[name+".tsr"]; twice {
			continue // two were made of one checkpoint: the first will do
		}
		if err := x.event(ctx, name, ".leaf", &env); err != nil {
			return err
		}
		if err := x.add(name+".tsr", a.Token); err != nil {
			return err
		}
	}
	return nil
}

// keys writes what is disclosed of the keys of the case.
func (x *export) keys(context.Context) error {
	if x.ring == nil {
		return nil
	}
	if _, wrong := x.ring.judge(); len(wrong) > 0 {
		return wrong[0]
	}
	b, err := x.Disclosed.encode()
	if err != nil {
		return err
	}
	if _, ok := parseDisclosure(b); !ok {
		return malformed("披露的密钥重复、顺序不对或不完整", "the keys that are disclosed come twice, out of order or incomplete")
	}
	return x.add(fileKeys, b)
}

// last writes the manifest, and what comes after it.
func (x *export) last(context.Context) error {
	if err := x.add(filePolicy, []byte(x.Policy.String())); err != nil {
		return err
	}
	b, err := x.manifest.encode()
	if err != nil {
		return err
	}
	if err := x.add(fileManifest, b); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(x.after)) {
		if err := x.zip.add(name, x.after[name]); err != nil {
			return err
		}
	}
	return nil
}

// suffixes returns what the names of the four files of an event end in, in order.
func suffixes(leaf string) []string {
	all := []string{leaf, ".data", ".meta", ".tlog-proof"}
	slices.Sort(all)
	return all
}

// readHeads returns the note in env, if it is an event NotaryHeads that p believes.
// The error is a [*proof.Finding].
func readHeads(p *proof.Policy, env *ledger.Envelope) (proof.HeadsNote, error) {
	index := int64(env.Position) - 1
	e, err := attest.Codec.Decode(env.Type, env.Data)
	heads, ok := e.(attest.NotaryHeads)
	if err != nil || !ok || env.Stream.Category != attest.Category {
		return proof.HeadsNote{}, malformed("末条公证不是公证的条目，或格式不对", "the heads are no event of the notary, or malformed").At(index)
	}
	note, err := p.OpenHeads([]byte(heads.Note))
	if f, ok := errors.AsType[*proof.Finding](err); ok {
		return note, f.At(index)
	}
	if note.Size > index {
		return note, malformed("末条公证声称看过了自己之后的条目", "the heads claim to have looked at what comes after them").At(index)
	}
	return note, nil
}
