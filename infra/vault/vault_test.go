package vault

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"xinfang/domain/personal"
)

var (
	master  = bytes.Repeat([]byte{7}, MasterSize)
	noon    = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	errLost = errors.New("connection lost")
)

func clock() time.Time { return noon }

// fresh returns a vault in a directory of its own.
func fresh(t testing.TB) (v *Vault, dir string) {
	t.Helper()
	dir = t.TempDir()
	return reopen(t, dir), dir
}

func reopen(t testing.TB, dir string) *Vault {
	t.Helper()
	v, err := Open(t.Context(), filepath.Join(dir, "vault.db"), master, rand.Reader, clock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v
}

func seal(t testing.TB, v *Vault, subject uuid.UUID, field personal.Field, plain string) []byte {
	t.Helper()
	box, err := v.Seal(t.Context(), subject, field, plain)
	if err != nil {
		t.Fatal(err)
	}
	return box
}

// opens fails the test unless box opens to plain.
func opens(t testing.TB, v *Vault, subject uuid.UUID, field personal.Field, box []byte, plain string) {
	t.Helper()
	if got, err := v.Open(t.Context(), subject, field, box); err != nil || got != plain {
		t.Errorf("Open = %q, %v, want %q", got, err, plain)
	}
}

// copyDir returns a copy of what a crash at this instant would leave of dir.
func copyDir(t testing.TB, dir string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

// contains reports whether any file in dir has b in it.
func contains(t testing.TB, dir string, b []byte) bool {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, b) {
			return true
		}
	}
	return false
}

func TestRoundTrip(t *testing.T) {
	v, _ := fresh(t)
	v.keys = newCache(3) // so that keys are read back, too
	subjects := []uuid.UUID{uuid.New(), uuid.New(), uuid.New(), uuid.New(), uuid.New()}
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Value {
			return Value{rapid.SampledFrom(subjects).Draw(t, "subject"), rapid.SampledFrom(personal.Fields).Draw(t, "field"),
				rapid.String().Draw(t, "plain")}
		}), 0, 8).Draw(t, "values")
		sealed, err := v.SealMany(context.Background(), values...)
		if err != nil {
			t.Fatal(err)
		}
		boxes := make([]Box, len(values))
		for i, value := range values {
			boxes[i] = Box{value.Subject, value.Field, sealed[i]}
		}
		opened, err := v.OpenMany(context.Background(), boxes...)
		if err != nil {
			t.Fatal(err)
		}
		for i, value := range values {
			if opened[i].Err != nil || opened[i].Plain != value.Plain {
				t.Fatalf("%v opened as %q, %v, want %q", value, opened[i].Plain, opened[i].Err, value.Plain)
			}
		}
		if len(v.keys.by) > 3 {
			t.Fatalf("%d keys in memory", len(v.keys.by))
		}
	})
}

func TestAltered(t *testing.T) {
	v, _ := fresh(t)
	a, b := uuid.New(), uuid.New()
	box := seal(t, v, a, personal.Name, "傅建华")
	seal(t, v, b, personal.Name, "李梅")
	opens(t, v, a, personal.Name, box, "傅建华")
	refused := func(what string, subject uuid.UUID, field personal.Field, box []byte) {
		t.Helper()
		if got, err := v.Open(t.Context(), subject, field, box); !errors.Is(err, ErrAltered) || got != "" {
			t.Errorf("%s opened as %q, %v", what, got, err)
		}
	}
	for i := range box {
		for bit := range 8 {
			other := bytes.Clone(box)
			other[i] ^= 1 << bit
			refused(fmt.Sprintf("box with bit %d of byte %d flipped", bit, i), a, personal.Name, other)
		}
		refused(fmt.Sprintf("box cut at %d", i), a, personal.Name, box[:i])
	}
	refused("longer box", a, personal.Name, append(bytes.Clone(box), 0))
	refused("box of another subject", b, personal.Name, box)
	refused("box of another field", a, personal.Phone, box)
	if _, err := v.Open(t.Context(), uuid.New(), personal.Name, box); !errors.Is(err, ErrUnknownSubject) {
		t.Errorf("for a stranger Open = %v", err)
	}
	if bytes.Equal(box, seal(t, v, a, personal.Name, "傅建华")) {
		t.Error("the same value is sealed the same way twice")
	}
}

func TestMisuse(t *testing.T) {
	v, _ := fresh(t)
	if _, err := v.Seal(t.Context(), uuid.Nil, personal.Name, "傅建华"); err == nil {
		t.Error("sealed for nobody")
	}
	if _, err := v.Seal(t.Context(), uuid.New(), "colour", "red"); err == nil {
		t.Error("sealed an unknown field")
	}
	if err := v.Erase(t.Context(), uuid.New(), uuid.Nil); err == nil {
		t.Error("erased without authority")
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := v.Seal(done, uuid.New(), personal.Name, "傅建华"); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that is done Seal = %v", err)
	}
	v.random = iotest.ErrReader(errLost)
	if _, err := v.Seal(t.Context(), uuid.New(), personal.Name, "傅建华"); !errors.Is(err, errLost) {
		t.Errorf("without random bytes Seal = %v", err)
	}
}

// What is refused is not sealed, nor is anything with it, and makes no key.
func TestCheck(t *testing.T) {
	v, _ := fresh(t)
	errBad := errors.New("bad")
	v.Check = func(f personal.Field, plain string) error {
		if f == personal.Phone && plain == "xyz" {
			return errBad
		}
		return nil
	}
	a := uuid.New()
	if _, err := v.SealMany(t.Context(), Value{a, personal.Name, "xyz"}, Value{a, personal.Phone, "xyz"}); !errors.Is(err, errBad) || strings.Contains(err.Error(), "xyz") {
		t.Errorf("SealMany of what is refused = %v", err)
	}
	if _, err := v.Commitment(t.Context(), a); !errors.Is(err, ErrUnknownSubject) {
		t.Errorf("after a refusal there is a key: %v", err)
	}
	opens(t, v, a, personal.Phone, seal(t, v, a, personal.Phone, "13812345678"), "13812345678")
}

// TestFree asks whether a vault is open elsewhere, and of files that are none: it changes
// nothing.
func TestFree(t *testing.T) {
	v, dir := fresh(t)
	path := filepath.Join(dir, "vault.db")
	seal(t, v, uuid.New(), personal.Name, "傅建华")
	if err := Free(t.Context(), path); !errors.Is(err, ErrInUse) {
		t.Errorf("while it is open: %v", err)
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, before := range map[string][]byte{"closed": whole, "empty": {}, "none": []byte("no database, but text of some length"), "cut off": whole[:len(whole)/2]} {
		if err := os.WriteFile(path, before, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Free(t.Context(), path); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, before) {
			t.Errorf("%s: it is another file now, of %d bytes; %v", name, len(after), err)
		}
	}
	missing := filepath.Join(dir, "none.db")
	if err := Free(t.Context(), missing); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("one that is not there: %v", err)
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("it was made")
	}
}

func TestOpenVault(t *testing.T) {
	v, dir := fresh(t)
	path, a := filepath.Join(dir, "vault.db"), uuid.New()
	box := seal(t, v, a, personal.Name, "傅建华")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("the file is open to others: %v, %v", info.Mode(), err)
	}
	if _, err := Open(t.Context(), path, master, rand.Reader, clock); !errors.Is(err, ErrInUse) {
		t.Errorf("a second Open = %v", err)
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Open(t.Context(), a, personal.Name, box); err == nil {
		t.Error("a closed vault opens a box")
	}
	if _, err := Open(t.Context(), path, bytes.Repeat([]byte{8}, MasterSize), rand.Reader, clock); !errors.Is(err, ErrMaster) {
		t.Errorf("with another master Open = %v", err)
	}
	if _, err := Open(t.Context(), path, master[:16], rand.Reader, clock); err == nil {
		t.Error("opened with half a master")
	}
	v = reopen(t, dir)
	opens(t, v, a, personal.Name, box, "傅建华")

	if _, err := v.db.Exec("PRAGMA user_version = 2"); err != nil {
		t.Fatal(err)
	}
	v.Close()
	if _, err := Open(t.Context(), path, master, rand.Reader, clock); err == nil || !strings.Contains(err.Error(), "newer") {
		t.Errorf("of a later format Open = %v", err)
	}
	text := filepath.Join(t.TempDir(), "vault.db")
	if err := os.WriteFile(text, bytes.Repeat([]byte("not a vault "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), text, master, rand.Reader, clock); err == nil {
		t.Error("opened what is not a vault")
	}
	odd := filepath.Join(t.TempDir(), "a b?c#d%20数据")
	if err := os.Mkdir(odd, 0o700); err != nil {
		t.Fatal(err)
	}
	reopen(t, odd)
	if _, err := os.Stat(filepath.Join(odd, "vault.db")); err != nil {
		t.Errorf("the file is elsewhere: %v", err)
	}
}

// TestDamage alters what the vault itself has stored.
func TestDamage(t *testing.T) {
	for name, change := range map[string]string{
		"a wrapped key":           "UPDATE keys SET wrapped = zeroblob(72) WHERE subject = ?1",
		"a short wrapped key":     "UPDATE keys SET wrapped = x'00' WHERE subject = ?1",
		"no key":                  "UPDATE keys SET wrapped = NULL WHERE subject = ?1",
		"another's key":           "UPDATE keys SET wrapped = (SELECT wrapped FROM keys WHERE subject = ?2) WHERE subject = ?1",
		"a commitment":            "UPDATE keys SET commitment = (SELECT commitment FROM keys WHERE subject = ?2) WHERE subject = ?1",
		"no commitment":           "UPDATE keys SET commitment = NULL WHERE subject = ?1",
		"the event of an erasure": "UPDATE keys SET erased_at = 0 WHERE subject = ?1",
	} {
		v, _ := fresh(t)
		a, b := uuid.New(), uuid.New()
		box := seal(t, v, a, personal.Name, "傅建华")
		seal(t, v, b, personal.Name, "李梅")
		if _, err := v.db.Exec(change, a[:], b[:]); err != nil {
			t.Fatal(err)
		}
		v.keys.clear()
		if _, err := v.Open(t.Context(), a, personal.Name, box); !errors.Is(err, ErrDamaged) {
			t.Errorf("with %s changed, Open = %v", name, err)
		}
		if _, err := v.Seal(t.Context(), a, personal.Name, "傅建华"); !errors.Is(err, ErrDamaged) {
			t.Errorf("with %s changed, Seal = %v", name, err)
		}
	}
}

// TestCrash kills the vault right after a box was handed out, and at the commit
// of its key, before and after.
func TestCrash(t *testing.T) {
	v, dir := fresh(t)
	a, b := uuid.New(), uuid.New()
	box := seal(t, v, a, personal.Name, "傅建华")
	opens(t, reopen(t, copyDir(t, dir)), a, personal.Name, box, "傅建华")

	for _, applied := range []bool{false, true} {
		v.commit = func(tx *sql.Tx) error {
			if applied {
				return errors.Join(tx.Commit(), errLost)
			}
			return errors.Join(tx.Rollback(), errLost)
		}
		if _, err := v.Seal(t.Context(), b, personal.Name, "李梅"); !errors.Is(err, errLost) {
			t.Fatalf("applied=%t: Seal = %v", applied, err)
		}
		v.commit = (*sql.Tx).Commit
		after := reopen(t, copyDir(t, dir))
		_, err := after.Commitment(t.Context(), b)
		if applied != (err == nil) || !applied && !errors.Is(err, ErrUnknownSubject) {
			t.Errorf("applied=%t: after a crash Commitment = %v", applied, err)
		}
		box := seal(t, after, b, personal.Name, "李梅")
		opens(t, after, b, personal.Name, box, "李梅")
	}
	box = seal(t, v, b, personal.Name, "李梅")
	v.keys.clear()
	opens(t, v, b, personal.Name, box, "李梅")
}

// TestConcurrent seals, opens and erases the same few subjects at once: a box
// opens, or its subject was erased.
func TestConcurrent(t *testing.T) {
	v, _ := fresh(t)
	v.keys = newCache(4)
	var subjects [8]uuid.UUID
	for i := range subjects {
		subjects[i] = uuid.New()
	}
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 40 {
				s := subjects[(w+i)%len(subjects)]
				if w == 0 && i > 30 {
					if err := v.Erase(t.Context(), s, uuid.New()); err != nil {
						t.Error(err)
					}
					continue
				}
				box, err := v.Seal(t.Context(), s, personal.Phone, "13812345678")
				if err != nil {
					if !errors.Is(err, ErrErased) {
						t.Error(err)
					}
					continue
				}
				if plain, err := v.Open(t.Context(), s, personal.Phone, box); !errors.Is(err, ErrErased) && plain != "13812345678" {
					t.Errorf("Open = %q, %v", plain, err)
				}
			}
		})
	}
	wg.Wait()
	if len(v.keys.by) > v.keys.size || len(v.keys.by) != v.keys.order.Len() {
		t.Errorf("%d keys in memory, %d in order", len(v.keys.by), v.keys.order.Len())
	}
}

func BenchmarkSealMany(b *testing.B) {
	v, _ := fresh(b)
	const batch = 1000
	for b.Loop() {
		values := make([]Value, 0, 5*batch)
		for range batch {
			s := uuid.New()
			for _, f := range personal.Fields[:5] {
				values = append(values, Value{s, f, "傅建华 13812345678"})
			}
		}
		if _, err := v.SealMany(b.Context(), values...); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(5*batch*b.N)/b.Elapsed().Seconds(), "seals/s")
	b.ReportMetric(float64(batch*b.N)/b.Elapsed().Seconds(), "subjects/s")
}
