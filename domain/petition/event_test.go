package petition

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
)

var update = flag.Bool("update", false, "append new samples to testdata/events.golden")

// eventTypes returns the names of the structs in event_*.go that are events.
func eventTypes(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("event_*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv != nil && f.Name.Name == "event" {
				names = append(names, f.Recv.List[0].Type.(*ast.Ident).Name)
			}
		}
	}
	return names
}

// sample returns the event of that name with every field set, down to the last:
// a text is the name of its field.
func sample(t *testing.T, name string) Event {
	t.Helper()
	zero, err := Codec.Decode(name, []byte("{}"))
	if err != nil {
		t.Fatalf("%s is not in the codec: %v", name, err)
	}
	v := reflect.New(reflect.TypeOf(zero)).Elem()
	fill(v, strings.ToLower(name))
	return v.Interface().(Event)
}

func fill(v reflect.Value, name string) {
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(noon("2026-01-05")))
		return
	case law.Date:
		v.Set(reflect.ValueOf(day("2026-01-05")))
		return
	case uuid.UUID:
		v.Set(reflect.ValueOf(eventSample))
		return
	case []byte:
		v.SetBytes([]byte{1, 2, 3})
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(name)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(7)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), name)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), name)
	case reflect.Struct:
		for i := range v.NumField() {
			tag, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			fill(v.Field(i), tag)
		}
	default:
		panic(fmt.Sprintf("no sample of %v", v.Type()))
	}
}

var eventSample = uuid.MustParse("9b2f6c1e-0000-4000-8000-000000000002")

// TestStorageFormat checks that what was ever written can still be read and would
// be written again as it was, and that what is written now is on record. Lines
// are only ever added to the golden file; a change to one is a change to history.
func TestStorageFormat(t *testing.T) {
	const file = "testdata/events.golden"
	then, err := os.ReadFile(file)
	if err != nil && !*update {
		t.Fatal(err)
	}
	for _, name := range eventTypes(t) {
		e := sample(t, name)
		if Codec.Name(e) != name {
			t.Errorf("event %s is called %q in the ledger", name, Codec.Name(e))
		}
		line := fmt.Appendf(nil, "%s %s\n", name, Codec.Record(e, ledger.Meta{}, 0).Data)
		if bytes.Contains(then, line) {
			continue
		}
		if !*update {
			t.Errorf("%s is written in a way that is not on record; if a field was added, run with -update:\n%s", name, line)
		}
		then = append(then, line...)
	}
	if *update {
		if err := os.WriteFile(file, then, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	lines := bufio.NewScanner(bytes.NewReader(then))
	for lines.Scan() {
		name, data, _ := bytes.Cut(lines.Bytes(), []byte(" "))
		e, err := Codec.Decode(string(name), data)
		if err != nil {
			t.Errorf("cannot read what was written before: %v", err)
			continue
		}
		if again := Codec.Record(e, ledger.Meta{}, 0).Data; !bytes.Equal(again, data) {
			t.Errorf("what was written before as\n%s %s\nwould now be\n%s", name, data, again)
		}
	}
}

// TestEveryEventIsEvolved checks that no event upsets a case, at any stage and on
// the empty stream.
func TestEveryEventIsEvolved(t *testing.T) {
	names := eventTypes(t)
	if len(names) < 50 {
		t.Fatalf("only %d events found: %q", len(names), names)
	}
	for _, first := range names {
		for _, second := range names {
			s := Evolve(nil, sample(t, first), ledger.Meta{})
			Evolve(s, sample(t, second), ledger.Meta{})
		}
	}
	for stage := range slices.Values(Stages()) {
		if title := stage.Title(); title.ZH == string(stage) || title.EN == "" {
			t.Errorf("stage %s has no title", stage)
		}
	}
}

// TestRefusalCodes checks that every code in the source is in the table.
func TestRefusalCodes(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || !strings.HasPrefix(lit.Value, `"ERR_`) || lit.Value == `"ERR_"` {
				return true
			}
			if _, known := refusalAt[strings.Trim(lit.Value, `"`)]; !known {
				t.Errorf("%s: %s is not in the table", name, lit.Value)
			}
			return true
		})
	}
}

// TestNumberOf takes the number of a case from its first event, if that is the one that
// makes the case's identity.
func TestNumberOf(t *testing.T) {
	for data, want := range map[string]string{
		`{"number":"XF-1","channel":"letter"}`: "XF-1",
		`{"number":"XF-2"}`:                    "",
		`{"number":1}`:                         "",
		`{}`:                                   "",
		`x`:                                    "",
	} {
		if got := NumberOf(ID("XF-1"), []byte(data)); got != want {
			t.Errorf("%s: %q, not %q", data, got, want)
		}
	}
}
