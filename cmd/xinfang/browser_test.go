package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestBrowser walks through the demonstration in a real browser. What must be so
// is in infra/web/browser/*.test.mjs.
//
// It needs Node, Chromium, fonts with Han characters and what npm fetches:
//
//	apt-get install chromium fonts-noto-cjk && npm ci --prefix infra/web/browser
//
// Where one of them is missing it is skipped, so that the tests of everything
// else need Go alone; but not if XINFANG_BROWSER is "required", as CI has it.
func TestBrowser(t *testing.T) {
	const dir = "../../infra/web/browser"
	without := t.Skipf
	if os.Getenv("XINFANG_BROWSER") == "required" {
		without = t.Fatalf
	}
	node, err := exec.LookPath("node")
	if err != nil {
		without("the browser is not tested, because there is no Node: %v", err)
	}
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		without("the browser is not tested, because there is no Chromium (apt-get install chromium fonts-noto-cjk): %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		without("the browser is not tested; to test it: npm ci --prefix infra/web/browser")
	}
	tests, err := filepath.Glob(filepath.Join(dir, "*.test.mjs"))
	if err != nil || len(tests) == 0 {
		t.Fatalf("no tests in %s: %v", dir, err)
	}
	for i := range tests {
		tests[i] = filepath.Base(tests[i])
	}

	cmd := exec.CommandContext(t.Context(), node, append([]string{"--test", "--test-concurrency=2", "--test-reporter=spec"}, tests...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CONSOLE_URL="+demonstrate(t), "CHROMIUM="+chromium)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// demonstrate runs the demonstration until the test ends, and returns its
// address.
func demonstrate(t *testing.T) string {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	ctx, stop := context.WithCancel(t.Context())
	stdout, w := io.Pipe()
	var stderr bytes.Buffer // the program's, until it has ended
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"demo", "--http.addr", "127.0.0.1:0", "--metrics.addr", "127.0.0.1:0"}, process{
			Getenv: func(string) string { return "" }, Stdin: new(bytes.Buffer), Stdout: w, Stderr: &stderr, Now: time.Now,
		})
		w.Close()
	}()
	t.Cleanup(func() {
		stop()
		if code := <-ended; code != exitOK {
			t.Errorf("the demonstration ended with exit code %d\n%s", code, &stderr)
		}
	})
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if address, ok := strings.CutPrefix(lines.Text(), "→ "); ok {
			go func() { // so that it can print on
				for lines.Scan() {
				}
			}()
			return address
		}
	}
	t.Fatal("the demonstration did not start")
	return ""
}
