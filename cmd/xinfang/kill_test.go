package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/infra/segment"
)

// The program is killed (kill -9) while it imports, rebuilds and serves, over and
// over. After each restart everything that anybody was told of is there, the
// ledger verifies, and the views, caught up, are what a fresh rebuild makes.

// killFor is how long each of these tests goes on killing.
const killFor = 2 * time.Second

// A bystander remembers every entry of a ledger that it has been told of.
type bystander struct {
	dir string // the data directory

	mu    sync.Mutex
	known map[ledger.Position]string // leaf; guarded by mu
}

func newBystander(dir string) *bystander {
	return &bystander{dir: dir, known: make(map[ledger.Position]string)}
}

func (w *bystander) note(at ledger.Position, leaf string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.known[at] = leaf
}

// count returns how many entries it knows.
func (w *bystander) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.known)
}

// watch reads what is written, beside whoever writes it, until ctx is done or it
// has seen n entries more.
func (w *bystander) watch(ctx context.Context, n int) error {
	store, err := segment.Open(filepath.Join(w.dir, ledgerDir), segment.Options{Now: time.Now, ReadOnly: true})
	if err != nil {
		return err
	}
	defer store.Close()
	for env, err := range ledger.Follow(ctx, store, ledger.Position(w.count())) {
		if err != nil {
			return err
		}
		w.note(env.Position, env.Leaf.String())
		if n--; n == 0 {
			return nil
		}
	}
	return nil
}

// check fails the test if anything that the bystander knows is missing, or the
// ledger does not verify, or the views are not what a rebuild makes. It returns
// how many entries there are.
func (w *bystander) check(t *testing.T) int {
	t.Helper()
	store, err := segment.Open(filepath.Join(w.dir, ledgerDir), segment.Options{Now: time.Now, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	there := make(map[ledger.Position]string)
	for env, err := range store.ReadAll(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		there[env.Position] = env.Leaf.String()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for at, leaf := range w.known {
		if there[at] != leaf {
			t.Fatalf("of %d entries that were told of, that at position %d is not there", len(w.known), at)
		}
	}
	var got verified
	ok(t, decode(operateOn(t, w.dir, "verify", "-o", "json"), &got))
	if !got.OK || int(got.Events) != len(there) || got.Keys == nil || got.Keys.Lost > 0 {
		t.Fatalf("of %d entries: %+v", len(there), got)
	}
	checkViews(t, w.dir)
	return len(there)
}

// checkViews fails the test if the views are not what a rebuild makes.
func checkViews(t *testing.T, dir string) {
	t.Helper()
	var rebuilt struct {
		Events      int      `json:"events"`
		Seconds     float64  `json:"seconds"`
		Rate        float64  `json:"events_per_second"`
		Compared    bool     `json:"compared"`
		Differences int      `json:"differences"`
		Cases       []string `json:"differing_cases"`
		Swapped     bool     `json:"swapped"`
	}
	ok(t, decode(operateOn(t, dir, "rebuild", "-o", "json"), &rebuilt))
	if !rebuilt.Compared || rebuilt.Differences != 0 || !rebuilt.Swapped {
		t.Fatalf("the views are not what a rebuild makes: %+v", rebuilt)
	}
}

func operateOn(t *testing.T, dir string, args ...string) []byte {
	t.Helper()
	out, err := operate(t.Context(), dir, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// start starts the program in a process of its own. What it says on standard
// error is in said once it has ended.
func start(t *testing.T, dir string, args ...string) (cmd *exec.Cmd, said *bytes.Buffer) {
	t.Helper()
	cmd, said = exec.Command("xinfang", append([]string{"--data", dir}, args...)...), new(bytes.Buffer)
	cmd.Env = append(os.Environ(), noSleep)
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended long ago
		_ = cmd.Wait()
	})
	return cmd, said
}

// killed waits for cmd to end, and reports whether it was killed. Any other
// failure fails the test.
func killed(t *testing.T, cmd *exec.Cmd, said *bytes.Buffer) bool {
	t.Helper()
	err := cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == -1 {
		return true
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	return false
}

func TestKillImport(t *testing.T) {
	t.Parallel()
	const rows = 2000
	dir := t.TempDir()
	table, mapping := filepath.Join(dir, "table.csv"), filepath.Join(dir, "m.toml")
	var text strings.Builder
	text.WriteString("编号,收到,办结,姓名,内容\n")
	for i := range rows {
		fmt.Fprintf(&text, "K-%04d,2024-03-%02d,2024-04-%02d,某%d,第%d件\n", i, i%28+1, i%28+1, i, i)
	}
	ok(t, os.WriteFile(table, []byte(text.String()), 0o600))
	ok(t, os.WriteFile(mapping, []byte("number = \"编号\"\nreceived = \"收到\"\nclosed = \"办结\"\npetitioner = \"姓名\"\nclaim = \"内容\"\n"), 0o600))
	dir = filepath.Join(dir, "data")
	operateOn(t, dir, "org", "load", "testdata/district.toml")

	w := newBystander(dir)
	before, kills := w.check(t), 0
	for end := time.Now().Add(killFor); time.Now().Before(end); {
		cmd, said := start(t, dir, "import", "run", table, "--mapping", mapping)
		watching, stop := context.WithCancel(t.Context())
		var watcher sync.WaitGroup
		watcher.Go(func() {
			if w.watch(watching, 1+rand.N(rows/4)) == nil {
				time.Sleep(rand.N(5 * time.Millisecond)) // so that it is not always just after a write
				_ = cmd.Process.Kill()
			}
		})
		if killed(t, cmd, said) {
			kills++
			stop()
			watcher.Wait()
			w.check(t)
			continue
		}
		stop()
		watcher.Wait()
		break
	}

	// Another run goes on from there, and in the end all of the file is there,
	// once.
	type taken struct {
		Rows     int        `json:"rows"`
		Imported int        `json:"imported"`
		Skipped  int        `json:"skipped"`
		Errors   []struct{} `json:"errors"`
	}
	var last, again taken
	ok(t, decode(operateOn(t, dir, "import", "run", table, "--mapping", mapping, "-o", "json"), &last))
	ok(t, decode(operateOn(t, dir, "import", "run", table, "--mapping", mapping, "-o", "json"), &again))
	if last.Rows != rows || last.Imported+last.Skipped != rows || len(last.Errors) > 0 {
		t.Errorf("after %d kills: %+v", kills, last)
	}
	if again.Imported != 0 || again.Skipped != rows {
		t.Errorf("once more: %+v", again)
	}
	if got := w.check(t) - before; got != rows {
		t.Errorf("%d cases of %d are in the ledger", got, rows)
	}
	t.Logf("killed %d times; the last run found %d rows and took in %d", kills, last.Skipped, last.Imported)
}

func TestKillRebuild(t *testing.T) {
	t.Parallel()
	made, err := quarter()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "data")
	ok(t, copyData(made, dir))
	before := operateOn(t, dir, "case", "list", "-o", "json")
	begin := time.Now()
	whole, said := start(t, dir, "rebuild")
	killed(t, whole, said)
	takes := time.Since(begin)

	kills := 0
	for end := time.Now().Add(killFor); time.Now().Before(end); {
		cmd, said := start(t, dir, "rebuild")
		timer := time.AfterFunc(rand.N(takes), func() { _ = cmd.Process.Kill() })
		if killed(t, cmd, said) {
			kills++
		}
		timer.Stop()
		if after := operateOn(t, dir, "case", "list", "-o", "json"); !bytes.Equal(after, before) {
			t.Fatalf("after %d kills the list of cases is another", kills)
		}
	}
	newBystander(dir).check(t)
	if left, err := filepath.Glob(filepath.Join(dir, viewsFile+"*.new*")); err != nil || len(left) > 0 {
		t.Errorf("what was built so far is still there: %v %v", left, err)
	}
	t.Logf("killed %d times", kills)
}

// A client of the server that is killed. It asks for one registration after the
// other, and asks again with the same key until it has an answer.
type client struct {
	url, token string
	w          *bystander
	acked      *atomic.Int64
}

// register asks once, with the same body for the same arguments. It is false if
// there was no answer.
func (c client) register(ctx context.Context, number string, key uuid.UUID, received time.Time) (answered bool, err error) {
	body := fmt.Sprintf(`{"number":%q,"channel":"letter","unit":"XFJ","level":"district","headcount":1,"received_at":%q,
		"register":{"petitioner":{"name":"某人","address":"某处"},"summary":"反映问题","claims":[{"summary":"诉求","text":"内容"}]}}`,
		number, received.Format(time.RFC3339Nano))
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+"/api/v1/cases", strings.NewReader(body))
	if err != nil {
		return false, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("Idempotency-Key", key.String())
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return false, nil // nobody there, or killed while it answered
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		return false, nil
	}
	if answer.StatusCode != http.StatusCreated {
		return false, fmt.Errorf("%s: status %d: %s", number, answer.StatusCode, raw)
	}
	var recorded struct {
		Number  string `json:"number"`
		Version int    `json:"version"`
		Events  []struct {
			ID       string          `json:"id"`
			Type     string          `json:"type"`
			Position ledger.Position `json:"position"`
			Version  int             `json:"version"`
			Recorded string          `json:"recorded_at"`
			Leaf     string          `json:"leaf"`
		} `json:"events"`
	}
	if err := decode(raw, &recorded); err != nil {
		return false, err
	}
	if len(recorded.Events) != 2 {
		return false, fmt.Errorf("%s: %d events", number, len(recorded.Events))
	}
	for _, e := range recorded.Events {
		c.w.note(e.Position, e.Leaf)
	}
	c.acked.Add(1)
	return true, nil
}

func TestKillServer(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	tokens := make(map[string]string)
	ok(t, newDistrict(dir, func(officer, token string) { tokens[officer] = token }))
	address := freeAddress(t)

	w := newBystander(dir)
	before := w.check(t)
	var acked atomic.Int64
	c := client{"http://" + address, tokens["registrar"], w, &acked}
	asking, stop := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	for lane := range 3 {
		clients.Go(func() {
			for n := 0; asking.Err() == nil; n++ {
				number, key, received := fmt.Sprintf("XF-%d-%d", lane, n), uuid.New(), time.Now()
				for answered := false; !answered; {
					var err error
					// Not asking: what has been begun is brought to an end.
					if answered, err = c.register(t.Context(), number, key, received); err != nil {
						t.Error(err)
						return
					}
					if !answered {
						time.Sleep(5 * time.Millisecond) // the server is down
					}
				}
			}
		})
	}

	serve := func() (*exec.Cmd, *bytes.Buffer) {
		return start(t, dir, "serve", "--http.addr", address, "--metrics.addr", "127.0.0.1:0")
	}
	kills := 0
	for end := time.Now().Add(killFor); time.Now().Before(end) && !t.Failed(); kills++ {
		cmd, said := serve()
		target := acked.Load() + 1 + rand.Int64N(20)
		for acked.Load() < target && !t.Failed() {
			time.Sleep(time.Millisecond)
		}
		ok(t, cmd.Process.Kill())
		if !killed(t, cmd, said) {
			t.Fatal("the server had ended before it was killed")
		}
		w.check(t)
	}
	// The last server is left alive until every client has its answer.
	cmd, said := serve()
	stop()
	clients.Wait()
	ok(t, cmd.Process.Signal(os.Interrupt))
	if killed(t, cmd, said) {
		t.Errorf("the server did not end by itself\n%s", said)
	}
	if got, want := w.check(t)-before, 2*int(acked.Load()); got != want {
		t.Errorf("%d entries are there; %d registrations were asked for until they were answered", got, acked.Load())
	}
	t.Logf("killed %d times; %d registrations", kills, acked.Load())
}
