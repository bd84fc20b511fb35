package evidence

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// TestExit checks that only what holds has an exit code of its own.
func TestExit(t *testing.T) {
	for v, want := range map[proof.Verdict]int{
		proof.OK: 0, proof.OKUnwitnessed: 10, proof.Stale: 3, proof.Incomplete: 3, proof.Malformed: 3, proof.Fork: 3, "": 3, "anything": 3,
	} {
		if got := Exit(v); got != want {
			t.Errorf("Exit(%q) = %d, want %d", v, got, want)
		}
	}
}

// TestUnwitnessed checks that what nobody has witnessed says so beside its verdict, in
// both languages, and whatever else is wrong with it.
func TestUnwitnessed(t *testing.T) {
	s := newSpecimen(t, 3, 0)
	whole := s.verify(s.bundle)
	s.drop(2)
	short := s.verify(s.pack())
	witnessed := newSpecimen(t, 3, 1)
	for _, tt := range []struct {
		report Report
		want   bool
	}{{whole, true}, {short, true}, {witnessed.verify(witnessed.bundle), false}} {
		for _, lang := range []string{"zh-CN", "en"} {
			verdict, _, _ := strings.Cut(shown(t, &tt.report, lang), "\n")
			if strings.Contains(verdict, "UNWITNESSED") != tt.want || lang != "en" && strings.Contains(verdict, "未经见证") != tt.want {
				t.Errorf("%s: %q", tt.report.Verdict, verdict)
			}
		}
	}
}

// TestPlain checks that a report moves no cursor.
func TestPlain(t *testing.T) {
	r := Report{Verdict: proof.OK, Stream: ledger.Stream{Category: "\x1b[2Jcase", ID: uuid.UUID{1}}}
	if text := shown(t, &r, "en"); strings.Contains(text, "\x1b") || !strings.Contains(text, "[2Jcase-01") {
		t.Errorf("it shows %q", text)
	}
}

func shown(t *testing.T, r *Report, lang string) string {
	t.Helper()
	var b bytes.Buffer
	ok(t, r.WriteText(&b, lang))
	return b.String()
}
