package web

import (
	"testing"
	"time"
)

func TestParseAsOf(t *testing.T) {
	for text, want := range map[string]string{
		"2026-03-02":                "2026-03-02T15:59:59.999999999Z",
		"2026-03-02T10:00":          "2026-03-02T02:00:00Z",
		"2026-03-02T10:00:00+08:00": "2026-03-02T02:00:00Z",
		"2026-03-02T10:00:00Z":      "2026-03-02T10:00:00Z",
		"2026-13-02":                "",
		"":                          "",
	} {
		got, ok := parseAsOf(text)
		if ok != (want != "") || ok && got.Format(time.RFC3339Nano) != want {
			t.Errorf("%q is %v, %v; want %s", text, got, ok, want)
		}
	}
}

// TestInert: no cell of a CSV is a formula.
func TestInert(t *testing.T) {
	for cell, want := range map[string]string{"=1+1": "'=1+1", "+86": "'+86", "-1": "'-1", "@x": "'@x", "\t=1": "'\t=1", "张某": "张某", "": ""} {
		if got := inert(cell); got != want {
			t.Errorf("%q is written %q, want %q", cell, got, want)
		}
	}
}

// TestLocal: signing in leads nowhere but to this site.
func TestLocal(t *testing.T) {
	for to, want := range map[string]string{"/cases?q=1": "/cases?q=1", "//evil.example": "/", "https://evil.example": "/", `/\evil`: "/", "": "/"} {
		if got := local(to); got != want {
			t.Errorf("%q leads to %q, want %q", to, got, want)
		}
	}
}
