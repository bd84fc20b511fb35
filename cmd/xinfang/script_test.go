package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"xinfang/infra/demo"
)

// scriptCommands is what a script of testdata can do besides the usual.
var scriptCommands = map[string]func(*testscript.TestScript, bool, []string){
	// exits CODE PROGRAM [ARGS...]: like exec, but the exit code is CODE.
	"exits": func(ts *testscript.TestScript, _ bool, args []string) {
		err := ts.Exec(args[1], args[2:]...)
		code := 0
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			code, err = exit.ExitCode(), nil
		}
		ts.Check(err)
		if fmt.Sprint(code) != args[0] {
			ts.Fatalf("the exit code is %d", code)
		}
	},
	// district DIR: loads district.toml into the data directory DIR, and sets for
	// each officer of it a variable of that name to a token.
	"district": func(ts *testscript.TestScript, _ bool, args []string) {
		ts.Check(newDistrict(ts.MkAbs(args[0]), ts.Setenv))
	},
	// demo DIR: makes DIR a data directory with a quarter of the demo's district.
	"demo": func(ts *testscript.TestScript, _ bool, args []string) {
		made, err := quarter()
		ts.Check(err)
		ts.Check(copyData(made, ts.MkAbs(args[0])))
	},
	// shape FILE: the last stdout is JSON, and has the members, of the types, that
	// the lines of FILE say. A member may have several types, one of them null.
	"shape": func(ts *testscript.TestScript, _ bool, args []string) {
		var v any
		ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &v))
		got := shapeOf(v, "", nil)
		for _, line := range strings.Split(strings.TrimSpace(ts.ReadFile(args[0])), "\n") {
			if !slices.Contains(got, line) {
				ts.Fatalf("the shape has no line %q; it is\n%s", line, strings.Join(got, "\n"))
			}
		}
	},
	// set NAME POINTER: sets a variable to a value of the JSON in the last stdout.
	"set": func(ts *testscript.TestScript, _ bool, args []string) {
		var v any
		ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &v))
		for _, name := range strings.Split(args[1], "/")[1:] {
			switch at := v.(type) {
			case map[string]any:
				v = at[name]
			case []any:
				i, err := strconv.Atoi(name)
				ts.Check(err)
				v = at[i]
			}
		}
		ts.Setenv(args[0], fmt.Sprint(v))
	},
	// fill FILE TO: writes to TO what is in FILE, with the variables filled in;
	// $NOW is the present.
	"fill": func(ts *testscript.TestScript, _ bool, args []string) {
		ts.Setenv("NOW", time.Now().Format(time.RFC3339Nano))
		text := os.Expand(ts.ReadFile(args[0]), ts.Getenv)
		ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o600))
	},
	// gb18030 FILE TO and bom FILE TO: the UTF-8 of FILE in GB18030, or with a BOM.
	"gb18030": func(ts *testscript.TestScript, _ bool, args []string) {
		text, err := simplifiedchinese.GB18030.NewEncoder().String(ts.ReadFile(args[0]))
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o600))
	},
	"bom": func(ts *testscript.TestScript, _ bool, args []string) {
		ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte("\ufeff"+ts.ReadFile(args[0])), 0o600))
	},
	// cells FILE [CELL=VALUE...]: changes cells of the first sheet of a workbook,
	// and prints it, a row a line.
	"cells": func(ts *testscript.TestScript, _ bool, args []string) {
		f, err := excelize.OpenFile(ts.MkAbs(args[0]))
		ts.Check(err)
		defer f.Close()
		sheet := f.GetSheetName(0)
		for _, change := range args[1:] {
			cell, value, _ := strings.Cut(change, "=")
			ts.Check(f.SetCellStr(sheet, cell, value))
		}
		ts.Check(f.Save())
		rows, err := f.GetRows(sheet)
		ts.Check(err)
		for i, row := range rows {
			fmt.Fprintln(ts.Stdout(), i+1, strings.Join(row, " | "))
		}
	},
	// flip FILE OFFSET: inverts a byte.
	"flip": func(ts *testscript.TestScript, _ bool, args []string) {
		b := []byte(ts.ReadFile(args[0]))
		at, err := strconv.Atoi(args[1])
		ts.Check(err)
		b[at] ^= 0xff
		ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o600))
	},
	// tear FILE N: makes a file as if its last N bytes had not been written. The
	// zeros at its end are room that has not been used, and do not count.
	"tear": func(ts *testscript.TestScript, _ bool, args []string) {
		b := []byte(ts.ReadFile(args[0]))
		n, err := strconv.Atoi(args[1])
		ts.Check(err)
		written := len(bytes.TrimRight(b, "\x00"))
		clear(b[written-n:])
		ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o600))
	},
	// waitfor FILE: waits until there is such a file.
	"waitfor": func(ts *testscript.TestScript, _ bool, args []string) {
		for range 500 {
			if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		ts.Fatalf("%s has not come", args[0])
	},
	// ports NAME...: sets variables to addresses that are free.
	"ports": func(ts *testscript.TestScript, _ bool, args []string) {
		for _, name := range args {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			ts.Check(err)
			ts.Setenv(name, l.Addr().String())
			ts.Check(l.Close())
		}
	},
	// get STATUS URL: asks a server, as soon as there is one, with the token of
	// $XINFANG_TOKEN, and prints what it answers.
	"get": func(ts *testscript.TestScript, _ bool, args []string) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		status, body, err := ask(ctx, args[1], ts.Getenv(tokenEnv))
		ts.Check(err)
		_, err = ts.Stdout().Write(body)
		ts.Check(err)
		if fmt.Sprint(status) != args[0] {
			ts.Fatalf("the status is %d", status)
		}
	},
	// until PATTERN URL: asks a server again and again, until what it answers has
	// something that matches, which takes a while after it has been told.
	"until": func(ts *testscript.TestScript, _ bool, args []string) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		pattern := regexp.MustCompile("(?m)" + args[0])
		for {
			_, body, err := ask(ctx, args[1], ts.Getenv(tokenEnv))
			ts.Check(err)
			if pattern.Match(body) {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	},
}

// newDistrict loads district.toml into the data directory dir, and tells set the
// token of each officer.
func newDistrict(dir string, set func(officer, token string)) error {
	if _, err := operate(context.Background(), dir, "org", "load", "testdata/district.toml"); err != nil {
		return err
	}
	for _, officer := range []string{"registrar", "dispatcher", "clerk", "handler", "colleague", "head", "stranger"} {
		out, err := operate(context.Background(), dir, "token", "add", officer, "-o", "json")
		if err != nil {
			return err
		}
		var issued struct {
			Token   string `json:"token"`
			Officer string `json:"officer"`
			Expires string `json:"expires"`
		}
		if err := decode(out, &issued); err != nil {
			return err
		}
		set(officer, issued.Token)
	}
	return nil
}

// quarter is a data directory with the last quarter of the demo's district, with
// the showcase and some fifty more cases. It is made once, and only read.
var quarter = sync.OnceValues(func() (dir string, err error) {
	if dir, err = os.MkdirTemp(scratch, "quarter-"); err != nil {
		return "", err
	}
	options := demo.Default()
	options.Cases, options.From = 60, options.Today.AddDays(-90)
	clock := demo.NewClock(options)
	a := &app{process: process{Getenv: os.Getenv, Stderr: io.Discard, Now: clock.Now}}
	a.cfg.Data = dir
	ctx := context.Background()
	n, err := a.openNode(ctx, true)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	v, err := a.demoVault(ctx, options.Seed)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	if _, err := demo.Generate(ctx, n.store, clock, sealer{v.Vault}, options, func(int, int) {}); err != nil {
		return "", err
	}
	return dir, n.projector.CatchUp(ctx)
})

// shapeOf returns the members of v, a line each with its type. The elements of
// an array have one shape together.
func shapeOf(v any, at string, lines []string) []string {
	add := func(line string) {
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			lines = shapeOf(v[name], strings.TrimPrefix(at+"."+name, "."), lines)
		}
	case []any:
		add(at + " list")
		for _, element := range v {
			lines = shapeOf(element, at+"[]", lines)
		}
	case nil:
		add(at + " null")
	case bool:
		add(at + " bool")
	case float64:
		add(at + " number")
	case string:
		add(at + " string")
	}
	return lines
}

// ask gets url, waiting until somebody listens there.
func ask(ctx context.Context, url, token string) (status int, body []byte, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, err
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for {
		answer, err := http.DefaultClient.Do(r)
		if errors.Is(err, syscall.ECONNREFUSED) && ctx.Err() == nil {
			time.Sleep(10 * time.Millisecond) // nobody listens yet
			continue
		}
		if err != nil {
			return 0, nil, err
		}
		defer answer.Body.Close()
		body, err = io.ReadAll(answer.Body)
		return answer.StatusCode, body, err
	}
}
