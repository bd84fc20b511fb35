package segment

import (
	"testing"
	"time"
)

func BenchmarkAppend(b *testing.B) {
	for b.Loop() {
		r, err := BenchAppend(b.Context(), b.TempDir(), 64, 4*time.Second, 600, time.Now)
		if err != nil {
			b.Fatal(err)
		}
		b.Logf("%+v", r)
	}
}
