package main

import (
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// attacks is how many rows each chapter of the catalogue of attacks has: on the store
// (A), on tree and notary (B), on notes and keys (C), on proofs (D), on bundles and
// anchors (E).
var attacks = map[string]int{"A": 28, "B": 19, "C": 18, "D": 12, "E": 17}

// attackName is how a test says which rows it is: a subtest "A4 …", a line "# A4 …"
// of a script.
var attackName = regexp.MustCompile(`(?m)(?:"|^# )([A-E]\d+(?: [A-E]\d+)*)[ :,]`)

// namesake are the packages whose tests have such names from elsewhere: clocks of the
// law, cells of a sheet, facts about EventStoreDB.
var namesake = []string{"domain/law", "domain/org", "domain/petition", "infra/esdb", "infra/sheet", "projections"}

// TestCatalogue checks that each attack of the catalogue is carried out by some test.
func TestCatalogue(t *testing.T) {
	carriedOut := make(map[string]bool)
	module := os.DirFS("../..")
	err := fs.WalkDir(module, ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains(namesake, path):
			return fs.SkipDir
		case !strings.HasSuffix(path, "_test.go") && !strings.HasSuffix(path, ".txtar"):
			return nil
		}
		text, err := fs.ReadFile(module, path)
		for _, found := range attackName.FindAllSubmatch(text, -1) {
			for row := range strings.FieldsSeq(string(found[1])) {
				carriedOut[row] = true
			}
		}
		return err
	})
	ok(t, err)
	for chapter, rows := range attacks {
		for i := range rows {
			if row := fmt.Sprint(chapter, i+1); !carriedOut[row] {
				t.Errorf("no test carries out attack %s", row)
			}
		}
	}
}
