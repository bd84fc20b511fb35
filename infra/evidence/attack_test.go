package evidence

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"xinfang/domain/proof"
)

// An attack is something done to a genuine bundle. Its name begins with its row in
// the catalogue of attacks, if it has one there.
type attack struct {
	name string
	want proof.Verdict

	// do does it, and returns the bundle and how it is checked. s has five events of
	// ours, and a witness.
	do func(s *specimen) (bundle []byte, o Options)
}

func allAttacks() []attack {
	return slices.Concat(bundleAttacks, growthAttacks, zipAttacks, noteAttacks, proofAttacks, timeAttacks, stampAttacks, sealAttacks, disclosedAttacks, kindAttacks, sm3Attacks, updateAttacks)
}

// TestAttacks checks the verdict on every attack.
func TestAttacks(t *testing.T) {
	for _, a := range allAttacks() {
		t.Run(a.name, func(t *testing.T) {
			s := newSpecimen(t, 5, 1)
			bundle, o := a.do(s)
			report := Verify(bytes.NewReader(bundle), int64(len(bundle)), s.defaults(o))
			if report.Verdict != a.want {
				t.Errorf("the verdict is %s, want %s; findings:", report.Verdict, a.want)
				for _, f := range report.Findings {
					t.Error(f)
				}
			}
			if a.want != proof.OK && a.want != proof.OKUnwitnessed && len(report.Findings) == 0 {
				t.Error("there is no finding")
			}
			if a.want == proof.BadProof || a.want == proof.TamperedContent {
				if len(report.Findings) != 1 || report.Findings[0].Index < 0 {
					t.Errorf("one leaf is bad, and the findings are %v", report.Findings)
				}
			}
			if a.want == proof.Incomplete && len(o.Older) == 0 && report.CompleteTo != 0 {
				t.Errorf("it is complete to %d", report.CompleteTo)
			}
			var text bytes.Buffer
			ok(t, report.WriteText(&text, "zh-CN"))
			ok(t, report.WriteText(&text, "en"))
			ok(t, report.WriteJSON(&text))
			if strings.Contains(text.String(), "信访") || strings.Contains(text.String(), "officer") {
				t.Errorf("the report quotes an event:\n%s", &text)
			}
		})
	}
}

// defaults returns o with the policy of s, and the next day, if it has no others.
func (s *specimen) defaults(o Options) Options {
	o.Policy = cmp.Or(o.Policy, s.source.Policy)
	if o.Now.IsZero() {
		o.Now = epoch.Add(24 * time.Hour)
	}
	return o
}

// packed is an attack that changes the files of the bundle, and makes its manifest
// fit them.
func packed(name string, want proof.Verdict, change func(s *specimen)) attack {
	return attack{name, want, func(s *specimen) ([]byte, Options) {
		change(s)
		return s.pack(), Options{}
	}}
}

// names returns the names of the files of s, sorted.
func (s *specimen) names() []string { return slices.Sorted(maps.Keys(s.files)) }
