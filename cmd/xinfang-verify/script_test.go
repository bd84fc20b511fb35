package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/torchwood"
	"github.com/google/uuid"
	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/attest"
	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
	"xinfang/domain/proof"
	"xinfang/infra/evidence"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"xinfang-verify": main})
}

// TestScripts runs testdata/*.txtar, each in a directory that has what [make] makes.
// Besides the usual commands of testscript, "exits CODE PROGRAM [ARGS...]" is exec with
// an exit code that is not 0.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			verify, err := filepath.Abs("../../infra/evidence/verify.py")
			env.Setenv("VERIFY_PY", verify)
			env.Setenv("PATH", env.Getenv("PATH")) // that of python3
			return errors.Join(err, newSamples(env.WorkDir))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": func(ts *testscript.TestScript, _ bool, args []string) {
				err := ts.Exec(args[1], args[2:]...)
				exit, ok := errors.AsType[*exec.ExitError](err)
				if !ok || fmt.Sprint(exit.ExitCode()) != args[0] {
					ts.Fatalf("%v, want the exit code %s", err, args[0])
				}
			},
		},
	})
}

const origin = "ledger.example.gov.cn/petition"

// newSamples makes in dir:
//
//	good.zip         a bundle of four events, cosigned at 2026-01-02 16:00 UTC
//	unwitnessed.zip  the same without the cosignature
//	altered.zip      the same, and one byte of an event is another
//	policy.txt       the policy that they hold by
//	other.txt        one with another key
//	rooted.txt       that one, with a root
//	next.txt         one that succeeds it, signed, with the key of good.zip, too
//	unsigned.txt     the same without the signature
//	older.txt        a checkpoint that good.zip continues
//	fork.txt         one that it does not
func newSamples(dir string) error {
	skey, vkey, err := note.GenerateKey(bytes.NewReader(make([]byte, 64)), origin)
	if err != nil {
		return err
	}
	_, otherKey, err := note.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{1}, 64)), origin)
	if err != nil {
		return err
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		return err
	}
	w := witness{key: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{2}, 32))}
	if w.CosignatureSigner, err = torchwood.NewCosignatureSigner("inspection.example/w1", w.key); err != nil {
		return err
	}
	policyOf := func(vkey string) []byte {
		return fmt.Appendf(nil, "version 1\norigin %s\nlogkey %s 0 -\nwitness %v 0 -\nquorum 1\nfilter %s\n", origin, vkey, w.Verifier(), proof.FilterHash())
	}
	policy, err := proof.ParsePolicy(policyOf(vkey))
	if err != nil {
		return err
	}
	s := sample{signer: signer}
	s.Log, s.Policy, s.Prove, s.Stream = &s.store, policy, s.prove, ledger.Stream{Category: "case", ID: uuid.UUID{1}}
	if err := s.record(); err != nil {
		return err
	}
	files := map[string][]byte{"policy.txt": policyOf(vkey), "other.txt": policyOf(otherKey)}
	rootKey, root, err := note.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{3}, 64)), "root.example")
	if err != nil {
		return err
	}
	rootSigner, err := note.NewSigner(rootKey)
	if err != nil {
		return err
	}
	files["rooted.txt"] = fmt.Appendf(policyOf(otherKey), "root %s\nroots 1\n", root)
	files["unsigned.txt"] = fmt.Appendf(bytes.Replace(files["rooted.txt"], []byte("version 1"), []byte("version 2"), 1), "logkey %s 0 -\n", vkey)
	if files["next.txt"], err = proof.SignPolicy(files["unsigned.txt"], rootSigner); err != nil {
		return err
	}
	for _, bundle := range []struct {
		name    string
		signers []note.Signer
	}{{"unwitnessed.zip", []note.Signer{signer}}, {"good.zip", []note.Signer{signer, w}}} {
		if s.Checkpoint, err = s.checkpoint(5, tlog.Hash{}, bundle.signers...); err != nil {
			return err
		}
		var b bytes.Buffer
		if err := evidence.Write(context.Background(), &b, s.Source); err != nil {
			return err
		}
		files[bundle.name] = b.Bytes()
	}
	files["altered.zip"] = bytes.Replace(files["good.zip"], []byte(`"what":3`), []byte(`"what":4`), 1)
	files["older.txt"], err = s.checkpoint(3, tlog.Hash{}, signer)
	if err != nil {
		return err
	}
	if files["fork.txt"], err = s.checkpoint(3, tlog.Hash{1}, signer); err != nil {
		return err
	}
	for name, content := range files {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	return err
}

// A sample is a small ledger.
type sample struct {
	evidence.Source
	store  ledgertest.Store
	hashes []tlog.Hash
	signer note.Signer
}

// record records four events, and where they end.
func (s *sample) record() error {
	ctx := context.Background()
	var last ledger.Envelope
	for i := range 4 {
		envelopes, err := s.store.Append(ctx, s.Stream, ledger.Version(i), ledger.Record{
			ID: uuid.UUID{2, byte(i)}, Type: "Said", Data: fmt.Appendf(nil, `{"what":%d}`, i), Meta: []byte("{}"),
		})
		if err != nil {
			return err
		}
		last = envelopes[0]
		if err := s.grow(last); err != nil {
			return err
		}
	}
	end := proof.Head{Stream: s.Stream, Version: 4, Index: 3, Leaf: last.Leaf}
	heads, err := proof.NewHeads([]proof.Head{end})
	if err != nil {
		return err
	}
	s.Head, _ = heads.Prove(end)
	signed, err := note.Sign(&note.Note{Text: heads.Note(4).Text(origin)}, s.signer)
	if err != nil {
		return err
	}
	envelopes, err := attest.Decider.Handle(ctx, &s.store, attest.Ask(attest.NotaryHeads{Note: string(signed)}, ledger.Meta{Actor: ledger.Actor{Officer: "system"}}))
	if err != nil {
		return err
	}
	s.Heads = envelopes[0]
	if err := s.grow(s.Heads); err != nil {
		return err
	}
	older, err := tlog.ProveTree(5, 3, s)
	s.Older = []evidence.Older{{Size: 3, Proof: older}}
	return err
}

func (s *sample) grow(e ledger.Envelope) error {
	more, err := tlog.StoredHashesForRecordHash(int64(e.Position)-1, tlog.Hash(e.Leaf), s)
	s.hashes = append(s.hashes, more...)
	return err
}

// ReadHashes is that of a [tlog.HashReader].
func (s *sample) ReadHashes(at []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(at))
	for i, x := range at {
		out[i] = s.hashes[x]
	}
	return out, nil
}

func (s *sample) prove(_ context.Context, size, index int64) (tlog.RecordProof, error) {
	return tlog.ProveRecord(size, index, s)
}

// checkpoint signs the tree of that size, with its own root or another.
func (s *sample) checkpoint(size int64, root tlog.Hash, signers ...note.Signer) ([]byte, error) {
	if root == (tlog.Hash{}) {
		var err error
		if root, err = tlog.TreeHash(size, s); err != nil {
			return nil, err
		}
	}
	return note.Sign(&note.Note{Text: proof.Checkpoint{Origin: origin, Size: size, Root: ledger.Hash(root)}.Text()}, signers...)
}

// A witness cosigns at 2026-01-02 16:00 UTC.
type witness struct {
	*torchwood.CosignatureSigner
	key ed25519.PrivateKey
}

func (w witness) Sign(msg []byte) ([]byte, error) {
	at := time.Date(2026, 1, 2, 16, 0, 0, 0, time.UTC).Unix()
	text := fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", at, msg)
	return append(binary.BigEndian.AppendUint64(nil, uint64(at)), ed25519.Sign(w.key, text)...), nil
}

// TestImports checks that the program has no store and no server of ours in it: it is
// for the machines of others.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	ours := []string{"xinfang/cmd/xinfang-verify", "xinfang/infra/evidence", "xinfang/infra/durable", "xinfang/domain/org", "xinfang/domain/personal", "xinfang/domain/petition", "xinfang/domain/attest", "xinfang/domain/law", "xinfang/domain/ledger", "xinfang/domain/proof"}
	for _, path := range strings.Fields(string(out)) {
		if strings.HasPrefix(path, "xinfang/") && !slices.Contains(ours, path) {
			t.Errorf("it has %s in it", path)
		}
		for _, heavy := range []string{"sqlite", "google.golang.org/grpc", "EventStore", "huma", "excelize", "prometheus"} {
			if strings.Contains(path, heavy) {
				t.Errorf("it has %s in it", path)
			}
		}
	}
}
