package notary

import (
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// TestRemoteGuard has a notary sign with a guard of another process, whose requests
// and answers are lost now and then.
func TestRemoteGuard(t *testing.T) {
	r := newRig(t)
	guard, err := OpenGuard(filepath.Join(r.dir, "guard"), r.policy, r.signer)
	if err != nil {
		t.Fatal(err)
	}
	defer guard.Close()
	var loseRequest, loseAnswer atomic.Bool
	socket, handler := filepath.Join(shortDir(t), "s"), guard.Handler(slog.New(slog.DiscardHandler))
	serveAt(t, socket, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && loseRequest.Swap(false) {
			panic(http.ErrAbortHandler)
		}
		if r.Method == http.MethodPost && loseAnswer.Swap(false) {
			handler.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		handler.ServeHTTP(w, r)
	}))
	signer, err := DialGuard(t.Context(), socket, origin)
	if err != nil {
		t.Fatal(err)
	}
	defer signer.Close()
	n := New(Options{Log: r.log, Dir: r.dir, Guard: signer, Policy: r.policy, Now: time.Now})
	for _, tt := range []struct {
		name string
		lose *atomic.Bool
	}{{"all is well", new(atomic.Bool)}, {"the request is lost", &loseRequest}, {"only the answer is lost", &loseAnswer}, {"all is well again", new(atomic.Bool)}} {
		r.record(300)
		tt.lose.Store(true)
		head, _ := r.store.Head(t.Context())
		err := n.CatchUp(t.Context())
		if lost := tt.lose == &loseRequest || tt.lose == &loseAnswer; (err != nil) != lost {
			t.Errorf("%s: %v", tt.name, err)
		}
		if err := n.CatchUp(t.Context()); err != nil || n.Published().Checkpoint != r.want(int64(head)) {
			t.Errorf("%s: then %+v, %v", tt.name, n.Published().Checkpoint, err)
		}
	}
	if _, err := n.Attest(t.Context(), r.store, ledger.Meta{Actor: ledger.Actor{Officer: "notary"}}, 7); err != nil {
		t.Errorf("heads: %v", err)
	}
	if _, err := signer.Sign(t.Context(), r.want(5), nil); proof.VerdictOf(err) != proof.RolledBack {
		t.Errorf("a smaller one: %v", err)
	}
	if _, err := DialGuard(t.Context(), socket, "elsewhere"); err == nil {
		t.Error("the guard of another ledger is taken")
	}
	for _, body := range []string{"", "\n", "x\n\n" + proof.Checkpoint{Origin: origin, Size: 1300}.Text(), "\n" + r.want(5).Text() + "more\n"} {
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, httptest.NewRequest("POST", "/sign", strings.NewReader(body)))
		if answer.Code != http.StatusUnprocessableEntity {
			t.Errorf("%q: status %d", body, answer.Code)
		}
	}
}

// serveAt serves on a Unix socket until the test ends.
func serveAt(t *testing.T, socket string, handler http.Handler) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	err := server.Listener.Close()
	if err == nil {
		server.Listener, err = net.Listen("unix", socket)
	}
	if err != nil {
		t.Fatal(err)
	}
	server.Start()
	t.Cleanup(server.Close)
}

// shortDir is a directory with a short name: that of a socket has at most 107 bytes.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "x")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
