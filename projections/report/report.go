// Package report makes inspection reports as data (检查报告): of one case, [Case],
// and of one unit over a period, [Unit].
//
// A [Report] is sections of tables whose cells are values, not text: dates,
// counts, rates with what they were made of. [Report.Rows] writes it out in one
// language, and [Format] a single value; pages, csv and print all go through
// Format, so they show the same. JSON carries the values themselves.
//
// # What a report rests on
//
// Every report says as of when and at which position of the ledger it was made,
// and is a pure function of the ledger up to there: made again it is the same,
// byte for byte. It states what the ledger has and judges nobody; the section for
// the opinion of those who inspect (核查意见) is left empty.
//
// # Personal data
//
// Petitioners appear by their masked name, officers by name and the post that they
// held when they acted. In the report on a unit, cases of accusation (检举控告)
// appear only as one number for the whole district: not even their count may be
// read off beside the name of a unit.
package report

import (
	"time"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/petition"
	"xinfang/projections/measure"
)

// A Report is one report. The keys of its JSON, and every ID and Key in it, are
// never renamed.
type Report struct {
	Kind     Kind            `json:"kind"`
	Title    ledger.Text     `json:"title"`
	Subject  string          `json:"subject"`         // number of the case, or code of the unit
	Window   *measure.Window `json:"window,omitzero"` // of a report on a period
	AsOf     time.Time       `json:"as_of"`
	Position ledger.Position `json:"position"`
	Head     *Head           `json:"head,omitzero"` // of a report on one case
	Sections []Section       `json:"sections"`
}

// A Kind says what a report is about.
type Kind string

// The kinds of report.
const (
	KindCase Kind = "case" // 案件检查报告
	KindUnit Kind = "unit" // 单位检查报告
)

// A Head identifies the whole history of a case: how many events it has, and the
// leaf hash of the last, which commits to all of them. Anyone with the ledger can
// check it.
type Head struct {
	Version ledger.Version `json:"version"`
	Leaf    string         `json:"leaf"` // hex
}

// A Section is a part of a report, with an ID such as "clocks".
type Section struct {
	ID         string        `json:"id"`
	Title      ledger.Text   `json:"title"`
	Paragraphs []ledger.Text `json:"paragraphs,omitempty"`
	Facts      []Fact        `json:"facts,omitempty"`
	Tables     []Table       `json:"tables,omitempty"`
}

// A Fact is one line of a list.
type Fact struct {
	Key   ledger.Text `json:"key"`
	Value Value       `json:"value"`
}

// A Table is a table. Each row has one value for each column.
type Table struct {
	ID      string      `json:"id"`
	Title   ledger.Text `json:"title"`
	Columns []Column    `json:"columns"`
	Rows    [][]Value   `json:"rows"`
}

// A Column is a column of a table.
type Column struct {
	Key   string      `json:"key"`
	Title ledger.Text `json:"title"`
	Kind  ColumnKind  `json:"kind"`
}

// A ColumnKind says what the values of a column are.
type ColumnKind string

// The kinds of column.
const (
	Words ColumnKind = "text" // string, ledger.Text or bool
	Count ColumnKind = "int"  // int
	Day   ColumnKind = "date" // law.Date
	Time  ColumnKind = "time" // time.Time
	Share ColumnKind = "rate" // measure.Rate
	Slack ColumnKind = "days" // Margin, or Lag
	Real  ColumnKind = "real" // float64
)

// A Value is what a cell holds: nil for nothing, string, ledger.Text, bool, int,
// float64, law.Date, time.Time, measure.Rate, [Margin] or [Lag].
type Value any

// A Margin is how many days were or are left of a limit; negative, how many it
// took too many.
type Margin int

// A Lag is how long after it happened something was recorded, in seconds.
type Lag int64

// Inputs is what a report is made with, beside its subject.
type Inputs struct {
	AsOf     time.Time       // the present of the report
	Position ledger.Position // last position of the ledger that it rests on
	World    petition.World  // calendar, rules and directory, as known at Position
}

// opinion is the section that those who inspect fill in.
func opinion() Section {
	return Section{
		ID: "opinion", Title: text("核查意见", "Opinion of the inspectors"),
		Paragraphs: []ledger.Text{text("（留空，由核查人员填写）", "(left empty, for the inspectors to fill in)")},
	}
}

func cols(columns ...Column) []Column { return columns }

func col(key string, kind ColumnKind, zh, en string) Column {
	return Column{key, ledger.Text{ZH: zh, EN: en}, kind}
}

func text(zh, en string) ledger.Text { return ledger.Text{ZH: zh, EN: en} }

// when returns t as a value, nothing for the zero time.
func when(t time.Time) Value {
	if t.IsZero() {
		return nil
	}
	return t
}

// lastDay returns the last day of a limit that ends at due, nothing for the zero
// time.
func lastDay(due time.Time) Value {
	if due.IsZero() {
		return nil
	}
	return law.DateOf(due.Add(-1))
}

// said returns s as a value, nothing for "".
func said(s string) Value {
	if s == "" {
		return nil
	}
	return s
}
