package main

import "testing"

// A job whose size is not known makes no guess; one whose size is, says how long
// the rest takes.
func TestProgressLine(t *testing.T) {
	for _, tt := range []struct {
		done, total int64
		rate        float64
		want        string
	}{
		{67600, 0, 1000, "import 67600  1000/s"},
		{0, 100, 0, "import 0/100  0/s  ETA ?"},
		{50, 100, 10, "import 50/100  10/s  ETA 5s"},
		{100, 100, 10, "import 100/100  10/s  ETA 0s"},
	} {
		if got := line("import", tt.done, tt.total, tt.rate); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
