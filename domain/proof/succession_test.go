package proof_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// A court has three roots, and a policy of version 3 that wants two of them.
type court struct {
	*world
	roots    [3]note.Signer
	vkeys    [3]string
	stranger note.Signer
	text     string // of the policy that is pinned
	pinned   *proof.Policy
}

func newCourt(t testing.TB) *court {
	t.Helper()
	c := &court{world: newWorld(t, 0)}
	for i := range c.roots {
		c.roots[i], c.vkeys[i] = logKey(t, fmt.Sprintf("root%d.example.gov.cn", i+1), fmt.Sprint("root ", i+1))
	}
	c.stranger, _ = logKey(t, "root1.example.gov.cn", "stranger")
	c.text = c.lines(1) + rootLines(2, c.vkeys[:]...)
	c.pinned = mustParse(t, c.text)
	return c
}

func rootLines(threshold int, vkeys ...string) string {
	var b strings.Builder
	for _, vkey := range vkeys {
		fmt.Fprintf(&b, "root %s\n", vkey)
	}
	return fmt.Sprintf("%sroots %d\n", &b, threshold)
}

// next returns the text of the pinned policy with version 4, and with replacements.
func (c *court) next(oldnew ...string) string {
	return strings.NewReplacer(append(oldnew, "version 3", "version 4")...).Replace(c.text)
}

// TestSucceed offers policies in the place of one that is pinned.
func TestSucceed(t *testing.T) {
	c := newCourt(t)
	r1, r2, r3 := c.roots[0], c.roots[1], c.roots[2]
	_, newV := logKey(t, origin, "log c")
	_, root4 := logKey(t, "root4.example.gov.cn", "root 4")
	old := strings.Replace(c.text, "version 3", "version 2", 1)
	forged := bytes.Replace(sign(t, c.next(), r1, r2), []byte("quorum 1"), []byte("quorum 0"), 1)
	good := sign(t, c.next(), r1, r2)
	twice := append(bytes.Clone(sign(t, c.next(), r1)), sign(t, c.next(), r1)[len(c.next())+1:]...)
	for _, tt := range []struct {
		name string
		next []byte
		want proof.Verdict
		says string
	}{
		{"two of three roots", good, proof.OK, ""},
		{"all roots, and somebody else", sign(t, c.next(), r3, c.stranger, r2, r1), proof.OK, ""},
		{"a version is left out", sign(t, c.next("version 3", "version 9"), r2, r3), proof.OK, ""},
		{"with comments", sign(t, "# for the court\n\n"+c.next()+"\n\n", r1, r3), proof.OK, ""},
		{"C15 policy of lower version offered", sign(t, old, r1, r2), proof.RolledBack, "version 2"},
		{"C15 lower version, without signatures", []byte(old), proof.QuorumNotMet, "0 roots"},
		{"C15 same version, other text", sign(t, strings.Replace(c.text, "quorum 1", "quorum 2", 1), r1, r2), proof.Fork, "version 3"},
		{"C15 same version, the quorum lowered without signatures", []byte(strings.Replace(c.text, "quorum 1", "quorum 0", 1)), proof.QuorumNotMet, "0 roots"},
		{"C15 no signature", []byte(c.next()), proof.QuorumNotMet, "0 roots have signed the next policy, and 2 must"},
		{"C15 one root", sign(t, c.next(), r1), proof.QuorumNotMet, "1 roots have signed the next policy, and 2 must"},
		{"C15 one root twice", twice, proof.QuorumNotMet, "1 roots"},
		{"C15 one root under two names", sign(t, c.next(c.vkeys[1], renamed(t, "root9.example.gov.cn", c.vkeys[0])), r1, r2), proof.Malformed, "twice"},
		{"C15 an unknown root of the same name", sign(t, c.next(), r2, c.stranger), proof.QuorumNotMet, "1 roots"},
		{"C15 only unknown roots", sign(t, c.next(), c.stranger), proof.QuorumNotMet, "0 roots"},
		{"C15 the log keys", sign(t, c.next(), c.a, c.b), proof.QuorumNotMet, "0 roots"},
		{"C15 roots that it brings itself", sign(t, strings.Split(c.next(), "root ")[0]+rootLines(1, root4), secret(logKey(t, "root4.example.gov.cn", "root 4"))), proof.QuorumNotMet, "0 roots"},
		{"C15 bad signature", forged, proof.BadSignature, "root1.example.gov.cn"},
		{"C15 enough good signatures and a bad one", append(bytes.Clone(good), sign(t, "x\n", r3)[3:]...), proof.BadSignature, "root3.example.gov.cn"},
		{"C15 another ledger", sign(t, strings.ReplaceAll(c.next(), origin, "other.example.gov.cn"), r1, r2), proof.Malformed, ""},
		{"C15 another ledger, and its keys", sign(t, foreign(t, c), r1, r2), proof.WrongOrigin, "other.example.gov.cn"},
		{"C15 no policy", sign(t, c.at1().Text(), r1, r2), proof.Malformed, "line 1"},
		{"C15 a signature that is none", append(bytes.Clone(good), "— root3.example.gov.cn x\n"...), proof.Malformed, ""},
		{"C15 too large", append(bytes.Clone(good), strings.Repeat("— x\n", proof.MaxNote/6)...), proof.Malformed, "65536"},

		{"a log key ends sooner", sign(t, c.next(c.bV+" 40 -", c.bV+" 40 90"), r1, r2), proof.OK, ""},
		{"a log key follows", sign(t, c.next(c.bV+" 40 -", c.bV+" 40 90\nlogkey "+newV+" 80 -"), r1, r2), proof.OK, ""},
		{"C15 a log key is gone", sign(t, c.next("logkey "+c.aV+" 0 60\n", ""), r1, r2), proof.KeyOutOfRange, "from the size 0"},
		{"C15 a log key begins later", sign(t, c.next(c.aV+" 0 60", c.aV+" 1 60"), r1, r2), proof.KeyOutOfRange, "from the size 0"},
		{"C15 a log key begins earlier", sign(t, c.next(c.bV+" 40 -", c.bV+" 39 -"), r1, r2), proof.KeyOutOfRange, "from the size 40"},
		{"C15 a retired log key is back", sign(t, c.next(c.aV+" 0 60", c.aV+" 0 61"), r1, r2), proof.KeyOutOfRange, "from the size 0"},
		{"the witnesses change", sign(t, c.next("witness "+c.w1V+" 0 -\n", ""), r1, r2), proof.OK, ""},
		{"the roots change the threshold", sign(t, c.next("roots 2", "roots 3"), r1, r2), proof.OK, ""},
		{"the roots change the roots", sign(t, c.next(c.vkeys[0], root4), r1, r2), proof.OK, ""},
		{"the roots want no more changes", sign(t, strings.Split(c.next(), "root ")[0], r1, r2), proof.OK, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := c.pinned.Succeed(tt.next)
			mustFind(t, err, tt.want)
			if err == nil && p.String() == c.text || err != nil && (p != nil || !strings.Contains(err.Error(), tt.says)) {
				t.Errorf("%v, %v; want %q", p, err, tt.says)
			}
			if c.pinned.String() != mustParse(t, c.text).String() {
				t.Error("the pinned policy has changed")
			}
		})
	}
}

// TestSucceedNothing has policies that say nothing new, or that nobody may change.
func TestSucceedNothing(t *testing.T) {
	c := newCourt(t)
	for name, same := range map[string][]byte{
		"as it is": []byte(c.text), "signed": sign(t, c.text, c.roots[0]), "by a stranger": sign(t, c.text, c.stranger),
		"with a comment": []byte("# the same\n" + c.text),
	} {
		if p, err := c.pinned.Succeed(same); p != c.pinned || err != nil {
			t.Errorf("%s: %v, %v", name, p, err)
		}
	}
	closed := mustParse(t, c.lines(1))
	_, err := closed.Succeed(sign(t, c.next(), c.roots[0], c.roots[1]))
	mustFind(t, err, proof.UnknownKey)
	if p, err := closed.Succeed([]byte(c.lines(1))); p != closed || err != nil {
		t.Errorf("without roots, itself: %v, %v", p, err)
	}
}

// TestSucceedChain changes the roots, and then only the new ones count.
func TestSucceedChain(t *testing.T) {
	c := newCourt(t)
	r4, root4 := logKey(t, "root4.example.gov.cn", "root 4")
	text4 := strings.Split(c.next(), "root ")[0] + rootLines(1, root4)
	text5 := strings.Replace(text4, "version 4", "version 5", 1)
	v4, err := c.pinned.Succeed(sign(t, text4, c.roots[0], c.roots[2]))
	if err != nil {
		t.Fatal(err)
	}
	_, err = v4.Succeed(sign(t, text5, c.roots[0], c.roots[1], c.roots[2]))
	mustFind(t, err, proof.QuorumNotMet)
	_, err = c.pinned.Succeed(sign(t, text5, r4))
	mustFind(t, err, proof.QuorumNotMet)
	v5, err := v4.Succeed(sign(t, text5, r4))
	if err != nil || v5.Version != 5 {
		t.Fatalf("%v, %v", v5, err)
	}
	_, err = v5.Succeed(sign(t, c.next(), r4))
	mustFind(t, err, proof.RolledBack)
}

// TestPolicyRoots reads and writes roots, and refuses those that would count twice.
func TestPolicyRoots(t *testing.T) {
	c := newCourt(t)
	if p := c.pinned; len(p.Roots) != 3 || p.Threshold != 2 || p.Roots[1].VKey != c.vkeys[1] || p.Roots[1].Name() != "root2.example.gov.cn" || p.String() != c.text {
		t.Errorf("%+v", p)
	}
	// With forged signatures it is a policy all the same: who pins it knows why.
	for _, file := range [][]byte{sign(t, c.text, c.stranger), []byte(c.text + "\n— root1.example.gov.cn x\n"), []byte(c.text + "\n\n\n— \n")} {
		if got := mustParse(t, string(file)).String(); got != c.text {
			t.Errorf("%q is read as %q", file, got)
		}
	}
	// A root signs policies, and no checkpoint, even if it has the name of the ledger.
	base := c.lines(1)
	asLog, asLogV := logKey(t, origin, "a root with the name of the ledger")
	_, err := mustParse(t, base+rootLines(1, asLogV)).Open(sign(t, c.at1().Text(), asLog))
	mustFind(t, err, proof.UnknownKey)
	_, plain := logKeyOf(t, "x", "witness 1")
	for _, tt := range []struct{ name, text, want string }{
		{"no roots line", base + "root " + c.vkeys[0] + "\n", "0 roots, and 1 are listed"},
		{"no root", base + "roots 1\n", "1 roots, and 0 are listed"},
		{"too many must sign", base + rootLines(2, c.vkeys[0]), "2 roots, and 1 are listed"},
		{"none must sign", base + rootLines(0, c.vkeys[0]), "line 10 "},
		{"one root twice", base + rootLines(2, c.vkeys[0], c.vkeys[0]), "twice"},
		{"one root under two names", base + rootLines(2, c.vkeys[0], renamed(t, "y", c.vkeys[0])), "twice"},
		{"a log key as a root", base + rootLines(1, c.aV), "twice"},
		{"a witness as a root", base + rootLines(1, plain), "twice"},
		{"a cosigning key as a root", base + rootLines(1, c.w1V), "line 9 "},
		{"two thresholds", c.text + "roots 2\n", "line 13 "},
		{"a root with a range", base + "root " + c.vkeys[0] + " 0 -\nroots 1\n", "line 9 "},
		{"text after the signatures", string(sign(t, c.text, c.stranger)) + "quorum 0\n", "line 14 of the policy is wrong"},
		{"a last line that is cut off", strings.TrimSuffix(string(sign(t, c.text, c.stranger)), "\n"), "line 14 "},
		{"two blocks of signatures", string(sign(t, string(sign(t, c.text, c.stranger)), c.stranger)), "line 14 "},
		{"only signatures", "\n\n— x y\n", "no line version"},
	} {
		t.Run(tt.name, func(t *testing.T) { mustNotParse(t, tt.text, tt.want) })
	}
	many := base
	for i := range 33 {
		_, vkey := logKey(t, "root", fmt.Sprint("many ", i))
		many += "root " + vkey + "\n"
		if i == 31 {
			mustParse(t, many+"roots 32\n")
		}
	}
	mustNotParse(t, many+"roots 1\n", `"root"`)
}

// TestSignPolicy signs a policy by one root after another, and refuses what its readers
// could not open.
func TestSignPolicy(t *testing.T) {
	c := newCourt(t)
	file := []byte(strings.TrimSuffix("# by hand\n\n"+c.next(), "\n"))
	var err error
	for range 2 { // the second time nothing is added
		for _, r := range []note.Signer{c.roots[2], c.stranger, c.roots[0]} {
			if file, err = proof.SignPolicy(file, r); err != nil {
				t.Fatal(err)
			}
		}
	}
	if want := sign(t, "# by hand\n\n"+c.next(), c.roots[2], c.stranger, c.roots[0]); !bytes.Equal(file, want) {
		t.Errorf("%s\nwant\n%s", file, want)
	}
	signers, err := c.pinned.SignedBy(file)
	if err != nil || len(signers) != 2 || signers[0].VKey != c.vkeys[0] || signers[1].VKey != c.vkeys[2] {
		t.Errorf("signed by %v, %v", signers, err)
	}
	if signers, err := c.pinned.SignedBy([]byte(c.text)); signers != nil || err != nil {
		t.Errorf("a text is signed by %v, %v", signers, err)
	}
	_, err = c.pinned.SignedBy(append(bytes.Clone(file), make([]byte, proof.MaxNote)...))
	mustFind(t, err, proof.Malformed)

	changed := bytes.Replace(file, []byte("by hand"), []byte("changed"), 1)
	own := sign(t, c.next(), c.stranger) // no root, but the key that is to sign again
	full := []byte(c.next() + "#" + strings.Repeat("x", proof.MaxNote-len(c.next())-2) + "\n")
	for name, tt := range map[string]struct {
		file []byte
		by   note.Signer
		want proof.Verdict
	}{
		"the text was changed":                  {changed, c.roots[1], proof.BadSignature},
		"changed after this key had signed":     {bytes.Replace(own, []byte("quorum 1"), []byte("quorum 0"), 1), c.stranger, proof.BadSignature},
		"tabs":                                  {[]byte(strings.Replace(c.next(), "quorum 1", "quorum\t1", 1)), c.roots[0], proof.Malformed},
		"carriage returns":                      {[]byte(strings.ReplaceAll(c.next(), "\n", "\r\n")), c.roots[0], proof.Malformed},
		"no UTF-8":                              {[]byte(c.next() + "# \xff\n"), c.roots[0], proof.Malformed},
		"a signature that is none":              {[]byte(c.next() + "\n— root1.example.gov.cn x\n"), c.roots[0], proof.Malformed},
		"larger than a note with the signature": {full, c.roots[0], proof.Malformed},
	} {
		signed, err := proof.SignPolicy(tt.file, tt.by)
		if mustFind(t, err, tt.want); signed != nil || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = proof.SignPolicy([]byte("version 1\n"), c.roots[0])
	if _, ok := errors.AsType[*ledger.Trouble](err); !ok {
		t.Errorf("no policy: %v", err)
	}
}

// at1 returns a checkpoint.
func (c *court) at1() proof.Checkpoint {
	return proof.Checkpoint{Origin: origin, Size: 1, Root: ledger.Hash{1}}
}

// renamed returns the public key of vkey under another name.
func renamed(t testing.TB, name, vkey string) string {
	t.Helper()
	for i := range 3 {
		if _, v := logKey(t, name, fmt.Sprint("root ", i+1)); strings.HasSuffix(v, strings.SplitN(vkey, "+", 3)[2]) {
			return v
		}
	}
	t.Fatal("it is no root")
	return ""
}

// foreign returns the policy of another ledger.
func foreign(t testing.TB, c *court) string {
	t.Helper()
	const other = "other.example.gov.cn"
	_, vkey := logKey(t, other, "other log")
	return fmt.Sprintf("version 4\norigin %s\nlogkey %s 0 -\nquorum 0\nfilter %s\n", other, vkey, proof.FilterHash())
}

// secret returns a key without its public half.
func secret(signer note.Signer, _ string) note.Signer { return signer }
