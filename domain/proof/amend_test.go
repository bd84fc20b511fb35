package proof_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// TestAmended makes the next version of a policy of roots, at 50 leaves: what it says
// otherwise, and that whoever has pinned the one before takes it when the roots have
// signed it.
func TestAmended(t *testing.T) {
	c := newCourt(t)
	_, _, pqV := keyOf(t, proof.MLDSA44, origin, "log pq")
	_, _, gmV := keyOf(t, proof.SM2, origin, "log gm")
	_, w3V := witnessKey(t, "court.example.gov.cn/w3", "witness 3")
	_, sameName := witnessKey(t, c.w1.Name(), "witness 4")
	_, writerV := logKey(t, origin+"/writer", "writer")
	_, root4 := logKey(t, "root4.example.gov.cn", "root 4")
	pin := fmt.Sprint(ledger.Hash{7})
	for _, tt := range []struct {
		name    string
		a       proof.Amendment
		removed []string // lines
		added   []string
	}{
		{"further kinds", proof.Amendment{LogKeys: []string{pqV, gmV}}, nil, []string{"logkey " + pqV + " 51 -", "logkey " + gmV + " 51 -"}},
		{"a witness", proof.Amendment{Lines: []string{"witness " + w3V + " 0 -", "quorum 2"}}, []string{"quorum 1"}, []string{"witness " + w3V + " 0 -", "quorum 2"}},
		{"a witness less", proof.Amendment{Dropped: []string{c.w1.Name()}}, []string{"witness " + c.w1V + " 0 -"}, []string{"witness " + c.w1V + " 0 50"}},
		{"a witness gets another key", proof.Amendment{Dropped: []string{c.w1.Name()}, Lines: []string{"witness " + sameName + " 0 -"}}, []string{"witness " + c.w1V + " 0 -"}, []string{"witness " + c.w1V + " 0 50", "witness " + sameName + " 0 -"}},
		{"no witnesses", proof.Amendment{Dropped: []string{c.w1.Name(), c.w2.Name()}, Lines: []string{"quorum 0"}}, []string{"witness " + c.w1V + " 0 -", "witness " + c.w2V + " 0 -", "quorum 1"}, []string{"witness " + c.w1V + " 0 50", "witness " + c.w2V + " 0 50", "quorum 0"}},
		{"a pin, twice", proof.Amendment{Lines: []string{"tsaroot " + pin, "tsaroot " + pin}}, nil, []string{"tsaroot " + pin}},
		{"a writer", proof.Amendment{Lines: []string{"writer " + writerV + " 50 -"}}, nil, []string{"writer " + writerV + " 50 -"}},
		{"a root", proof.Amendment{Lines: []string{"root " + root4, "roots 3"}}, []string{"roots 2"}, []string{"root " + root4, "roots 3"}},
		{"something new and something old", proof.Amendment{Lines: []string{"roots 1", "quorum 1", "witness " + c.w1V + " 0 -"}}, []string{"roots 2"}, []string{"roots 1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			next, err := c.pinned.Amended(tt.a, 50)
			if err != nil {
				t.Fatal(err)
			}
			want := strings.Split(c.next(), "\n")
			for _, line := range tt.removed {
				want = remove(t, want, line)
			}
			got := strings.Split(next.String(), "\n")
			for _, line := range tt.added {
				got = remove(t, got, line)
			}
			for _, line := range want {
				got = remove(t, got, line)
			}
			if len(got) > 0 {
				t.Errorf("it says %q, too", got)
			}
			_, err = c.pinned.Succeed([]byte(next.String()))
			mustFind(t, err, proof.QuorumNotMet)
			if accepted, err := c.pinned.Succeed(sign(t, next.String(), c.roots[0], c.roots[2])); err != nil || accepted.String() != next.String() {
				t.Errorf("signed by enough roots: %v, %v", accepted, err)
			}
			if c.pinned.String() != c.text {
				t.Errorf("the policy before has changed:\n%s", c.pinned)
			}
		})
	}
}

func remove(t *testing.T, lines []string, line string) (rest []string) {
	t.Helper()
	for i := range lines {
		if lines[i] == line {
			return append(append(rest, lines[:i]...), lines[i+1:]...)
		}
	}
	t.Errorf("there is no line %q", line)
	return lines
}

// TestAmendedOpens opens checkpoints of before and after by policies of before and after.
func TestAmendedOpens(t *testing.T) {
	w := newWorld(t, 0)
	gm, _, gmV := keyOf(t, proof.SM2, origin, "log gm")
	w3, w3V := witnessKey(t, "court.example.gov.cn/w3", "witness 3")
	before := mustParse(t, w.lines(1))
	after, err := before.Amended(proof.Amendment{LogKeys: []string{gmV}, Dropped: []string{w.w1.Name()}, Lines: []string{"witness " + w3V + " 0 -"}}, 50)
	if err != nil {
		t.Fatal(err)
	}
	raised, err := after.Amended(proof.Amendment{Lines: []string{"quorum 2"}}, 50)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name                     string
		size                     int64
		signers                  []note.Signer
		before, after, twoWanted string // OK if witnessed, opened if not, or the verdict
	}{
		{"of before", 50, []note.Signer{w.a, w.w1}, "OK", "OK", "opened"},
		{"of before, with the next witness", 50, []note.Signer{w.a, w.w1, w3}, "OK", "OK", "OK"},
		{"of before, unwitnessed", 50, []note.Signer{w.a}, "opened", "opened", "opened"},
		{"of after", 51, []note.Signer{w.a, gm, w3}, "opened", "OK", "opened"},
		{"of after, by the witness that was dropped", 51, []note.Signer{w.a, gm, w.w1}, "OK", "opened", "opened"},
		{"of after, without the further line", 51, []note.Signer{w.a, w.w2}, "OK", "UNKNOWN_KEY", "UNKNOWN_KEY"},
	} {
		text := proof.Checkpoint{Origin: origin, Size: tt.size}.Text()
		for policy, want := range map[*proof.Policy]string{before: tt.before, after: tt.after, raised: tt.twoWanted} {
			s, err := policy.Open(sign(t, text, tt.signers...))
			got := string(proof.VerdictOf(err))
			if err == nil && !s.Witnessed {
				got = "opened"
			}
			if got != want {
				t.Errorf("%s, by version %d: %s, want %s", tt.name, policy.Version, got, want)
			}
		}
	}
}

// TestAmendedRefuses has amendments that change nothing, that are wrong, or that nobody
// could want.
func TestAmendedRefuses(t *testing.T) {
	w := newThree(t)
	_, _, pq2V := keyOf(t, proof.MLDSA44, origin, "log pq 2")
	_, _, gm2V := keyOf(t, proof.SM2, origin, "log gm 2")
	_, cV := logKey(t, origin, "log c")
	_, w3V := witnessKey(t, "court.example.gov.cn/w3", "witness 3")
	lines := func(l ...string) proof.Amendment { return proof.Amendment{Lines: l} }
	for _, tt := range []struct {
		name string
		a    proof.Amendment
		code string // of the refusal; "" of a trouble
	}{
		{"nothing", proof.Amendment{}, "ERR_SAME_POLICY"},
		{"what it says", lines("quorum 2", "witness "+w.w1V+" 0 -"), "ERR_SAME_POLICY"},
		{"a witness nobody knows", proof.Amendment{Dropped: []string{"w9"}}, "ERR_NO_WITNESS"},
		{"a witness dropped twice", proof.Amendment{Dropped: []string{w.w1.Name(), w.w1.Name()}}, "ERR_NO_WITNESS"},
		{"a quorum that is not met any more", proof.Amendment{Dropped: []string{w.w1.Name()}}, "ERR_QUORUM"},
		{"a quorum of witnesses that are dropped", proof.Amendment{Dropped: []string{w.w1.Name()}, Lines: []string{"quorum 2"}}, "ERR_QUORUM"},
		{"a quorum of more than there are", lines("quorum 3"), "ERR_QUORUM"},
		{"a witness that nobody asks for", lines("quorum 0", "witness "+w3V+" 0 -"), "ERR_QUORUM"},
		{"a kind that there is", proof.Amendment{LogKeys: []string{pq2V}}, "ERR_HAS_KIND"},
		{"a kind twice", proof.Amendment{LogKeys: []string{gm2V, gm2V}}, "ERR_HAS_KIND"},
		{"a key of Ed25519", proof.Amendment{LogKeys: []string{cV}}, "ERR_HAS_KIND"},
		{"a key that is none", proof.Amendment{LogKeys: []string{w3V}}, ""},
		{"a witness a second time", lines("witness " + w.w1V + " 0 9"), ""},
		{"a witness that is none", lines("witness x 0 -"), ""},
		{"a log key as a line", lines("logkey " + cV + " 51 -"), ""},
		{"another version", lines("version 9"), ""}, {"another ledger", lines("origin x"), ""}, {"two lines", lines("quorum 1\nversion 9"), ""},
		{"an empty line", lines(""), ""}, {"a negative quorum", lines("quorum -1"), ""}, {"roots of nobody", lines("roots 1"), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			next, err := w.policy.Amended(tt.a, 70) // the SM2 key has ended at 60
			refusal, _ := errors.AsType[*ledger.Refusal](err)
			trouble, _ := errors.AsType[*ledger.Trouble](err)
			if tt.code == "" && trouble == nil || tt.code != "" && (refusal == nil || refusal.Code != tt.code) || next != nil && err == nil {
				t.Errorf("%v, %v; want %s", next, err, tt.code)
			}
		})
	}
	if _, err := w.policy.Amended(proof.Amendment{LogKeys: []string{gm2V}}, 70); err != nil {
		t.Errorf("a kind whose key has ended: %v", err)
	}
	if _, err := w.policy.Amended(proof.Amendment{LogKeys: []string{gm2V}}, 59); err == nil {
		t.Error("a kind whose key has not ended is added")
	}
}
