package proof_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/proof"
)

// A line is a signer that makes any line.
type line struct {
	name string
	hash uint32
	sig  []byte
}

func (l line) Name() string                { return l.name }
func (l line) KeyHash() uint32             { return l.hash }
func (l line) Sign([]byte) ([]byte, error) { return l.sig, nil }

// lineOf returns the signature line of signer under text.
func lineOf(t testing.TB, text string, signer note.Signer) string {
	t.Helper()
	return string(sign(t, text, signer)[len(text)+1:])
}

// TestOpen opens notes as they should be, and as the rows C1 to C18 of the catalogue
// have them.
func TestOpen(t *testing.T) {
	w := newWorld(t, 7)
	c := w.at(t, 7)
	text := c.Text()
	good := string(sign(t, text, w.a, w.w1, w.w2))
	logLine, w1Line := lineOf(t, text, w.a), lineOf(t, text, w.w1)
	other := w.at(t, 6).Text()
	badLine := lineOf(t, other, w.a)
	b64 := strings.Split(text, "\n")[2]
	of := func(text string) string { return string(sign(t, text, w.a)) } // signed, whatever it is
	sized := func(size string) string { return of(fmt.Sprintf("%s\n%s\n%s\n", origin, size, b64)) }
	rooted := func(root string) string { return of(fmt.Sprintf("%s\n7\n%s\n", origin, root)) }
	short := fmt.Sprintf("— %s %s\n", origin, base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, w.a.KeyHash())))
	notLast := b64[:42] + string(rune(b64[42]+1)) + "=" // the same 32 bytes, written in another way
	stranger, _ := logKey(t, origin, "stranger")
	plainWitness, _ := logKey(t, w.w1.Name(), "witness 1 as a log")
	logCosigner, _ := witnessKey(t, origin, "log a as a witness")
	sm2 := line{origin, 0x12345678, bytes.Repeat([]byte{1}, 70)}
	for _, tt := range []struct {
		name, note string
		want       proof.Verdict
		witnessed  bool
		cosigned   int
	}{
		{"honest", good, proof.OK, true, 2},
		{"honest, one witness of two", string(sign(t, text, w.a, w.w1)), proof.OK, false, 1},
		{"honest, no witness", of(text), proof.OK, false, 0},
		{"honest, cosigned twice by one", good[:strings.LastIndex(good, "— ")] + w1Line, proof.OK, false, 1},
		{"honest, with strangers", string(sign(t, text, stranger, w.a, sm2)), proof.OK, false, 0},
		{"only witnesses", string(sign(t, text, w.w1, w.w2)), proof.UnknownKey, false, 0},
		{"only a stranger", string(sign(t, text, stranger)), proof.UnknownKey, false, 0},
		{"another ledger's", of(strings.Replace(text, "petition", "other", 1)), proof.WrongOrigin, false, 0},
		{"one line more", of(text + "extension\n"), proof.Malformed, false, 0},
		{"one line more under its witness", string(sign(t, text+"extension\n", w.a, w.w1, w.w2)), proof.Malformed, false, 0},
		{"nothing", "", proof.Malformed, false, 0},
		{"C1 size altered", strings.Replace(good, "\n7\n", "\n8\n", 1), proof.BadSignature, false, 0},
		{"C1 root altered", strings.Replace(good, b64, strings.Split(other, "\n")[2], 1), proof.BadSignature, false, 0},
		{"C1 origin altered", strings.Replace(good, "petition\n", "petitio\n", 1), proof.WrongOrigin, false, 0},
		{"C1 cosignature of another checkpoint", text + "\n" + logLine + lineOf(t, other, w.w1), proof.BadSignature, false, 0},
		{"C2 CR after the origin", strings.Replace(good, "\n", "\r\n", 1), proof.Malformed, false, 0},
		{"C2 CR after the size", of(strings.Replace(text, "\n7\n", "\n7\r\n", 1)), proof.Malformed, false, 0},
		{"C2 CR after the root", rooted(b64 + "\r"), proof.Malformed, false, 0},
		{"C2 CR after a signature", strings.TrimSuffix(good, "\n") + "\r\n", proof.Malformed, false, 0},
		{"C2 CR everywhere", strings.ReplaceAll(good, "\n", "\r\n"), proof.Malformed, false, 0},
		{"C2 NUL in the origin", of("\x00" + text), proof.Malformed, false, 0},
		{"C2 NUL in a signature", good + "— x\x00 AAAAAAAA\n", proof.Malformed, false, 0},
		{"C2 invalid UTF-8 in the origin", of("\xff" + text), proof.Malformed, false, 0},
		{"C2 invalid UTF-8 in a signature", good + "— \xff AAAAAAAA\n", proof.Malformed, false, 0},
		{"C3 no final newline", strings.TrimSuffix(good, "\n"), proof.Malformed, false, 0},
		{"C3 no blank line", text + logLine, proof.Malformed, false, 0},
		{"C3 blank line in what is signed", of(text + "\n"), proof.Malformed, false, 0},
		{"C3 blank line and more in what is signed", of(text + "\nextension\n"), proof.Malformed, false, 0},
		{"C3 hyphen for em dash", strings.Replace(good, "— ", "- ", 1), proof.Malformed, false, 0},
		{"C3 short signature", text + "\n" + short, proof.Malformed, false, 0},
		{"C3 no signature", text + "\n", proof.Malformed, false, 0},
		{"C3 text alone", text, proof.Malformed, false, 0},
		{"C4 101 signature lines", good + strings.Repeat("— other AAAAAAAA\n", 98), proof.Malformed, false, 0},
		{"C4 100 signature lines", good + strings.Repeat("— other AAAAAAAA\n", 97), proof.OK, true, 2},
		{"C5 bad line then good", text + "\n" + badLine + logLine, proof.BadSignature, false, 0},
		{"C5 bad cosignature then good", text + "\n" + logLine + lineOf(t, other, w.w1) + w1Line, proof.BadSignature, false, 0},
		{"C6 good line then bad", text + "\n" + logLine + badLine, proof.OK, false, 0},
		{"C7 size 007", sized("007"), proof.Malformed, false, 0},
		{"C7 size +7", sized("+7"), proof.Malformed, false, 0},
		{"C7 size -7", sized("-7"), proof.Malformed, false, 0},
		{"C7 size with a space", sized(" 7"), proof.Malformed, false, 0},
		{"C7 size with a space after", sized("7 "), proof.Malformed, false, 0},
		{"C7 size of full width", sized("７"), proof.Malformed, false, 0},
		{"C7 size 0x7", sized("0x7"), proof.Malformed, false, 0},
		{"C7 size 7_0", sized("7_0"), proof.Malformed, false, 0},
		{"C7 no size", sized(""), proof.Malformed, false, 0},
		{"C7 size 2^63", sized("9223372036854775808"), proof.Malformed, false, 0},
		{"C7 size 2^64", sized("18446744073709551616"), proof.Malformed, false, 0},
		{"C8 root of 31 bytes", rooted(base64.StdEncoding.EncodeToString(c.Root[:31])), proof.Malformed, false, 0},
		{"C8 root of 33 bytes", rooted(base64.StdEncoding.EncodeToString(append(c.Root[:], 0))), proof.Malformed, false, 0},
		{"C8 root of 64 bytes", rooted(base64.StdEncoding.EncodeToString(append(c.Root[:], c.Root[:]...))), proof.Malformed, false, 0},
		{"C8 root of 0 bytes", rooted(""), proof.Malformed, false, 0},
		{"C8 loose bits", rooted(notLast), proof.Malformed, false, 0},
		{"C8 no padding", rooted(strings.TrimSuffix(b64, "=")), proof.Malformed, false, 0},
		{"C8 base64 for URLs", rooted("-_" + b64[2:]), proof.Malformed, false, 0},
		{"C8 space in the root", rooted(b64[:10] + " " + b64[10:]), proof.Malformed, false, 0},
		{"C9 empty origin", of(strings.TrimPrefix(text, origin)), proof.Malformed, false, 0},
		{"C11 plain signature as cosignature", string(sign(t, text, w.a, w.w2, plainWitness)), proof.OK, false, 1},
		{"C11 plain signature under the cosigner's hash", string(sign(t, text, w.a, line{w.w1.Name(), w.w1.KeyHash(), make([]byte, 64)})), proof.BadSignature, false, 0},
		{"C11 cosignature as plain signature", string(sign(t, text, logCosigner, w.w1, w.w2)), proof.UnknownKey, false, 0},
		{"C11 cosignature under the log key's hash", string(sign(t, text, line{origin, w.a.KeyHash(), make([]byte, 72)})), proof.BadSignature, false, 0},
		{"C17 SM2 line only", string(sign(t, text, sm2)), proof.UnknownKey, false, 0},
		{"C18 2 MB of signatures", good + strings.Repeat("— other AAAAAAAA\n", 110_000), proof.Malformed, false, 0},
		{"C18 2 MB in one signature", string(sign(t, text, w.a, line{"other", 1, make([]byte, 2<<20)})), proof.Malformed, false, 0},
		{"C18 just too large", padded(good, proof.MaxNote+1), proof.Malformed, false, 0},
		{"C18 as large as may be", padded(good, proof.MaxNote), proof.OK, true, 2},
		{"D3 size 2^62+1", sized("4611686018427387905"), proof.Malformed, false, 0},
		{"D3 size 2^63-1", sized("9223372036854775807"), proof.Malformed, false, 0},
		{"D3 size above the largest", sized("281474976710657"), proof.Malformed, false, 0},
		{"D4 size -1", sized("-1"), proof.Malformed, false, 0},
		{"D4 size 2^64-1", sized("18446744073709551615"), proof.Malformed, false, 0},
		{"D12 empty tree", sized("0"), proof.Malformed, false, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			atOnce(t, func() {
				s, err := w.policy.Open([]byte(tt.note))
				mustFind(t, err, tt.want)
				if s.Witnessed != tt.witnessed || err == nil && (s.Checkpoint != c || len(s.Cosigned) != tt.cosigned) {
					t.Errorf("the checkpoint is %+v, witnessed %t by %v", s.Checkpoint, s.Witnessed, s.Cosigned)
				}
			})
		})
	}
}

// TestOpenRefused checks that nothing of a note is handed on that is not believed.
func TestOpenRefused(t *testing.T) {
	w := newWorld(t, 7)
	for name, signed := range map[string][]byte{
		"of no log key":        sign(t, w.at(t, 7).Text(), w.w1, w.w2),
		"of a key of no range": sign(t, proof.Checkpoint{Origin: origin, Size: 61}.Text(), w.a, w.w1, w.w2),
		"altered":              bytes.Replace(sign(t, w.at(t, 7).Text(), w.a, w.w1, w.w2), []byte("\n7\n"), []byte("\n8\n"), 1),
	} {
		s, err := w.policy.Open(signed)
		if err == nil || s.Checkpoint != (proof.Checkpoint{}) || len(s.Cosigned) > 0 || s.Witnessed {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
}

// padded returns the note with strangers' lines, to be of n bytes exactly.
func padded(signed string, n int) string {
	const start, end = "— other ", "\n"
	for rest := n - len(signed); ; {
		room := rest - len(start) - len(end)
		if room%4 == 0 {
			return signed + start + strings.Repeat("A", room) + end
		}
		signed += start + "AAAAAAAA" + end
		rest -= len(start) + 8 + len(end)
	}
}

// TestOpenCosignatures reads who cosigned and when.
func TestOpenCosignatures(t *testing.T) {
	w := newWorld(t, 7)
	signed := sign(t, w.at(t, 7).Text(), w.a, w.w2, w.w1)
	s, err := w.policy.Open(signed)
	if err != nil || len(s.Cosigned) != 2 {
		t.Fatalf("%+v, %v", s, err)
	}
	v, err := torchwood.NewCosignatureVerifier(w.w2V)
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open(signed, note.VerifierList(v))
	if err != nil {
		t.Fatal(err)
	}
	seconds, err := torchwood.CosignatureTimestamp(n.Sigs[0])
	if got := s.Cosigned[0]; err != nil || got.Witness != w.w2.Name() || got.Time.Unix() != seconds || got.Time.Location() != time.UTC {
		t.Errorf("cosigned by %+v, want %s at %d", got, w.w2.Name(), seconds)
	}
}

// TestKeyRanges signs checkpoints of all kinds of sizes with the retired key a (0 to
// 60), the new key b (from 40) and both.
func TestKeyRanges(t *testing.T) {
	w := newWorld(t, 0)
	for _, tt := range []struct {
		name    string
		size    int64
		signers []note.Signer
		want    proof.Verdict
	}{
		{"C12 retired key, last of its range", 60, []note.Signer{w.a}, proof.OK},
		{"C12 retired key, beyond its range", 61, []note.Signer{w.a}, proof.KeyOutOfRange},
		{"C12 retired key, far beyond", proof.MaxSize, []note.Signer{w.a}, proof.KeyOutOfRange},
		{"C13 new key, before its range", 39, []note.Signer{w.b}, proof.KeyOutOfRange},
		{"C13 new key, first of its range", 40, []note.Signer{w.b}, proof.OK},
		{"C13 new key, without end", proof.MaxSize, []note.Signer{w.b}, proof.OK},
		{"C14 both keys in overlap", 50, []note.Signer{w.a, w.b}, proof.OK},
		{"C14 old key in overlap", 50, []note.Signer{w.a}, proof.OK},
		{"C14 new key in overlap", 50, []note.Signer{w.b}, proof.OK},
		{"C14 both keys, one beyond its range", 61, []note.Signer{w.a, w.b}, proof.OK},
		{"C14 both keys, one before its range", 39, []note.Signer{w.b, w.a}, proof.OK},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := proof.Checkpoint{Origin: origin, Size: tt.size}
			s, err := w.policy.Open(sign(t, c.Text(), tt.signers...))
			mustFind(t, err, tt.want)
			if err == nil && s.Checkpoint != c {
				t.Errorf("the checkpoint is %+v", s.Checkpoint)
			}
		})
	}
	t.Run("C12 retired witness", func(t *testing.T) {
		p := mustParse(t, strings.Replace(w.lines(2), w.w1V+" 0 -", w.w1V+" 0 9", 1))
		for size, want := range map[int64]bool{9: true, 10: false} {
			c := proof.Checkpoint{Origin: origin, Size: size}
			s, err := p.Open(sign(t, c.Text(), w.a, w.w1, w.w2))
			if err != nil || s.Witnessed != want {
				t.Errorf("size %d: witnessed %t by %v, %v", size, s.Witnessed, s.Cosigned, err)
			}
		}
	})
}

func TestQuorum(t *testing.T) {
	w := newWorld(t, 7)
	text := w.at(t, 7).Text()
	for quorum, want := range map[int][]bool{0: {false, false, false}, 1: {false, true, true}, 2: {false, false, true}} {
		p := mustParse(t, w.lines(quorum))
		for n, signers := range [][]note.Signer{{w.a}, {w.a, w.w2}, {w.a, w.w2, w.w1}} {
			if s, err := p.Open(sign(t, text, signers...)); err != nil || s.Witnessed != want[n] {
				t.Errorf("quorum %d, %d cosignatures: witnessed %t, %v", quorum, n, s.Witnessed, err)
			}
		}
	}
}

// TestCheckpointText formats and parses checkpoints of all sizes there are.
func TestCheckpointText(t *testing.T) {
	w := newWorld(t, 1)
	for _, size := range []int64{1, 9, 10, math.MaxInt32, proof.MaxSize} {
		c := w.at(t, 1)
		c.Size = size
		if got, err := proof.ParseCheckpoint(c.Text()); err != nil || got != c {
			t.Errorf("%q is parsed as %+v, %v", c.Text(), got, err)
		}
	}
	text := w.at(t, 1).Text()
	for i := range text {
		if c, err := proof.ParseCheckpoint(text[:i]); err == nil {
			t.Errorf("%q is parsed as %+v", text[:i], c)
		}
	}
}

func TestMerge(t *testing.T) {
	w := newWorld(t, 7)
	text := w.at(t, 7).Text()
	note := string(sign(t, text, w.a))
	one, two := lineOf(t, text, w.w1), lineOf(t, text, w.w2)
	for _, tt := range []struct {
		name string
		more []string
		want string
	}{
		{"nothing", nil, note},
		{"one", []string{one}, note + one},
		{"two, in their order", []string{two, one}, note + two + one},
		{"two of one answer", []string{one + two}, note + one + two},
		{"one twice", []string{one, one + one}, note + one},
		{"what is there", []string{note}, note},
		{"a whole note", []string{string(sign(t, text, w.a, w.w1))}, note + one},
		{"no newline", []string{strings.TrimSuffix(one, "\n")}, note},
		{"no dash", []string{strings.TrimPrefix(one, "— "), "-" + one}, note},
		{"other lines", []string{"\n\n<html>\n" + one + "x\n"}, note + one},
		{"empty", []string{""}, note},
	} {
		t.Run(tt.name, func(t *testing.T) {
			signed := []byte(note)
			var more [][]byte
			for _, m := range tt.more {
				more = append(more, []byte(m))
			}
			got := proof.Merge(signed[:len(note):len(note)], more...)
			if string(got) != tt.want || string(signed) != note {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
			if s, err := w.policy.Open(got); err != nil || s.Checkpoint != w.at(t, 7) {
				t.Errorf("Open = %+v, %v", s, err)
			}
		})
	}
	spoilt := proof.Merge([]byte(note), []byte(lineOf(t, w.at(t, 6).Text(), w.w1)))
	_, err := w.policy.Open(spoilt)
	mustFind(t, err, proof.BadSignature)
}
