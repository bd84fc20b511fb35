package main

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/rogpeppe/go-internal/testscript"

	"xinfang/domain/proof/prooftest"
)

// The race detector makes every process sleep for a second when it ends, unless
// it is told not to. Scripts start some hundred.
const noSleep = "GORACE=atexit_sleep_ms=0"

// scratch is a directory that all tests share, for what is made once.
var scratch string

func TestMain(m *testing.M) {
	testscript.Main(tests{m}, map[string]func(){"xinfang": main})
}

type tests struct{ *testing.M }

func (t tests) Run() int {
	dir, err := os.MkdirTemp("", "xinfang-test-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	scratch = dir
	return t.M.Run()
}

// TestScripts runs testdata/*.txtar, each in a directory of its own, against the
// real program. Besides the usual commands of testscript, a script has those of
// scriptCommands, and these variables:
//
//	$SHEET, $XES   the directories of the samples of infra/sheet and infra/xes
//	$HERE          testdata
//	$TSA, $TSA_PEM a time-stamp authority, and the file with its root certificate
func TestScripts(t *testing.T) {
	tsa := prooftest.NewTSA(t, "tsa.example", time.Now)
	server := httptest.NewServer(tsa)
	t.Cleanup(server.Close) // when the scripts, which are parallel, have ended
	root := filepath.Join(t.TempDir(), "tsa.pem")
	if err := os.WriteFile(root, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: tsa.Root.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		Cmds:                scriptCommands,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			for name, path := range map[string]string{
				"HERE": "testdata", "SHEET": "../../infra/sheet/testdata", "XES": "../../infra/xes/testdata",
			} {
				abs, err := filepath.Abs(path)
				if err != nil {
					return err
				}
				env.Setenv(name, abs)
			}
			env.Setenv("TSA", server.URL)
			env.Setenv("TSA_PEM", root)
			env.Vars = append(env.Vars, noSleep)
			return nil
		},
	})
}

// year is a directory in which "xinfang demo --write ./data" was run, as the
// READMEs say. It is made once, because that takes a while, and only read.
var year = sync.OnceValues(func() (dir string, err error) {
	if dir, err = os.MkdirTemp(scratch, "year-"); err != nil {
		return "", err
	}
	cmd := exec.Command("xinfang", "demo", "--write", "./data")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), noSleep)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return dir, nil
})

// copyData copies a data directory that is only read.
func copyData(from, to string) error {
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return err
	}
	for _, secret := range []string{masterFile, notaryKey} {
		if err := os.Chmod(filepath.Join(to, secret), 0o600); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// operate runs the program in this process, on the data directory dir, and
// returns what it printed. It fails if the program does.
func operate(ctx context.Context, dir string, args ...string) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	p := process{Getenv: func(string) string { return "" }, Stdin: new(bytes.Buffer), Stdout: &stdout, Stderr: &stderr, Now: time.Now}
	if code := run(ctx, append([]string{"--data", dir}, args...), p); code != exitOK {
		return nil, fmt.Errorf("xinfang %v: exit code %d\n%s", args, code, &stderr)
	}
	return stdout.Bytes(), nil
}

// decode reads JSON that must have nothing but what v has a place for.
func decode(raw []byte, v any) error {
	if err := json.Unmarshal(raw, v, json.RejectUnknownMembers(true)); err != nil {
		return fmt.Errorf("%w in %s", err, raw)
	}
	return nil
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// freeAddress returns an address of this machine that nobody listens at.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	ok(t, l.Close())
	return l.Addr().String()
}
