package evidence

import (
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/proof"
)

// renoted is an attack on the checkpoint: it becomes what change makes of it, in all
// proofs too.
func renoted(name string, want proof.Verdict, change func(s *specimen, checkpoint string) string) attack {
	return packed(name, want, func(s *specimen) { s.recheck([]byte(change(s, string(s.files[fileCheckpoint])))) })
}

// resigned is another text than that of a checkpoint, which the notary signed.
func resigned(name string, change func(text string) string) attack {
	return renoted(name, proof.Malformed, func(s *specimen, checkpoint string) string {
		text, _, _ := strings.Cut(checkpoint, "\n\n")
		signed, err := note.Sign(&note.Note{Text: change(text + "\n")}, s.note)
		ok(s.t, err)
		return string(signed)
	})
}

// resized is a checkpoint that the notary signed, with another line for its size.
func resized(name, size string) attack {
	return resigned(name, func(text string) string {
		lines := strings.SplitAfter(text, "\n")
		lines[1] = size + "\n"
		return strings.Join(lines, "")
	})
}

// broken returns the lines of a note with the signature of the line at index, of the
// notary at 0, altered.
func broken(checkpoint string, index int) string {
	text, lines, _ := strings.Cut(checkpoint, "\n\n")
	all := strings.SplitAfter(lines, "\n")
	name, b64, _ := strings.Cut(strings.TrimPrefix(strings.TrimSuffix(all[index], "\n"), "— "), " ")
	sig, _ := base64.StdEncoding.DecodeString(b64)
	sig[len(sig)-1] ^= 1
	all[index] = "— " + name + " " + base64.StdEncoding.EncodeToString(sig) + "\n"
	return text + "\n\n" + strings.Join(all, "")
}

// line returns the signature line of a note at index.
func line(checkpoint string, index int) string {
	_, lines, _ := strings.Cut(checkpoint, "\n\n")
	return strings.SplitAfter(lines, "\n")[index]
}

var noteAttacks = []attack{
	renoted("C1 text altered", proof.BadSignature, func(_ *specimen, c string) string { return strings.Replace(c, "\n16\n", "\n17\n", 1) }),
	renoted("C1 signature of the notary altered", proof.BadSignature, func(_ *specimen, c string) string { return broken(c, 0) }),
	renoted("C1 cosignature altered", proof.BadSignature, func(_ *specimen, c string) string { return broken(c, 1) }),
	renoted("C5 bad line then good, same key", proof.BadSignature, func(_ *specimen, c string) string { return broken(c, 0) + line(c, 0) }),
	renoted("C6 good line then bad, same key", proof.OK, func(_ *specimen, c string) string { return c + line(broken(c, 0), 0) }),
	renoted("line of an unknown key", proof.OK, func(s *specimen, c string) string {
		other, _ := logKey(s.t, "other.example", 9)
		signed, err := note.Sign(&note.Note{Text: strings.SplitAfter(c, "\n\n")[0][:len(strings.SplitAfter(c, "\n\n")[0])-1]}, other)
		ok(s.t, err)
		return c + line(string(signed), 0)
	}),
	renoted("line of an unknown key, padded too much", proof.Malformed, func(_ *specimen, c string) string { return c + "— x AAAAAAAA=\n" }),
	renoted("line of an unknown key, padded too little", proof.Malformed, func(_ *specimen, c string) string { return c + "— x AAAAAAAAA=\n" }),
	renoted("only the witness has signed", proof.UnknownKey, func(_ *specimen, c string) string {
		text, _, _ := strings.Cut(c, "\n\n")
		return text + "\n\n" + line(c, 1)
	}),
	renoted("the cosignature is left out", proof.OKUnwitnessed, func(_ *specimen, c string) string { return strings.Replace(c, line(c, 1), "", 1) }),
	renoted("no signature", proof.Malformed, func(_ *specimen, c string) string { return strings.SplitAfter(c, "\n\n")[0] }),
	renoted("CR", proof.Malformed, func(_ *specimen, c string) string { return c[:len(c)-1] + "\r\n" }),
	renoted("invalid UTF-8", proof.Malformed, func(_ *specimen, c string) string { return c + "— \xff AAAAAAAA\n" }),
	renoted("hyphen for the dash", proof.Malformed, func(_ *specimen, c string) string { return strings.Replace(c, "— ", "- ", 1) }),
	renoted("101 lines", proof.Malformed, func(_ *specimen, c string) string {
		for i := range 99 {
			c += fmt.Sprintf("— x%d AAAAAAAA\n", i)
		}
		return c
	}),
	renoted("100 lines", proof.OK, func(_ *specimen, c string) string {
		for i := range 98 {
			c += fmt.Sprintf("— x%d AAAAAAAA\n", i)
		}
		return c
	}),
	resigned("text that goes on after a blank line", func(text string) string { return text + "\nmore\n" }),
	resigned("C10 extension line", func(text string) string { return text + "more\n" }),
	resigned("C8 loose base64", func(text string) string {
		return text[:len(text)-3] + string(text[len(text)-3]+1) + "=\n"
	}),
	resigned("C9 empty origin", func(text string) string { return strings.TrimPrefix(text, origin) }),
	resigned("origin with DEL", func(text string) string { return "\x7f" + text }),
	resized("C7 size 007", "007"), resized("C7 size +7", "+7"), resized("C7 size with a space", " 7"), resized("C7 size in wide digits", "１６"),
	resized("C7 size 2^63", "9223372036854775808"), resized("C7 size 2^64", "18446744073709551616"), resized("C7 size 0", "0"), resized("C7 size -1", "-1"),
	resized("D3 size 2^62+1", "4611686018427387905"), resized("D3 size 2^63-1", "9223372036854775807"), resized("D3 size 2^48+1", "281474976710657"),
	{"C12 retired key beyond its range", proof.KeyOutOfRange, ranged(" 0 15")},
	{"C13 new key before its range", proof.KeyOutOfRange, ranged(" 17 -")},
	{"C13 new key before its range, for the heads alone", proof.KeyOutOfRange, ranged(" 14 -")},
	{"C14 key at the end of its range", proof.OK, ranged(" 13 16")},
	renoted("C18 2 MB note", proof.Malformed, func(_ *specimen, c string) string {
		return c + strings.Repeat("— x AAAAAAAA\n", 2<<20/14)
	}),
}

// ranged checks a genuine bundle, of 16 leaves and heads of 13, by a policy with
// these sizes for the key of the notary.
func ranged(sizes string) func(s *specimen) ([]byte, Options) {
	return func(s *specimen) ([]byte, Options) { return s.bundle, Options{Policy: s.policy(1, s.vkey+sizes)} }
}
