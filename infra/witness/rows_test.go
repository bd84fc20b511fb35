package witness

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/proof"
)

// TestRows attacks a witness that has cosigned 8 leaves, over HTTP, one row of the
// catalogue at a time, and checks that it still goes on from there.
func TestRows(t *testing.T) {
	l := newTestLog(t, origin, "log").grow(t, 20, "honest")
	forked := l.fork(5).grow(t, 20, "forked")
	thief := newTestLog(t, origin, "thief").grow(t, 20, "honest")
	stranger := newTestLog(t, "other.example.gov.cn/petition", "stranger").grow(t, 20, "honest")
	emptyRoot := tlog.Hash(sha256.Sum256(nil))
	spoilt := bytes.Clone(l.note(t, 12))
	spoilt[len(spoilt)-4] ^= 1 // a letter of the signature, but not the padding
	for _, tt := range []struct {
		name    string
		old     int64
		proof   tlog.TreeProof
		note    []byte
		status  int
		verdict proof.Verdict
	}{
		{"B1 rolled back", 8, nil, l.note(t, 5), 400, proof.Malformed},
		{"B1 rolled back, old size to match", 5, nil, l.note(t, 5), 409, ""},
		{"B2 stale old size", 5, l.proof(t, 5, 12), l.note(t, 12), 409, ""},
		{"B2 old size 0", 0, nil, l.note(t, 12), 409, ""},
		{"B2 old size ahead", 12, l.proof(t, 12, 20), l.note(t, 20), 409, ""},
		{"B3 fork with the valid key", 8, forked.proof(t, 8, 12), forked.note(t, 12), 422, proof.Fork},
		{"B3 fork with the honest proof", 8, l.proof(t, 8, 12), forked.note(t, 12), 422, proof.Fork},
		{"B3 honest tree, no proof", 8, nil, l.note(t, 12), 422, proof.Fork},
		{"B3 honest tree, one hash too many", 8, append(l.proof(t, 8, 12), tlog.Hash{}), l.note(t, 12), 422, proof.Fork},
		{"B3 honest tree, proof of another size", 8, l.proof(t, 8, 13), l.note(t, 12), 422, proof.Fork},
		{"B4 same size, other root", 8, nil, forked.note(t, 8), 422, proof.Fork},
		{"B4 same size, needless proof", 8, tlog.TreeProof{{1}}, l.note(t, 8), 422, proof.Fork},
		{"B5 wrong key of the same name", 8, thief.proof(t, 8, 12), thief.note(t, 12), 403, proof.UnknownKey},
		{"B5 broken signature", 8, l.proof(t, 8, 12), spoilt, 403, proof.UnknownKey},
		{"B6 unknown origin", 8, stranger.proof(t, 8, 12), stranger.note(t, 12), 404, proof.WrongOrigin},
		{"B16 size 0 with another root", 0, nil, l.sign(t, anySize(0)), 422, proof.Fork},
		{"B16 size 0", 0, nil, l.sign(t, fmt.Sprintf("%s\n0\n%v\n", origin, emptyRoot)), 400, proof.Malformed},
		{"B17 size 2^62+5", 8, tlog.TreeProof{{1}}, l.sign(t, anySize(1<<62+5)), 400, proof.Malformed},
		{"B17 size 2^63-1", 8, tlog.TreeProof{{1}}, l.sign(t, anySize(math.MaxInt64)), 400, proof.Malformed},
		{"B17 size 2^63", 8, tlog.TreeProof{{1}}, l.sign(t, anySize(1<<63)), 400, proof.Malformed},
		{"B17 size just too large", 8, tlog.TreeProof{{1}}, l.sign(t, anySize(proof.MaxSize+1)), 400, proof.Malformed},
		{"B17 largest size", 8, tlog.TreeProof{{1}}, l.sign(t, anySize(proof.MaxSize)), 422, proof.Fork},
		{"B17 old size 2^62+5", 1<<62 + 5, nil, l.sign(t, anySize(1<<62+6)), 400, proof.Malformed},
		{"B17 old size -1", -1, nil, l.note(t, 12), 400, proof.Malformed},
		{"extension line", 8, l.proof(t, 8, 12), l.sign(t, l.at(t, 12).Text()+"extension\n"), 400, proof.Malformed},
		{"64 hashes", 8, make(tlog.TreeProof, 64), l.note(t, 12), 400, proof.Malformed},
		{"63 hashes", 8, make(tlog.TreeProof, 63), l.note(t, 12), 422, proof.Fork},
		{"no note", 8, nil, nil, 400, proof.Malformed},
		{"no signature", 8, nil, []byte(l.at(t, 12).Text()), 400, proof.Malformed},
		{"101 signatures", 8, nil, append(l.note(t, 12), strings.Repeat("— other AAAAAAAA\n", 100)...), 400, proof.Malformed},
		{"more than 64 KiB", 8, nil, bytes.Repeat([]byte("x"), MaxRequest), 413, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := fresh(t, l)
			mustCosign(t, w, l, 0, 8)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second) // none may hang
			defer cancel()
			lines, err := serve(t, w).AddCheckpoint(ctx, tt.old, tt.proof, tt.note)
			mustRefuse(t, err, tt.status, tt.verdict, 8)
			if lines != nil {
				t.Errorf("cosigned: %s", lines)
			}
			mustCosign(t, w, l, 8, 12)
		})
	}
}

// TestVerdicts checks what the witness itself says of the rows whose status stands
// for several things.
func TestVerdicts(t *testing.T) {
	l := newTestLog(t, origin, "log").grow(t, 20, "honest")
	spoilt := bytes.Clone(l.note(t, 12))
	spoilt[len(spoilt)-4] ^= 1
	for _, tt := range []struct {
		name    string
		body    []byte
		status  int
		verdict proof.Verdict
	}{
		{"B1 rolled back", FormatRequest(8, nil, l.note(t, 5)), 400, proof.RolledBack},
		{"B5 broken signature", FormatRequest(8, nil, spoilt), 403, proof.BadSignature},
		{"B4 needless proof at the same size", FormatRequest(8, tlog.TreeProof{{1}}, l.note(t, 8)), 422, proof.BadProof},
		{"too large", make([]byte, MaxRequest+1), 413, proof.Malformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := fresh(t, l)
			mustCosign(t, w, l, 0, 8)
			_, err := w.Cosign(t.Context(), tt.body)
			mustRefuse(t, err, tt.status, tt.verdict, 8)
		})
	}
	w := fresh(t, l)
	_, err := w.Cosign(t.Context(), FormatRequest(0, tlog.TreeProof{{1}}, l.note(t, 8)))
	mustRefuse(t, err, 422, proof.BadProof, 0)
}

// TestEveryGrowth cosigns from every size to every larger one, up to 9, over HTTP.
func TestEveryGrowth(t *testing.T) {
	l := newTestLog(t, origin, "log").grow(t, 20, "honest")
	for old := range int64(9) {
		for size := max(old, 1); size <= 9; size++ {
			w := fresh(t, l)
			c := serve(t, w)
			if old > 0 {
				mustCosign(t, w, l, 0, old)
			}
			lines, err := c.AddCheckpoint(t.Context(), old, l.proof(t, old, size), l.note(t, size))
			if err != nil {
				t.Fatalf("from %d to %d: %v", old, size, err)
			}
			mustHold(t, w.VKey(), l.note(t, size), lines)
			mustLast(t, w, l.at(t, size))
		}
	}
}

// TestB18 submits the same checkpoint again and again: each time it is cosigned
// afresh, and nothing is written.
func TestB18(t *testing.T) {
	l := newTestLog(t, origin, "log").grow(t, 12, "honest")
	writes := 0
	dir := newDir(t, l)
	w := mustOpen(t, dir, Options{disk: disk{rename: func(from, to string) error {
		writes++
		return disk{}.orReal().rename(from, to)
	}}})
	c := serve(t, w)
	var at []time.Time
	for i := range 3 {
		old := int64(12)
		if i == 0 {
			old = 0
		}
		lines, err := c.AddCheckpoint(t.Context(), old, nil, append(l.note(t, 12), "— stranger AAAAAAAA\n"...))
		if err != nil {
			t.Fatal(err)
		}
		at = append(at, mustHold(t, w.VKey(), l.note(t, 12), lines))
	}
	if !at[0].Equal(noon) || !at[1].After(at[0]) || !at[2].After(at[1]) || writes != 1 {
		t.Errorf("cosigned at %v, with %d writes", at, writes)
	}
	if logs := w.Logs(); !logs[0].Cosigned.Equal(at[2]) || !bytes.Equal(logs[0].Note, l.note(t, 12)) {
		t.Errorf("Logs = %+v", logs)
	}
}

// TestWitnessed has a policy believe what the witness has cosigned.
func TestWitnessed(t *testing.T) {
	l := newTestLog(t, origin, "log").grow(t, 12, "honest")
	w := fresh(t, l)
	policy, err := proof.ParsePolicy(fmt.Appendf(nil, "version 1\norigin %s\nlogkey %s 0 -\nwitness %s 0 -\nquorum 1\nfilter %s\n",
		origin, l.vkey, w.VKey(), proof.FilterHash()))
	if err != nil {
		t.Fatal(err)
	}
	lines, err := serve(t, w).AddCheckpoint(t.Context(), 0, nil, l.note(t, 12))
	if err != nil {
		t.Fatal(err)
	}
	s, err := policy.Open(proof.Merge(l.note(t, 12), lines))
	if err != nil || !s.Witnessed || s.Checkpoint != l.at(t, 12) || len(s.Cosigned) != 1 || s.Cosigned[0].Witness != name || !s.Cosigned[0].Time.Equal(noon) {
		t.Errorf("Open = %+v, %v", s, err)
	}
}

// TestCosignatureFormat makes a cosignature as torchwood's own signer would, and
// compares all but the time.
func TestCosignatureFormat(t *testing.T) {
	l := newTestLog(t, origin, "log").grow(t, 3, "honest")
	private, err := newKey(seeded("witness"))
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := torchwood.NewCosignatureSigner(name, private)
	if err != nil {
		t.Fatal(err)
	}
	text := l.at(t, 3).Text()
	signed, err := note.Sign(&note.Note{Text: text}, theirs)
	if err != nil {
		t.Fatal(err)
	}
	at := mustHold(t, theirs.Verifier().String(), []byte(text+"\n"), signed[len(text)+1:])
	ours, err := newCosigner(name, private, func() time.Time { return at })
	if err != nil {
		t.Fatal(err)
	}
	lines, when, err := ours.lines(text)
	if err != nil || !bytes.Equal(lines, signed[len(text)+1:]) || !when.Equal(at) || ours.vkey() != theirs.Verifier().String() {
		t.Errorf("%s at %v, %v; torchwood makes\n%s", lines, when, err, signed[len(text)+1:])
	}
	for _, bad := range []string{"no checkpoint\n", text + "\n", strings.Replace(text, "\n3\n", "\n03\n", 1)} {
		if lines, _, err := ours.lines(bad); err == nil {
			t.Errorf("%q was cosigned: %s", bad, lines)
		}
	}
}

// TestClockNotSet has no cosignature made by a clock that stands where clocks begin.
func TestClockNotSet(t *testing.T) {
	l := newTestLog(t, origin, "log").grow(t, 3, "honest")
	for _, now := range []time.Time{{}, time.Unix(0, 0), time.Unix(-5, 0)} {
		dir := newDir(t, l)
		w := mustOpen(t, dir, Options{Now: func() time.Time { return now }})
		lines, err := w.Cosign(t.Context(), l.request(t, 0, 3))
		if err == nil || lines != nil {
			t.Fatalf("at %v: cosigned: %s", now, lines)
		}
		mustSay(t, err)
		w.Close()
		mustCosign(t, mustOpen(t, dir, Options{}), l, 3, 3) // the clock has been set
	}
}

func TestContext(t *testing.T) {
	l := newTestLog(t, origin, "log").grow(t, 3, "honest")
	w := fresh(t, l)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Cosign(ctx, l.request(t, 0, 3)); !errors.Is(err, context.Canceled) {
		t.Errorf("Cosign = %v", err)
	}
	w.logs[origin].turn <- struct{}{} // somebody else is at it
	ctx, cancel = context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := w.Cosign(ctx, l.request(t, 0, 3)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Cosign = %v", err)
	}
	if _, err := serve(t, w).AddCheckpoint(ctx, 0, nil, l.note(t, 3)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("AddCheckpoint = %v", err)
	}
	<-w.logs[origin].turn
	mustLast(t, w, proof.Checkpoint{Origin: origin})
	mustCosign(t, w, l, 0, 3)
}

// TestHandler asks for what is there, and for what is not.
func TestHandler(t *testing.T) {
	l := newTestLog(t, origin, "log").grow(t, 12, "honest")
	w := fresh(t, l)
	mustCosign(t, w, l, 0, 8)
	url := serve(t, w).URL
	for _, tt := range []struct {
		method, path, body string
		status             int
		kind, want         string
	}{
		{"GET", "/", "", 200, "text/plain; charset=utf-8", name + "\n" + w.VKey() + "\n"},
		{"POST", "/", "", 405, "", ""},
		{"GET", "/add-checkpoint", "", 405, "", ""},
		{"PUT", "/add-checkpoint", "", 405, "", ""},
		{"GET", "/key.pem", "", 404, "", ""},
		{"GET", "/add-checkpoint/", "", 404, "", ""},
		{"POST", "/add-checkpoint", string(l.request(t, 5, 12)), 409, "text/x.tlog.size", "8\n"},
		{"POST", "/add-checkpoint", "old 08\n\n" + string(l.note(t, 12)), 400, "text/plain; charset=utf-8", ""},
		{"POST", "/add-checkpoint", "", 400, "text/plain; charset=utf-8", "请求格式不对\nthe request is malformed\n"},
		{"POST", "/add-checkpoint", strings.Repeat("x", MaxRequest+1), 413, "text/plain; charset=utf-8", ""},
	} {
		r, err := http.NewRequestWithContext(t.Context(), tt.method, url+tt.path, strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != tt.status ||
			tt.kind != "" && answer.Header.Get("Content-Type") != tt.kind || tt.want != "" && string(body) != tt.want {
			t.Errorf("%s %s %.20q: %s %q %q, %v", tt.method, tt.path, tt.body, answer.Status, answer.Header.Get("Content-Type"), body, err)
		}
	}
	w.Close()
	_, err := (&Client{URL: url}).AddCheckpoint(t.Context(), 8, nil, l.note(t, 8))
	mustRefuse(t, err, 503, "", 0)
	if _, err := w.Cosign(t.Context(), l.request(t, 8, 12)); !errors.Is(err, ErrClosed) {
		t.Errorf("Cosign after Close = %v", err)
	}
	if err := w.AddLog(origin, []string{l.vkey}); !errors.Is(err, ErrClosed) {
		t.Errorf("AddLog after Close = %v", err)
	}
}
