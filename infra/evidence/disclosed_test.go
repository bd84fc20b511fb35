package evidence

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"xinfang/domain/personal"
	"xinfang/domain/proof"
)

// TestErased checks that a report says under which event content was erased.
func TestErased(t *testing.T) {
	s := erasedSpecimen(t)
	r := s.verify(s.bundle)
	if r.Verdict != proof.OK || !slices.Equal(r.Erased, []int64{3}) {
		t.Fatalf("%s, erased under %v: %v", r.Verdict, r.Erased, r.Findings)
	}
	var b bytes.Buffer
	ok(t, r.WriteJSON(&b))
	for _, text := range []struct{ got, want string }{
		{shown(t, &r, "en"), "content erased under the event at position 4\n"}, {shown(t, &r, "zh-CN"), "个人信息已依位置 4 的批准清除\n"}, {strings.Join(strings.Fields(b.String()), ""), `"erased":[3]`},
	} {
		if !strings.Contains(text.got, text.want) {
			t.Errorf("there is no %q in\n%s", text.want, text.got)
		}
	}
}

// TestReveal checks that values are shown to whoever has the reader's key and asks,
// and to nobody else; not in JSON, nor wherever a report is printed.
func TestReveal(t *testing.T) {
	w := none.record(t)
	s := w.specimen(w.size(), 1)
	s.source.Disclosed = wrapped(t, petitioner, dataKey)
	s.write()
	asked := func(key *ReaderKey, reveal bool) Report {
		return s.verify(s.bundle, func(o *Options) { o.ReaderKey, o.Reveal = key, reveal })
	}
	r := asked(readers[0], true)
	want := []Revealed{{1, personal.Name, "欧阳守礼"}, {1, personal.Claim, "三个月\n未付\x1b[2J"}, {2, personal.Reply, "已支付"}}
	if r.Verdict != proof.OK || !slices.Equal(r.Revealed, want) {
		t.Fatalf("%s, and it reveals %q: %v", r.Verdict, r.Revealed, r.Findings)
	}
	for lang, lines := range map[string]string{
		"zh-CN": "原文：  位置 2，姓名：欧阳守礼\n原文：  位置 2，诉求内容：三个月\n        未付\uFFFD[2J\n原文：  位置 3，答复内容：已支付\n",
		"en":    "in clear:    position 2, Name: 欧阳守礼\nin clear:    position 2, Claim: 三个月\n        未付\uFFFD[2J\nin clear:    position 3, Reply: 已支付\n",
	} {
		if text := shown(t, &r, lang); !strings.Contains(text, lines) {
			t.Errorf("there is no %q in\n%s", lines, text)
		}
	}
	var b bytes.Buffer
	ok(t, r.WriteJSON(&b))
	fmt.Fprintf(&b, "%v %+v %#v %q", r, r, r, r.Revealed)
	for _, r := range []Report{asked(readers[0], false), asked(nil, true), asked(readers[1], true)} {
		b.WriteString(shown(t, &r, "zh-CN"))
	}
	if strings.Contains(b.String(), "守礼") || strings.Contains(b.String(), "未付") {
		t.Errorf("it shows a value:\n%s", &b)
	}
}

// TestRefusesDisclosure checks that no bundle is written that would not hold.
func TestRefusesDisclosure(t *testing.T) {
	for name, d := range map[string]*Disclosure{
		"of a key that no event has":    wrapped(t, petitioner, otherKey),
		"erased without authorisation":  destroyed(),
		"of nothing":                    {},
		"to nobody":                     {Keys: wrapped(t, petitioner, dataKey).Keys},
		"of a key that is not the size": {Reader: readers[0].Reader().String(), Keys: []DisclosedKey{{Subject: petitioner, Commitment: dataKey.Commitment(), Wrapped: []byte{1}}}},
	} {
		w := none.record(t)
		s := w.specimen(w.size(), 1)
		s.source.Disclosed = d
		if err := Write(t.Context(), new(bytes.Buffer), s.source); proof.VerdictOf(err) == proof.OK {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestReaderKey checks that a reader's key is kept for its owner alone, is never
// replaced, and is what it was when it is read again.
func TestReaderKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "reader.key")
	made, err := NewReaderKey(path)
	ok(t, err)
	if _, err := NewReaderKey(path); err == nil {
		t.Error("it was replaced")
	}
	read, err := ReadReaderKey(path)
	ok(t, err)
	reader, err := ParseReader(made.Reader().String())
	ok(t, err)
	d, err := reader.Wrap(petitioner, dataKey)
	ok(t, err)
	if key, ok := read.open(d); !ok || key != dataKey {
		t.Error("it does not open what was wrapped for it")
	}
	secret := fileText(t, path)
	if text := fmt.Sprintf("%v %+v %#v %x", made, made, Options{ReaderKey: made}, made); strings.Contains(text, strings.TrimSpace(secret)) {
		t.Error("it prints")
	}
	for name, text := range map[string]string{"empty": "", "cut": secret[:60], "two": secret + secret, "no key": "g" + secret[1:], "spaced": " " + secret[:64]} {
		err := writeKey(filepath.Join(t.TempDir(), "k"), text, 0o600)
		if err == nil || strings.Contains(err.Error(), secret[8:16]) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := writeKey(filepath.Join(t.TempDir(), "k"), secret, 0o644); err == nil {
		t.Error("others may read it")
	}
	for _, text := range []string{"", "00", secret[:62], secret[:63] + "x", strings.Repeat("00", 33), strings.Repeat("00", 32)} {
		if _, err := ParseReader(text); err == nil {
			t.Errorf("%d characters are a reader, to whom a key could be wrapped", len(text))
		}
	}
}

func fileText(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	ok(t, err)
	return string(b)
}

// writeKey writes text as a reader's key, and returns what reading it says.
func writeKey(path, text string, mode os.FileMode) error {
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		return err
	}
	_, err := ReadReaderKey(path)
	return err
}
