package notary

import (
	"context"
	"errors"
	"log/slog"
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
	if r.policy, err = SetUp(r.dir, r.keyFile, Plan{Origin: origin}, rand.NewChaCha8([32]byte{3})); err != nil {
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
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: guard.Handler(slog.New(slog.DiscardHandler))}}
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
		guard.Handler(slog.New(slog.DiscardHandler)).ServeHTTP(answer, httptest.NewRequest("POST", "/key", strings.NewReader(body)))
		if answer.Code != http.StatusUnprocessableEntity {
			t.Errorf("%q: status %d", body, answer.Code)
		}
	}
}
