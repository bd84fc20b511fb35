package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Of an event log, progress is the bytes of the file: packed ones, if it is
// packed, and twice as many if it is read twice.
func TestProgressOfLog(t *testing.T) {
	var log strings.Builder
	log.WriteString("<log>")
	for i := range 5000 {
		fmt.Fprintf(&log, `<trace><string key="concept:name" value="T-%d"/><event><string key="concept:name" value="a"/><date key="time:timestamp" value="2024-01-01T00:00:00Z"/></event></trace>`, i)
	}
	log.WriteString("</log>")
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	w.Write([]byte(log.String()))
	w.Close()
	a := newApp(process{Getenv: func(string) string { return "" }, Stderr: os.Stderr, Now: time.Now}, nil)
	a.cfg = defaults()
	a.cfg.Data = t.TempDir()
	for name, data := range map[string]string{"a.xes": log.String(), "b.xes.gz": packed.String()} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		src, err := openSource(path, name)
		if err != nil {
			t.Fatal(err)
		}
		n, keep, err := a.openForImport(t.Context(), name == "a.xes")
		if err != nil {
			t.Fatal(err)
		}
		want := int64(len(data))
		if keep.k != nil {
			want *= 2
		}
		calls, last := 0, int64(0)
		_, err = src.run(t.Context(), n, nil, keep.k, systemActor, func(rows int) {
			done, total := src.progress(rows)
			if calls++; done < last || done > total || total != want {
				t.Fatalf("%s: %d of %d bytes after %d; want %d in all", name, done, total, last, want)
			}
			last = done
		})
		if err != nil || last != want || calls < 20 {
			t.Errorf("%s: %d of %d bytes in the end, %d calls, %v", name, last, want, calls, err)
		}
		if err := keep.close(); err != nil {
			t.Error(err)
		}
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
}
