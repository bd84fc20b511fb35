package metrics

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// A Log is a ledger that a witness (见证) cosigns. Its origin is one that the witness was
// told of.
type Log struct {
	Origin string
	Last   time.Time // when the witness last cosigned it, or began to run if it has not since
}

var logLastDesc = desc("xinfang_witness_log_last_cosigned_timestamp_seconds", "When the witness last cosigned a ledger, or began to run if it has not since.", "origin")

// A logs collects what a witness says.
type logs func() []Log

// Describe implements [prometheus.Collector].
func (logs) Describe(ch chan<- *prometheus.Desc) { ch <- logLastDesc }

// Collect implements [prometheus.Collector].
func (l logs) Collect(ch chan<- prometheus.Metric) {
	for _, log := range l() {
		ch <- prometheus.MustNewConstMetric(logLastDesc, prometheus.GaugeValue, seconds(log.Last), log.Origin)
	}
}

// WitnessHandler serves what Prometheus sees of a witness, at /metrics. all is asked at each
// scrape.
func WitnessHandler(all func() []Log) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(logs(all))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	return mux
}
