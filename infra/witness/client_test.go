package witness

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// TestClientAgainstOthers has a client ask witnesses that answer all kinds of things.
func TestClientAgainstOthers(t *testing.T) {
	l := newTestLog(t, origin, "log").grow(t, 12, "honest")
	w := fresh(t, l)
	good, err := w.Cosign(t.Context(), l.request(t, 0, 8))
	if err != nil {
		t.Fatal(err)
	}
	wrong, err := w.Cosign(t.Context(), l.request(t, 8, 12)) // of another checkpoint
	if err != nil {
		t.Fatal(err)
	}
	stranger := "— other.example/w AAAAAAAAAAA=\n"
	const text = "text/plain"
	for _, tt := range []struct {
		name       string
		status     int
		kind, body string
		want       string // lines
		conflict   int64
		refused    int
		unchecked  bool // what a client that does not know the key makes of it
	}{
		{name: "cosigned", status: 200, kind: text, body: string(good), want: string(good), unchecked: true},
		{name: "with another's signature", status: 200, kind: text, body: stranger + string(good), want: string(good), unchecked: true},
		{name: "with a repeat that does not hold", status: 200, kind: text, body: string(good) + string(wrong), want: string(good), unchecked: true},
		{name: "only another's signature", status: 200, kind: text, body: stranger, unchecked: true},
		{name: "a signature that does not hold", status: 200, kind: text, body: string(wrong), unchecked: true},
		{name: "no newline", status: 200, kind: text, body: strings.TrimSpace(string(good))},
		{name: "nothing", status: 200, kind: text},
		{name: "a page", status: 200, kind: "text/html", body: "<html>\n"},
		{name: "a note", status: 200, kind: text, body: "x\n\n" + string(good)},
		{name: "an empty line before", status: 200, kind: text, body: "\n" + string(good)},
		{name: "an empty line between", status: 200, kind: text, body: string(good) + "\n" + string(good)},
		{name: "too much", status: 200, kind: text, body: strings.Repeat(string(good), 500)},
		{name: "409", status: 409, kind: sizeType, body: "8\n", conflict: 8},
		{name: "409, nothing yet", status: 409, kind: sizeType, body: "0\n", conflict: 0},
		{name: "409, no newline", status: 409, kind: sizeType, body: "8", conflict: -1},
		{name: "409, 008", status: 409, kind: sizeType, body: "008\n", conflict: -1},
		{name: "409, -8", status: 409, kind: sizeType, body: "-8\n", conflict: -1},
		{name: "409, 2^62", status: 409, kind: sizeType, body: fmt.Sprintf("%d\n", int64(1)<<62), conflict: -1},
		{name: "409 of drafts: same size, other root", status: 409, kind: text, body: "roots differ", refused: 409},
		{name: "400", status: 400, kind: text, refused: 400},
		{name: "403", status: 403, kind: text, refused: 403},
		{name: "404", status: 404, kind: text, refused: 404},
		{name: "422", status: 422, kind: text, refused: 422},
		{name: "429", status: 429, kind: text, body: "later", refused: 429},
		{name: "500", status: 500, kind: text, body: "oh\x1b[31m", refused: 500},
		{name: "202", status: 202, kind: text, body: string(good), refused: 202},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/w1/add-checkpoint" || r.Method != "POST" {
					t.Errorf("%s %s", r.Method, r.URL)
				}
				rw.Header().Set("Content-Type", tt.kind)
				rw.WriteHeader(tt.status)
				rw.Write([]byte(tt.body))
			}))
			defer server.Close()
			c := &Client{URL: server.URL + "/w1/", Verifier: w.key.CosignatureVerifier}
			lines, err := c.AddCheckpoint(t.Context(), 0, nil, l.note(t, 8))
			conflict, isConflict := errors.AsType[*SizeConflict](err)
			refusal, isRefused := errors.AsType[*Refused](err)
			switch {
			case string(lines) != tt.want || (err == nil) != (tt.want != ""):
				t.Errorf("got %q, %v", lines, err)
			case isConflict != (tt.status == 409 && tt.kind == sizeType && tt.conflict >= 0) || isConflict && conflict.Size != tt.conflict:
				t.Errorf("got %#v", err)
			case isRefused != (tt.refused > 0) || isRefused && refusal.Status != tt.refused:
				t.Errorf("got %#v", err)
			}
			if err != nil {
				if mustSay(t, err); strings.Contains(err.Error(), "\x1b") {
					t.Errorf("the error says %q", err)
				}
			}
			c.Verifier = nil
			if lines, err := c.AddCheckpoint(t.Context(), 0, nil, l.note(t, 8)); (err == nil) != tt.unchecked || err == nil && string(lines) != tt.body {
				t.Errorf("unchecked: %q, %v", lines, err)
			}
		})
	}
	for _, url := range []string{"http://127.0.0.1:1", "://", "ftp://127.0.0.1"} {
		_, err := (&Client{URL: url}).AddCheckpoint(t.Context(), 0, nil, l.note(t, 8))
		if _, refused := errors.AsType[*Refused](err); err == nil || refused {
			t.Errorf("%s: %v", url, err)
		} else {
			mustSay(t, err)
		}
	}
}

// TestClientTellsNoPassword: an address may have one, and errors go into logs.
func TestClientTellsNoPassword(t *testing.T) {
	l := newTestLog(t, origin, "log").grow(t, 1, "honest")
	odd := httptest.NewServer(http.NotFoundHandler())
	defer odd.Close()
	for _, at := range []string{"127.0.0.1:1", strings.TrimPrefix(odd.URL, "http://"), "127.0.0.1:x"} {
		c := Client{URL: "http://user:secret@" + at + "/w1"}
		_, err := c.AddCheckpoint(t.Context(), 0, nil, l.note(t, 1))
		trouble, ok := errors.AsType[interface {
			error
			Say() ledger.Text
		}](err)
		if !ok || strings.Contains(fmt.Sprint(err, trouble.Say()), "secret") || strings.Contains(c.Name(), "secret") {
			t.Errorf("%s: %v", at, err)
		}
	}
	if got := (&Client{URL: "https://user:secret@w.example/w1"}).Name(); got != "https://w.example/w1" {
		t.Error(got)
	}
}

// TestEndlessAnswer has a witness that never ends its answer.
func TestEndlessAnswer(t *testing.T) {
	l := newTestLog(t, origin, "log").grow(t, 1, "honest")
	sent := make(chan int)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		n := 0
		for err := error(nil); err == nil && n < 1<<30; n += 1 << 16 {
			_, err = rw.Write(make([]byte, 1<<16))
		}
		sent <- n
	}))
	defer server.Close()
	_, err := (&Client{URL: server.URL}).AddCheckpoint(t.Context(), 0, nil, l.note(t, 1))
	if err == nil {
		t.Error("an endless answer is taken")
	} else {
		mustSay(t, err)
	}
	if n := <-sent; n >= 1<<30 {
		t.Error("the client reads on and on")
	}
}

// TestRequest formats and parses requests, and checks that nothing else is parsed.
func TestRequest(t *testing.T) {
	hash := tlog.Hash{1, 2, 3}
	signed := "origin\n1\nroot\n\n— sig\n"
	for _, r := range []Request{
		{0, nil, []byte(signed)}, {7, tlog.TreeProof{hash, {}, hash}, []byte(signed)},
		{proof.MaxSize, make(tlog.TreeProof, maxProof), []byte("\n\n\n")},
	} {
		body := FormatRequest(r.Old, r.Proof, r.Note)
		got, err := ParseRequest(body)
		if err != nil || got.Old != r.Old || len(got.Proof) != len(r.Proof) || !bytes.Equal(got.Note, r.Note) {
			t.Errorf("%q is parsed as %+v, %v", body, got, err)
		}
	}
	b64 := hash.String()
	for _, body := range []string{
		"", "old", "old 1", "old 1\n", "old 1\n\n", "old \n\n" + signed, "old 01\n\n" + signed, "old +1\n\n" + signed, "old -1\n\n" + signed,
		"old  1\n\n" + signed, "old 1 \n\n" + signed, "old 1\r\n\r\n" + signed, "Old 1\n\n" + signed, " old 1\n\n" + signed, "old １\n\n" + signed,
		"old 0x1\n\n" + signed, "old 9223372036854775808\n\n" + signed, "old 281474976710657\n\n" + signed, "old -0\n\n" + signed,
		"old 1\n" + b64[1:] + "\n\n" + signed, "old 1\n" + b64 + "=\n\n" + signed, "old 1\n" + b64 + " \n\n" + signed, "old 1\n" + b64 + "\r\n\n" + signed,
		"old 1\n" + strings.Replace(b64, "A=", "B=", 1) + "\n\n" + signed, "old 1\n" + b64 + b64 + "\n\n" + signed, "old 1\nold 1\n\n" + signed,
		"old 1\n" + strings.Repeat(b64+"\n", maxProof+1) + "\n" + signed, "\nold 1\n\n" + signed,
	} {
		r, err := ParseRequest([]byte(body))
		if err == nil {
			t.Errorf("%q is parsed as %+v", body, r)
		}
		mustRefuse(t, err, 400, proof.Malformed, 0)
	}
}

// TestCosignFile carries a request to the witness and its lines back as files.
func TestCosignFile(t *testing.T) {
	l := newTestLog(t, origin, "log").grow(t, 12, "honest")
	w := fresh(t, l)
	path := filepath.Join(t.TempDir(), "head.request")
	carry := func(body []byte) ([]byte, error) {
		if err := os.WriteFile(path, body, 0o644); err != nil {
			t.Fatal(err)
		}
		return w.CosignFile(t.Context(), path)
	}
	lines, err := carry(l.request(t, 0, 8))
	if err != nil {
		t.Fatal(err)
	}
	mustHold(t, w.VKey(), l.note(t, 8), lines)
	_, err = carry(l.request(t, 0, 8)) // the courier lost them and comes again
	mustRefuse(t, err, 409, "", 8)
	mustSay(t, err)
	lines, err = carry(l.request(t, 8, 8))
	if err != nil {
		t.Fatal(err)
	}
	mustHold(t, w.VKey(), l.note(t, 8), lines)
	_, err = carry(l.fork(5).grow(t, 12, "forked").request(t, 8, 12))
	mustRefuse(t, err, 422, proof.Fork, 8)
	_, err = carry(make([]byte, 2*MaxRequest))
	mustRefuse(t, err, 413, proof.Malformed, 8)
	if _, err := w.CosignFile(t.Context(), path+".none"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	} else {
		mustSay(t, err)
	}
}

// FuzzCosign checks that a witness cosigns only what the log has signed and what
// continues its last checkpoint, and that it never panics or hangs.
func FuzzCosign(f *testing.F) {
	l := newTestLog(f, origin, "log").grow(f, 20, "honest")
	fork := l.fork(5).grow(f, 20, "forked")
	thief := newTestLog(f, origin, "thief").grow(f, 20, "honest")
	for _, l := range []*testLog{l, fork, thief} {
		f.Add(l.request(f, 8, 12))
		f.Add(l.request(f, 8, 8))
		f.Add(l.request(f, 0, 12))
	}
	f.Add(FormatRequest(8, tlog.TreeProof{{1}}, l.sign(f, anySize(1<<62+5))))
	w := fresh(f, l)
	mustCosign(f, w, l, 0, 8)
	last := w.Logs()[0].Last
	key, err := note.NewVerifier(l.vkey)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, parseErr := ParseRequest(body)
		lines, err := w.Cosign(t.Context(), body)
		now := w.Logs()[0].Last
		defer func() { last = now }()
		if err != nil {
			if now != last || lines != nil {
				t.Errorf("refused (%v), and moved to %+v", err, now)
			}
			return
		}
		if parseErr != nil || r.Old != last.Size || now.Size < last.Size || now != l.at(t, now.Size) {
			t.Errorf("cosigned %+v after %+v", now, last)
		}
		if n, err := note.Open(r.Note, note.VerifierList(key)); err != nil || n.Text != now.Text() {
			t.Errorf("cosigned what the log has not signed: %q", r.Note)
		}
	})
}

// BenchmarkCosign counts round trips over loopback, each with a write that is made
// durable: "growing" has one client whose log grows by a leaf each time, "alive" asks
// for the same size again.
func BenchmarkCosign(b *testing.B) {
	l := newTestLog(b, origin, "log").grow(b, 2, "honest")
	for name, grows := range map[string]bool{"growing": true, "alive": false} {
		b.Run(name, func(b *testing.B) {
			c := serve(b, fresh(b, l))
			size := int64(2)
			if _, err := c.AddCheckpoint(b.Context(), 0, nil, l.note(b, size)); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				old := size
				if grows {
					size++
					l.grow(b, size, "honest")
				}
				if _, err := c.AddCheckpoint(b.Context(), old, l.proof(b, old, size), l.note(b, size)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "cosigned/s")
		})
	}
}
