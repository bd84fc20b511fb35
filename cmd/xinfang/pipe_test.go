package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestReaderGone has the reader of the output go away before there is any: the program
// ends by itself, leaves nothing behind, and complains to nobody.
func TestReaderGone(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"a table":     {"org", "template"},
		"a long task": {"demo", "--tamper"},
	} {
		t.Run(name, func(t *testing.T) {
			r, w, err := os.Pipe()
			ok(t, err)
			ok(t, r.Close())
			temporary, said := t.TempDir(), new(bytes.Buffer)
			cmd := exec.Command("xinfang", args...)
			cmd.Env = append(os.Environ(), "TMPDIR="+temporary)
			cmd.Dir, cmd.Stdout, cmd.Stderr = t.TempDir(), w, said
			err = cmd.Run()
			ok(t, w.Close())
			if exit, is := errors.AsType[*exec.ExitError](err); is && exit.ExitCode() != exitFailure {
				t.Errorf("it ended with %v\n%s", err, said)
			}
			if strings.Contains(said.String(), "xinfang:") { // it may have shown its progress
				t.Errorf("it said %s", said)
			}
			left, err := os.ReadDir(temporary)
			ok(t, err)
			if len(left) > 0 {
				t.Errorf("it left %v", left)
			}
		})
	}
}
