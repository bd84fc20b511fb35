package views

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/projections"
)

// A clause is the WHERE of a query: conditions joined by AND, and their
// arguments in step.
type clause struct {
	conds []string
	args  []any
}

func (c *clause) add(cond string, args ...any) {
	c.conds = append(c.conds, cond)
	c.args = append(c.args, args...)
}

func (c *clause) equal(column, value string) {
	if value != "" {
		c.add(column+" = ?", value)
	}
}

func (c *clause) sql() string {
	if len(c.conds) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.conds, " AND ")
}

func where(f projections.Filter) *clause {
	w := new(clause)
	w.equal("stage", string(f.Stage))
	w.equal("unit", f.Unit)
	w.equal("officer", f.Officer)
	w.equal("channel", string(f.Channel))
	w.equal("class", string(f.Class))
	w.equal("category", f.Category)
	w.equal("street", f.Street)
	if !f.From.IsZero() {
		w.add("received >= ?", f.From.Start().UnixMicro())
	}
	if !f.To.IsZero() {
		w.add("received < ?", f.To.Start().UnixMicro())
	}
	if f.Open {
		w.add("open")
	}
	if !f.Restricted {
		w.add("NOT restricted")
	}
	if column, ok := marks[f.Marked]; ok {
		w.add(column)
	}
	queue(w, f)
	words(w, f)
	return w
}

var marks = map[projections.Mark]string{
	projections.MarkLate: "late > 0", projections.MarkCuring: "curing > 0", projections.MarkCorrected: "corrected > 0",
	projections.MarkGap: "gap", projections.MarkReturned: "returned > 0", projections.MarkExtended: "extended > 0", projections.MarkRepeat: "repeat",
}

// queue adds what makes a case part of the queue. A due instant is exclusive: a
// clock that is due today runs out at the midnight that ends today.
func queue(w *clause, f projections.Filter) {
	now, today := f.Now.UnixMicro(), law.DateOf(f.Now)
	switch f.Queue {
	case projections.QueueToday:
		midnight := today.AddDays(1).Start().UnixMicro()
		w.add("(due_s > ? AND due_s <= ? OR due_d > ? AND due_d <= ?)", now, midnight, now, midnight)
	case projections.QueueSoon:
		end := f.Soon.AddDays(1).Start().UnixMicro()
		w.add("(due_s > ? AND due_s <= ? OR due_d > ? AND due_d <= ?)", now, end, now, end)
	case projections.QueueStatutory:
		w.add("due_s <= ?", now)
		w.equal("due_s_clock", string(f.Clock))
	case projections.QueueDistrict:
		w.add("due_d <= ?", now)
		w.equal("due_d_clock", string(f.Clock))
	case projections.QueueWaiting:
		units := make([]any, len(f.ViewerUnit))
		for i, u := range f.ViewerUnit {
			units[i] = u
		}
		w.add("open AND (wait_officer = ? OR wait_officer = '' AND wait_unit IN (?"+strings.Repeat(",?", len(units))+"))",
			append([]any{f.Viewer, ""}, units...)...)
	case projections.QueueAll, "":
	}
}

// words adds the search: by words, or by the petitioners that the caller found.
func words(w *clause, f projections.Filter) {
	var ways []string
	var args []any
	if phrase := phrase(f.Text); phrase != "" {
		ways = append(ways, "first IN (SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid DESC LIMIT "+strconv.Itoa(maxMatches)+")")
		args = append(args, phrase)
	}
	if len(f.Subjects) > 0 {
		ways = append(ways, "subject IN (?"+strings.Repeat(",?", len(f.Subjects)-1)+")")
		for _, s := range f.Subjects {
			args = append(args, s[:])
		}
	}
	if len(ways) > 0 {
		w.add("("+strings.Join(ways, " OR ")+")", args...)
	} else if strings.TrimSpace(f.Text) != "" {
		w.add("0") // nothing in it that could be searched
	}
}

// phrase returns the FTS5 query for what a person typed: each run between
// spaces is a phrase, and all must occur. A final * asks for a prefix.
func phrase(text string) string {
	var terms []string
	for _, word := range strings.Fields(text) {
		word, prefix := strings.CutSuffix(word, "*")
		word = strings.Join(strings.FieldsFunc(tokens(word), func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r)
		}), " ")
		if word == "" {
			continue
		}
		term := `"` + word + `"`
		if prefix {
			term += "*"
		}
		terms = append(terms, term)
	}
	return strings.Join(terms, " AND ")
}

// An ordering sorts by one column and then by age, so that every row has its
// place.
type ordering struct {
	column string
	desc   bool
}

func (o ordering) sql() string {
	if o.desc {
		return o.column + " DESC, first DESC"
	}
	return o.column + ", first"
}

func order(f projections.Filter) (ordering, func(projections.Row) int64) {
	switch f.Sort {
	case projections.SortDue:
		return ordering{"due_s", false}, func(r projections.Row) int64 { return due(r.Due[0].At) }
	case projections.SortDistrict:
		return ordering{"due_d", false}, func(r projections.Row) int64 { return due(r.Due[1].At) }
	case projections.SortReceived:
		return ordering{"received", true}, func(r projections.Row) int64 { return micros(r.Received) }
	case projections.SortNewest:
	}
	return ordering{"first", true}, func(r projections.Row) int64 { return int64(r.First) }
}

func (c *clause) after(cursor string, o ordering) error {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return projections.ErrCursor
	}
	var key, first int64
	if n, err := fmt.Sscanf(string(raw), "%d/%d", &key, &first); err != nil || n != 2 {
		return projections.ErrCursor
	}
	op := ">"
	if o.desc {
		op = "<"
	}
	c.add("("+o.column+", first) "+op+" (?, ?)", key, first)
	return nil
}

func cursor(key int64, first ledger.Position) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d/%d", key, first))
}
