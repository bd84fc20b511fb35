package org

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"testing"

	"xinfang/domain/ledger"
)

var update = flag.Bool("update", false, "append new samples to testdata/events.golden")

// samples has every event, with every field set.
var samples = []Event{
	UnitCreated{"ZJJ", Name{"住建局", "Housing bureau"}, KindDepartment, "QZF", day("2020-01-01")},
	UnitRenamed{"ZJJ", Name{"住房局", "Housing office"}, day("2021-01-01")},
	UnitMerged{"ZJJ", "GGJ", day("2022-01-01")},
	UnitAbolished{"ZJJ", "GGJ", day("2022-01-01")},
	OfficerAppointed{"1001", "王强", "ZJJ", "局长", UnitHead, true, day("2021-01-01")},
	OfficerLeft{"1001", "ZJJ", "局长", day("2022-01-01")},
	OfficerRenamed{"1001", "王大强"},
	LeaveStarted{"1001", day("2021-05-01")},
	LeaveEnded{"1001", day("2021-06-01")},
}

// TestStorageFormat checks that what was ever written can still be read, and
// that what is written now is what was written then. Lines are only ever added
// to the golden file; a change to one is a change to history.
func TestStorageFormat(t *testing.T) {
	const file = "testdata/events.golden"
	var now bytes.Buffer
	for _, e := range samples {
		for v, i := reflect.ValueOf(e), 0; i < v.NumField(); i++ {
			if v.Field(i).IsZero() {
				t.Errorf("sample %T does not set %s", e, v.Type().Field(i).Name)
			}
		}
		r := Codec.Record(e, ledger.Meta{}, 0)
		fmt.Fprintf(&now, "%s %s\n", r.Type, r.Data)
	}
	if *update {
		if err := os.WriteFile(file, now.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	then, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(now.Bytes(), then) {
		t.Errorf("events are written differently now:\n%s\nthan before:\n%s", now.Bytes(), then)
	}
	for s := bufio.NewScanner(bytes.NewReader(then)); s.Scan(); {
		name, data, _ := bytes.Cut(s.Bytes(), []byte(" "))
		if _, err := Codec.Decode(string(name), data); err != nil {
			t.Errorf("cannot read what was written before: %v", err)
		}
	}
}

// TestSamplesAreComplete checks that no event was left out of samples, and so
// out of the codec: every struct in event.go with an event method has one.
func TestSamplesAreComplete(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "event.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	have := make(map[string]bool)
	for _, e := range samples {
		have[reflect.TypeOf(e).Name()] = true
	}
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || f.Recv == nil || f.Name.Name != "event" {
			continue
		}
		if name := f.Recv.List[0].Type.(*ast.Ident).Name; !have[name] {
			t.Errorf("event %s has no sample", name)
		}
	}
}
