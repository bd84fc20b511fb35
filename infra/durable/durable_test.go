package durable_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"xinfang/infra/durable"
)

// TestWrite writes files of each kind where there is none, and where there is one.
func TestWrite(t *testing.T) {
	type writer = func(string, []byte, fs.FileMode) error
	for name, tc := range map[string]struct {
		write  writer
		before string // in the file; "" if there is none
		want   string
		err    error
	}{
		"create anew":         {durable.Create, "", "new", nil},
		"create what exists":  {durable.Create, "old", "old", fs.ErrExist},
		"replace what is not": {durable.Replace, "", "new", nil},
		"replace":             {durable.Replace, "old", "new", nil},
		"put":                 {durable.Put, "old", "new", nil},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "file")
			if tc.before != "" {
				write(t, path, tc.before, 0o600)
			}
			if err := tc.write(path, []byte("new"), 0o600); !errors.Is(err, tc.err) {
				t.Fatalf("it says %v; want %v", err, tc.err)
			}
			if got := read(t, path); got != tc.want {
				t.Errorf("the file has %q; want %q", got, tc.want)
			}
			if mode := modeOf(t, path); mode&0o077 != 0 && runtime.GOOS != "windows" {
				t.Errorf("others can read it: %v", mode)
			}
			if left := names(t, dir); left != "file" {
				t.Errorf("the directory has %s; want the file alone", left)
			}
		})
	}
}

// TestFailure checks that what cannot be written leaves what was there, and nothing
// beside it.
func TestFailure(t *testing.T) {
	for name, write := range map[string]func(string, []byte, fs.FileMode) error{"replace": durable.Replace, "create": durable.Create} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "is a directory")
			if err := os.MkdirAll(filepath.Join(path, "with something in it"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := write(path, []byte("new"), 0o600); err == nil {
				t.Error("a directory was replaced by a file")
			}
			if left := names(t, dir); left != "is a directory" {
				t.Errorf("the directory has %s", left)
			}
			nowhere := filepath.Join(dir, "nowhere", "file")
			err := write(nowhere, []byte("new"), 0o600)
			if at, is := errors.AsType[*fs.PathError](err); !is || at.Path != nowhere || !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("in a directory that is not there it says %v", err)
			}
		})
	}
}

// TestMode checks that a file which replaces another has the mode that is asked for,
// and not that of the other.
func TestMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	write(t, path, "old", 0o644)
	if err := durable.Replace(path, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if mode := modeOf(t, path); mode&0o077 != 0 && runtime.GOOS != "windows" {
		t.Errorf("others can read it: %v", mode)
	}
}

func write(t *testing.T, path, text string, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func modeOf(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return strings.Join(list, ", ")
}
