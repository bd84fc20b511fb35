package main

import (
	"bytes"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// TestLayers checks who may import whom. Tests count too. Within infra, nobody
// imports anybody, but for the tests of peers, and all may write files with durable.
func TestLayers(t *testing.T) {
	const module = "xinfang/"
	const (
		uuid, jsonv2 = "github.com/google/uuid", "github.com/go-json-experiment/json"
		rapid, cmp   = "pgregory.net/rapid", "github.com/google/go-cmp"

		// The formats and the arithmetic of proofs: functions of bytes.
		sumdb, torchwood = "golang.org/x/mod/sumdb", "filippo.io/torchwood"
		digitorus        = "github.com/digitorus"
		// That of boxes, which whoever holds a disclosed key opens without a vault.
		aead = "golang.org/x/crypto/chacha20poly1305"

		// Signatures and hashes of further kinds, and their tree: likewise.
		mldsa, gmsm, merkle = "filippo.io/mldsa", "github.com/emmansun/gmsm", "github.com/transparency-dev/merkle"

		// What reads ML-DSA lines besides us.
		formats = "github.com/transparency-dev/formats"

		durable = module + "infra/durable"
	)
	// esdb is tested against a server that speaks its protocol, over the store that
	// such servers and their replicas use.
	peers := map[string][]string{module + "infra/esdb": {module + "infra/esdbnode", module + "infra/segment"}}
	layers := []struct {
		dir   string
		allow []string // besides the standard library and the layer itself
		tests []string // besides those, in tests
	}{
		{"domain", []string{uuid, jsonv2, sumdb, torchwood, digitorus, aead, mldsa, gmsm, merkle}, []string{rapid, cmp, formats}},
		{"projections", []string{uuid, jsonv2, module + "domain"}, []string{rapid, cmp}},
		{"infra", []string{"..."}, nil},
		{"cmd", []string{"..."}, nil},
	}
	for _, l := range layers {
		out, err := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "../../"+l.dir+"/...").Output()
		if err != nil {
			t.Fatal(err)
		}
		for d := jsontext.NewDecoder(bytes.NewReader(out)); ; {
			var p struct {
				ImportPath                         string
				Imports, TestImports, XTestImports []string
			}
			if err := json.UnmarshalDecode(d, &p); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			check := func(imports, allow, peers []string) {
				for _, imp := range imports {
					self := module + l.dir
					sibling := l.dir == "infra" && strings.HasPrefix(imp, self) && imp != p.ImportPath && imp != durable && !slices.Contains(peers, imp)
					if sibling || !allowed(imp, self, allow) {
						t.Errorf("%s must not import %s", p.ImportPath, imp)
					}
				}
			}
			check(p.Imports, l.allow, nil)
			check(append(p.TestImports, p.XTestImports...), append(l.tests, l.allow...), peers[p.ImportPath])
		}
	}
}

func allowed(imp, self string, allow []string) bool {
	if !strings.HasPrefix(imp, "xinfang/") && !strings.Contains(strings.Split(imp, "/")[0], ".") {
		return true // standard library
	}
	for _, prefix := range append(allow, self) {
		if prefix == "..." || imp == prefix || strings.HasPrefix(imp, prefix+"/") {
			return true
		}
	}
	return false
}
