package evidence

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"xinfang/domain/proof"
)

// TestEveryByte checks that no bundle holds of which any one byte was changed, that
// was cut off anywhere, or to which anything was added.
func TestEveryByte(t *testing.T) {
	s := newSpecimen(t, 1, 1)
	for i := range s.bundle {
		b := bytes.Clone(s.bundle)
		b[i] ^= byte(i%255 + 1)
		if got := s.verify(b); got.Verdict.Holds() {
			t.Errorf("with byte %d changed the bundle is %s", i, got.Verdict)
		}
		if got := s.verify(s.bundle[:i]); got.Verdict.Holds() {
			t.Errorf("cut off at byte %d the bundle is %s", i, got.Verdict)
		}
	}
}

// TestEveryFileByte checks that no bundle holds of which any one byte of what is
// proven was changed, though the manifest fits.
func TestEveryFileByte(t *testing.T) {
	s := newSpecimen(t, 1, 1)
	for name, content := range s.files {
		if name == fileManifest || name == filePolicy || name == fileReadme {
			continue
		}
		for i := range content {
			s.files[name] = bytes.Clone(content)
			s.files[name][i] ^= byte(i%127 + 1)
			if got := s.verify(s.pack()); got.Verdict.Holds() {
				t.Errorf("with byte %d of %s changed the bundle is %s", i, name, got.Verdict)
			}
		}
		s.files[name] = content
	}
}

// TestMemory checks that a bomb, and a large file that is whole, take little memory.
func TestMemory(t *testing.T) {
	s := newSpecimen(t, 5, 1)
	packed, err := largeBomb()
	ok(t, err)
	z, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	ok(t, err)
	r, err := z.File[0].Open()
	ok(t, err)
	if n, _ := io.Copy(io.Discard, r); n < 1<<30 {
		t.Errorf("it is no bomb: %d bytes", n)
	}
	s.files[filePolicy] = make([]byte, MaxFile)
	large := s.pack()
	for name, bundle := range map[string][]byte{"bomb": packed, "large": large} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got := s.verify(bundle)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20 || got.Verdict.Holds() != (name == "large") {
			t.Errorf("%s: %s, with %d bytes of memory", name, got.Verdict, used)
		}
	}
	s.files[filePolicy] = make([]byte, MaxFile+1)
	if got := s.verify(s.pack()); got.Verdict != proof.Malformed {
		t.Errorf("a file of more than %d bytes: %s", MaxFile, got.Verdict)
	}
}

// TestTooLarge checks that a file beyond all limits is not even read.
func TestTooLarge(t *testing.T) {
	s := newSpecimen(t, 1, 1)
	got := Verify(unreadable{t}, 1<<40, Options{Policy: s.source.Policy})
	if got.Verdict != proof.Malformed {
		t.Errorf("a file of 1 TiB is %s", got.Verdict)
	}
}

type unreadable struct{ t *testing.T }

func (u unreadable) ReadAt([]byte, int64) (int, error) {
	u.t.Error("it was read")
	return 0, io.EOF
}

// TestUnreadable checks that a bundle which cannot be read, wherever that begins, does
// not hold, and that the finding says why.
func TestUnreadable(t *testing.T) {
	s := newSpecimen(t, 1, 1)
	for reads := range 1000 {
		left := reads
		f := failing{bytes.NewReader(s.bundle), &left}
		got := Verify(f, int64(len(s.bundle)), Options{Policy: s.source.Policy})
		if got.Verdict.Holds() {
			if reads < 10 {
				t.Errorf("it took %d reads", reads)
			}
			return
		}
		if got.Verdict != proof.Malformed || !strings.Contains(got.Findings[0].Error(), "disk on fire") {
			t.Fatalf("failing early: %s, %v", got.Verdict, got.Findings)
		}
	}
	t.Error("it never succeeds")
}

// A failing can be read so many times.
type failing struct {
	r    io.ReaderAt
	left *int
}

func (f failing) ReadAt(b []byte, at int64) (int, error) {
	if *f.left--; *f.left < 0 {
		return 0, errors.New("disk on fire")
	}
	return f.r.ReadAt(b, at)
}

// TestTorchwood checks that the cosignatures of the tests, whose times are chosen, are
// those that torchwood makes.
func TestTorchwood(t *testing.T) {
	s := newSpecimen(t, 1, 0)
	w, text := s.witness[0], []byte("example.com\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")
	for range 5 { // the second may end in between
		want, err := w.CosignatureSigner.Sign(text)
		ok(t, err)
		w.at = time.Now()
		got, err := w.Sign(text)
		ok(t, err)
		if bytes.Equal(got, want) {
			return
		}
	}
	t.Error("the cosignatures differ")
}

// FuzzVerify checks that Verify returns, whatever it is given, and that nothing but
// the genuine bundle holds.
func FuzzVerify(f *testing.F) {
	s := newSpecimen(f, 1, 1)
	f.Add(s.bundle)
	f.Add(s.bundle[:len(s.bundle)/2])
	f.Add(append([]byte("PK"), s.bundle...))
	f.Add(end(0, 0, 0))
	for name := range s.files {
		content := s.files[name]
		s.files[name] = nil
		f.Add(s.zip())
		f.Add(s.pack())
		delete(s.files, name)
		f.Add(s.pack())
		s.files[name] = content
	}
	held := [][]byte{s.checkpoint(1, 1)}
	// What is not proven may differ: a fuzzer that had the SHA-256 right would find it.
	free := newSpecimen(f, 1, 1)
	f.Fuzz(func(t *testing.T, bundle []byte) {
		got := Verify(bytes.NewReader(bundle), int64(len(bundle)), Options{Policy: s.source.Policy, Older: held})
		if got.Verdict.Holds() {
			t.Errorf("%s with an older checkpoint that the bundle has no proof for", got.Verdict)
		}
		got = free.verify(bundle)
		if got.Verdict.Holds() && !bytes.Equal(bundle, free.bundle) && !free.unproven(bundle) {
			t.Errorf("an altered bundle is %s", got.Verdict)
		}
		for _, lang := range []string{"zh-CN", "en"} {
			ok(t, got.WriteText(io.Discard, lang))
		}
		ok(t, got.WriteJSON(io.Discard))
	})
}

// unproven reports whether bundle differs from that of s only in what is there for
// information.
func (s *specimen) unproven(bundle []byte) bool {
	a, err := openArchive(bytes.NewReader(bundle), int64(len(bundle)))
	if err != nil {
		return false
	}
	for name, content := range s.files {
		got, err := a.file(name, MaxFile)
		if name != filePolicy && name != fileReadme && name != fileManifest && (err != nil || !bytes.Equal(got, content)) {
			return false
		}
	}
	return true
}

// TestReadme checks that the README has no program in it that a shell would run, and
// names each file of a bundle.
func TestReadme(t *testing.T) {
	for _, name := range []string{fileManifest, fileCheckpoint, "heads/", "events/", "consistency/", filePolicy, fileMapProof, ".tlog-proof", Format} {
		if strings.Count(readme, name) < 2 {
			t.Errorf("%s is not explained in both languages", name)
		}
	}
	source, err := os.ReadFile("verify.py")
	ok(t, err)
	for _, m := range strings.Split(string(source), "\n") {
		if rest, ok := strings.CutPrefix(m, "import "); ok && rest != "argparse, base64, hashlib, json, re, struct, sys, time, zlib" {
			t.Errorf("verify.py imports %s", rest)
		}
	}
}
