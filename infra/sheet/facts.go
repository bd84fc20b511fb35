package sheet

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"xinfang/domain/ledger"
	"xinfang/domain/personal"
)

// Facts are what one row states about one case. A zero value means that the
// source does not say.
//
// They hold personal data in clear: whoever records them encrypts it first.
type Facts struct {
	Number string // as the source numbers the case (编号)

	// Times are in Asia/Shanghai, to the second. Those in DateOnly the source
	// gives as a date; they are at 00:00 of that day.
	Received, Registered, Dispatched, Accepted, Replied, Served, Closed time.Time
	DateOnly                                                            map[Field]bool

	Unit, Channel, Class     string
	Summary, Claim, Reply    string
	Petitioner               string // name
	IDNumber, Phone, Address string
	Category, Outcome        string
	Headcount                int // people, from 1
}

// A CellError says why a row is not taken, and where to mend it.
type CellError struct {
	Row     int    // as Excel counts, from 1
	Column  string // heading of the column; "" for the whole row
	Message ledger.Text
}

type timeField struct {
	field Field
	of    func(*Facts) *time.Time
}

type textField struct {
	field Field
	of    func(*Facts) *string
}

// times are the fields that hold a time, in the order of a case's life.
var times = []timeField{
	{FieldReceived, func(f *Facts) *time.Time { return &f.Received }},
	{FieldRegistered, func(f *Facts) *time.Time { return &f.Registered }},
	{FieldDispatched, func(f *Facts) *time.Time { return &f.Dispatched }},
	{FieldAccepted, func(f *Facts) *time.Time { return &f.Accepted }},
	{FieldReplied, func(f *Facts) *time.Time { return &f.Replied }},
	{FieldServed, func(f *Facts) *time.Time { return &f.Served }},
	{FieldClosed, func(f *Facts) *time.Time { return &f.Closed }},
}

// texts are the fields that hold a text.
var texts = []textField{
	{FieldNumber, func(f *Facts) *string { return &f.Number }},
	{FieldUnit, func(f *Facts) *string { return &f.Unit }},
	{FieldChannel, func(f *Facts) *string { return &f.Channel }},
	{FieldClass, func(f *Facts) *string { return &f.Class }},
	{FieldSummary, func(f *Facts) *string { return &f.Summary }},
	{FieldClaim, func(f *Facts) *string { return &f.Claim }},
	{FieldReply, func(f *Facts) *string { return &f.Reply }},
	{FieldPetitioner, func(f *Facts) *string { return &f.Petitioner }},
	{FieldIDNumber, func(f *Facts) *string { return &f.IDNumber }},
	{FieldPhone, func(f *Facts) *string { return &f.Phone }},
	{FieldAddress, func(f *Facts) *string { return &f.Address }},
	{FieldCategory, func(f *Facts) *string { return &f.Category }},
	{FieldOutcome, func(f *Facts) *string { return &f.Outcome }},
}

// maxHeadcount is the most people that a petition can have, beyond which the
// official statistics, too, take the number for a mistake.
const maxHeadcount = 9999

// Apply returns what row states, or everything that is wrong with it. It is a
// pure function of the mapping, the row and now, the instant after which a time
// lies in the future; so a check and the run after it agree.
func (m *Mapping) Apply(row Row, now time.Time) (Facts, []CellError) {
	r := reading{mapping: m, row: row}
	if row.ragged {
		r.report("", ledger.Text{
			ZH: "本行的列数多于表头，内容可能错位。含逗号的内容须加双引号。",
			EN: "this row has more cells than there are headings, so they may have shifted; text with a comma must be quoted",
		})
	}
	var facts Facts
	for _, f := range texts {
		*f.of(&facts) = r.text(f.field)
	}
	facts.Headcount = r.headcount()
	for _, f := range times {
		*f.of(&facts) = r.time(f.field, &facts)
	}
	r.require(FieldNumber)
	r.require(FieldReceived)
	r.checkOrder(&facts, now)
	if len(r.errors) > 0 {
		return Facts{}, r.errors
	}
	return facts, nil
}

// A reading is one row while its facts are read and its errors gathered.
type reading struct {
	mapping *Mapping
	row     Row
	errors  []CellError
}

// report adds an error, once: two fields may come from the same cell.
func (r *reading) report(column string, message ledger.Text) {
	e := CellError{r.row.Number, column, message}
	if !slices.Contains(r.errors, e) {
		r.errors = append(r.errors, e)
	}
}

// cell returns the cell that field comes from; it is Empty if there is none or
// nothing can be taken from it, which is then reported.
func (r *reading) cell(field Field) (Cell, string) {
	column := r.mapping.Fields[field].Column
	if column == "" {
		return Cell{}, ""
	}
	c := r.row.Cell(column)
	if message, bad := c.trouble(); bad {
		r.report(column, message)
		return Cell{}, column
	}
	return c, column
}

// require reports that the cell of field has nothing in it.
func (r *reading) require(field Field) {
	column := r.mapping.Fields[field].Column
	c := r.row.Cell(column)
	if _, bad := c.trouble(); !bad && strings.TrimSpace(c.Text) == "" {
		r.report(column, ledger.Text{ZH: "必填，不能为空。", EN: "required, and empty"})
	}
}

func (r *reading) text(field Field) string {
	origin := r.mapping.Fields[field]
	if origin.Value != "" {
		return origin.Value
	}
	c, column := r.cell(field)
	text := strings.TrimSpace(c.Text)
	if c.Kind == Date {
		if t, dateOnly, err := ParseTime(c); err == nil {
			layout := time.DateTime
			if dateOnly {
				layout = time.DateOnly
			}
			text = t.Format(layout)
		}
	}
	switch {
	case text == "":
		return ""
	case isCode(field) && rounded(text):
		r.report(column, inexact)
		return ""
	case origin.Values == nil:
		if refusal, bad := errors.AsType[*ledger.Refusal](personal.Check(kinds[field], text)); bad {
			r.report(column, refusal.Text)
			return ""
		}
		return text
	}
	meaning, ok := origin.Values[text]
	if !ok {
		r.report(column, ledger.Text{
			ZH: fmt.Sprintf("内容不在映射文件 %s 的 values 对照表中。请改正，或在对照表中补上。", field),
			EN: fmt.Sprintf("not among the values of %s in the mapping file; correct it, or add it there", field),
		})
	}
	return meaning
}

// kinds are the fields of numbers that belong to a person; a number that is none is
// in the wrong column, or mistyped.
var kinds = map[Field]personal.Field{FieldIDNumber: personal.IDNumber, FieldPhone: personal.Phone}

// isCode reports whether a field holds digits that are not a quantity.
func isCode(f Field) bool {
	return f == FieldNumber || f == FieldIDNumber || f == FieldPhone
}

// rounded reports whether text is a number with an exponent: what is left of a
// long number that a spreadsheet showed short and saved so as text or CSV.
func rounded(text string) bool {
	mantissa, exponent, ok := strings.Cut(strings.ToUpper(text), "E+")
	whole, fraction, point := strings.Cut(mantissa, ".")
	return ok && plain(exponent) && plain(whole) && (!point || plain(fraction))
}

func (r *reading) headcount() int {
	c, column := r.cell(FieldHeadcount)
	text := strings.TrimSuffix(strings.TrimSpace(c.Text), "人")
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < 1 || n > maxHeadcount {
		r.report(column, ledger.Text{
			ZH: fmt.Sprintf("人数应为 1 至 %d 的整数。", maxHeadcount),
			EN: fmt.Sprintf("a whole number of people, from 1 to %d, is expected", maxHeadcount),
		})
		return 0
	}
	return n
}

// time reads the time of field and notes in facts whether it is only a date.
func (r *reading) time(field Field, facts *Facts) time.Time {
	source := field
	if same := r.mapping.Fields[field].SameAs; same != "" {
		source = same
	}
	c, column := r.cell(source)
	if strings.TrimSpace(c.Text) == "" {
		return time.Time{}
	}
	t, dateOnly, err := ParseTime(c)
	if err != nil {
		r.report(column, errTime.Text)
		return time.Time{}
	}
	if dateOnly {
		if facts.DateOnly == nil {
			facts.DateOnly = make(map[Field]bool)
		}
		facts.DateOnly[field] = true
	}
	return t
}

// checkOrder reports times that cannot be: in the future, or before the receipt.
// Where one of two times is only a date, days are compared.
func (r *reading) checkOrder(facts *Facts, now time.Time) {
	for _, f := range times {
		t := *f.of(facts)
		origin := r.mapping.Fields[f.field]
		if t.IsZero() || origin.SameAs != "" {
			continue
		}
		if t.After(now) {
			r.report(origin.Column, ledger.Text{ZH: "时间在将来。", EN: "this time is in the future"})
		}
		received := facts.Received
		if facts.DateOnly[f.field] || facts.DateOnly[FieldReceived] {
			t, received = day(t), day(received)
		}
		if !received.IsZero() && t.Before(received) {
			column := r.mapping.Fields[FieldReceived].Column
			r.report(origin.Column, ledger.Text{
				ZH: fmt.Sprintf("早于收到时间（列“%s”）。", column),
				EN: fmt.Sprintf("before the time of receipt (column %q)", column),
			})
		}
	}
}

// day returns the start of the day of t; the zero time it leaves alone.
func day(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	year, month, d := t.Date()
	return time.Date(year, month, d, 0, 0, 0, 0, beijing)
}
