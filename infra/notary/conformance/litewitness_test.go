package conformance

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	formatsnote "github.com/transparency-dev/formats/note"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	_ "modernc.org/sqlite"

	ours "xinfang/domain/proof"
	"xinfang/infra/witness"
)

// A lite is a litewitness that runs.
type lite struct {
	t    *testing.T
	url  string
	vkey string
	db   *sql.DB
	last ours.Checkpoint // that it has cosigned
}

// buildLitewitness builds litewitness as go.mod pins it, from the module cache, and
// returns the path of its program.
func buildLitewitness(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "litewitness")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "filippo.io/torchwood/cmd/litewitness").CombinedOutput()
	if err != nil {
		t.Fatalf("litewitness cannot be built here, so that no witness but ours has been asked (in this directory, run: go mod download zombiezen.com/go/sqlite filippo.io/torchwood): %v\n%s", err, out)
	}
	return program
}

// startLitewitness runs litewitness, with a key in an ssh-agent, for the log with
// the key logKey. It ends with the test.
func startLitewitness(t *testing.T, program, logKey string) *lite {
	t.Helper()
	dir, err := os.MkdirTemp("", "lw") // the path of a socket has little room
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{5}, ed25519.SeedSize))
	fingerprint := serveAgent(t, filepath.Join(dir, "agent"), private)
	plain, err := note.NewEd25519VerifierKey(witnessName, private.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	l := &lite{t: t}
	if l.vkey, err = formatsnote.VKeyToCosignatureV1(plain); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	l.url = "http://" + address
	var said bytes.Buffer
	cmd := exec.Command(program, "-name", witnessName, "-key", fingerprint, "-listen", address,
		"-ssh-agent", filepath.Join(dir, "agent"), "-db", filepath.Join(dir, "db"))
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			cmd.Process.Kill()
			<-ended
		}
		if t.Failed() {
			t.Logf("litewitness said:\n%s", &said)
		}
	})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("litewitness has ended: %v", err)
		default:
		}
		if page, err := get(l.url); err == nil {
			if !strings.Contains(page, l.vkey) {
				t.Fatalf("its key is not %s:\n%s", l.vkey, page)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("litewitness does not answer")
		}
	}
	// It has made its tables by now. Its own tool for this cannot be built.
	if l.db, err = sql.Open("sqlite", filepath.Join(dir, "db")+"?_pragma=busy_timeout(5000)"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.db.Close() })
	l.exec("INSERT INTO log (origin, tree_size, tree_hash) VALUES (?, 0, ?)", origin, tlog.Hash(sha256.Sum256(nil)).String())
	l.exec("INSERT INTO key (origin, key) VALUES (?, ?)", origin, logKey)
	return l
}

// serveAgent serves an ssh-agent with one key on a socket, and returns the
// fingerprint of the key.
func serveAgent(t *testing.T, socket string, key ed25519.PrivateKey) string {
	t.Helper()
	ring := agent.NewKeyring()
	if err := ring.Add(agent.AddedKey{PrivateKey: key}); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // the test is over
			}
			go func() {
				defer conn.Close()
				agent.ServeAgent(ring, conn)
			}()
		}
	}()
	public, err := ssh.NewPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return ssh.FingerprintSHA256(public)
}

// freeAddress returns an address that was free a moment ago.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func get(url string) (string, error) {
	answer, err := http.Get(url)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	return string(b), err
}

func (l *lite) exec(query string, args ...any) {
	l.t.Helper()
	if _, err := l.db.ExecContext(l.t.Context(), query, args...); err != nil {
		l.t.Fatal(err)
	}
}

// unmoved checks that litewitness has the checkpoint that it cosigned last.
func (l *lite) unmoved() {
	l.t.Helper()
	var size int64
	var root string
	err := l.db.QueryRowContext(l.t.Context(), "SELECT tree_size, tree_hash FROM log WHERE origin = ?", origin).Scan(&size, &root)
	if want := base64.StdEncoding.EncodeToString(l.last.Root[:]); err != nil || size != l.last.Size || root != want {
		l.t.Errorf("litewitness has seen %d leaves with root %s (%v), not %d with %s", size, root, err, l.last.Size, want)
	}
}

// client returns our client of it, as a witness of the notary.
func (l *lite) client() remote {
	l.t.Helper()
	v, err := formatsnote.NewVerifier(l.vkey)
	if err != nil {
		l.t.Fatal(err)
	}
	return remote{&witness.Client{URL: l.url, HTTP: &http.Client{Timeout: 10 * time.Second}, Verifier: v}}
}

// TestLitewitness has a witness that others wrote cosign what the notary signs, and
// refuse what does not continue it.
func TestLitewitness(t *testing.T) {
	program := buildLitewitness(t)

	// begin returns a notary's rig of 300 entries, cosigned by a new litewitness at
	// 200 and at 300, and its directory as it was at 200.
	begin := func(t *testing.T) (r *rig, l *lite, old string) {
		r = newRig(t)
		l = startLitewitness(t, program, r.vkey)
		r.trust(l.vkey)
		n, end := r.open(l.client())
		old = t.TempDir()
		for _, size := range []int{1, 200, 300} {
			r.record(size)
			p := r.sign(n)
			if !p.Witnessed || len(p.Cosigned) != 1 || p.Cosigned[0].Witness != witnessName {
				t.Fatalf("not witnessed at %d: %+v", size, n.Status().Witnesses)
			}
			if since := time.Since(p.Cosigned[0].Time); since < 0 || since > time.Minute {
				t.Errorf("cosigned %v ago", since)
			}
			l.last = p.Checkpoint
			l.unmoved()
			if size == 200 {
				if err := os.CopyFS(filepath.Join(old, "notary"), os.DirFS(r.dir)); err != nil {
					t.Fatal(err)
				}
			}
		}
		end()
		return r, l, filepath.Join(old, "notary")
	}

	t.Run("it cosigns again, and what follows", func(t *testing.T) {
		r, l, _ := begin(t)
		n, _ := r.open(l.client()) // which knows nothing of what l has seen
		if p := r.sign(n); !p.Witnessed {
			t.Errorf("the same checkpoint again: %+v", n.Status().Witnesses)
		}
		r.record(5000)
		p := r.sign(n)
		if !p.Witnessed {
			t.Errorf("4700 more: %+v", n.Status().Witnesses)
		}
		l.last = p.Checkpoint
		l.unmoved()
	})

	// In these the notary believes its own directory, and only the witness knows.
	for _, tt := range []struct {
		name string
		harm func(r *rig, old string)
		want ours.Verdict
	}{
		{"B1 rolled back, guard and tree", func(r *rig, old string) {
			r.dir = old
			r.begin("truth", 200)
		}, ours.RolledBack},
		{"B1 rolled back, and other entries since", func(r *rig, old string) {
			r.dir = old
			r.begin("truth", 200)
			r.word = "lie"
			r.record(310)
		}, ours.Fork},
		{"B3 a fork, and longer", func(r *rig, _ string) {
			r.dir = r.t.TempDir()
			r.begin("lie", 310)
		}, ours.Fork},
		{"B4 a fork of the same size", func(r *rig, _ string) {
			r.dir = r.t.TempDir()
			r.begin("lie", 300)
		}, ours.Fork},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, l, old := begin(t)
			store, dir := r.store, r.dir
			tt.harm(r, old)
			n, end := r.open(l.client())
			err := n.CatchUp(t.Context())
			if err == nil {
				status := n.Status()
				err = errors.Join(status.Stopped, status.Witnesses[0].Err)
			}
			refused, isRefused := errors.AsType[*witness.Refused](err)
			got := ours.VerdictOf(err)
			if isRefused {
				got = refused.Verdict
			}
			if p := n.Published(); got != tt.want || p.Size > 200 && p.Witnessed {
				t.Errorf("%v: %v; published %+v", got, err, p.Signed)
			}
			end()
			l.unmoved()

			// The true history goes on.
			r.store, r.dir, r.word = store, dir, "truth"
			n, _ = r.open(l.client())
			r.record(320)
			if p := r.sign(n); !p.Witnessed {
				t.Errorf("the true history: %+v", n.Status().Witnesses)
			}
		})
	}

	// What the notary would not even ask, the client does.
	t.Run("asked directly", func(t *testing.T) {
		r, l, old := begin(t)
		read := func(dir string) []byte {
			b, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		secret, _, err := note.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{6}, ed25519.SeedSize)), origin)
		if err != nil {
			t.Fatal(err)
		}
		stranger, err := note.NewSigner(secret)
		if err != nil {
			t.Fatal(err)
		}
		forge := func(text string) []byte {
			signed, err := note.Sign(&note.Note{Text: text}, stranger)
			if err != nil {
				t.Fatal(err)
			}
			return signed
		}
		for _, tt := range []struct {
			name   string
			old    int64
			note   []byte
			status int
		}{
			{"B1 an older checkpoint", 300, read(old), http.StatusBadRequest},
			{"B2 an old size that it has not", 200, read(r.dir), http.StatusConflict},
			{"B5 another key of the same name", 300, forge(l.last.Text()), http.StatusForbidden},
			{"B6 a log that it does not know", 300, forge("x" + l.last.Text()), http.StatusNotFound},
			{"B18 the same again", 300, read(r.dir), http.StatusOK},
		} {
			lines, err := l.client().AddCheckpoint(t.Context(), tt.old, nil, tt.note)
			status := http.StatusOK
			if refused, ok := errors.AsType[*witness.Refused](err); ok {
				status, err = refused.Status, nil
			} else if conflict, ok := errors.AsType[*witness.SizeConflict](err); ok && conflict.Size == 300 {
				status, err = http.StatusConflict, nil
			}
			if status != tt.status || err != nil || (len(lines) > 0) != (status == http.StatusOK) {
				t.Errorf("%s: %d, %v, %q", tt.name, status, err, lines)
			}
			l.unmoved()
		}
	})
}
