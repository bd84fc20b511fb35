package main

import (
	"fmt"
	"maps"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"xinfang/domain/custody"
	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/petition"
	"xinfang/infra/metrics"
	"xinfang/infra/monitoring"
	"xinfang/projections"
	"xinfang/projections/measure"
)

const monitoringDir = "../../infra/monitoring/"

// everyMetric scrapes a registry that was told one of everything, and a witness's, and returns the
// labels of each metric. Both kinds of store are one registry, for this.
func everyMetric(t *testing.T) map[string]map[string]bool {
	t.Helper()
	m := metrics.New(metrics.Build{Store: "segment"})
	m.Observe("none", "GET", 200, time.Second)
	m.Commanded("accept", "ok")
	m.Revealed("handler", []string{"name"})
	m.Imported(1, 1, 1)
	now := time.Now()
	m.Follow(func() metrics.Replica { return metrics.Replica{Last: now, Checked: now} })
	m.Sign(func() metrics.Notary {
		return metrics.Notary{Anchors: true, Witnesses: make([]metrics.Witness, 1)}
	})
	m.Set(metrics.State{
		Now: now, CalendarUntil: now,
		Tally: projections.Tally{
			Overdue: make([]projections.OverdueCount, 1), Soon: make([]projections.SoonCount, 1),
			Registered: make([]projections.RegisteredCount, 1), Late: make([]projections.LateCount, 1),
			Handling: map[petition.Class]projections.Durations{"": {}},
		},
		Figures: []measure.Figure{{Measure: measure.M1, Tier: law.Statutory, Rate: &measure.Rate{}}},
	})
	answer := httptest.NewRecorder()
	m.Handler("").ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	metrics.WitnessHandler(func() []metrics.Log { return make([]metrics.Log, 1) }).ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	all := make(map[string]map[string]bool)
	for line := range strings.Lines(answer.Body.String()) {
		if name := regexp.MustCompile(`^[a-z_]+`).FindString(line); name != "" {
			if all[name] == nil {
				all[name] = map[string]bool{"instance": true, "job": true}
			}
			for _, pair := range labelPair.FindAllStringSubmatch(line, -1) {
				all[name][pair[1]] = true
			}
		}
	}
	return all
}

// alertExpressions returns the expressions of all rules, by the names of the rules.
func alertExpressions(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(monitoringDir + "rules/*.yml")
	ok(t, err)
	all := make(map[string]string)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		ok(t, err)
		var rules struct {
			Groups []struct {
				Rules []struct{ Alert, Record, Expr string }
			}
		}
		ok(t, yaml.Unmarshal(raw, &rules))
		for _, g := range rules.Groups {
			for _, r := range g.Rules {
				all[r.Alert+r.Record] = r.Expr
			}
		}
	}
	return all
}

var (
	metricName = regexp.MustCompile(`\b(?:xinfang|http|go|process)_[a-z_]+(?:\{[^}]*\})?`)
	matcher    = regexp.MustCompile(`([a-z_]+)(=|=~|!=|!~)"([^"]*)"`)
)

// TestMonitoring checks that every metric, label and value that an alarm or a chart
// asks for is one that the program exports: an alarm on a name that is misspelt
// never sounds.
func TestMonitoring(t *testing.T) {
	t.Parallel()
	exported := everyMetric(t)
	values := map[string][]string{
		"tier": words(law.Tiers), "clock": strings.Fields(strings.ToLower(fmt.Sprint(words(law.Clocks())))),
		"reason": append(words(ledger.BreakKinds), custody.AttemptKinds...), "kind": custody.AlarmKinds,
		"grade": words(petition.Grades()), "curing": {"true", "false"}, "result": {"ok", "conflict", "rejected", "error"},
		"code_class": {"2xx", "3xx", "4xx", "5xx"}, "job": jobs(t), "quantile": {"0", "0.25", "0.5", "0.75", "1"},
	}
	for i, clocks := 0, values["clock"]; i < len(clocks); i++ {
		clocks[i] = strings.Trim(clocks[i], "[]")
	}
	asked := alertExpressions(t)
	for i, q := range monitoring.Queries() {
		asked[fmt.Sprintf("chart %d", i+1)] = q
	}
	used := make(map[string]bool)
	for where, expr := range asked {
		for _, selector := range metricName.FindAllString(expr, -1) {
			name, matchers, _ := strings.Cut(selector, "{")
			labels := exported[name]
			if labels == nil {
				t.Errorf("%s asks for %s, which the program does not export", where, name)
				continue
			}
			used[name] = true
			for _, m := range matcher.FindAllStringSubmatch(matchers, -1) {
				if !labels[m[1]] {
					t.Errorf("%s: %s has no label %s", where, name, m[1])
				}
				for v := range strings.SplitSeq(m[3], "|") {
					if known := values[m[1]]; known != nil && v != ".+" && !slices.Contains(known, v) {
						t.Errorf("%s: the label %s is never %q", where, m[1], v)
					}
				}
			}
		}
	}

	// And nothing is exported that nobody ever looks at.
	for name := range exported {
		base := strings.TrimSuffix(strings.TrimSuffix(name, "_sum"), "_count")
		if strings.HasPrefix(name, "xinfang_") && !used[name] && !used[base+"_bucket"] {
			t.Errorf("no alarm and no chart asks for %s", name)
		}
	}
}

// prometheusConfig is prometheus.yml, with the keys that it uses.
type prometheusConfig struct {
	Global struct {
		ScrapeInterval     string `yaml:"scrape_interval"`
		EvaluationInterval string `yaml:"evaluation_interval"`
	}
	RuleFiles     []string `yaml:"rule_files"`
	ScrapeConfigs []struct {
		JobName       string `yaml:"job_name"`
		Scheme        string
		Authorization struct {
			CredentialsFile string `yaml:"credentials_file"`
		}
		BasicAuth struct {
			Username     string
			PasswordFile string `yaml:"password_file"`
		} `yaml:"basic_auth"`
		TLSConfig struct {
			CAFile string `yaml:"ca_file"`
		} `yaml:"tls_config"`
		StaticConfigs []targets                  `yaml:"static_configs"`
		FileSDConfigs []struct{ Files []string } `yaml:"file_sd_configs"`
	} `yaml:"scrape_configs"`
}

type targets struct{ Targets []string }

func jobs(t *testing.T) (names []string) {
	var c prometheusConfig
	strictYAML(t, monitoringDir+"prometheus.yml", &c)
	for _, s := range c.ScrapeConfigs {
		names = append(names, s.JobName)
	}
	return names
}

// TestPrometheus checks, for each service that runs Prometheus, that it has the
// files that its configuration names, and that what it scrapes are services of
// the same profile, at the port where they have metrics.
func TestPrometheus(t *testing.T) {
	t.Parallel()
	var c prometheusConfig
	strictYAML(t, monitoringDir+"prometheus.yml", &c)
	project := readCompose(t)
	for name, s := range project.Services {
		if !strings.HasPrefix(s.Image, "prom/prometheus:") {
			continue
		}
		// has returns where in the repository the container's file is; "" is a secret
		// or a volume.
		has := func(file string) string {
			if !strings.HasPrefix(file, "/") {
				file = "/etc/prometheus/" + file
			}
			if secret, isSecret := strings.CutPrefix(file, "/run/secrets/"); isSecret {
				if !slices.Contains(s.Secrets, secret) {
					t.Errorf("%s: the secret %s is not given", name, secret)
				}
				return ""
			}
			for _, m := range s.mounts(t) {
				if rest, inside := strings.CutPrefix(file, m.target); inside && (rest == "" || rest[0] == '/') {
					if m.named() {
						return ""
					}
					return filepath.Join("../..", m.source+rest)
				}
			}
			t.Errorf("%s: nothing is mounted where %s is", name, file)
			return ""
		}
		for _, pattern := range c.RuleFiles {
			if found, err := filepath.Glob(has(pattern)); err != nil || len(found) == 0 {
				t.Errorf("%s: no rules are at %s: %v", name, pattern, err)
			}
		}
		scraped := make(map[string][]string)
		for _, job := range c.ScrapeConfigs {
			for _, file := range []string{job.Authorization.CredentialsFile, job.BasicAuth.PasswordFile, job.TLSConfig.CAFile} {
				if file != "" {
					has(file)
				}
			}
			all := job.StaticConfigs
			for _, sd := range job.FileSDConfigs {
				for _, file := range sd.Files {
					var more []targets
					strictYAML(t, has(file), &more)
					all = append(all, more...)
				}
			}
			for _, one := range all {
				scraped[job.JobName] = append(scraped[job.JobName], one.Targets...)
			}
		}
		for _, profile := range s.Profiles {
			want := map[string][]string{"xinfang": {"xinfang:" + portOf(t, defaults().Metrics.Addr)}}
			for other, node := range project.Services {
				if slices.Contains(node.Profiles, profile) && node.Environment["EVENTSTORE_CLUSTER_SIZE"] != "" {
					want["esdb"] = append(want["esdb"], net.JoinHostPort(other, esdbPort))
				}
			}
			for _, job := range slices.Sorted(maps.Keys(want)) {
				slices.Sort(want[job])
				if slices.Sort(scraped[job]); !slices.Equal(scraped[job], want[job]) {
					t.Errorf("%s: the job %s scrapes %q, but in profile %s there are %q", name, job, scraped[job], profile, want[job])
				}
			}
			if server := project.at(profile, "xinfang"); server == nil || !strings.HasSuffix(server.Environment["XINFANG_METRICS_ADDR"], ":"+portOf(t, defaults().Metrics.Addr)) {
				t.Errorf("%s: in profile %s nobody called xinfang has metrics", name, profile)
			}
		}
	}
}
