package casefile

import (
	"testing"

	"xinfang/domain/petition"
)

// BenchmarkFold folds a case of twenty-odd events, as a rebuild does. The figure
// to watch is ns/event.
func BenchmarkFold(b *testing.B) {
	envs := envelopes(rich)
	for name, timeline := range map[string]bool{"light": false, "timeline": true} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				fold(NewFile(timeline), rich, envs)
			}
			perEvent(b)
		})
	}
}

// BenchmarkRead decodes as well, from memory.
func BenchmarkRead(b *testing.B) {
	store := write(b, rich...)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := ReadLight(b.Context(), store, petition.ID(number), 0); err != nil {
			b.Fatal(err)
		}
	}
	perEvent(b)
}

func perEvent(b *testing.B) {
	events := float64(b.N * len(rich))
	b.ReportMetric(events/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/events, "ns/event")
}
