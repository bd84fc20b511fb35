package notary

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm3"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// withSM2 has the notary sign with ML-DSA-44 and SM2, too, from a size on.
func (r *rig) withSM2(from int64) *rig {
	r.t.Helper()
	text := r.policy.String()
	for _, kind := range []string{proof.MLDSA44, proof.SM2} {
		secret, vkey, err := proof.GenerateKey(kind, origin, strings.NewReader(strings.Repeat(kind, 32)))
		if err != nil {
			r.t.Fatal(err)
		}
		signer, err := proof.NewSigner(secret)
		if err != nil {
			r.t.Fatal(err)
		}
		r.further = append(r.further, signer)
		text += fmt.Sprintf("logkey %s %d -\n", vkey, from)
	}
	policy, err := proof.ParsePolicy([]byte(text))
	if err != nil {
		r.t.Fatal(err)
	}
	r.policy = policy
	return r
}

// signedSM3 opens the notary, has it sign all there is, and ends it.
func (r *rig) signedSM3() (Published, error) {
	r.t.Helper()
	n, end := r.open()
	defer end()
	err := n.CatchUp(r.t.Context())
	return n.PublishedSM3(), err
}

// wantSM3 returns the SM3 checkpoint of the first size entries, as RFC 6962 §2.1 defines
// it, to the letter.
func (r *rig) wantSM3(size int) proof.Checkpoint {
	r.t.Helper()
	return proof.Checkpoint{Origin: origin + "/sm3", Size: int64(size), Root: mth(r.leaves(size))}
}

func (r *rig) leaves(size int) [][]byte {
	var leaves [][]byte
	for env, err := range r.store.ReadAll(r.t.Context(), 0) {
		if err != nil {
			r.t.Fatal(err)
		}
		if leaves = append(leaves, leafOf(&env)); len(leaves) == size {
			break
		}
	}
	return leaves
}

func mth(leaves [][]byte) ledger.Hash {
	if len(leaves) == 1 {
		return sm3.Sum(append([]byte{0}, leaves[0]...))
	}
	k := 1
	for 2*k < len(leaves) {
		k *= 2
	}
	left, right := mth(leaves[:k]), mth(leaves[k:])
	return sm3.Sum(append(append([]byte{1}, left[:]...), right[:]...))
}

// TestSM3Grow has the ledger grow by steps of many sizes, with restarts between some, and
// compares each SM3 checkpoint with the tree calculated at once; then it proves leaves,
// and that every checkpoint continues those before.
func TestSM3Grow(t *testing.T) {
	r := newRig(t).withSM2(0)
	var all []proof.Checkpoint
	n, end := r.open()
	for i, more := range []int{1, 1, 2, 251, 1, 1, 255, 256, 257, 3, 5000} {
		r.record(more)
		if i%3 == 0 {
			end()
			n, end = r.open()
		}
		if err := n.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		p := n.PublishedSM3()
		if want := r.wantSM3(int(n.Published().Size)); p.Checkpoint != want {
			t.Fatalf("after %d more: %+v, want %+v", more, p.Checkpoint, want)
		}
		if c, err := r.policy.OpenSM3(p.Note); err != nil || c != p.Checkpoint || bytes.Count(p.Note, []byte("— ")) != 1 {
			t.Errorf("%s: %v", p.Note, err)
		}
		all = append(all, p.Checkpoint)
	}
	defer end()
	leaves := r.leaves(int(all[len(all)-1].Size))
	for i, c := range all {
		for _, old := range all[:i] {
			growth, err := sm3Tree{r.dir, realDisk}.proveGrowth(c.Size, old.Size)
			if err != nil {
				t.Fatal(err)
			}
			if err := proof.CheckGrowthSM3(growth, c, old); err != nil {
				t.Errorf("%d after %d: %v", c.Size, old.Size, err)
			}
		}
		for _, index := range []int64{0, c.Size / 2, c.Size - 1} {
			p, err := n.ProveSM3(c.Size, index)
			if err != nil {
				t.Fatal(err)
			}
			if err := proof.CheckInclusionSM3(p, leaves[index], c); err != nil {
				t.Errorf("leaf %d of %d: %v", index, c.Size, err)
			}
		}
	}
}

// TestSM3Later begins the SM3 tree of a ledger that is there already: when the policy has
// a key for it, and from the size on that it counts for.
func TestSM3Later(t *testing.T) {
	r := newRig(t)
	r.record(300)
	if p, err := r.signedSM3(); err != nil || p.Note != nil {
		t.Fatalf("without a key: %+v, %v", p.Checkpoint, err)
	}
	for _, name := range []string{"sm3", sm3Name, filepath.Join("guard", "sm3")} {
		if _, err := os.Stat(filepath.Join(r.dir, name)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("without a key there is a file %s", name)
		}
	}
	r.withSM2(301)
	if p, err := r.signedSM3(); err != nil || p.Note != nil {
		t.Fatalf("before the key counts: %+v, %v", p.Checkpoint, err)
	}
	r.record(1)
	if p, err := r.signedSM3(); err != nil || p.Checkpoint != r.wantSM3(301) {
		t.Errorf("when it counts: %+v, %v", p.Checkpoint, err)
	}
}

// TestSM3Crash is TestCrash with lines of three kinds and the SM3 tree.
func TestSM3Crash(t *testing.T) {
	for _, after := range []bool{false, true} {
		for step := 1; ; step++ {
			r := newRig(t).withSM2(0)
			r.record(7)
			if _, err := r.signedSM3(); err != nil {
				t.Fatal(err)
			}
			r.record(7)
			f := &failing{step: step, after: after}
			r.disk = f.disk()
			p, err := r.signedSM3()
			if p.Size > 0 && p.Checkpoint != r.wantSM3(int(p.Size)) {
				t.Fatalf("step %d: published %+v", step, p.Checkpoint)
			}
			if !f.broke {
				if err != nil || step < 12 {
					t.Fatalf("%d steps, %v", step, err)
				}
				break
			}
			if !errors.Is(err, errBroken) {
				t.Fatalf("step %d: %v", step, err)
			}
			r.disk = realDisk
			if p, err = r.signedSM3(); err != nil || p.Checkpoint != r.wantSM3(14) {
				t.Fatalf("step %d, after=%t: started again: %+v, %v", step, after, p.Checkpoint, err)
			}
			r.record(1)
			if p, err = r.signedSM3(); err != nil || p.Checkpoint != r.wantSM3(15) {
				t.Fatalf("step %d, after=%t: and again: %+v, %v", step, after, p.Checkpoint, err)
			}
		}
	}
}

// TestSM3Stops changes the tree, the memories or the ledger between two starts.
func TestSM3Stops(t *testing.T) {
	in := func(r *rig, name ...string) string { return filepath.Join(append([]string{r.dir}, name...)...) }
	at := func(i int) func([]byte) { return func(b []byte) { b[i] ^= 1 } }
	resealed := func(e *ledger.Envelope) { e.Data = []byte("x"); *e = e.Seal() }
	old := make(map[string][]byte) // files as they were at 1100
	for _, tt := range []struct {
		name string
		harm func(r *rig)
		want proof.Verdict // OK if it heals
	}{
		{"the hashes are gone", func(r *rig) { remove(t, in(r, "sm3")) }, proof.OK},
		{"the hashes are cut", func(r *rig) {
			if err := os.Truncate(in(r, "sm3", "hashes"), 1000); err != nil {
				t.Fatal(err)
			}
		}, proof.OK},
		{"a leaf's hash is altered", func(r *rig) { edit(t, in(r, "sm3", "hashes"), at(40)) }, proof.OK},
		{"the last hash is altered", func(r *rig) { edit(t, in(r, "sm3", "hashes"), func(b []byte) { b[len(b)-1] ^= 1 }) }, proof.OK},
		{"all hashes are altered", func(r *rig) { edit(t, in(r, "sm3", "hashes"), func(b []byte) { clear(b) }) }, proof.OK},
		{"the checkpoint is gone", func(r *rig) { remove(t, in(r, sm3Name)) }, proof.OK},
		{"the checkpoint is altered", func(r *rig) { edit(t, in(r, sm3Name), at(40)) }, proof.OK},
		{"the guard's memory of it is gone", func(r *rig) { remove(t, in(r, "guard", "sm3")) }, proof.OK},
		{"the guard's memory of it is gone, and all hashes are altered", func(r *rig) {
			remove(t, in(r, "guard", "sm3"))
			edit(t, in(r, "sm3", "hashes"), func(b []byte) { clear(b) })
		}, proof.OK},
		{"the guard's memory of it is old, and a hash is altered by which the new tree continues that", func(r *rig) {
			write(t, in(r, "guard", "sm3"), old["guard/sm3"])
			edit(t, in(r, "sm3", "hashes"), at(int(tlog.StoredHashIndex(6, 16))*tlog.HashSize))
		}, proof.OK},
		{"all but the keys is gone", func(r *rig) { remove(t, r.dir) }, proof.OK},
		{"the main tree is rolled back", func(r *rig) {
			write(t, in(r, "guard", "guard"), old["guard/guard"])
			write(t, in(r, "checkpoint"), old["checkpoint"])
		}, proof.RolledBack},
		{"the main tree is rolled back, and the guard's memory of this one", func(r *rig) {
			for _, name := range []string{"guard/guard", "guard/sm3", "checkpoint"} {
				write(t, in(r, name), old[name])
			}
		}, proof.RolledBack},
		{"the hashes are gone, and an early entry is altered", func(r *rig) {
			remove(t, in(r, "sm3"))
			r.log = altered{Log: r.store, at: 2, change: resealed}
		}, proof.TamperedContent},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t).withSM2(0)
			r.record(1100)
			if _, err := r.signedSM3(); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"checkpoint", "guard/guard", "guard/sm3"} {
				old[name], _ = os.ReadFile(in(r, name))
			}
			r.record(100)
			if _, err := r.signedSM3(); err != nil {
				t.Fatal(err)
			}
			tt.harm(r)
			if tt.want == proof.OK {
				r.record(10)
			}
			p, err := r.signedSM3()
			switch {
			case tt.want == proof.OK:
				if err != nil || p.Checkpoint != r.wantSM3(1210) {
					t.Errorf("%+v, %v", p.Checkpoint, err)
				}
			case proof.VerdictOf(err) != tt.want:
				t.Errorf("%v, want %s", err, tt.want)
			case p.Size > 1200:
				t.Errorf("it has signed %d leaves all the same", p.Size)
			}
		})
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestSM3Remote has a guard of another process sign both trees, and asks it for too much.
func TestSM3Remote(t *testing.T) {
	r := newRig(t).withSM2(0)
	r.record(300)
	guard, err := OpenGuard(filepath.Join(r.dir, "guard"), r.policy, append([]note.Signer{r.signer}, r.further...)...)
	if err != nil {
		t.Fatal(err)
	}
	defer guard.Close()
	socket := filepath.Join(shortDir(t), "s")
	serveAt(t, socket, guard.Handler(slog.New(slog.DiscardHandler)))
	signer, err := DialGuard(t.Context(), socket, origin)
	if err != nil {
		t.Fatal(err)
	}
	defer signer.Close()
	n := New(Options{Log: r.log, Dir: r.dir, Guard: signer, Policy: r.policy, Now: time.Now})
	for range 2 {
		if err := n.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		head, _ := r.store.Head(t.Context())
		if p := n.PublishedSM3(); p.Checkpoint != r.wantSM3(int(head)) {
			t.Errorf("%+v", p.Checkpoint)
		}
		r.record(300)
	}
	if _, err := signer.SignSM3(t.Context(), r.wantSM3(5), nil); proof.VerdictOf(err) != proof.RolledBack {
		t.Errorf("a smaller one: %v", err)
	}
	for body, want := range map[string]int{
		"":                                      http.StatusUnprocessableEntity,
		"x\n\n" + r.wantSM3(300).Text():         http.StatusUnprocessableEntity,
		"\n" + r.wantSM3(300).Text() + "more\n": http.StatusUnprocessableEntity,
		strings.Repeat("x", maxRequest+1):       http.StatusBadRequest,
	} {
		answer := httptest.NewRecorder()
		guard.Handler(slog.New(slog.DiscardHandler)).ServeHTTP(answer, httptest.NewRequest("POST", "/sign-sm3", strings.NewReader(body)))
		if answer.Code != want {
			t.Errorf("%.40q: status %d, want %d", body, answer.Code, want)
		}
	}
}

// TestSM3Handler reads the SM3 checkpoint over HTTP.
func TestSM3Handler(t *testing.T) {
	r := newRig(t).withSM2(0)
	n, end := r.open()
	defer end()
	server := httptest.NewServer(n.Handler(func(*http.Request) bool { return false }))
	defer server.Close()
	if code, _ := get(t, server.URL+"/checkpoint-sm3"); code != http.StatusNotFound {
		t.Errorf("before anything was signed: %d", code)
	}
	r.record(7)
	if err := n.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	code, body := get(t, server.URL+"/checkpoint-sm3")
	if c, err := r.policy.OpenSM3([]byte(body)); code != http.StatusOK || err != nil || c != r.wantSM3(7) {
		t.Errorf("%d, %+v, %v", code, c, err)
	}
	if code, _ := get(t, server.URL+"/sm3/hashes"); code != http.StatusNotFound {
		t.Errorf("the hashes: %d", code)
	}
}
