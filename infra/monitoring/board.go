package monitoring

// A board is a dashboard as it is thought of: charts, laid out from left to right.
type board struct {
	name   string // of the file, and in the uid, which links rely on
	zh, en string
	filter bool // by unit and tier
	charts []chart
}

// A chart is a panel: titled in Chinese, explained in English.
type chart struct {
	kind          kind
	zh, en        string
	unit          string            // Grafana's name of it; empty is a plain number
	width, height int               // Grafana's grid has 24 columns
	colors        []color           // from which value on; none is neutral
	words         map[string]string // instead of values
	rate          string            // the column of a table that is a rate
	queries       []query
}

type kind string

const (
	stat  kind = "stat"       // a number
	lines kind = "timeseries" // over time
	bars  kind = "bargauge"   // compared
	table kind = "table"      // side by side: a row for each set of labels
)

type query struct{ expr, legend string }

// A color holds from a value on.
type color struct {
	from float64
	name string
}

var (
	redFromOne   = []color{{0, "green"}, {1, "red"}}
	redBelowOne  = []color{{0, "red"}, {1, "green"}}
	yesNo        = map[string]string{"0": "否", "1": "是"}
	dayAndLonger = []color{{0, "green"}, {86400, "orange"}, {15 * 86400, "red"}}
)

// number is a small chart of one number, or one for each of a few labels.
func number(zh, en, unit string, colors []color, queries ...query) chart {
	return chart{kind: stat, zh: zh, en: en, unit: unit, width: 6, height: 4, colors: colors, queries: queries}
}

// course is a chart of what changed over time.
func course(zh, en, unit string, queries ...query) chart {
	return chart{kind: lines, zh: zh, en: en, unit: unit, width: 12, height: 8, queries: queries}
}

// saying shows words instead of a chart's values.
func (c chart) saying(words map[string]string) chart {
	c.words = words
	return c
}
