package notary

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/attest"
	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
	"xinfang/domain/proof"
)

// A keyRig is a rig whose keys and policy are on disk, and change.
type keyRig struct {
	*rig
	keyFile string
}

func newKeyRig(t *testing.T) *keyRig {
	t.Helper()
	r := &keyRig{newRig(t), filepath.Join(t.TempDir(), "key")}
	var err error
	if r.policy, err = SetUp(r.dir, r.keyFile, origin, nil, 0, rand.NewChaCha8([32]byte{3})); err != nil {
		t.Fatal(err)
	}
	return r
}

// start opens the notary by what is on disk.
func (r *keyRig) start() (*Notary, func()) {
	r.t.Helper()
	b, err := os.ReadFile(filepath.Join(r.dir, PolicyName))
	if err != nil {
		r.t.Fatal(err)
	}
	if r.policy, err = proof.ParsePolicy(b); err != nil {
		r.t.Fatal(err)
	}
	signers, err := ReadKeys(r.keyFile)
	if err != nil {
		r.t.Fatal(err)
	}
	guard, err := OpenGuard(filepath.Join(r.dir, "guard"), r.policy, signers...)
	if err != nil {
		r.t.Fatal(err)
	}
	return New(Options{Log: r.log, Dir: r.dir, Guard: guard, Policy: r.policy, Now: time.Now}), func() { guard.Close() }
}

// signs starts the notary, has it record what changes of keys it knows of and sign for
// all there is, and ends it.
func (r *keyRig) signs() Published {
	r.t.Helper()
	n, end := r.start()
	defer end()
	if _, err := n.AnnounceKeys(r.t.Context(), r.store, byNotary); err != nil {
		r.t.Fatal(err)
	}
	if err := n.CatchUp(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	return n.Published()
}

var byNotary = ledger.Meta{Actor: ledger.Actor{Officer: "notary"}}

// keyring opens the keyring until use returns.
func (r *keyRig) keyring(use func(*Keyring) error) error {
	r.t.Helper()
	k, err := OpenKeyring(r.dir, r.keyFile)
	if err != nil {
		r.t.Fatal(err)
	}
	defer k.Close()
	return use(k)
}

// rotate changes the key, with random bytes of a seed.
func (r *keyRig) rotate(overlap int64, seed byte) error {
	r.t.Helper()
	return r.keyring(func(k *Keyring) error {
		_, err := k.Rotate(overlap, rand.NewChaCha8([32]byte{seed}))
		return err
	})
}

func (r *keyRig) retire() (retired int) {
	r.t.Helper()
	err := r.keyring(func(k *Keyring) (err error) {
		retired, err = k.Retire()
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return retired
}

// events appends n events, each to a stream of its own.
func (r *keyRig) events(n int) {
	r.t.Helper()
	for range n {
		if _, err := r.store.Append(r.t.Context(), ledgertest.NewStream(), 0, ledgertest.Record("x")); err != nil {
			r.t.Fatal(err)
		}
	}
}

// keysOf returns which of the policy's keys have signed, by their order.
func keysOf(t *testing.T, policy *proof.Policy, signed []byte) (by string) {
	t.Helper()
	for i, k := range policy.LogKeys {
		v, err := note.NewVerifier(k.VKey)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := note.Open(signed, note.VerifierList(v)); err == nil {
			by += string(rune('A' + i))
		}
	}
	return by
}

// TestRotate changes the key, and looks at each checkpoint before, in and after the
// overlap: who has signed it, and what the policies of before and after say (C12–C14).
func TestRotate(t *testing.T) {
	r := newKeyRig(t)
	before := r.policy
	r.events(10)
	if p := r.signs(); keysOf(t, before, p.Note) != "A" {
		t.Fatalf("signed by %s", keysOf(t, before, p.Note))
	}
	at10 := r.signs()
	if err := r.rotate(5, 4); err != nil {
		t.Fatal(err)
	}
	if p := r.signs(); p.Size != 11 { // the change is an entry
		t.Fatalf("%+v", p.Checkpoint)
	}
	if r.policy.Version != 2 || r.policy.LogKeys[0].To != 15 || r.policy.LogKeys[1].From != 11 {
		t.Fatalf("the policy:\n%s", r.policy)
	}
	if s, err := r.policy.Open(at10.Note); err != nil || s.Size != 10 {
		t.Errorf("of before, by the new policy: %v", err)
	}
	for size := int64(11); size <= 18; size++ {
		p := r.signs()
		wantBy, wantBefore := "AB", proof.OK
		if size > 15 {
			wantBy, wantBefore = "B", proof.UnknownKey
		}
		if by := keysOf(t, r.policy, p.Note); p.Size != size || by != wantBy {
			t.Errorf("%d leaves, signed by %s, want %s", p.Size, by, wantBy)
		}
		if _, err := r.policy.Open(p.Note); err != nil {
			t.Errorf("%d leaves, by the new policy: %v", size, err)
		}
		if _, err := before.Open(p.Note); proof.VerdictOf(err) != wantBefore {
			t.Errorf("%d leaves, by the policy of before: %v, want %s", size, err, wantBefore)
		}
		for name, policy := range map[string]*proof.Policy{"the new policy": r.policy, "that of before": before} {
			done, err := Audit{Log: r.store, Dir: r.dir, Policy: policy, Note: p.Note}.Run(t.Context())
			if policy == before && wantBefore != proof.OK {
				if proof.VerdictOf(err) != wantBefore {
					t.Errorf("%d leaves, audited by %s: %v", size, name, err)
				}
			} else if err != nil || len(done.Forged) > 0 {
				t.Errorf("%d leaves, audited by %s: %v, %v", size, name, done.Forged, err)
			}
		}
		refusal, _ := errors.AsType[*ledger.Refusal](r.rotate(5, 5))
		retired := r.retire()
		if over := size > 15; (refusal == nil) != over || (retired == 1) != over {
			t.Fatalf("%d leaves: changed again: %v; %d keys retired", size, refusal, retired)
		}
		if size > 15 {
			break // the third key signs from here
		}
		r.events(1)
	}
	if p := r.signs(); p.Size != 17 || keysOf(t, r.policy, p.Note) != "BC" {
		t.Errorf("%d leaves, signed by %s", p.Size, keysOf(t, r.policy, p.Note))
	}
}

// TestRotateForge is C12 and C13 with the keys themselves: who has stolen the old one,
// or signs with the new one too early.
func TestRotateForge(t *testing.T) {
	r := newKeyRig(t)
	before := r.policy
	r.events(10)
	r.signs()
	if err := r.rotate(0, 4); err != nil {
		t.Fatal(err)
	}
	r.signs()
	signers, err := ReadKeys(r.keyFile)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		signer note.Signer
		size   int64
		want   proof.Verdict
	}{
		"old key before": {signers[0], 10, proof.OK}, "C12 old key after": {signers[0], 11, proof.KeyOutOfRange},
		"C13 new key before": {signers[1], 10, proof.KeyOutOfRange}, "new key after": {signers[1], 11, proof.OK},
	} {
		signed, err := note.Sign(&note.Note{Text: r.want(tt.size).Text()}, tt.signer)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.policy.Open(signed); proof.VerdictOf(err) != tt.want {
			t.Errorf("%s: %v", name, err)
		}
		guard, err := OpenGuard(t.TempDir(), r.policy, tt.signer)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := guard.Sign(t.Context(), r.want(tt.size), nil); proof.VerdictOf(err) != tt.want {
			t.Errorf("%s: the guard: %v", name, err)
		}
		if last, _ := guard.Last(t.Context()); (last.Size > 0) != (tt.want == proof.OK) {
			t.Errorf("%s: the guard remembers %d leaves", name, last.Size)
		}
		guard.Close()
	}
	guard, err := OpenGuard(t.TempDir(), before, signers...)
	if err != nil {
		t.Fatal(err)
	}
	defer guard.Close()
	if signed, err := guard.Sign(t.Context(), r.want(11), nil); err != nil || keysOf(t, r.policy, signed) != "A" {
		t.Errorf("a key that the policy does not list has signed: %v", err)
	}
	if signed, err := guard.SignHeads(t.Context(), proof.HeadsNote{Size: 11, Streams: 1}); err != nil || keysOf(t, r.policy, signed) != "A" {
		t.Errorf("a key that the policy does not list has signed heads: %v", err)
	}
	c := r.policy.KeyChanges()[0]
	if _, err := guard.SignKeyChange(t.Context(), c); proof.VerdictOf(err) != proof.UnknownKey {
		t.Errorf("a change that the policy does not know of: %v", err)
	}
	lacking, err := OpenGuard(t.TempDir(), r.policy, signers[1])
	if err != nil {
		t.Fatal(err)
	}
	defer lacking.Close()
	if _, err := lacking.SignKeyChange(t.Context(), c); proof.VerdictOf(err) != proof.UnknownKey {
		t.Errorf("without the old key: %v", err)
	}
	if _, err := lacking.SignKeyChange(t.Context(), proof.KeyChange{}); proof.VerdictOf(err) != proof.Malformed {
		t.Errorf("a change of nothing: %v", err)
	}
}

// TestRotateCrash breaks the disk at each step of a change, before and after the step
// is done: the notary goes on with what is there, and the change is made once, with
// the key that was made first.
func TestRotateCrash(t *testing.T) {
	for _, after := range []bool{false, true} {
		for step := 1; ; step++ {
			r := newKeyRig(t)
			r.events(10)
			r.signs()
			f := &failing{step: step, after: after}
			err := r.keyring(func(k *Keyring) error {
				k.disk = f.disk()
				_, err := k.Rotate(5, rand.NewChaCha8([32]byte{4}))
				return err
			})
			if !f.broke {
				if err != nil || step != 5 {
					t.Fatalf("%d steps, %v", step, err)
				}
				break
			}
			if !errors.Is(err, errBroken) {
				t.Fatalf("step %d: %v", step, err)
			}
			left, err := ReadKeys(r.keyFile)
			if err != nil {
				t.Fatalf("step %d: %v", step, err)
			}
			r.events(1)
			if p := r.signs(); p.Size != 11 && p.Size != 12 || p.Checkpoint != r.want(p.Size) {
				t.Errorf("step %d, after=%t: %+v", step, after, p.Checkpoint)
			}
			if r.policy.Version == 1 {
				if err := r.rotate(5, 5); err != nil {
					t.Fatalf("step %d, after=%t: again: %v", step, after, err)
				}
			}
			p := r.signs()
			now, err := ReadKeys(r.keyFile)
			if err != nil || len(now) != 2 || len(r.policy.LogKeys) != 2 || keysOf(t, r.policy, p.Note) != "AB" {
				t.Fatalf("step %d, after=%t: %d keys, signed by %s, %v", step, after, len(now), keysOf(t, r.policy, p.Note), err)
			}
			if len(left) == 2 && left[1].KeyHash() != now[1].KeyHash() {
				t.Errorf("step %d, after=%t: a key was made twice", step, after)
			}
			if n := r.changes(); n != 1 {
				t.Errorf("step %d, after=%t: the change is recorded %d times", step, after, n)
			}
		}
	}
}

// changes returns how many changes of keys are recorded.
func (r *keyRig) changes() (n int) {
	for e, err := range r.store.ReadAll(r.t.Context(), 0) {
		if err != nil {
			r.t.Fatal(err)
		}
		if e.Type == attest.Codec.Name(attest.NotaryKeyChanged{}) {
			n++
		}
	}
	return n
}

// TestRetireCrash breaks the disk at each step at which an old key is taken out.
func TestRetireCrash(t *testing.T) {
	for _, after := range []bool{false, true} {
		for step := 1; step <= 2; step++ {
			r := newKeyRig(t)
			r.events(10)
			r.signs()
			if err := r.rotate(0, 4); err != nil {
				t.Fatal(err)
			}
			r.signs()
			err := r.keyring(func(k *Keyring) error {
				k.disk = (&failing{step: step, after: after}).disk()
				_, err := k.Retire()
				return err
			})
			if !errors.Is(err, errBroken) {
				t.Fatalf("step %d: %v", step, err)
			}
			r.events(1)
			r.signs()
			r.retire()
			if p := r.signs(); keysOf(t, r.policy, p.Note) != "B" || p.Size != 12 {
				t.Errorf("step %d, after=%t: %d leaves, signed by %s", step, after, p.Size, keysOf(t, r.policy, p.Note))
			}
			if keys, err := ReadKeys(r.keyFile); err != nil || len(keys) != 1 {
				t.Errorf("step %d, after=%t: %d keys are left, %v", step, after, len(keys), err)
			}
		}
	}
}

// A losing store loses an append, or only its answer.
type losing struct {
	ledger.Store
	after bool
}

func (l losing) Append(ctx context.Context, s ledger.Stream, expected ledger.Version, records ...ledger.Record) ([]ledger.Envelope, error) {
	if l.after {
		if _, err := l.Store.Append(ctx, s, expected, records...); err != nil {
			return nil, err
		}
	}
	return nil, errBroken
}

// TestAnnounceCrash loses the record of a change, or only the answer: it is recorded
// once when the notary starts again, and not again after that.
func TestAnnounceCrash(t *testing.T) {
	for _, after := range []bool{false, true} {
		r := newKeyRig(t)
		r.events(10)
		r.signs()
		if err := r.rotate(5, 4); err != nil {
			t.Fatal(err)
		}
		n, end := r.start()
		if made, err := n.AnnounceKeys(t.Context(), losing{r.store, after}, byNotary); !errors.Is(err, errBroken) || made != 0 {
			t.Fatalf("%d, %v", made, err)
		}
		end()
		for range 2 {
			r.signs()
			if got := r.changes(); got != 1 {
				t.Errorf("after=%t: the change is recorded %d times", after, got)
			}
		}
	}
}

// TestRemoteKeyChange has a guard of another process sign a change of keys, if its own
// policy knows of it.
func TestRemoteKeyChange(t *testing.T) {
	r := newKeyRig(t)
	r.events(3)
	r.signs()
	if err := r.rotate(5, 4); err != nil {
		t.Fatal(err)
	}
	n, end := r.start()
	defer end()
	guard, ok := n.o.Guard.(*Guard)
	if !ok {
		t.Fatal("it has no guard of its own")
	}
	socket := filepath.Join(shortDir(t), "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: guard.Handler()}}
	server.Start()
	defer server.Close()
	remote, err := DialGuard(t.Context(), socket, origin)
	if err != nil {
		t.Fatal(err)
	}
	defer remote.Close()
	n.o.Guard = remote
	if made, err := n.AnnounceKeys(t.Context(), r.store, byNotary); made != 1 || err != nil || r.changes() != 1 {
		t.Errorf("%d changes, %v", made, err)
	}
	c := r.policy.KeyChanges()[0]
	c.Last++
	if _, err := remote.SignKeyChange(t.Context(), c); proof.VerdictOf(err) != proof.KeyOutOfRange {
		t.Errorf("another change: %v", err)
	}
	for _, body := range []string{"", c.Text("elsewhere"), c.Text(origin) + "more\n"} {
		answer := httptest.NewRecorder()
		guard.Handler().ServeHTTP(answer, httptest.NewRequest("POST", "/key", strings.NewReader(body)))
		if answer.Code != http.StatusUnprocessableEntity {
			t.Errorf("%q: status %d", body, answer.Code)
		}
	}
}

// TestForged is B19: it appends entries that pretend to be the notary's, which are
// leaves like all others, stop nothing, and are told.
func TestForged(t *testing.T) {
	r := newKeyRig(t)
	r.events(10)
	r.signs()
	if err := r.rotate(5, 4); err != nil {
		t.Fatal(err)
	}
	r.signs()
	n, end := r.start()
	defer end()
	if _, err := n.Attest(t.Context(), r.store, byNotary, 10); err != nil {
		t.Fatal(err)
	}
	thief := newRig(t) // has another key of the same name
	sign := func(text string, signers ...note.Signer) string {
		signed, err := note.Sign(&note.Note{Text: text}, signers...)
		if err != nil {
			t.Fatal(err)
		}
		return string(signed)
	}
	keys, err := ReadKeys(r.keyFile)
	if err != nil {
		t.Fatal(err)
	}
	heads, change := proof.HeadsNote{Size: 9, Streams: 9}, r.policy.KeyChanges()[0]
	stolen := proof.KeyChange{Old: change.Old, Last: 15, New: thief.policy.LogKeys[0].VKey, First: 11}
	early := change
	early.First = 5
	record := func(e attest.Event) ledger.Record { return attest.Codec.Record(e, ledger.Meta{}, 0) }
	binary := record(attest.NotaryHeads{Note: "x"})
	binary.Data = []byte{0xff}
	var want []proof.Finding
	first := n.Published().Note
	if done, err := n.Audit(t.Context(), nil); err != nil || len(done.Forged) > 0 {
		t.Fatalf("the notary's own: %v, %v", done.Forged, err)
	}
	for _, tt := range []struct {
		name   string
		record ledger.Record
		want   proof.Verdict // OK if nobody is told
	}{
		{"heads, by a stranger", record(attest.NotaryHeads{Note: sign(heads.Text(origin), thief.signer)}), proof.UnknownKey},
		{"heads, altered", record(attest.NotaryHeads{Note: strings.Replace(sign(heads.Text(origin), keys[0]), "size 9", "size 8", 1)}), proof.BadSignature},
		{"heads, by the new key too early", record(attest.NotaryHeads{Note: sign(heads.Text(origin), keys[1])}), proof.KeyOutOfRange},
		{"a change to the thief's key", record(attest.NotaryKeyChanged{Note: sign(stolen.Text(origin), thief.signer)}), proof.UnknownKey},
		{"a change to the thief's key, with both", record(attest.NotaryKeyChanged{Note: sign(stolen.Text(origin), keys[0], thief.signer)}), proof.UnknownKey},
		{"a change with other sizes", record(attest.NotaryKeyChanged{Note: sign(early.Text(origin), keys...)}), proof.KeyOutOfRange},
		{"no note", record(attest.NotaryHeads{Note: "x"}), proof.Malformed},
		{"no JSON", binary, proof.Malformed},
		{"heads of the notary before", record(attest.NotaryHeads{Note: sign(heads.Text(origin+"-1"), thief.signer)}), proof.OK},
		{"a change of the notary before", record(attest.NotaryKeyChanged{Note: sign(stolen.Text(origin+"-1"), thief.signer)}), proof.OK},
		{"what only a newer program knows", ledger.Record{Type: "NotaryDanced", Data: []byte("{}")}, proof.OK},
	} {
		stream := ledgertest.NewStream()
		stream.Category = attest.Category
		tt.record.ID = stream.ID
		env, err := r.store.Append(t.Context(), stream, 0, tt.record)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if tt.want != proof.OK {
			want = append(want, proof.Finding{Verdict: tt.want, Index: int64(env[0].Position) - 1})
		}
	}
	r.events(1)
	if err := n.CatchUp(t.Context()); err != nil {
		t.Fatalf("it does not sign: %v", err)
	}
	if made, err := n.AnnounceKeys(t.Context(), r.store, byNotary); made != 0 || err != nil {
		t.Errorf("%d changes recorded again, %v", made, err)
	}
	for _, tt := range []struct {
		name  string
		since []byte
		told  int
	}{{"what is new", first, len(want)}, {"nothing new", n.Published().Note, 0}, {"all", nil, len(want)}} {
		done, err := n.Audit(t.Context(), tt.since)
		if err != nil || len(done.Forged) != tt.told || n.Status().Forged != len(want) {
			t.Fatalf("%s: %d told, %d known, want %d and %d; %v; %v", tt.name, len(done.Forged), n.Status().Forged, tt.told, len(want), done.Forged, err)
		}
		for i, f := range done.Forged {
			if f.Verdict != want[i].Verdict || f.Index != want[i].Index {
				t.Errorf("%s: %v, want %s at %d", tt.name, f, want[i].Verdict, want[i].Index)
			}
		}
	}
}
