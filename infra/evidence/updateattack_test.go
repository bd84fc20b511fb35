package evidence

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/proof"
)

// An heir makes policies that are to succeed one of version 3, which lists three roots
// and wants two of them.
type heir struct {
	*specimen
	roots         []note.Signer // and a fourth, which is not listed
	stranger      note.Signer   // of the name of the first root
	held          string        // the text of the policy
	oldKey, other string        // log keys: one that is listed up to 4 leaves, and one that is not
	otherRoot     string        // public key of the fourth root
}

func newHeir(s *specimen) *heir {
	h := &heir{specimen: s}
	lines := ""
	for i := range byte(4) {
		root, vkey := logKey(s.t, fmt.Sprintf("root%d.example", i+1), 20+i)
		h.roots, h.otherRoot = append(h.roots, root), vkey
		if i < 3 {
			lines += "root " + vkey + "\n"
		}
	}
	h.stranger, _ = logKey(s.t, "root1.example", 30)
	_, h.oldKey = logKey(s.t, origin, 31)
	_, h.other = logKey(s.t, origin, 32)
	h.held = strings.Replace(s.policy(1, s.vkey+" 0 -", h.oldKey+" 0 4").String(), "version 1", "version 3", 1) + lines + "roots 2\n"
	return h
}

// next returns the text of a policy of version 4, with replacements.
func (h *heir) next(oldnew ...string) string {
	return strings.NewReplacer(append(oldnew, "version 3", "version 4")...).Replace(h.held)
}

// sign returns text as a note of signers.
func (h *heir) sign(text string, signers ...note.Signer) []byte {
	signed, err := note.Sign(&note.Note{Text: text}, signers...)
	ok(h.t, err)
	return signed
}

// good returns text as a note that enough roots have signed.
func (h *heir) good(text string) []byte { return h.sign(text, h.roots[0], h.roots[2]) }

// foreign returns a policy of another ledger with good keys.
func (h *heir) foreign() string {
	_, vkey := logKey(h.t, "other.example", 33)
	return fmt.Sprintf("version 4\norigin other.example\nlogkey %s 0 -\nquorum 0\nfilter %s\n", vkey, proof.FilterHash())
}

// updated is an attack, or none, by whoever gives updates along with a genuine bundle.
func updated(name string, want proof.Verdict, updates func(h *heir) [][]byte) attack {
	return attack{name, want, func(s *specimen) ([]byte, Options) {
		h := newHeir(s)
		held, err := proof.ParsePolicy([]byte(h.held))
		ok(s.t, err)
		return s.bundle, Options{Policy: held, Updates: updates(h)}
	}}
}

// updatedOnce has one update.
func updatedOnce(name string, want proof.Verdict, update func(h *heir) []byte) attack {
	return updated(name, want, func(h *heir) [][]byte { return [][]byte{update(h)} })
}

// updatedText has one update that enough roots have signed.
func updatedText(name string, want proof.Verdict, text func(h *heir) string) attack {
	return updatedOnce(name, want, func(h *heir) []byte { return h.good(text(h)) })
}

var updateAttacks = slices.Concat(goodUpdates, unsignedUpdates, wrongUpdates, malformedUpdates)

var goodUpdates = []attack{
	updatedText("update that two of three roots have signed", proof.OK, func(h *heir) string { return h.next() }),
	updatedText("update that wants no witness", proof.OKUnwitnessed, func(h *heir) string { return h.next("quorum 1", "quorum 0") }),
	updatedText("update that leaves out a version, with comments", proof.OK, func(h *heir) string { return "# for the court\n\n" + h.next("version 3", "version 9") + "\n\n" }),
	updatedText("update that adds a log key that must sign", proof.OK, func(h *heir) string { return h.next("quorum 1", "logkey "+h.other+" 4 -\nquorum 1") }),
	updatedText("update that retires the log key before the bundle", proof.KeyOutOfRange, func(h *heir) string { return h.next(h.vkey+" 0 -", h.vkey+" 0 4") }),
	updatedOnce("update by all roots and a stranger", proof.OK, func(h *heir) []byte { return h.sign(h.next(), append(h.roots, h.stranger)...) }),
	updatedOnce("update that is the policy that is held", proof.OK, func(h *heir) []byte { return []byte(h.held) }),
	updatedOnce("update that is the policy that is held, with a forged signature", proof.OK, func(h *heir) []byte {
		return []byte(h.held + "\n— root1.example " + strings.Repeat("A", 8) + "\n")
	}),
	updated("updates by which the roots change", proof.OKUnwitnessed, func(h *heir) [][]byte {
		root4 := strings.Split(h.next(), "root ")[0] + "root " + h.otherRoot + "\nroots 1\n"
		return [][]byte{h.good(root4), h.sign(strings.NewReplacer("version 4", "version 5", "quorum 1", "quorum 0").Replace(root4), h.roots[3])}
	}),
}

var unsignedUpdates = []attack{
	updatedOnce("C15 update without signatures", proof.QuorumNotMet, func(h *heir) []byte { return []byte(h.next()) }),
	updatedOnce("C15 update without signatures, of a lower version", proof.QuorumNotMet, func(h *heir) []byte { return []byte(h.next("version 3", "version 2")) }),
	updatedOnce("C15 update by one root", proof.QuorumNotMet, func(h *heir) []byte { return h.sign(h.next(), h.roots[1]) }),
	updatedOnce("C15 update by one root, twice", proof.QuorumNotMet, func(h *heir) []byte {
		once := h.sign(h.next(), h.roots[1])
		return append(once, once[len(h.next())+1:]...)
	}),
	updatedOnce("C15 update by a stranger of the name of a root", proof.QuorumNotMet, func(h *heir) []byte { return h.sign(h.next(), h.roots[1], h.stranger) }),
	updatedOnce("C15 update by the log key and a witness", proof.QuorumNotMet, func(h *heir) []byte { return h.sign(h.next(), h.note, h.witness[0]) }),
	updatedOnce("C15 update by a root that it brings itself", proof.QuorumNotMet, func(h *heir) []byte {
		return h.sign(strings.Split(h.next(), "root ")[0]+"root "+h.otherRoot+"\nroots 1\n", h.roots[3])
	}),
	updated("C15 update that leaves out one by which the roots change", proof.QuorumNotMet, func(h *heir) [][]byte {
		return [][]byte{h.sign(strings.Split(h.next("version 3", "version 5"), "root ")[0]+"root "+h.otherRoot+"\nroots 1\n", h.roots[3])}
	}),
	{"C15 update of a policy without roots", proof.UnknownKey, func(s *specimen) ([]byte, Options) {
		return s.bundle, Options{Updates: [][]byte{newHeir(s).good(newHeir(s).next())}}
	}},
}

var wrongUpdates = []attack{
	updatedText("C15 update of a lower version", proof.RolledBack, func(h *heir) string { return h.next("version 3", "version 2") }),
	updatedText("C15 update of the same version", proof.Fork, func(h *heir) string { return h.next("version 3", "version 3", "quorum 1", "quorum 2") }),
	updatedText("C15 update of another ledger", proof.WrongOrigin, (*heir).foreign),
	updated("C15 updates the other way round", proof.RolledBack, func(h *heir) [][]byte {
		return [][]byte{h.good(h.next("version 3", "version 5")), h.good(h.next())}
	}),
	updated("C15 the second update is of the same version", proof.Fork, func(h *heir) [][]byte {
		return [][]byte{h.good(h.next()), h.good(h.next("quorum 1", "quorum 2"))}
	}),
	updatedOnce("C15 update altered after it was signed", proof.BadSignature, func(h *heir) []byte {
		return bytes.Replace(h.good(h.next()), []byte("quorum 1"), []byte("quorum 0"), 1)
	}),
	updatedOnce("C15 update with enough signatures and a wrong one", proof.BadSignature, func(h *heir) []byte {
		return append(h.good(h.next()), h.sign("x\n", h.roots[1])[3:]...)
	}),
	updatedText("C15 update without a log key", proof.KeyOutOfRange, func(h *heir) string { return h.next("logkey "+h.oldKey+" 0 4\n", "") }),
	updatedText("C15 update whose log key begins later", proof.KeyOutOfRange, func(h *heir) string { return h.next(h.oldKey+" 0 4", h.oldKey+" 1 4") }),
	updatedText("C15 update that has a retired log key again", proof.KeyOutOfRange, func(h *heir) string { return h.next(h.oldKey+" 0 4", h.oldKey+" 0 5") }),
}

var malformedUpdates = []attack{
	updatedOnce("C15 update that is a bundle", proof.Malformed, func(h *heir) []byte { return h.bundle }),
	updatedOnce("C15 update that is a checkpoint", proof.Malformed, func(h *heir) []byte { return h.files[fileCheckpoint] }),
	updatedOnce("C15 update with a signature that is none", proof.Malformed, func(h *heir) []byte { return append(h.good(h.next()), "— root2.example x\n"...) }),
	updatedOnce("C15 update with a last line that is cut off", proof.Malformed, func(h *heir) []byte { return bytes.TrimSuffix(h.good(h.next()), []byte("\n")) }),
	updatedOnce("C15 update with text after its signatures", proof.Malformed, func(h *heir) []byte { return append(h.good(h.next()), "quorum 0\n"...) }),
	updatedOnce("C15 update with a carriage return", proof.Malformed, func(h *heir) []byte {
		return bytes.ReplaceAll(h.good(h.next()), []byte("quorum 1\n"), []byte("quorum 1\r\n"))
	}),
	updatedOnce("C15 update too large", proof.Malformed, func(h *heir) []byte { return append([]byte("#"+strings.Repeat("x", proof.MaxNote)+"\n"), h.next()...) }),
	malformedUpdate("without a version", "version 3\n", ""),
	malformedUpdate("of version 0", "version 3", "version 0"),
	malformedUpdate("with two quorums", "quorum 1", "quorum 1\nquorum 1"),
	malformedUpdate("with a quorum of more than there are", "quorum 1", "quorum 3"),
	malformedUpdate("with a line that nobody knows", "quorum 1", "quorum 1\nguest x"),
	malformedUpdate("with another filter", "filter ", "filter 0"),
	malformedUpdate("with a pin that is none", "quorum 1", "quorum 1\ntsaroot 00"),
	malformedUpdate("with a range that ends before it begins", " 0 4", " 5 4"),
	malformedUpdate("that wants more roots than there are", "roots 2", "roots 4"),
	malformedUpdate("with roots of which none must sign", "roots 2\n", ""),
	updatedText("C15 update with one key twice", proof.Malformed, func(h *heir) string { return h.next("quorum 1", "writer "+h.vkey+" 0 -\nquorum 1") }),
	updatedText("C15 update with the log key of another ledger", proof.Malformed, func(h *heir) string {
		_, vkey := logKey(h.t, "other.example", 33)
		return h.next("quorum 1", "logkey "+vkey+" 0 -\nquorum 1")
	}),
	updatedText("C15 update with a key of which a character is wrong", proof.Malformed, func(h *heir) string { return h.next("logkey "+h.oldKey, "logkey x"+h.oldKey) }),
}

// malformedUpdate is an update that enough roots have signed, with a change.
func malformedUpdate(name, from, to string) attack {
	return updatedText("C15 update "+name, proof.Malformed, func(h *heir) string { return h.next(from, to) })
}
