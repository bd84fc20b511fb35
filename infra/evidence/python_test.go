package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"xinfang/domain/proof"
)

// TestPython (E17) checks that verify.py, which was written from the specifications,
// says the same of every vector as this package: genuine bundles of several sizes,
// and every attack.
func TestPython(t *testing.T) {
	python := findPython(t)
	vectors := allAttacks()
	for _, events := range []int{1, 2, 3, 8, 60} {
		for witnesses, want := range []proof.Verdict{proof.OKUnwitnessed, proof.OK, proof.OK} {
			vectors = append(vectors, attack{fmt.Sprintf("E17 %d events, %d witnesses", events, witnesses), want, func(s *specimen) ([]byte, Options) {
				s2 := newSpecimen(s.t, events, witnesses)
				return s2.bundle, Options{Policy: s2.policy(min(2, max(1, witnesses)))}
			}})
		}
	}
	for _, v := range vectors {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			s := newSpecimen(t, 5, 1)
			bundle, o := v.do(s)
			o = s.defaults(o)
			if o.ReaderKey != nil {
				t.Skip("verify.py opens no keys: what only their reader can see is checked in Go alone")
			}
			report := Verify(bytes.NewReader(bundle), int64(len(bundle)), o)
			got, code := runPython(t, python, bundle, o)
			if got.Verdict != report.Verdict || got.Verdict != v.want || code != Exit(v.want) {
				t.Errorf("Python says %s and exits with %d, Go says %s, want %s", got.Verdict, code, report.Verdict, v.want)
			}
			if got.Events != report.Events || got.Size != report.Checkpoint.Size {
				t.Errorf("Python has %d events and size %d, Go %d and %d", got.Events, got.Size, report.Events, report.Checkpoint.Size)
			}
		})
	}
}

// findPython returns the interpreter: a second verifier that is not run proves nothing.
// It reads the programs, too, so that go test does not take the result of older ones from
// its cache.
func findPython(t *testing.T) string {
	t.Helper()
	python, err := exec.LookPath("python3")
	ok(t, err)
	for _, program := range []string{"verify.py", "crypto.py"} {
		_, err := os.ReadFile(program)
		ok(t, err)
	}
	return python
}

// pythonReport is what verify.py prints.
type pythonReport struct {
	Verdict proof.Verdict `json:"verdict"`
	Events  int           `json:"events"`
	Size    int64         `json:"size"`
}

// runPython checks bundle with verify.py.
func runPython(t *testing.T, python string, bundle []byte, o Options) (report pythonReport, code int) {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		ok(t, os.WriteFile(path, content, 0o600))
		return path
	}
	args := []string{"verify.py", write("bundle.zip", bundle), "--policy", write("policy.txt", []byte(o.Policy.String())),
		"--now", fmt.Sprint(o.Now.Unix()), "--stale-after", fmt.Sprint(o.StaleAfter.Seconds())}
	if o.Skew != 0 {
		args = append(args, "--skew", fmt.Sprint(o.Skew.Seconds()))
	}
	for i, next := range o.Updates {
		args = append(args, "--update", write(fmt.Sprintf("update-%d", i), next))
	}
	for i, note := range o.Older {
		args = append(args, "--older", write(fmt.Sprintf("older-%d", i), note))
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if exit, failed := errors.AsType[*exec.ExitError](err); failed {
		code, err = exit.ExitCode(), nil
	}
	ok(t, err)
	if err := json.Unmarshal(out, &report, json.RejectUnknownMembers(true)); err != nil {
		t.Fatalf("%v in %q\n%s", err, out, &stderr)
	}
	return report, code
}

// TestPythonLimits checks that verify.py has the limit of this package that depends on
// others.
func TestPythonLimits(t *testing.T) {
	b, err := os.ReadFile("verify.py")
	ok(t, err)
	if want := fmt.Sprintf(`"keys/disclosed.json", 300 * %d)`, MaxEvents); !bytes.Contains(b, []byte(want)) {
		t.Errorf("verify.py has not %s", want)
	}
}
