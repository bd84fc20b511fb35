package evidence

import (
	"bytes"
	"strings"
	"testing"

	"xinfang/domain/proof"
)

// TestUpdates checks a bundle and a receipt by a policy that knows their key only
// since its second version, and by updates that lead elsewhere.
func TestUpdates(t *testing.T) {
	s := newSpecimen(t, 3, 1)
	_, oldKey := logKey(t, origin, 7)
	root, rootKey := logKey(t, "root.example", 8)
	text := s.policy(1, oldKey+" 0 -").String() + "root " + rootKey + "\nroots 1\n"
	held, err := proof.ParsePolicy([]byte(text))
	ok(t, err)
	update := func(version, more string) []byte {
		signed, err := proof.SignPolicy([]byte(strings.Replace(text, "version 1", "version "+version, 1)+more), root)
		ok(t, err)
		return signed
	}
	second := update("2", "logkey "+s.vkey+" 0 -\n")
	third := update("3", "logkey "+s.vkey+" 0 -\n")
	forged := bytes.Replace(third, []byte("quorum 1"), []byte("quorum 0"), 1)
	receipt := s.receipt(3)
	for _, tt := range []struct {
		name    string
		updates [][]byte
		want    proof.Verdict
		says    string
	}{
		{"none", nil, proof.UnknownKey, ""},
		{"one", [][]byte{second}, proof.OK, ""},
		{"two", [][]byte{second, third}, proof.OK, ""},
		{"two, and the first is held", [][]byte{[]byte(text), third}, proof.OK, ""},
		{"C15 the other way round", [][]byte{third, second}, proof.RolledBack, "update 2: "},
		{"C15 another of the same version", [][]byte{second, update("2", "")}, proof.Fork, "update 2: "},
		{"C15 the first is forged", [][]byte{forged, second}, proof.BadSignature, "update 1: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := Options{Policy: held, Updates: tt.updates}
			for kind, file := range map[string][]byte{"bundle": s.bundle, "receipt": receipt} {
				r := VerifyAny(bytes.NewReader(file), int64(len(file)), o)
				if r.Verdict != tt.want || r.Verdict.Holds() != (r.Checkpoint.Size > 0) {
					t.Errorf("%s: %+v, want %s", kind, r, tt.want)
				}
				if tt.says != "" && (len(r.Findings) != 1 || !strings.Contains(r.Findings[0].Text.EN, tt.says)) {
					t.Errorf("%s: %v, want %q", kind, r.Findings, tt.says)
				}
				var b strings.Builder
				ok(t, r.WriteText(&b, "en"))
				if strings.Contains(b.String(), "the checkpoint that you hold") {
					t.Errorf("%s: it speaks of checkpoints: %s", kind, &b)
				}
			}
			if o.Policy.String() != held.String() || len(o.Updates) != len(tt.updates) {
				t.Error("the options have changed")
			}
		})
	}
}
