package monitoring

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "write dashboards/*.json and testdata/queries.golden.yml anew")

// golden compares got with the file, which it writes with -update.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		ok(t, os.WriteFile(file, got, 0o644))
	}
	want, err := os.ReadFile(file)
	ok(t, err)
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Errorf("%s (-want +got); if that is meant, run with -update:\n%s", file, diff)
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestDashboards compares the files that Grafana reads with what is made here.
func TestDashboards(t *testing.T) {
	var names []string
	for _, d := range Dashboards() {
		file := filepath.Join("dashboards", d.Name+".json")
		golden(t, file, d.JSON)
		names = append(names, file)
	}
	found, err := filepath.Glob("dashboards/*")
	ok(t, err)
	slices.Sort(names)
	if diff := cmp.Diff(names, found); diff != "" {
		t.Errorf("dashboards has other files than those that are made (-made +found):\n%s", diff)
	}
}

// TestQueries writes the expressions of all charts as recording rules, for
// promtool: nothing else here knows PromQL.
func TestQueries(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Every expression of every dashboard, for \"promtool check rules\"; nobody loads this.\ngroups:\n  - name: charts\n    rules:\n")
	for i, q := range Queries() {
		if strings.Contains(q, "$") {
			t.Errorf("a variable is not filled in: %s", q)
		}
		fmt.Fprintf(&b, "      - record: chart:%d\n        expr: %q\n", i+1, q)
	}
	golden(t, "testdata/queries.golden.yml", []byte(b.String()))
}

// TestCharts checks that people can read each chart, and that none lies on top of
// another.
func TestCharts(t *testing.T) {
	for _, b := range boards() {
		taken := make(map[[2]int]string)
		for i, p := range b.panels() {
			c, at := b.charts[i], p["gridPos"].(object)
			if !han(c.zh) || !latin(c.en) || len(c.queries) == 0 {
				t.Errorf("%s, %q: the title is to be in Chinese, the description in English, and something is to be asked", b.name, c.zh)
			}
			for x := at["x"].(int); x < at["x"].(int)+c.width; x++ {
				for y := at["y"].(int); y < at["y"].(int)+c.height; y++ {
					if other := taken[[2]int{x, y}]; other != "" || x >= columns {
						t.Fatalf("%s: %s has no room of its own (%q is at %d,%d)", b.name, c.zh, other, x, y)
					}
					taken[[2]int{x, y}] = c.zh
				}
			}
		}
	}
}

// A ruleFile is a file of rules/.
type ruleFile struct {
	Groups []struct {
		Name, Interval string
		Rules          []struct {
			Record, Alert, Expr, For string
			Labels                   struct{ Severity, Team string }
			Annotations              struct{ Summary, Description string }
		}
	}
}

// A ruleTest is a file of testdata/*_test.yml. What promtool alone looks at is any.
type ruleTest struct {
	RuleFiles          []string `yaml:"rule_files"`
	EvaluationInterval string   `yaml:"evaluation_interval"`
	Tests              []struct {
		Interval, Name string
		InputSeries    any `yaml:"input_series"`
		AlertRuleTest  []struct {
			EvalTime  string `yaml:"eval_time"`
			Alertname string
			ExpAlerts []any `yaml:"exp_alerts"`
		} `yaml:"alert_rule_test"`
		PromqlExprTest []struct {
			Expr       string
			EvalTime   string `yaml:"eval_time"`
			ExpSamples []any  `yaml:"exp_samples"`
		} `yaml:"promql_expr_test"`
	}
}

// TestRules checks that each alarm says what is wrong and what to do, whom it is
// for, and that its test raises it and does not. Whether the tests pass is
// promtool's to say: see .ci/run.
func TestRules(t *testing.T) {
	files, err := filepath.Glob("rules/*.yml")
	ok(t, err)
	severities, teams := []string{"critical", "warning", "info"}, []string{"ops", "inspection"}
	asked := regexp.MustCompile(`^ALERTS\{alertname="(\w+)"`)
	alarms := make(map[string]bool)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yml")
		var tests ruleTest
		read(t, filepath.Join("testdata", name+"_test.yml"), &tests)
		if want := []string{"../" + file}; !slices.Equal(tests.RuleFiles, want) {
			t.Errorf("testdata/%s_test.yml tests %q, not %q", name, tests.RuleFiles, want)
		}
		raised, quiet := make(map[string]bool), make(map[string]bool)
		for _, test := range tests.Tests {
			for _, a := range test.AlertRuleTest {
				raised[a.Alertname] = raised[a.Alertname] || len(a.ExpAlerts) > 0
			}
			for _, p := range test.PromqlExprTest {
				if m := asked.FindStringSubmatch(p.Expr); m != nil {
					into := quiet
					if len(p.ExpSamples) > 0 {
						into = raised
					}
					into[m[1]] = true
				}
			}
		}
		var rules ruleFile
		read(t, file, &rules)
		for _, g := range rules.Groups {
			for _, r := range g.Rules {
				if r.Alert == "" {
					continue
				}
				if alarms[r.Alert] {
					t.Errorf("two alarms are called %s", r.Alert)
				}
				alarms[r.Alert] = true
				if !han(r.Annotations.Summary) || !han(r.Annotations.Description) || !latin(r.Annotations.Description) {
					t.Errorf("%s: the summary is to be in Chinese, the description in both languages", r.Alert)
				}
				if !slices.Contains(severities, r.Labels.Severity) || !slices.Contains(teams, r.Labels.Team) {
					t.Errorf("%s: severity is one of %q, team one of %q", r.Alert, severities, teams)
				}
				if !raised[r.Alert] || !quiet[r.Alert] {
					t.Errorf("%s: testdata/%s_test.yml must raise it once, and once ask and find nothing", r.Alert, name)
				}
			}
		}
	}
	if len(alarms) < 20 {
		t.Errorf("only %d alarms: %q", len(alarms), slices.Sorted(maps.Keys(alarms)))
	}
}

// read reads YAML that must have nothing but what v has a place for.
func read(t *testing.T, file string, v any) {
	t.Helper()
	f, err := os.Open(file)
	ok(t, err)
	defer f.Close()
	d := yaml.NewDecoder(f)
	d.KnownFields(true)
	if err := d.Decode(v); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

func han(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

func latin(s string) bool { return regexp.MustCompile(`[A-Za-z]{3,} [a-z]+`).MatchString(s) }
