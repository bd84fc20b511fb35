// Package monitoring is what Prometheus and Grafana are told of the ledger
// (监控): what to scrape, when to raise an alarm, what to draw.
//
//	prometheus.yml   what is scraped; nodes/ has the EventStoreDB nodes of each profile
//	rules/           the alarms; testdata/*_test.yml raises each, and does not
//	grafana/         the data source, and where the dashboards are
//	dashboards/      what [Dashboards] returns: go test ./infra/monitoring -update
//
// An alarm says in Chinese what is wrong, and in both languages what to do about
// it. Alarms of team inspection are for the inspection team (纪检监察): they are
// about people. Those of team ops are about machines.
//
// A rate is never drawn alone: its numerator and denominator are beside it, and
// where the denominator is zero there is "—". The two tiers (法定 statutory, 区内
// district) are never added up.
package monitoring

import (
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A Dashboard is one file that Grafana reads.
type Dashboard struct {
	Name string // of the file, without its extension
	JSON []byte
}

// Dashboards returns the three dashboards: 监督, 台账 and 运行.
func Dashboards() []Dashboard {
	var all []Dashboard
	for _, b := range boards() {
		raw, err := json.Marshal(b.model(), jsontext.WithIndent("  "), jsontext.EscapeForHTML(false), json.Deterministic(true))
		if err != nil {
			panic(err) // it is made of strings and numbers
		}
		all = append(all, Dashboard{b.name, append(raw, '\n')})
	}
	return all
}

// Queries returns every expression of every dashboard, with Grafana's variables
// filled in, so that it is PromQL.
func Queries() []string {
	fill := strings.NewReplacer("$__rate_interval", "5m", "$unit", ".+", "$tier", ".+")
	var all []string
	for _, b := range boards() {
		for _, c := range b.charts {
			for _, q := range c.queries {
				all = append(all, fill.Replace(q.expr))
			}
		}
	}
	return all
}

func boards() []board { return []board{inspection(), ledger(), operations()} }
