// Package evidence makes and checks evidence bundles (证据包): all events of one
// case in one file, with all that somebody needs who trusts no server of ours.
//
// A bundle is a ZIP archive of these files and no others:
//
//	manifest.json               what is in the archive: size and SHA-256 of each file but itself
//	checkpoint                  the signed note of a [proof.Checkpoint], with all its signatures
//	heads/leaf.bin .data .meta  an event NotaryHeads: its leaf and the bytes that it commits to
//	heads/leaf.tlog-proof       that it is in the tree of the checkpoint
//	heads/map-proof.json        a [proof.HeadProof]: where the case ended when the note was signed
//	events/000000.leaf …        the first event: its leaf, as [ledger.Envelope.AppendLeaf] makes it
//	events/000000.data …        its data and meta, as they are stored: what is encrypted stays so
//	events/000000.meta …
//	events/000000.tlog-proof …  that it is in the tree; c2sp.org/tlog-proof@v1
//	keys/disclosed.json         a [Disclosure]: data keys of the case, wrapped for one reader
//	sm3/checkpoint              the signed note of the SM3 tree, and that each event is in it; a hash a line
//	sm3/000000.txt …
//	time/<size>.tsr             an RFC 3161 time-stamp over the checkpoint of that size
//	time/<size>.leaf …          the event NotaryAnchor that holds it, with files like those of an event
//	consistency/<a>-<b>.txt     that the tree of size b continues that of size a; a hash a line
//	policy.txt                  the policy of whoever made it; for information, never used
//	README.txt                  how to check all this by hand; never a program
//
// The last eight need not be there. Nothing in a bundle is believed for its being
// there: the policy comes from elsewhere, and everything else is proved under it.
//
// # One form
//
// The same bundle is always the same bytes, and a reader takes no others: files in
// order of their names, stored and not compressed, one behind the other from the
// first byte to the last, with no time, comment, attribute or extra field. What is
// stored is mostly hashes and ciphertext, which do not compress; and so there is no
// bomb to unpack, no two readers that see two archives in one file, and no way to
// hide anything in it. Every unzip program reads it. A later form of bundle will
// have another name in its manifest.
//
// verify.py, beside this package, is a second verifier. It shares no code with this
// one: its arithmetic is that of the RFCs, its parsers are its own; only the order in
// which it looks for what is wrong is taken from here, so that verdicts can be
// compared. Tests demand that both say the same.
package evidence

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// Format is the name of the form of bundle that this package makes and takes.
const Format = "petition-evidence/v1"

// What a bundle may hold at most. A reader refuses one that has more files, or larger
// ones, before it reads them; of what, is for the writer to keep to.
const (
	MaxFiles   = 10_000
	MaxAnchors = 200                                           // each of five files
	MaxOlder   = MaxAnchors + 100                              // proofs that the tree continues an older one
	MaxEvents  = (MaxFiles - MaxOlder - 5*MaxAnchors - 12) / 5 // of which each takes five files, with that of SM3
	MaxFile    = 64 << 20                                      // bytes
	MaxTotal   = 1 << 30                                       // bytes of all files together
)

// The files of a bundle that are there once.
const (
	fileManifest      = "manifest.json"
	fileCheckpoint    = "checkpoint"
	fileHeads         = "heads/leaf" // and one of suffixes
	fileMapProof      = "heads/map-proof.json"
	fileKeys          = "keys/disclosed.json"
	fileCheckpointSM3 = "sm3/checkpoint"
	filePolicy        = "policy.txt"
	fileReadme        = "README.txt"
)

// fileEvent returns the names of the files of the event of that index, without
// what they end in.
func fileEvent(index int) string { return fmt.Sprintf("events/%06d", index) }

// fileGrowth returns the name of the proof that the tree of size later continues
// that of size earlier.
func fileGrowth(earlier, later int64) string {
	return fmt.Sprintf("consistency/%d-%d.txt", earlier, later)
}

// names is what a file of a bundle can be called.
var names = regexp.MustCompile(`^(checkpoint|heads/(leaf\.(bin|data|meta|tlog-proof)|map-proof\.json)|keys/disclosed\.json|manifest\.json|policy\.txt|README\.txt|` +
	`events/[0-9]{6}\.(leaf|data|meta|tlog-proof)|sm3/(checkpoint|[0-9]{6}\.txt)|time/[1-9][0-9]{0,18}\.(leaf|data|meta|tlog-proof|tsr)|` +
	`consistency/[1-9][0-9]{0,18}-[1-9][0-9]{0,18}\.txt)$`)

// maxName is the most bytes of a name that [names] takes.
const maxName = len("consistency/") + 19 + len("-") + 19 + len(".txt")

// A manifest (清单) lists the files of a bundle. It is no proof of anything, only
// the first thing that differs in a bundle that was damaged on its way.
type manifest struct {
	Format string          `json:"format"`
	Origin string          `json:"origin"`
	Stream string          `json:"stream"`
	Size   int64           `json:"size"` // of the checkpoint
	Files  map[string]file `json:"files"`
}

// A file is what a manifest says of one.
type file struct {
	Size int64  `json:"size"`   // bytes
	Sum  string `json:"sha256"` // hexadecimal
}

func fileOf(content []byte) file {
	d := ledger.DigestOf(content)
	return file{int64(d.Len), d.Sum.String()}
}

// encode returns m as a bundle has it.
func (m *manifest) encode() ([]byte, error) {
	b, err := json.Marshal(m, json.Deterministic(true), jsontext.WithIndent("  "))
	return append(b, '\n'), err
}

// parseManifest is the inverse of encode, and takes nothing else. The stream is one
// that a ledger keeps.
func parseManifest(b []byte) (m manifest, stream ledger.Stream, ok bool) {
	if err := json.Unmarshal(b, &m, json.RejectUnknownMembers(true)); err != nil {
		return m, stream, false
	}
	again, err := m.encode()
	stream, known := ledger.ParseStream(m.Stream)
	return m, stream, err == nil && string(again) == string(b) && m.Format == Format && known
}

// parseMapProof reads the file [fileMapProof]. It takes only what json makes of
// the proof.
func parseMapProof(b []byte) (p proof.HeadProof, ok bool) {
	if err := json.Unmarshal(b, &p, json.RejectUnknownMembers(true)); err != nil {
		return p, false
	}
	again, err := json.Marshal(p, json.Deterministic(true))
	return p, err == nil && string(again) == string(b)
}

// fileTime returns the names of the files of an anchor, without what they end in: size
// is that of the checkpoint that was stamped.
func fileTime(size int64) string { return fmt.Sprintf("time/%d", size) }

// growth reads the sizes in the name of a proof that one tree continues another.
func growth(name string) (earlier, later int64, ok bool) {
	name, ok = strings.CutPrefix(strings.TrimSuffix(name, ".txt"), "consistency/")
	a, b, _ := strings.Cut(name, "-")
	earlier, err := strconv.ParseInt(a, 10, 64)
	later, err2 := strconv.ParseInt(b, 10, 64)
	return earlier, later, ok && err == nil && err2 == nil
}
