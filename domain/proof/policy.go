package proof

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/ledger"
)

// A Policy (信任策略) says whom to believe about one ledger. It is a text of lines:
//
//	version 1
//	origin  ledger.example.gov.cn/petition
//	logkey  <vkey> 0 4100000
//	logkey  <vkey> 4000001 -
//	witness <vkey> 0 -
//	writer  <vkey> 5200 -
//	quorum  1
//	tsaroot <SHA-256 of a certificate, hexadecimal>
//	filter  <SHA-256 of Filter, hexadecimal>
//	root    <vkey>
//	roots   1
//
// A key counts for checkpoints of the sizes from its first number to its second,
// both included; "-" is without end. Log keys may overlap, so that they can be
// changed. They are of the kinds that [NewVerifier] takes, and one at least is of
// Ed25519. What the notary signs for a size must have a line
//
//   - of an Ed25519 key that counts for the size, whatever else there is;
//   - of an ML-DSA-44 key that counts for it, if the policy lists one that does;
//   - of an SM2 key that counts for it, likewise.
//
// Of a kind that is missed in this order first: if there are good lines of keys that
// are listed but do not count for the size, the verdict is KEY_OUT_OF_RANGE, and
// UNKNOWN_KEY if there are none. A line of a listed key that does not hold is
// BAD_SIGNATURE, whatever its kind and its sizes. A kind that is added later must
// count from the next size on: what was signed before lacks its line.
//
// Quorum is how many of the witnesses must have cosigned; at 0 nothing is
// ever witnessed. A line that begins with # is a comment.
//
// Of a writer, the numbers are those of the first and the last leaf that it may seal;
// see [Policy.CheckSeal].
//
// The roots (离线根密钥) are kept offline and sign nothing but policies; "roots" says
// how many of them must sign the next one ([Policy.Succeed]). Without them nobody
// can change the policy but whoever pinned it.
type Policy struct {
	Version   int
	Origin    string
	LogKeys   []Key
	Witnesses []Key
	Writers   []Key
	Quorum    int
	TSARoots  []ledger.Hash
	Roots     []Key // for every size
	Threshold int   // how many of Roots sign the next policy; 0 if there are none
}

// A Key is a public key and the sizes of checkpoints that it counts for; of a writer,
// the leaves.
type Key struct {
	VKey     string // as C2SP signed-note writes it: name+hash+key
	From, To int64  // both included
	verifier note.Verifier
}

// Name returns the name in the key.
func (k *Key) Name() string { return k.verifier.Name() }

// Kind returns the kind of a log key.
func (k *Key) Kind() string { return KindOf(k.verifier) }

func (k *Key) covers(size int64) bool { return k.From <= size && size <= k.To }

// Wants reports whether what is signed for a size must have the line of a log key of
// that kind.
func (p *Policy) Wants(kind string, size int64) bool {
	counts := func(k Key) bool { return k.Kind() == kind && k.covers(size) }
	return kind == Ed25519 || slices.ContainsFunc(p.LogKeys, counts)
}

// maxKeys is how many log keys, witnesses, writers and roots each a policy may have.
const maxKeys = 32

// A lineForm is what follows the first word of a line of a policy. A range is of two
// sizes, the last of which may be "-": without an end.
type lineForm struct {
	many bool // there may be maxKeys of them; of the others there is one
	what ledger.Text
}

// lineForms are those of the lines that a policy may have.
var lineForms = map[string]lineForm{
	"version": {false, ledger.Text{ZH: "版本号", EN: "its number"}},
	"origin":  {false, ledger.Text{ZH: "台账的名称", EN: "the name of the ledger"}},
	"logkey":  {true, ledger.Text{ZH: "公证密钥的公钥（名称+哈希+公钥）与起止", EN: "the public key of a notary (name+hash+key) and a range"}},
	"witness": {true, ledger.Text{ZH: "见证的公钥（名称+哈希+公钥）与起止", EN: "the public key of a witness (name+hash+key) and a range"}},
	"writer":  {true, ledger.Text{ZH: "写入密钥的公钥（名称+哈希+公钥）与起止", EN: "the public key of a writer (name+hash+key) and a range"}},
	"quorum":  {false, ledger.Text{ZH: "至少几个见证", EN: "how many witnesses there must be"}},
	"tsaroot": {true, ledger.Text{ZH: "时间戳根证书的 SHA-256，十六进制", EN: "the SHA-256 of a root certificate of a time-stamp authority, in hexadecimal"}},
	"filter":  {false, ledger.Text{ZH: "收录范围的哈希，与本程序的相同", EN: "the hash of the filter, which is that of this program"}},
	"root":    {true, ledger.Text{ZH: "根密钥的公钥（名称+哈希+公钥）", EN: "the public key of a root (name+hash+key)"}},
	"roots":   {false, ledger.Text{ZH: "至少几把根密钥", EN: "how many roots must sign"}},
}

// wrong says what is wrong with the line of that number, which begins with word.
func (f lineForm) wrong(line int, word string) error {
	most := 1
	if f.many {
		most = maxKeys
	}
	return &ledger.Trouble{Text: ledger.Text{
		ZH: fmt.Sprintf("信任策略第 %d 行有误：%q 之后应为%s；这样的行至多 %d 行", line, word, f.what.ZH, most),
		EN: fmt.Sprintf("line %d of the policy is wrong: after %q comes %s; there are %d such lines at most", line, word, f.what.EN, most),
	}}
}

// ParsePolicy reads a policy: its text, or a note (C2SP signed-note) of that text. It
// checks no signature, and takes a note with forged ones: a policy is trusted because
// whoever checks has pinned it, and one that comes later because it succeeds that
// ([Policy.Succeed]). Its error says the line, and is a [*ledger.Trouble].
func ParsePolicy(file []byte) (*Policy, error) {
	p, seen, lines := &Policy{}, make(map[string]bool), 0
	if len(file) > MaxNote {
		return nil, ledger.Troubled("信任策略超过 %d 字节", "the policy has more than %d bytes", MaxNote)
	}
	text, _ := splitNote(file)
	for line := range strings.SplitSeq(string(text), "\n") {
		lines++
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		form, known := lineForms[fields[0]]
		if !known { // it may be a secret, of a file that is no policy
			return nil, ledger.Troubled("信任策略第 %d 行有误：没有这样的行", "line %d of the policy is wrong: there are no such lines", lines)
		}
		if !form.many && seen[fields[0]] || !p.set(fields[0], fields[1:]) {
			return nil, form.wrong(lines, fields[0])
		}
		seen[fields[0]] = true
	}
	for _, key := range []string{"version", "origin", "logkey", "quorum", "filter"} {
		if !seen[key] {
			return nil, ledger.Troubled("信任策略缺少 %s 一行", "the policy has no line %s", key)
		}
	}
	return p, p.check()
}

// NewPolicy returns the first policy of a ledger: it believes log keys and witnesses,
// whatever the size; more are further lines of it. Its errors are those of
// [ParsePolicy].
func NewPolicy(origin string, logKeys, witnesses []string, quorum int, more ...string) (*Policy, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "version 1\norigin %s\n", origin)
	for _, k := range logKeys {
		fmt.Fprintf(&b, "logkey %s 0 -\n", k)
	}
	for _, w := range witnesses {
		fmt.Fprintf(&b, "witness %s 0 -\n", w)
	}
	fmt.Fprintf(&b, "quorum %d\nfilter %s\n", quorum, FilterHash())
	for _, line := range more {
		fmt.Fprintln(&b, line)
	}
	return ParsePolicy([]byte(b.String()))
}

// set takes one line.
func (p *Policy) set(key string, args []string) bool {
	if n := map[string]int{"logkey": 3, "witness": 3, "writer": 3}[key]; len(args) != max(n, 1) {
		return false
	}
	var err error
	switch key {
	case "version":
		p.Version, err = strconv.Atoi(args[0])
		return err == nil && p.Version > 0 && strconv.Itoa(p.Version) == args[0]
	case "origin":
		p.Origin = args[0]
		return true
	case "logkey":
		v, err := NewVerifier(args[0])
		return err == nil && addKey(&p.LogKeys, v, args)
	case "witness":
		v, err := torchwood.NewCosignatureVerifier(args[0])
		return err == nil && addKey(&p.Witnesses, v, args)
	case "writer":
		v, err := note.NewVerifier(args[0])
		return err == nil && addKey(&p.Writers, v, args)
	case "quorum":
		p.Quorum, err = strconv.Atoi(args[0])
		return err == nil && p.Quorum >= 0
	case "tsaroot":
		b, err := hex.DecodeString(args[0])
		if err != nil || len(b) != len(ledger.Hash{}) || len(p.TSARoots) == maxKeys {
			return false
		}
		p.TSARoots = append(p.TSARoots, ledger.Hash(b))
		return true
	case "filter":
		return args[0] == FilterHash()
	case "root":
		v, err := note.NewVerifier(args[0])
		return err == nil && addKey(&p.Roots, v, []string{args[0], "0", "-"})
	case "roots":
		p.Threshold, err = strconv.Atoi(args[0])
		return err == nil && p.Threshold > 0
	}
	return false
}

func addKey(keys *[]Key, v note.Verifier, args []string) bool {
	k := Key{VKey: args[0], To: MaxSize, verifier: v}
	var err, err2 error
	if k.From, err = strconv.ParseInt(args[1], 10, 64); args[2] != "-" {
		k.To, err2 = strconv.ParseInt(args[2], 10, 64)
	}
	*keys = append(*keys, k)
	return err == nil && err2 == nil && 0 <= k.From && k.From <= k.To && k.To <= MaxSize && len(*keys) <= maxKeys
}

// check refuses what would count one key twice, or no key at all.
func (p *Policy) check() error {
	keys := make(map[string]bool)
	for _, k := range slices.Concat(p.LogKeys, p.Witnesses, p.Writers, p.Roots) {
		public := strings.SplitN(k.VKey, "+", 3)[2] // base64, which may have a plus, too
		public = public[min(2, len(public)):]       // without its algorithm, mostly
		if keys[public] {
			return ledger.Troubled("信任策略中同一公钥出现了两次：%s", "the policy has one public key twice: that of %s", k.Name())
		}
		keys[public] = true
	}
	if !slices.ContainsFunc(p.LogKeys, func(k Key) bool { return k.Kind() == Ed25519 }) {
		return ledger.Troubled("信任策略须有一个 Ed25519 公证密钥", "the policy has no log key of the kind Ed25519")
	}
	for _, k := range p.LogKeys {
		if k.Name() != p.Origin {
			return ledger.Troubled("公证密钥的名称 %s 与台账 %s 不同", "the log key is of %s, and the ledger is %s", k.Name(), p.Origin)
		}
	}
	if p.Quorum > len(p.Witnesses) {
		return ledger.Troubled("信任策略要求 %d 个见证，只列了 %d 个", "the policy wants %d witnesses, and %d are listed", p.Quorum, len(p.Witnesses))
	}
	if p.Threshold > len(p.Roots) || p.Threshold == 0 && len(p.Roots) > 0 {
		return ledger.Troubled("roots 一行要求 %d 把根密钥签名，root 列了 %d 把", "the line roots wants signatures of %d roots, and %d are listed", p.Threshold, len(p.Roots))
	}
	return nil
}

// String returns the policy as [ParsePolicy] reads it.
func (p *Policy) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "version %d\norigin %s\n", p.Version, p.Origin)
	for _, list := range []struct {
		name string
		keys []Key
	}{{"logkey", p.LogKeys}, {"witness", p.Witnesses}, {"writer", p.Writers}} {
		for _, k := range list.keys {
			to := strconv.FormatInt(k.To, 10)
			if k.To == MaxSize {
				to = "-"
			}
			fmt.Fprintf(&b, "%s %s %d %s\n", list.name, k.VKey, k.From, to)
		}
	}
	fmt.Fprintf(&b, "quorum %d\n", p.Quorum)
	for _, root := range p.TSARoots {
		fmt.Fprintf(&b, "tsaroot %v\n", root)
	}
	fmt.Fprintf(&b, "filter %s\n", FilterHash())
	for _, k := range p.Roots {
		fmt.Fprintf(&b, "root %s\n", k.VKey)
	}
	if p.Threshold > 0 {
		fmt.Fprintf(&b, "roots %d\n", p.Threshold)
	}
	return b.String()
}

// FilterHash returns the SHA-256 of [Filter], in hexadecimal.
func FilterHash() string {
	sum := sha256.Sum256([]byte(Filter))
	return hex.EncodeToString(sum[:])
}
