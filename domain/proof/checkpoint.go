package proof

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
)

// A Checkpoint (检查点) is what a tree committed to at one time. These three are its
// identity: two notes with other bytes may be one checkpoint.
type Checkpoint struct {
	Origin string
	Size   int64
	Root   ledger.Hash
}

// Text returns c as it is signed: three lines, never more. What else there is to
// say goes into leaves.
func (c Checkpoint) Text() string {
	return torchwood.Checkpoint{Origin: c.Origin, Tree: tlog.Tree{N: c.Size, Hash: tlog.Hash(c.Root)}}.String()
}

// ParseCheckpoint is the inverse of [Checkpoint.Text]. It takes nothing else: no
// other way to write a number, no line more, no empty origin, no tree without a
// leaf. The error is a [*Finding].
func ParseCheckpoint(text string) (Checkpoint, error) {
	c, err := torchwood.ParseCheckpoint(text)
	if err != nil || c.Origin == "" || !utf8.ValidString(c.Origin) || strings.ContainsFunc(c.Origin, unicode.IsControl) || c.Extension != "" || c.N < 1 || c.N > MaxSize || c.String() != text {
		return Checkpoint{}, Found(Malformed, "检查点格式不对", "the checkpoint is malformed")
	}
	return Checkpoint{c.Origin, c.N, ledger.Hash(c.Hash)}, nil
}

// A Cosignature (见证签名) is a witness's word that it saw a checkpoint, and that it
// continues all that the witness saw before.
type Cosignature struct {
	Witness string
	Time    time.Time // of the witness's clock, in whole seconds, UTC
}

// maxTime is the last second of the year 9999: what is later is no time.
const maxTime = 253402300799

// A Signed is a checkpoint that a [Policy] believes.
type Signed struct {
	Checkpoint
	Cosigned  []Cosignature
	Witnessed bool // the quorum of the policy is met

	// Seen is by when as many witnesses had cosigned as the policy asks for, UTC: fewer
	// of them could be wrong about the time. It is zero if they have not.
	Seen time.Time
}

// Open returns the checkpoint of a signed note if the policy believes it. A note
// that no quorum of witnesses has cosigned is opened too, but not Witnessed. The
// error is a [*Finding].
func (p *Policy) Open(signed []byte) (Signed, error) {
	c, n, err := p.open(signed, p.Origin)
	if err != nil {
		return Signed{}, err
	}
	if err := p.signedByAll(n, c.Size); err != nil {
		return Signed{}, err
	}
	s := Signed{Checkpoint: c}
	for _, sig := range n.Sigs {
		for _, k := range p.Witnesses {
			if seconds, err := torchwood.CosignatureTimestamp(sig); is(&k, sig) && k.covers(c.Size) && err == nil && seconds <= maxTime {
				s.Cosigned = append(s.Cosigned, Cosignature{k.Name(), time.Unix(seconds, 0).UTC()})
			}
		}
	}
	if s.Witnessed = p.Quorum > 0 && len(s.Cosigned) >= p.Quorum; s.Witnessed {
		s.Seen = slices.SortedFunc(slices.Values(s.Cosigned), func(a, b Cosignature) int { return a.Time.Compare(b.Time) })[p.Quorum-1].Time
	}
	return s, nil
}

// open returns the checkpoint of origin that is signed, and its note, if no line of a
// known key is wrong.
func (p *Policy) open(signed []byte, origin string) (Checkpoint, *note.Note, error) {
	text, _, whole := bytes.Cut(signed, []byte("\n\n"))
	if len(signed) > MaxNote || !whole {
		return Checkpoint{}, nil, Found(Malformed, "签名的检查点格式不对或过大", "the signed checkpoint is malformed or too large")
	}
	c, err := ParseCheckpoint(string(text) + "\n")
	if err != nil {
		return Checkpoint{}, nil, err
	}
	if c.Origin != origin {
		return Checkpoint{}, nil, Found(WrongOrigin, "检查点属于 %.100q，而信任策略是 %s 的", "the checkpoint is of %.100q, and the policy of %s", c.Origin, origin)
	}
	n, err := p.verified(signed)
	if err != nil {
		return Checkpoint{}, nil, err
	}
	if n.Text != c.Text() { // what is signed may go on after a blank line
		return Checkpoint{}, nil, Found(Malformed, "检查点格式不对", "the checkpoint is malformed")
	}
	return c, n, nil
}

// signedByAll checks that n, which is about size leaves, has the lines that p wants.
func (p *Policy) signedByAll(n *note.Note, size int64) error {
	for _, kind := range kinds {
		if !p.Wants(kind, size) {
			continue
		}
		if err := p.signedBy(kind, n, size); err != nil {
			return err
		}
	}
	return nil
}

// signedBy checks that n, which is about size leaves, has a line of a log key of that
// kind that counts for it.
func (p *Policy) signedBy(kind string, n *note.Note, size int64) error {
	known := false
	for _, sig := range n.Sigs {
		for _, k := range p.LogKeys {
			if k.Kind() != kind || !is(&k, sig) {
				continue
			}
			if k.covers(size) {
				return nil
			}
			known = true
		}
	}
	if known {
		return Found(KeyOutOfRange, "签名的公证密钥（%s）不适用于这一大小", "the log key that signed (%s) does not count for this size", kind)
	}
	return Found(UnknownKey, "没有所持信任策略所列公证密钥（%s）的签名；台账如已换过密钥，请取得接替它的信任策略", "there is no signature of a log key (%s) of the policy that is held; if the ledger has changed its key, get the policy that succeeds it", kind)
}

func is(k *Key, sig note.Signature) bool {
	return k.verifier.Name() == sig.Name && k.verifier.KeyHash() == sig.Hash
}

// verified opens the note with all keys of p, whatever sizes they count for: a bad
// signature of a known key spoils it.
func (p *Policy) verified(signed []byte) (*note.Note, error) {
	var known []note.Verifier
	for _, keys := range [][]Key{p.LogKeys, p.Witnesses} {
		for _, k := range keys {
			known = append(known, k.verifier)
		}
	}
	return open(signed, known...)
}

// open opens the note with known keys. The error is a [*Finding].
func open(signed []byte, known ...note.Verifier) (*note.Note, error) {
	n, err := note.Open(signed, note.VerifierList(known...))
	if err == nil {
		return n, nil
	}
	if bad, ok := errors.AsType[*note.InvalidSignatureError](err); ok {
		return nil, Found(BadSignature, "%s 的签名不对", "the signature of %s is wrong", bad.Name)
	}
	if _, ok := errors.AsType[*note.UnverifiedNoteError](err); ok {
		return nil, Found(UnknownKey, "没有可信密钥的签名", "there is no signature of a key that is believed")
	}
	return nil, Found(Malformed, "签名的检查点格式不对", "the signed checkpoint is malformed")
}

// Merge returns the note with the signature lines of more, each once, in the order
// in which they came. It checks none: a signature that does not hold spoils a note,
// so whoever merges opens the result.
func Merge(signed []byte, more ...[]byte) []byte {
	out := bytes.Clone(signed)
	for _, lines := range more {
		for line := range strings.Lines(string(lines)) {
			if strings.HasPrefix(line, "— ") && strings.HasSuffix(line, "\n") && !bytes.Contains(out, []byte("\n"+line)) {
				out = append(out, line...)
			}
		}
	}
	return out
}
