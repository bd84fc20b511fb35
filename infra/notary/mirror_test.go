package notary

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// TestMirror copies a tree, goes on with it, and audits the ledger with the copy
// once the original has been rewritten. Then the source forks, goes back, and lies
// about a leaf.
func TestMirror(t *testing.T) {
	r := newRig(t)
	files, err := torchwood.NewTileFS(os.DirFS(r.dir))
	if err != nil {
		t.Fatal(err)
	}
	m := Mirror{Dir: filepath.Join(t.TempDir(), "mirror"), Policy: r.policy, Source: files}
	for _, more := range []int{1, 299, 400, 17_000, 1} {
		r.record(more)
		p, err := r.signed()
		if err != nil {
			t.Fatal(err)
		}
		for _, fresh := range []bool{true, false} {
			before, now, err := m.Update(t.Context())
			if err != nil || now.Checkpoint != p.Checkpoint || (before.Size < now.Size) != fresh {
				t.Fatalf("after %d more: %d to %d, %v", more, before.Size, now.Size, err)
			}
		}
	}
	note, err := os.ReadFile(filepath.Join(m.Dir, "checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	audit := Audit{Log: altered{Log: r.store, at: 9000, change: lie}, Dir: m.Dir, Policy: r.policy, Note: note}
	_, err = audit.Run(t.Context())
	if f, _ := errors.AsType[*proof.Finding](err); f == nil || f.Verdict != proof.TamperedContent || f.Index != 8999 {
		t.Errorf("audited with the mirror: %v", err)
	}

	grown := func(source torchwood.TileReader) torchwood.TileReader {
		r.record(300)
		if _, err := r.signed(); err != nil {
			t.Fatal(err)
		}
		return source
	}
	kept := 0 // checkpoints that contradict it
	for name, tt := range map[string]struct {
		source func() torchwood.TileReader
		want   proof.Verdict
		kept   bool
	}{
		"an older one":    {func() torchwood.TileReader { return signedBy(t, r, altered{Log: r.store, end: 600}) }, proof.RolledBack, true},
		"another history": {func() torchwood.TileReader { return signedBy(t, r, altered{Log: r.store, at: 7, change: lie}) }, proof.Fork, true},
		"a leaf that is not in its tree": {func() torchwood.TileReader {
			return grown(lying{files, func(b []byte) []byte { b[100] ^= 1; return b }})
		}, proof.TamperedContent, false},
		"more bytes than leaves": {func() torchwood.TileReader {
			return grown(lying{files, func(b []byte) []byte { return append(b, 0) }})
		}, proof.Malformed, false},
	} {
		t.Run(name, func(t *testing.T) {
			m.Source = tt.source()
			_, _, err := m.Update(t.Context())
			if proof.VerdictOf(err) != tt.want {
				t.Errorf("%v, want %s", err, tt.want)
			}
			if kept := strings.Contains(fmt.Sprint(err), "contradicts-"); kept != tt.kept {
				t.Errorf("where it is kept: %v", err)
			}
			after, err := filepath.Glob(filepath.Join(m.Dir, "contradicts-*"))
			if err != nil || (len(after) > kept) != tt.kept {
				t.Errorf("kept before: %d, now: %v, %v", kept, after, err)
			}
			kept = len(after)
			if after, err := os.ReadFile(filepath.Join(m.Dir, "checkpoint")); err != nil || string(after) != string(note) {
				t.Errorf("the mirror has another checkpoint now: %v", err)
			}
		})
	}
}

// TestMirrorWitnessed follows a notary that loses touch with its witnesses: what they
// have signed stays with the mirror.
func TestMirrorWitnessed(t *testing.T) {
	r, a, b := witnessed(t)
	files, err := torchwood.NewTileFS(os.DirFS(r.dir))
	if err != nil {
		t.Fatal(err)
	}
	m := Mirror{Dir: filepath.Join(t.TempDir(), "mirror"), Policy: r.policy, Source: files}
	r.record(300)
	with, err := r.signed()
	if err != nil || !with.Witnessed {
		t.Fatalf("%+v, %v", with, err)
	}
	without := func() {
		t.Helper()
		a.silent, b.silent = true, true
		remove(t, filepath.Join(r.dir, "checkpoint"))
		if _, err := r.signed(); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name               string
		do                 func()
		size, witnessed    int64
		isWitnessed, aside bool
	}{
		{"both have signed", func() {}, 300, 300, true, false},
		{"the same without them", without, 300, 300, true, false},
		{"a later one without them", func() { r.record(5); without() }, 305, 300, false, true},
		{"another", func() { r.record(5); without() }, 310, 300, false, true},
	} {
		tt.do()
		_, now, err := m.Update(t.Context())
		if err != nil || now.Size != tt.size || now.Witnessed != tt.isWitnessed {
			t.Errorf("%s: %+v, %v", tt.name, now, err)
		}
		note, err := os.ReadFile(filepath.Join(m.Dir, "checkpoint"))
		if s, opened := r.policy.Open(note); errors.Join(err, opened) != nil || s.Checkpoint != now.Checkpoint || s.Witnessed != tt.isWitnessed {
			t.Errorf("%s: the mirror has %+v, %v, %v", tt.name, s, err, opened)
		}
		note, err = os.ReadFile(filepath.Join(m.Dir, "witnessed"))
		if s, _ := r.policy.Open(note); (err == nil) != tt.aside || tt.aside && (!s.Witnessed || s.Size != tt.witnessed) {
			t.Errorf("%s: aside is %+v, %v", tt.name, s, err)
		}
	}
}

// signedBy returns the tree of a notary with r's key over another log.
func signedBy(t *testing.T, r *rig, log ledger.Log) torchwood.TileReader {
	t.Helper()
	other := *r
	other.dir, other.log = t.TempDir(), log
	if _, err := other.signed(); err != nil {
		t.Fatal(err)
	}
	files, err := torchwood.NewTileFS(os.DirFS(other.dir))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// lying is a source that changes each bundle of leaves.
type lying struct {
	*torchwood.TileFS
	change func([]byte) []byte
}

func (l lying) ReadTiles(ctx context.Context, wanted []tlog.Tile) ([][]byte, error) {
	data, err := l.TileFS.ReadTiles(ctx, wanted)
	if err == nil && wanted[0].L < 0 {
		data[0] = l.change(data[0])
	}
	return data, err
}
