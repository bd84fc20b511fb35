package evidence

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/torchwood"
	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/attest"
	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
	"xinfang/domain/proof"
	"xinfang/domain/proof/prooftest"
)

const origin = "ledger.example.gov.cn/petition"

// epoch is when the ledgers of the tests begin. An event is recorded every minute.
var epoch = time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)

var (
	ours   = ledger.Stream{Category: "case", ID: uuid.UUID{1}}
	theirs = ledger.Stream{Category: "case", ID: uuid.UUID{2}}
)

// A world is a ledger with its notary and its witnesses.
type world struct {
	t       testing.TB
	store   *ledgertest.Store
	leaves  [][]byte
	hashes  []tlog.Hash
	note    note.Signer
	notes   []note.Signer // what signs if it is more than note
	vkey    string
	witness []*witness
	tsa     *prooftest.TSA // pinned by the policy, if there is one

	through ledger.Store // what is recorded through, if it is not store
	writers []string     // lines of the policy, each as "<vkey> <from> <to>"

	log ledger.Log // what bundles are made from, if it is not store

	// What is wrong with the heads, if anything.
	ahead  int64 // leaves that they claim to have looked at beyond those that they did
	garble func(signed string) string
}

// seed returns a source of the bytes that make the key of that number.
func seed(n byte) *bytes.Reader { return bytes.NewReader(bytes.Repeat([]byte{n}, 64)) }

func logKey(t testing.TB, name string, n byte) (note.Signer, string) {
	t.Helper()
	skey, vkey, err := note.GenerateKey(seed(n), name)
	ok(t, err)
	signer, err := note.NewSigner(skey)
	ok(t, err)
	return signer, vkey
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, store: new(ledgertest.Store)}
	w.note, w.vkey = logKey(t, origin, 1)
	w.witness = []*witness{newWitness(t, "inspection.example/w1", 2), newWitness(t, "court.example/w2", 3)}
	w.store.Now = func() time.Time { return epoch.Add(time.Duration(len(w.leaves)) * time.Minute) }
	return w
}

// append records n events of stream, and takes them into the tree.
func (w *world) append(stream ledger.Stream, n int) {
	for range n {
		version := ledger.Version(0)
		for env := range w.store.ReadStream(w.t.Context(), stream, 0) {
			version = env.Version
		}
		at := len(w.leaves)
		envelopes, err := cmp.Or(w.through, ledger.Store(w.store)).Append(w.t.Context(), stream, version, ledger.Record{
			ID: ledger.EventID(uuid.UUID{7}, at), Type: "Said", Data: fmt.Appendf(nil, `{"what":"信访 %d"}`, at), Meta: []byte(`{"actor":{"officer":"A1"}}`),
		})
		ok(w.t, err)
		w.take(envelopes)
	}
}

func (w *world) take(envelopes []ledger.Envelope) {
	for _, e := range envelopes {
		w.grow(e.AppendLeaf(nil, ledger.DigestOf(e.Data), ledger.DigestOf(e.Meta)))
	}
}

// grow adds a leaf to the tree.
func (w *world) grow(leaf []byte) {
	more, err := tlog.StoredHashes(int64(len(w.leaves)), leaf, w)
	ok(w.t, err)
	w.leaves, w.hashes = append(w.leaves, leaf), append(w.hashes, more...)
}

// ReadHashes is that of a [tlog.HashReader].
func (w *world) ReadHashes(at []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(at))
	for i, x := range at {
		out[i] = w.hashes[x]
	}
	return out, nil
}

// heads has the notary record where each stream ends among the first size leaves.
// It returns the event, and the proof of stream.
func (w *world) heads(stream ledger.Stream, size int64) (ledger.Envelope, proof.HeadProof) {
	last := make(map[ledger.Stream]proof.Head)
	for i, leaf := range w.leaves[:size] {
		e, _, _, err := ledger.ParseLeaf(leaf)
		ok(w.t, err)
		last[e.Stream] = proof.Head{Stream: e.Stream, Version: e.Version, Index: int64(i), Leaf: ledger.LeafHash(leaf)}
	}
	tree, err := proof.NewHeads(slices.Collect(maps.Values(last)))
	ok(w.t, err)
	signed, err := note.Sign(&note.Note{Text: tree.Note(size + w.ahead).Text(origin)}, w.signers()...)
	ok(w.t, err)
	if w.garble != nil {
		signed = []byte(w.garble(string(signed)))
	}
	envelopes, err := attest.Decider.Handle(w.t.Context(), cmp.Or(w.through, ledger.Store(w.store)), attest.Ask(attest.NotaryHeads{Note: string(signed)}, ledger.Meta{
		Actor: ledger.Actor{Officer: "system"}, Occurred: epoch,
	}))
	ok(w.t, err)
	w.take(envelopes)
	p, _ := tree.Prove(last[stream])
	return envelopes[0], p
}

// checkpoint returns the checkpoint of the first size leaves, signed by the notary
// and cosigned by so many witnesses, a minute after its last leaf and a second apart.
func (w *world) checkpoint(size int64, witnesses int) []byte {
	root, err := tlog.TreeHash(size, w)
	ok(w.t, err)
	signers := w.signers()
	for i, s := range w.witness[:witnesses] {
		s.at = epoch.Add(time.Duration(size)*time.Minute + time.Duration(i)*time.Second)
		signers = append(signers, s)
	}
	signed, err := note.Sign(&note.Note{Text: proof.Checkpoint{Origin: origin, Size: size, Root: ledger.Hash(root)}.Text()}, signers...)
	ok(w.t, err)
	return signed
}

// signers returns what the notary signs with.
func (w *world) signers() []note.Signer {
	if len(w.notes) > 0 {
		return slices.Clone(w.notes)
	}
	return []note.Signer{w.note}
}

func (w *world) size() int64 { return int64(len(w.leaves)) }

func (w *world) prove(_ context.Context, size, index int64) (tlog.RecordProof, error) {
	return tlog.ProveRecord(size, index, w)
}

func (w *world) proveGrowth(size, older int64) Older {
	p, err := tlog.ProveTree(size, older, w)
	ok(w.t, err)
	return Older{older, p}
}

// policy returns the policy of the world, with its first two lines of keys replaced
// by others if there are any.
func (w *world) policy(quorum int, logKeys ...string) *proof.Policy {
	if len(logKeys) == 0 {
		logKeys = []string{w.vkey + " 0 -"}
	}
	text := fmt.Sprintf("version 1\norigin %s\nquorum %d\nfilter %s\n", origin, quorum, proof.FilterHash())
	for _, k := range logKeys {
		text += "logkey " + k + "\n"
	}
	for _, s := range w.witness {
		text += "witness " + s.vkey + " 0 -\n"
	}
	if w.tsa != nil {
		text += fmt.Sprintf("tsaroot %v\n", w.tsa.Pin())
	}
	for _, k := range w.writers {
		text += "writer " + k + "\n"
	}
	p, err := proof.ParsePolicy([]byte(text))
	ok(w.t, err)
	return p
}

// A witness cosigns with the time that it is told. That of torchwood has only the
// present.
type witness struct {
	*torchwood.CosignatureSigner
	key  ed25519.PrivateKey
	vkey string
	at   time.Time
}

func newWitness(t testing.TB, name string, n byte) *witness {
	t.Helper()
	_, key, err := ed25519.GenerateKey(seed(n))
	ok(t, err)
	signer, err := torchwood.NewCosignatureSigner(name, key)
	ok(t, err)
	return &witness{signer, key, signer.Verifier().String(), epoch}
}

func (w *witness) Sign(msg []byte) ([]byte, error) {
	text := fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", w.at.Unix(), msg)
	return append(binary.BigEndian.AppendUint64(nil, uint64(w.at.Unix())), ed25519.Sign(w.key, text)...), nil
}

// A specimen is a genuine bundle to do harm to.
type specimen struct {
	*world
	source Source
	bundle []byte
	files  map[string][]byte
}

// newSpecimen returns a bundle of that many events of ours, among others, with a
// checkpoint that so many witnesses have cosigned.
func newSpecimen(t testing.TB, events, witnesses int) *specimen {
	t.Helper()
	w := newWorld(t)
	for range events {
		w.append(theirs, 1)
		w.append(ours, 1)
	}
	w.append(theirs, 3)
	return w.specimen(w.size(), witnesses)
}

// specimen has the notary record heads of the first size leaves, and returns a
// bundle.
func (w *world) specimen(size int64, witnesses int) *specimen {
	heads, head := w.heads(ours, size)
	w.append(theirs, 2)
	s := &specimen{world: w, source: Source{
		Stream: ours, Log: cmp.Or(w.log, ledger.Log(w.store)), Checkpoint: w.checkpoint(w.size(), witnesses), Policy: w.policy(1), Prove: w.prove, Heads: heads, Head: head,
	}}
	s.write()
	return s
}

// write makes the bundle from its source.
func (s *specimen) write() {
	s.t.Helper()
	var b bytes.Buffer
	ok(s.t, Write(s.t.Context(), &b, s.source))
	s.bundle = b.Bytes()
	a, err := openArchive(bytes.NewReader(s.bundle), int64(len(s.bundle)))
	ok(s.t, err)
	s.files = make(map[string][]byte)
	for name := range a.entries {
		s.files[name], err = a.file(name, MaxFile)
		ok(s.t, err)
	}
}

// pack makes a bundle of files, as an attacker would who knows the form: with a
// manifest that fits them.
func (s *specimen) pack() []byte {
	s.t.Helper()
	m, _, _ := parseManifest(s.files[fileManifest])
	m.Files = make(map[string]file)
	for name, content := range s.files {
		if name != fileManifest {
			m.Files[name] = fileOf(content)
		}
	}
	b, err := m.encode()
	ok(s.t, err)
	s.files[fileManifest] = b
	return s.zip()
}

// zip makes an archive of files as they are.
func (s *specimen) zip() []byte {
	var b bytes.Buffer
	z := zipWriter{w: &b}
	for _, name := range slices.Sorted(maps.Keys(s.files)) {
		ok(s.t, z.add(name, s.files[name]))
	}
	ok(s.t, z.close())
	return b.Bytes()
}

// recheck puts another signed note in the place of the checkpoint, in all proofs.
func (s *specimen) recheck(checkpoint []byte) {
	for name, content := range s.files {
		if proof, ok := bytes.CutSuffix(content, s.files[fileCheckpoint]); ok && strings.HasSuffix(name, ".tlog-proof") {
			s.files[name] = slices.Concat(proof, checkpoint)
		}
	}
	s.files[fileCheckpoint] = checkpoint
}

// drop removes the files of the event of that index.
func (s *specimen) drop(index int) {
	for _, suffix := range suffixes(".leaf") {
		delete(s.files, fileEvent(index)+suffix)
	}
}

// event puts the event at index of the tree, with its genuine proof, in the files
// of that name.
func (s *specimen) event(name string, index int64) {
	inclusion, err := s.prove(s.t.Context(), s.source.signedSize(s.t), index)
	ok(s.t, err)
	for env := range s.store.ReadAll(s.t.Context(), ledger.Position(index)) {
		s.files[name+".leaf"], s.files[name+".data"], s.files[name+".meta"] = s.leaves[index], env.Data, env.Meta
		break
	}
	s.files[name+".tlog-proof"] = proof.FormatInclusion(index, inclusion, s.files[fileCheckpoint])
}

func (s *Source) signedSize(t testing.TB) int64 {
	signed, err := s.Policy.Open(s.Checkpoint)
	ok(t, err)
	return signed.Size
}

// verify checks bundle by the policy of s.
func (s *specimen) verify(bundle []byte, change ...func(*Options)) Report {
	o := Options{Policy: s.source.Policy, Now: epoch.Add(24 * time.Hour)}
	for _, f := range change {
		f(&o)
	}
	return Verify(bytes.NewReader(bundle), int64(len(bundle)), o)
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func encode(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v, json.Deterministic(true))
	ok(t, err)
	return b
}
