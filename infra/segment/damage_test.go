package segment

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"xinfang/domain/ledger"
)

// A specimen is a small ledger on disk to do harm to, and what is in it.
type specimen struct {
	dir    string
	want   []ledger.Envelope
	frames []extent // where position i+1 is
}

type extent struct {
	file     string // name
	from, to int64
}

// specimens returns the same events in a ledger that was closed, in one whose
// process was killed with an old snapshot, and in one without a snapshot.
func specimens(t *testing.T) map[string]specimen {
	t.Helper()
	dir := t.TempDir()
	s := mustOpen(t, dir, tiny())
	want := fill(t, s, 15)
	frames := extents(t, s)
	killed, bare := image(t, dir), image(t, dir)
	s.Close()
	os.Remove(filepath.Join(bare, snapshotName))
	if frames[0].file == frames[14].file {
		t.Fatal("the specimen has one segment; it should have more")
	}
	return map[string]specimen{
		"closed":           {dir, want, frames},
		"killed":           {killed, want, frames},
		"without snapshot": {bare, want, frames},
	}
}

func extents(t *testing.T, s *Store) (frames []extent) {
	t.Helper()
	for w := newWalk(s.files, 0); ; {
		fr, offset, err := w.next()
		if err != nil {
			return frames
		}
		f := s.files[w.i]
		frames = append(frames, extent{filepath.Base(f.path), offset - f.base, offset - f.base + int64(len(fr))})
	}
}

// all opens a ledger so that all of it is checked.
func all() Options {
	o := tiny()
	o.SegmentSize = 0
	return o
}

// kill ends s like kill -9 does.
func kill(s *Store) {
	s.committer.queue.close()
	<-s.committer.done
	if s.committer.saving != nil {
		<-s.committer.saving // nothing of this process may come later
	}
	s.committer.release()
	closeFiles(s.files)
}

// mustTell opens the ledger in dir in every way and checks that each tells the
// truth: all of want is there if bad is 0, else bad is the first that is not.
func mustTell(t *testing.T, dir string, want []ledger.Envelope, bad ledger.Position) {
	t.Helper()
	report, err := Verify(t.Context(), dir, nil)
	if err != nil || report.OK != (bad == 0) || report.FirstBad != bad || bad > 0 && report.Events >= int64(bad) {
		t.Fatalf("Verify = %+v, %v; want the first bad at %d", report, err, bad)
	}

	var damage *Damage
	s, err := Open(dir, all())
	switch {
	case bad == 0 && err == nil:
		mustHold(t, s, want)
		kill(s)
	case bad == 0 || err == nil:
		t.Fatalf("Open = %v; want the first bad at %d", err, bad)
	case !errors.As(err, &damage) || damage.Position != bad || damage.File == "":
		t.Fatalf("Open = %v; want position %d", err, bad)
	}

	readOnly := all()
	readOnly.ReadOnly = true
	s, err = Open(dir, readOnly)
	if err != nil {
		if bad == 0 || !errors.As(err, &damage) {
			t.Fatalf("Open read-only = %v; want the first bad at %d", err, bad)
		}
		return
	}
	defer s.Close()
	if bad == 0 {
		mustHold(t, s, want)
		return
	}
	var got []ledger.Envelope
	for e, err := range s.ReadAll(t.Context(), 0) {
		if err != nil {
			if !errors.As(err, &damage) || damage.Position != bad {
				t.Fatalf("ReadAll ends with %v; want position %d", err, bad)
			}
			break
		}
		got = append(got, e)
	}
	if damage == nil || len(got) >= int(bad) || !slices.Equal(leaves(got), leaves(want[:len(got)])) {
		t.Fatalf("ReadAll yields %d events and %v; want the first bad at %d", len(got), damage, bad)
	}
}

// harmed returns the segments to harm at every byte: all of them in one specimen,
// and the last, which is judged by what else there is, in each.
func (sp specimen) harmed(t *testing.T, name string) []string {
	paths := segmentsIn(t, sp.dir)
	if name != "killed" {
		return paths[len(paths)-1:]
	}
	return paths
}

// Every bit that is ever looked at counts: at every byte of every segment, in
// turn, one bit is flipped.
func TestFlipEveryByte(t *testing.T) {
	for name, sp := range specimens(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, path := range sp.harmed(t, name) {
				f, err := os.OpenFile(path, os.O_RDWR, 0)
				if err != nil {
					t.Fatal(err)
				}
				defer f.Close()
				whole, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				for at := int64(0); at < int64(len(whole)); at++ {
					bad := sp.at(filepath.Base(path), at)
					if bad == 0 {
						continue // spare: see TestFlipEverySpareByte
					}
					f.WriteAt([]byte{whole[at] ^ 1<<(at%8)}, at)
					t.Logf("%s byte %d", filepath.Base(path), at)
					mustTell(t, sp.dir, sp.want, bad)
					f.WriteAt(whole[at:at+1], at)
				}
			}
		})
	}
}

// at returns the position whose frame, or whose segment's header, has byte at of
// file; or 0.
func (sp specimen) at(file string, at int64) ledger.Position {
	for i, f := range sp.frames {
		if f.file == file && (at < headerSize || at >= f.from && at < f.to) {
			return ledger.Position(i + 1)
		}
	}
	return 0
}

// A file that has become shorter, at every byte, or is gone.
func TestTruncateEveryByte(t *testing.T) {
	for name, sp := range specimens(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, path := range sp.harmed(t, name) {
				whole, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				for size := int64(len(whole) - 1); size >= 0; size-- {
					bad := ledger.Position(1)
					for _, f := range sp.frames {
						if f.file < filepath.Base(path) || f.file == filepath.Base(path) && f.to <= size {
							bad++
						}
					}
					if int(bad) > len(sp.want) && size%97 != 0 {
						continue
					}
					if err := os.Truncate(path, size); err != nil {
						t.Fatal(err)
					}
					t.Logf("%s cut to %d bytes", filepath.Base(path), size)
					mustTell(t, sp.dir, sp.want, bad)
				}
				if err := os.WriteFile(path, whole, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// Damage that Open does not come across is met by whoever reads there: with its
// place, and by nobody else.
func TestDamageMetByReading(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, tiny())
	want := fill(t, s, 60)
	frames := extents(t, s)
	s.Close()
	last := make(map[ledger.Stream]ledger.Envelope)
	for _, e := range want {
		last[e.Stream] = e
	}
	opened := 0
	for i, bad := range want {
		path := filepath.Join(dir, frames[i].file)
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		flip := func() {
			var b [1]byte
			f.ReadAt(b[:], frames[i].from+atNames)
			b[0] ^= 4
			f.WriteAt(b[:], frames[i].from+atNames)
		}
		check := func(what string, err error) {
			t.Helper()
			if damage := (*Damage)(nil); !errors.As(err, &damage) || damage.File != path ||
				damage.Offset != frames[i].from || damage.Position != bad.Position {
				t.Errorf("%s says %v; want %s, byte %d, position %d", what, err, path, frames[i].from, bad.Position)
			}
		}
		flip()
		s, err := Open(dir, tiny())
		if err == nil {
			opened++
			n := 0
			for _, err := range s.ReadAll(t.Context(), 0) {
				if err != nil {
					check("ReadAll", err)
					break
				}
				n++
			}
			if n != i {
				t.Errorf("ReadAll yields %d events before position %d", n, bad.Position)
			}
			for stream, end := range last {
				var met error
				for _, err := range s.ReadStream(t.Context(), stream, 0) {
					met = errors.Join(met, err)
				}
				if stream == bad.Stream {
					check("ReadStream", met)
				} else if met != nil {
					t.Errorf("%v, which is whole: %v", stream, met)
				}
				if end.Position == bad.Position {
					_, err := s.Append(t.Context(), stream, end.Version, recordOf(1, 1))
					check("Append", err)
					if !errors.Is(err, ledger.ErrRejected) {
						t.Errorf("Append after damage = %v", err)
					}
				}
			}
			kill(s)
		} else {
			check("Open", err)
		}
		flip()
		f.Close()
	}
	if opened == 0 || opened == len(want) {
		t.Errorf("%d of %d were opened: the test has not seen both", opened, len(want))
	}
}

func TestMissingSegment(t *testing.T) {
	for name, sp := range specimens(t) {
		for i, path := range segmentsIn(t, sp.dir) {
			last := i+1 == len(segmentsIn(t, sp.dir))
			if last && name != "closed" {
				continue // nothing on this disk has seen it; see judge
			}
			t.Run(name+" "+filepath.Base(path), func(t *testing.T) {
				dir := image(t, sp.dir)
				os.Remove(filepath.Join(dir, filepath.Base(path)))
				mustTell(t, dir, sp.want, sp.at(filepath.Base(path), 0))
			})
		}
	}
}
