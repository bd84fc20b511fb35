package esdbnode_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"xinfang/domain/ledger/ledgertest"
)

// TestNpm runs the clients that others have made for Node.js: npm/check.mjs says
// what they do. It needs `npm ci` in that folder. XINFANG_NPM=required makes it an
// error if that is missing.
func TestNpm(t *testing.T) {
	missing := t.Skipf
	if os.Getenv("XINFANG_NPM") == "required" {
		missing = t.Fatalf
	}
	node, err := exec.LookPath("node")
	if err != nil {
		missing("the clients on npm are not tested: there is no Node.js here (%v)", err)
	}
	if _, err := os.Stat(filepath.Join("npm", "node_modules", "@kurrent")); err != nil {
		missing("the clients on npm are not tested: run `npm ci` in infra/esdbnode/npm (%v)", err)
	}
	for script, scheme := range map[string]string{"kurrentdb.mjs": "kurrentdb", "eventstore.mjs": "esdb"} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			store := new(ledgertest.Store)
			s := serveTLS(t, store)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			at := scheme + "://both:" + s.secrets["both"] + "@" + s.addr + "?tlsCaFile=" + filepath.Join(certificates, "ca.crt")
			run := exec.CommandContext(ctx, node, script, at)
			run.Dir = "npm"
			if out, err := run.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if got := len(ledgertest.Collect(t, store.ReadAll(ctx, 0))); got != 108 {
				t.Errorf("the ledger has %d events, want 108", got)
			}
			kinds := make(map[string]int)
			for _, a := range s.refused() {
				kinds[a.Kind]++
			}
			if len(kinds) != 3 || kinds["delete"] == 0 || kinds["tombstone"] == 0 || kinds["metadata"] == 0 {
				t.Errorf("refused attempts: %v", kinds)
			}
		})
	}
}
