package witness

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

func textLogger(out io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(out, nil)) }

// mustNotOpen checks that the witness in dir is refused for a reason in both
// languages, and that this leaves the directory free.
func mustNotOpen(t *testing.T, dir string, want error) {
	t.Helper()
	w, err := Open(dir, Options{Name: name, Now: new(clock).now})
	if err == nil {
		w.Close()
		t.Error("opened")
		return
	}
	mustSay(t, err)
	if want != nil && !errors.Is(err, want) {
		t.Errorf("Open = %v, want %v", err, want)
	}
	if _, err := Look(dir, Options{Name: name, Now: new(clock).now}); errors.Is(want, ErrDamaged) && !errors.Is(err, want) {
		t.Errorf("Look = %v, want %v", err, want)
	}
}

// A sayer is an error in both languages.
type sayer interface {
	error
	Say() ledger.Text
}

func mustSay(t *testing.T, err error) {
	t.Helper()
	said, ok := errors.AsType[sayer](err)
	if !ok {
		t.Errorf("%v is said in one language only", err)
		return
	}
	text := said.Say()
	if text.ZH == "" || text.EN == "" || strings.Contains(text.ZH+text.EN, "%!") || strings.ContainsAny(text.EN, "的了不") {
		t.Errorf("the error says %q, %q", text.ZH, text.EN)
	}
}

// TestReopen cosigns, restarts and goes on, three times over.
func TestReopen(t *testing.T) {
	l := newTestLog(t, origin, "log").grow(t, 12, "honest")
	dir := newDir(t, l)
	for size := int64(0); size < 12; size += 4 {
		w := mustOpen(t, dir, Options{})
		if w.Logs()[0].Last.Size != size {
			t.Fatalf("after a restart: %+v", w.Logs())
		}
		mustCosign(t, w, l, size, size+4)
		if err := errors.Join(w.Close(), w.Close()); err != nil {
			t.Fatal(err)
		}
	}
	logs := mustOpen(t, dir, Options{}).Logs()
	if !bytes.Equal(logs[0].Note, l.note(t, 12)) || !logs[0].Cosigned.IsZero() {
		t.Errorf("Logs = %+v", logs)
	}
}

// TestDamage cuts the files of a witness at every byte and changes every byte: it
// never opens, let alone at zero.
func TestDamage(t *testing.T) {
	l := newTestLog(t, origin, "log").grow(t, 12, "honest")
	dir := newDir(t, l)
	w := mustOpen(t, dir, Options{})
	mustCosign(t, w, l, 0, 8)
	w.Close()
	for _, path := range []string{w.statePath(origin), filepath.Join(dir, logsName)} {
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		damage := func(b []byte) {
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			mustNotOpen(t, dir, ErrDamaged)
		}
		for i := range good {
			changed := bytes.Clone(good)
			changed[i] ^= 1
			damage(changed)
			damage(good[:i])
		}
		damage(append(bytes.Clone(good), '\n'))
		damage(append(bytes.Clone(good), make([]byte, maxFile)...))
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		mustNotOpen(t, dir, ErrDamaged)
		if err := os.WriteFile(path, good, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mustCosign(t, mustOpen(t, dir, Options{}), l, 8, 12)
}

// TestMixedUp puts files of this witness and of another where they do not belong.
func TestMixedUp(t *testing.T) {
	l := newTestLog(t, origin, "log").grow(t, 12, "honest")
	other := newTestLog(t, "other.example.gov.cn/petition", "other").grow(t, 12, "other")
	for _, tt := range []struct {
		name string
		mix  func(dir string, w *Witness) error
		want error
	}{
		{"the state of another log", func(_ string, w *Witness) error {
			return os.Rename(w.statePath(other.signer.Name()), w.statePath(origin))
		}, ErrDamaged},
		{"a state under another name", func(dir string, w *Witness) error {
			return os.Rename(w.statePath(origin), filepath.Join(dir, "00"+stateSuffix))
		}, ErrDamaged},
		{"a directory with the name of a state", func(dir string, w *Witness) error {
			return os.CopyFS(filepath.Join(dir, "sub"+stateSuffix), os.DirFS(t.TempDir()))
		}, nil},
		{"an older list of logs", func(dir string, w *Witness) error {
			w.logs = nil
			return w.saveLogs()
		}, ErrDamaged},
		{"the list as a state", func(dir string, w *Witness) error {
			return os.Rename(filepath.Join(dir, logsName), w.statePath(origin))
		}, ErrDamaged},
		{"a list with a key of no kind", func(dir string, w *Witness) error {
			w.logs[origin].vkeys = []string{origin + "+00000000+AAAA"}
			return w.saveLogs()
		}, ErrDamaged},
		{"a state with another note", func(dir string, w *Witness) error {
			body := append([]byte(origin+"\n"), other.note(t, 8)...)
			return w.disk.replace(w.statePath(origin), w.seal.seal(stateFile, body))
		}, ErrDamaged},
		{"the key of another witness", func(dir string, w *Witness) error {
			private, err := newKey(seeded("another witness"))
			return errors.Join(err, os.Remove(filepath.Join(dir, keyName)), saveKey(filepath.Join(dir, keyName), private))
		}, ErrDamaged},
		{"no key", func(dir string, w *Witness) error { return os.Remove(filepath.Join(dir, keyName)) }, os.ErrNotExist},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := newDir(t, l)
			w := mustOpen(t, dir, Options{})
			if err := w.AddLog(other.signer.Name(), []string{other.vkey}); err != nil {
				t.Fatal(err)
			}
			for _, l := range []*testLog{l, other} {
				if _, err := w.Cosign(t.Context(), l.request(t, 0, 8)); err != nil {
					t.Fatal(err)
				}
			}
			w.Close()
			if err := tt.mix(dir, w); err != nil {
				t.Fatal(err)
			}
			mustNotOpen(t, dir, tt.want)
		})
	}
	dir := newDir(t, l)
	for _, wrong := range []string{"inspection.example.gov.cn/w2", "", "two words", "a+b"} {
		if _, err := Open(dir, Options{Name: wrong, Now: new(clock).now}); err == nil {
			t.Errorf("opened under the name %q", wrong)
		} else {
			mustSay(t, err)
		}
	}
}

func TestTwoOpenings(t *testing.T) {
	l := newTestLog(t, origin, "log").grow(t, 12, "honest")
	dir := newDir(t, l)
	w := mustOpen(t, dir, Options{})
	mustNotOpen(t, dir, ErrInUse)
	mustCosign(t, w, l, 0, 8)
	w.Close()
	mustCosign(t, mustOpen(t, dir, Options{}), l, 8, 12)
}

func TestAddLog(t *testing.T) {
	l := newTestLog(t, origin, "log").grow(t, 12, "honest")
	next := newTestLog(t, origin, "next key").grow(t, 12, "honest")
	other := newTestLog(t, "other.example.gov.cn/petition", "other")
	w := fresh(t, l)
	mustCosign(t, w, l, 0, 4)
	for name, keys := range map[string][]string{
		"none": nil, "of another": {other.vkey}, "twice": {l.vkey, l.vkey}, "no key": {"x"},
		"a witness's": {w.VKey()}, "too many": make([]string, maxKeys+1),
	} {
		if err := w.AddLog(origin, keys); err == nil {
			t.Errorf("%s: taken", name)
		} else {
			mustSay(t, err)
		}
	}
	if err := w.AddLog(strings.Repeat("x", 257), []string{l.vkey}); err == nil {
		t.Error("a long origin is taken")
	}

	// The log changes its key: both count for a while, then only the new one.
	if _, err := w.Cosign(t.Context(), next.request(t, 4, 8)); err == nil {
		t.Error("cosigned before the new key is known")
	}
	if err := w.AddLog(origin, []string{l.vkey, next.vkey}); err != nil {
		t.Fatal(err)
	}
	mustCosign(t, w, next, 4, 6)
	mustCosign(t, w, l, 6, 8)
	if err := w.AddLog(origin, []string{next.vkey}); err != nil {
		t.Fatal(err)
	}
	_, err := w.Cosign(t.Context(), l.request(t, 8, 10))
	mustRefuse(t, err, 403, proof.UnknownKey, 8)
	w.Close()
	w = mustOpen(t, w.dir, Options{})
	mustCosign(t, w, next, 8, 10)
	if logs := w.Logs(); len(logs) != 1 || len(logs[0].VKeys) != 1 || logs[0].VKeys[0] != next.vkey {
		t.Errorf("Logs = %+v", logs)
	}
}

func TestTooManyLogs(t *testing.T) {
	w := fresh(t, newTestLog(t, origin, "log"))
	for i := 1; i <= maxLogs; i++ {
		_, vkey, err := note.GenerateKey(seeded("log"), strings.Repeat("x", i))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.AddLog(strings.Repeat("x", i), []string{vkey}); (err != nil) != (i == maxLogs) {
			t.Fatalf("log %d: %v", i+1, err)
		}
	}
	w.Close()
	if logs := mustOpen(t, w.dir, Options{}).Logs(); len(logs) != maxLogs {
		t.Errorf("%d logs after a restart", len(logs))
	}
}

func TestKeyFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "witness")
	vkey, err := Create(dir, name, seeded("witness"))
	if err != nil {
		t.Fatal(err)
	}
	w := mustOpen(t, dir, Options{})
	if w.VKey() != vkey || w.Name() != name {
		t.Errorf("the witness is %s, %s; it was made as %s", w.Name(), w.VKey(), vkey)
	}
	w.Close()
	if _, err := Create(dir, name, seeded("again")); err == nil {
		t.Error("a witness was made over another")
	}
	if mustOpen(t, dir, Options{}).VKey() != vkey {
		t.Error("the key has changed")
	}
	if _, err := Create(t.TempDir(), name, strings.NewReader("too short")); err == nil {
		t.Error("a key was made of too few random bytes")
	} else {
		mustSay(t, err)
	}
	if _, err := Create(t.TempDir(), "two words", seeded("witness")); err == nil {
		t.Error("a witness has a name with a space")
	}

	path := filepath.Join(t.TempDir(), keyName)
	good, err := os.ReadFile(filepath.Join(dir, keyName))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"empty":       "",
		"no PEM":      "PRIVATE+KEY+x",
		"more after":  string(good) + string(good),
		"other type":  strings.ReplaceAll(string(good), "PRIVATE", "PUBLIC"),
		"no Ed25519":  ecKey,
		"damaged DER": strings.Replace(string(good), "MC4C", "MC4D", 1),
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadKey(path); err == nil {
			t.Errorf("%s: taken", name)
		} else if mustSay(t, err); strings.Contains(err.Error(), "MC4C") {
			t.Errorf("%s: the error says the key: %v", name, err)
		}
	}
	if runtime.GOOS == "windows" {
		return // its permissions are not in the mode
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o666, 0o620} {
		if err := errors.Join(os.WriteFile(path, good, 0o600), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadKey(path); err == nil {
			t.Errorf("a key of mode %04o is taken", mode)
		} else {
			mustSay(t, err)
		}
	}
	for _, file := range []string{dir, filepath.Join(dir, keyName), filepath.Join(dir, logsName)} {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("others may use %s: %v, %v", file, info.Mode(), err)
		}
	}
}

// ecKey is a private key of another kind, made with openssl for this test.
const ecKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgudvqIDBmujBoxzjq
rAgmzt85UK8tXKJ7TOUMPdMPdSOhRANCAARKIm/Q4JZr5b/8EyYKz5MRsvWg5Vwf
MNsYxhqYrzMxnEADiP7LZlqpq9zimT7nkjx8eJwxvZHNvG6LuUDvCjV1
-----END PRIVATE KEY-----
`
