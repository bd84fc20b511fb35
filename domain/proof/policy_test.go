package proof_test

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// mustNotParse checks that text is no policy, for a reason in both languages that
// names what is wanted.
func mustNotParse(t *testing.T, text, want string) {
	t.Helper()
	_, err := proof.ParsePolicy([]byte(text))
	trouble, ok := errors.AsType[*ledger.Trouble](err)
	if !ok || !strings.Contains(trouble.Text.EN, want) || trouble.Text.ZH == "" || strings.Contains(trouble.Text.ZH+trouble.Text.EN, "%!") {
		t.Errorf("ParsePolicy = %v, want %q\n%s", err, want, text)
	}
}

// TestPolicy reads a policy, writes it and reads it again.
func TestPolicy(t *testing.T) {
	w := newWorld(t, 0)
	root := ledger.Hash{1, 2, 3}
	text := w.lines(2) + fmt.Sprintf("tsaroot %v\ntsaroot %v\n", root, ledger.Hash{})
	p := mustParse(t, text)
	if p.Version != 3 || p.Origin != origin || p.Quorum != 2 || len(p.LogKeys) != 2 || len(p.Witnesses) != 2 ||
		!reflect.DeepEqual(p.TSARoots, []ledger.Hash{root, {}}) {
		t.Errorf("%+v", p)
	}
	a, b, w1 := p.LogKeys[0], p.LogKeys[1], p.Witnesses[0]
	if a.VKey != w.aV || a.From != 0 || a.To != 60 || b.From != 40 || b.To != proof.MaxSize || w1.Name() != w.w1.Name() {
		t.Errorf("%+v", p)
	}
	again := mustParse(t, p.String())
	if again.String() != p.String() || again.Version != p.Version || len(again.LogKeys) != 2 || again.LogKeys[0].To != 60 || !reflect.DeepEqual(again.TSARoots, p.TSARoots) {
		t.Errorf("written and read again:\n%s\nthen\n%s", p, again)
	}
	lines := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
	var shuffled strings.Builder
	for i := range lines {
		fmt.Fprintf(&shuffled, "# comment\n\n  \t%s \r\n", strings.TrimSpace(lines[len(lines)-1-i]))
	}
	if got := mustParse(t, shuffled.String()); got.Version != 3 || len(got.Witnesses) != 2 || got.Quorum != 2 {
		t.Errorf("with comments, spaces and in another order: %+v", got)
	}
}

// TestPolicyWrongLines puts each wrong line in the place of the right one, or beside
// it, and checks that it is named.
func TestPolicyWrongLines(t *testing.T) {
	w := newWorld(t, 0)
	good := strings.Split(strings.TrimSuffix(w.lines(1), "\n"), "\n")
	number := map[string]int{}
	for i, line := range good {
		if key, _, _ := strings.Cut(line, " "); number[key] == 0 {
			number[key] = i + 1
		}
	}
	for _, line := range []string{
		"version", "version 0", "version -1", "version x", "version 1 2", "version 1.0", "version 99999999999999999999",
		"origin", "origin a b",
		"logkey", "logkey " + w.aV, "logkey " + w.aV + " 0", "logkey " + w.aV + " 0 - -",
		"logkey " + w.aV + " - 0", "logkey " + w.aV + " -1 5", "logkey " + w.aV + " 5 4", "logkey " + w.aV + " 0 281474976710657",
		"logkey " + w.aV + " 0 9223372036854775808", "logkey " + w.aV + " x -", "logkey " + w.aV + " 0 x", "logkey " + w.w1V + " 0 -",
		"logkey " + w.aV[:len(w.aV)-1] + " 0 -", "logkey x" + w.aV + " 0 -", "logkey " + strings.Replace(w.aV, "+", "-", 1) + " 0 -",
		"witness", "witness " + w.w1V, "witness w1 " + w.w1V + " 0 -", "witness " + w.aV + " 0 -", "witness " + w.w1V + " 7 6", "witness " + w.w1V + "A 0 -",
		"quorum", "quorum -1", "quorum one", "quorum 1 w1", "quorum 1.5",
		"filter", "filter " + strings.Repeat("0", 64), "filter " + proof.FilterHash()[:63], "filter " + strings.ToUpper(proof.FilterHash()), "filter x",
	} {
		key, _, _ := strings.Cut(line, " ")
		changed := append([]string(nil), good...)
		changed[number[key]-1] = line
		mustNotParse(t, strings.Join(changed, "\n"), fmt.Sprintf("line %d ", number[key]))
	}
	for _, line := range []string{
		"version 3", "origin " + origin, "quorum 1", "filter " + proof.FilterHash(), // twice
		"tsaroot", "tsaroot x", "tsaroot " + strings.Repeat("0", 62), "tsaroot " + strings.Repeat("0", 66), "tsaroot " + strings.Repeat("g", 64), "tsaroot 00 00",
		"writer", "writer " + w.bV, "writer " + w.bV + " 0", "writer " + w.bV + " 5 4", "writer " + w.w1V + " 0 -", "writer " + w.bV + " 0 281474976710657",
		"Version 3", "logkeys x 0 -", "?", "root x", "witness", "version: 3",
	} {
		mustNotParse(t, strings.Join(append(good, line), "\n"), fmt.Sprintf("line %d ", len(good)+1))
	}
	for key := range number {
		if key == "witness" {
			continue
		}
		var rest []string
		for _, line := range good {
			if !strings.HasPrefix(line, key+" ") {
				rest = append(rest, line)
			}
		}
		mustNotParse(t, strings.Join(rest, "\n"), "no line "+key)
	}
	mustNotParse(t, "", "no line version")
	mustNotParse(t, strings.Join(good, "\n")+"\n#"+strings.Repeat("x", proof.MaxNote), "more than 65536 bytes")
}

// TestPolicyKeys has keys that do not count as those that they look like.
func TestPolicyKeys(t *testing.T) {
	w := newWorld(t, 0)
	base := fmt.Sprintf("version 1\norigin %s\nlogkey %s 0 -\nfilter %s\n", origin, w.aV, proof.FilterHash())
	_, otherName := logKey(t, "other.example.gov.cn/petition", "other")
	_, w1Again := witnessKey(t, "archive.example.gov.cn/w3", "witness 1")
	seed := "log a as a witness"
	_, plain := logKeyOf(t, origin, seed)
	_, cosigner := witnessKey(t, "x", seed)
	for _, tt := range []struct{ name, text, want string }{
		{"C16 one witness under two names", base + "witness " + w.w1V + " 0 -\nwitness " + w1Again + " 0 -\nquorum 2\n", "twice"},
		{"C16 one witness twice", base + "witness " + w.w1V + " 0 -\nwitness " + w.w1V + " 0 -\nquorum 2\n", "twice"},
		{"C16 one witness for two ranges", base + "witness " + w.w1V + " 0 9\nwitness " + w.w1V + " 10 -\nquorum 1\n", "twice"},
		{"C16 the log as its own witness", base + "logkey " + plain + " 0 -\nwitness " + cosigner + " 0 -\nquorum 1\n", "twice"},
		{"one writer for two ranges", base + "writer " + w.bV + " 0 9\nwriter " + w.bV + " 10 -\nquorum 0\n", "twice"},
		{"the log as a writer", base + "writer " + w.aV + " 0 -\nquorum 0\n", "twice"},
		{"one log key twice", base + "logkey " + w.aV + " 0 -\nquorum 0\n", "twice"},
		{"a log key of another name", base + "logkey " + otherName + " 0 -\nquorum 0\n", "other.example.gov.cn"},
		{"quorum of more than there are", base + "witness " + w.w1V + " 0 -\nquorum 2\n", "wants 2 witnesses, and 1 are listed"},
		{"quorum without witnesses", base + "quorum 1\n", "wants 1 witnesses, and 0 are listed"},
	} {
		t.Run(tt.name, func(t *testing.T) { mustNotParse(t, tt.text, tt.want) })
	}

	for _, kind := range []string{"logkey", "witness", "writer", "tsaroot"} {
		text := fmt.Sprintf("version 1\norigin %s\nfilter %s\nquorum 0\n", origin, proof.FilterHash())
		if kind != "logkey" {
			text += "logkey " + w.aV + " 0 -\n"
		}
		for i := range 33 {
			_, vkey := logKey(t, origin, fmt.Sprint(i))
			if kind == "witness" {
				_, vkey = witnessKey(t, fmt.Sprint("w", i), fmt.Sprint(i))
			}
			line := kind + " " + vkey + " 0 -\n"
			if kind == "tsaroot" {
				line = fmt.Sprintf("tsaroot %v\n", ledger.Hash{byte(i)})
			}
			if text += line; i == 31 && mustParse(t, text) == nil {
				t.Errorf("32 of %s are refused", kind)
			}
		}
		mustNotParse(t, text, `"`+kind+`" comes`)
	}
}

// logKeyOf returns the key of [private] as one that signs notes.
func logKeyOf(t testing.TB, name, seed string) (note.Signer, string) {
	t.Helper()
	return logKeyFrom(t, name, bytes.NewReader(private(seed).Seed()))
}

// TestPolicyTellsNoKey: a file with a secret, such as a master key, that is taken for a
// policy is not quoted.
func TestPolicyTellsNoKey(t *testing.T) {
	for _, secret := range []string{"719adbedcab57fdecca5719adbedcab57fdecca5", "PRIVATE+KEY+r+0a0b0c0d+AYA"} {
		_, err := proof.ParsePolicy([]byte(secret + "\n"))
		trouble, ok := errors.AsType[*ledger.Trouble](err)
		if !ok || strings.Contains(trouble.Text.ZH+trouble.Text.EN, secret[:4]) {
			t.Errorf("%v", err)
		}
	}
}

// TestPolicyDistinctKeys takes many pairs of keys that are not the same, and those
// that have a "+" near their end in base64, which is also what divides a vkey.
func TestPolicyDistinctKeys(t *testing.T) {
	base := fmt.Sprintf("version 1\norigin %s\nfilter %s\nquorum 0\n", origin, proof.FilterHash())
	var late []string
	for i := 0; len(late) < 3; i++ {
		_, vkey := logKey(t, origin, fmt.Sprint("key ", i))
		if strings.LastIndex(vkey, "+") > len(vkey)-4 {
			late = append(late, vkey)
		}
	}
	for i, a := range late {
		for _, b := range late[:i] {
			if _, err := proof.ParsePolicy([]byte(base + "logkey " + a + " 0 -\nlogkey " + b + " 0 -\n")); err != nil {
				t.Errorf("two keys, %s and %s: %v", a, b, err)
			}
		}
	}
}
