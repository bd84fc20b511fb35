package segment

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCheck takes the envelopes out of a check, all or some, and finishes it: what it
// finds is what Verify does, of a ledger that is intact and of one that is not.
func TestCheck(t *testing.T) {
	for name, s := range specimens(t) {
		for _, take := range []int{0, 1, 7, 15, 99} {
			for _, harm := range []bool{false, true} {
				dir := image(t, s.dir)
				if at := s.frames[9]; harm {
					path := filepath.Join(dir, at.file)
					b, err := os.ReadFile(path)
					if err != nil {
						t.Fatal(err)
					}
					b[at.to-1] ^= 1
					if err := os.WriteFile(path, b, 0o600); err != nil {
						t.Fatal(err)
					}
				}
				want, err := Verify(t.Context(), dir, nil)
				if err != nil || want.OK == harm {
					t.Fatalf("%s: %+v, %v", name, want, err)
				}
				c, err := NewCheck(dir)
				if err != nil {
					t.Fatal(err)
				}
				seen, found := 0, error(nil)
				for e, err := range c.Envelopes(t.Context(), nil) {
					if found = err; err != nil {
						break
					}
					if diff := cmp.Diff(s.want[seen], e); diff != "" {
						t.Errorf("%s: envelope %d: %s", name, seen+1, diff)
					}
					if seen++; seen >= take {
						break
					}
				}
				damage, damaged := errors.AsType[*Damage](found)
				if damaged != (harm && take > 9) || damaged && damage.Position != want.FirstBad {
					t.Errorf("%s, %d taken, harmed %t: %d seen, then %v", name, take, harm, seen, found)
				}
				if got, err := c.Finish(t.Context(), nil); err != nil || got != want {
					t.Errorf("%s, %d taken, harmed %t: %+v, %v, want %+v", name, take, harm, got, err, want)
				}
			}
		}
	}
}
