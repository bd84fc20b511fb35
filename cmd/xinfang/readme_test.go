package main

import (
	"cmp"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestReadme executes every command of both READMEs, in order and in one
// directory; a command that both have, once. They begin with the two commands
// that set everything up.
func TestReadme(t *testing.T) {
	t.Parallel()
	english, chinese := readmeCommands(t, "../../README.md"), readmeCommands(t, "../../README.zh-CN.md")
	for _, commands := range [][]string{english, chinese} {
		if len(commands) < 2 || commands[0] != "go run ./cmd/xinfang demo" || commands[1] != "go test ./..." {
			t.Errorf("a README does not begin with the two commands that set everything up: %q", commands)
		}
	}
	if spoken := strings.ReplaceAll(strings.Join(english, "\n"), " --lang en", ""); spoken != strings.Join(chinese, "\n") {
		t.Errorf("README.zh-CN.md shows other commands than README.md:\n%s\n\n%s", strings.Join(chinese, "\n"), spoken)
	}

	dir := t.TempDir()
	program, err := exec.LookPath("xinfang")
	ok(t, err)
	infra, err := filepath.Abs("../../infra")
	ok(t, err)
	ok(t, os.Symlink(infra, filepath.Join(dir, "infra"))) // samples are named from the top of the repository
	env := append(os.Environ(), noSleep)
	// Addresses that the READMEs fix are replaced by free ones, which are looked for
	// only when they are needed: others look for some, too.
	free := make(map[string]string)
	done := make(map[string]bool)
	for _, line := range append(english, chinese...) {
		for _, fixed := range []string{"127.0.0.1:2113", "127.0.0.1:8490"} {
			if strings.Contains(line, fixed) && free[fixed] == "" {
				free[fixed] = freeAddress(t)
			}
			line = strings.ReplaceAll(line, fixed, cmp.Or(free[fixed], fixed))
		}
		if done[line] {
			continue
		}
		done[line] = true
		switch arguments, isOurs := strings.CutPrefix(strings.Replace(line, "go run ./cmd/xinfang", "./xinfang", 1), "./xinfang "); {
		case line == "go test ./...", line == "go build -o xinfang ./cmd/xinfang":
			// The one is what runs here, the other made what is run.
		case arguments == "demo --write ./data":
			made, err := year() // by this command
			ok(t, err)
			ok(t, copyData(filepath.Join(made, "data"), filepath.Join(dir, "data")))
		case !isOurs:
			t.Errorf("%s: the test does not know how to run this", line)
		case strings.Contains(line, "--esdb-listen"): // those after it follow what it serves
			defer readmeServer(t, dir, env, program, strings.Fields(arguments))()
		case strings.HasPrefix(arguments, "witness serve"): // it cosigns for those after it
			defer readmeRun(t, dir, env, program, strings.Fields(arguments), "http://"+free["127.0.0.1:8490"]+"/")()
		case arguments == "demo", strings.HasPrefix(arguments, "serve"):
			readmeServer(t, dir, env, program, strings.Fields(arguments))()
		default:
			cmd := exec.CommandContext(t.Context(), "sh", "-c", strings.Replace(line, "./xinfang", program, 1))
			cmd.Dir, cmd.Env = dir, env
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s", line, err, out)
			}
		}
	}
}

// readmeCommands returns the lines of the sh blocks of a README, without their
// comments.
func readmeCommands(t *testing.T, path string) (commands []string) {
	t.Helper()
	text, err := os.ReadFile(path)
	ok(t, err)
	inside := false
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), " #")
		switch line = strings.TrimSpace(line); {
		case strings.HasPrefix(line, "```"):
			inside = !inside && line == "```sh"
		case inside && line != "" && !strings.HasPrefix(line, "#"):
			commands = append(commands, line)
		}
	}
	return commands
}

// readmeServer starts a server as the README says, but at free addresses, and
// returns, when the console and the metrics answer, what stops it as Ctrl-C does.
func readmeServer(t *testing.T, dir string, env []string, program string, args []string) (stop func()) {
	t.Helper()
	console, metrics := freeAddress(t), freeAddress(t)
	env = append(slices.Clone(env), "XINFANG_HTTP_ADDR="+console, "XINFANG_METRICS_ADDR="+metrics)
	return readmeRun(t, dir, env, program, args, "http://"+console+"/readyz", "http://"+metrics+"/metrics")
}

// readmeRun runs the program until the urls answer. Stopping it, it must have said
// where it is.
func readmeRun(t *testing.T, dir string, env []string, program string, args []string, urls ...string) (stop func()) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = dir, env
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	ok(t, cmd.Start())
	ended := make(chan error, 1)
	running, stopped := context.WithCancel(t.Context())
	go func() {
		ended <- cmd.Wait()
		stopped()
	}()
	for _, url := range urls {
		if status, body, err := ask(running, url, ""); err != nil || status != 200 {
			_ = cmd.Process.Kill() // it may have ended already
			t.Fatalf("xinfang %v: %s: status %d, %v\n%s\n%v\n%s", args, url, status, err, body, <-ended, &said)
		}
	}
	return func() {
		ok(t, cmd.Process.Signal(os.Interrupt))
		if err := <-ended; err != nil {
			t.Fatalf("xinfang %v: %v\n%s", args, err, &said)
		}
		for _, url := range urls {
			if at := strings.TrimSuffix(strings.TrimSuffix(url, "/readyz"), "/"); !strings.Contains(said.String(), at) {
				t.Errorf("xinfang %v does not say that it is at %s:\n%s", args, at, &said)
			}
		}
	}
}
