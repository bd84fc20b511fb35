// Package metrics is what Prometheus sees of the ledger.
//
// Every series has labels from a closed set: units, stages, clocks, tiers,
// routes. There is never a case number, a person, a free text or a path, and a
// value that is in no set becomes "other". Cases of accusation (检举控告) are
// counted for the district only. A rate is two gauges, never a ratio.
//
// A scrape touches neither the ledger nor the views: what is counted there is
// put in by [Metrics.Set], every few seconds, and held in memory. How a replica
// fares is asked at each scrape, and costs nothing.
package metrics

import (
	"crypto/subtle"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"xinfang/domain/custody"
)

// Metrics is the registry. Its methods may be called concurrently.
type Metrics struct {
	registry *prometheus.Registry

	appends   *prometheus.CounterVec
	appending prometheus.Histogram
	requests  *prometheus.HistogramVec
	commands  *prometheus.CounterVec
	reveals   *prometheus.CounterVec
	imported  *prometheus.CounterVec
	alarms    *prometheus.CounterVec
	denied    *prometheus.CounterVec

	mu      sync.RWMutex
	state   *State         // replaced, never changed; nil until the first Set
	replica func() Replica // nil if the ledger is kept here
	notary  func() Notary  // nil if there is none
}

// Build says which program this is.
type Build struct{ Version, Revision, GoVersion, Store string }

// New returns a registry with the metrics of the Go runtime and the process.
func New(b Build) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		appends: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "xinfang_ledger_append_total", Help: "Appends to the ledger, by what came of them.",
		}, []string{"result"}),
		appending: prometheus.NewHistogram(histogram("xinfang_ledger_append_duration_seconds",
			"From asking the ledger to append until it is durable.", .0005, .001, .0025, .005, .01, .025, .1, 1)),
		requests: prometheus.NewHistogramVec(histogram("http_request_duration_seconds",
			"HTTP requests, by route pattern.", .005, .025, .1, .3, 1, 5), []string{"route", "method", "code_class"}),
		commands: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "xinfang_commands_total", Help: "Commands on cases, by what came of them.",
		}, []string{"command", "result"}),
		reveals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "xinfang_pii_reveals_total", Help: "Personal data shown to an officer, by role and field.",
		}, []string{"role", "field"}),
		imported: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "xinfang_import_rows_total", Help: "Rows of imported files, by what came of them.",
		}, []string{"result"}),
		alarms: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "xinfang_store_alarms_total", Help: "Traces of hiding or erasing events in the store, or of changing who may.",
		}, []string{"kind"}),
		denied: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "xinfang_access_denied_total", Help: "Refused requests over the EventStoreDB protocol, by what was asked.",
		}, []string{"reason"}),
	}
	for _, kind := range custody.AlarmKinds {
		m.alarms.WithLabelValues(kind)
	}
	for _, kind := range custody.AttemptKinds {
		m.denied.WithLabelValues(kind)
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "xinfang_build_info", Help: "Which program this is; always 1.",
		ConstLabels: prometheus.Labels{"version": b.Version, "revision": b.Revision, "goversion": b.GoVersion, "store": b.Store},
	})
	build.Set(1)
	for _, result := range []string{"ok", "conflict", "rejected", "error"} {
		m.appends.WithLabelValues(result)
	}
	m.registry.MustRegister(m.appends, m.appending, m.requests, m.commands, m.reveals, m.imported, m.alarms, m.denied, build, district{m},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// histogram has classic buckets and native ones: setting only the latter would
// leave an older Prometheus with a single bucket.
func histogram(name, help string, buckets ...float64) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Name: name, Help: help, Buckets: buckets,
		NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 100,
	}
}

// Observe counts an answer. route is the pattern that matched.
func (m *Metrics) Observe(route, method string, code int, d time.Duration) {
	if route == "" {
		route = "none"
	}
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodHead, http.MethodDelete, http.MethodPut:
	default:
		method = "other"
	}
	m.requests.WithLabelValues(route, method, strconv.Itoa(code/100)+"xx").Observe(d.Seconds())
}

// Commanded counts a command. Both are of closed sets: the names of commands, and
// ok, refused, conflict, error.
func (m *Metrics) Commanded(command, result string) {
	m.commands.WithLabelValues(command, result).Inc()
}

// Revealed counts a look at personal data.
func (m *Metrics) Revealed(role string, fields []string) {
	for _, f := range fields {
		m.reveals.WithLabelValues(role, f).Inc()
	}
}

// Imported counts rows of imported files.
func (m *Metrics) Imported(accepted, duplicate, rejected int) {
	m.imported.WithLabelValues("accepted").Add(float64(accepted))
	m.imported.WithLabelValues("duplicate").Add(float64(duplicate))
	m.imported.WithLabelValues("rejected").Add(float64(rejected))
}

// Alarmed counts an alarm about the store, of one of [custody.AlarmKinds].
func (m *Metrics) Alarmed(kind string) { m.alarms.WithLabelValues(kind).Inc() }

// Denied counts a refused attempt, of one of [custody.AttemptKinds].
func (m *Metrics) Denied(kind string) { m.denied.WithLabelValues(kind).Inc() }

// Handler answers GET /metrics. With a token, only to who sends it.
func (m *Metrics) Handler(token string) http.Handler {
	mux := http.NewServeMux()
	scrape := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{EnableOpenMetrics: true})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		given, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if token != "" && subtle.ConstantTimeCompare([]byte(given), []byte(token)) != 1 {
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "send the bearer token of metrics.bearer_token_file", http.StatusUnauthorized)
			return
		}
		scrape.ServeHTTP(w, r)
	})
	return mux
}

// Set replaces what is known of the ledger and the district.
func (m *Metrics) Set(s State) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.state = &s
}

// Follow makes the metrics show the replica that is kept here of another ledger, as
// read says at each scrape. read may be called concurrently.
func (m *Metrics) Follow(read func() Replica) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.replica = read
}

// Sign makes the metrics show the notary, as read says at each scrape. read may be
// called concurrently.
func (m *Metrics) Sign(read func() Notary) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.notary = read
}
