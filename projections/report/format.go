package report

import (
	"fmt"
	"strconv"
	"time"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/projections/measure"
)

// Rows writes the report out in lang ("en", or anything else for Chinese) as rows
// of cells, for a csv file: the title, what it rests on, then section by section
// its facts and its tables, each with its headings.
func (r Report) Rows(lang string) [][]string {
	rows := [][]string{{r.Title.In(lang)}}
	for _, f := range r.Basis() {
		rows = append(rows, []string{f.Key.In(lang), Format(f.Value, lang)})
	}
	for _, s := range r.Sections {
		rows = append(rows, nil, []string{s.Title.In(lang)})
		for _, p := range s.Paragraphs {
			rows = append(rows, []string{p.In(lang)})
		}
		for _, f := range s.Facts {
			rows = append(rows, []string{f.Key.In(lang), Format(f.Value, lang)})
		}
		for _, t := range s.Tables {
			rows = append(rows, []string{t.Title.In(lang)})
			if len(t.Rows) == 0 {
				rows = append(rows, []string{None.In(lang)})
				continue
			}
			rows = append(rows, t.Text(lang)...)
		}
	}
	return rows
}

// None stands for the rows of a table that has none.
var None = ledger.Text{ZH: "（无）", EN: "(none)"}

// Basis returns what the report rests on, to be printed at its head.
func (r Report) Basis() []Fact {
	var facts []Fact
	if w := r.Window; w != nil {
		facts = append(facts, Fact{text("统计期", "period"), period(*w)})
	}
	facts = append(facts,
		Fact{text("截至时间", "as of"), when(r.AsOf)},
		Fact{text("台账位置", "ledger position"), int(r.Position)},
	)
	if r.Head != nil {
		facts = append(facts,
			Fact{text("本件事件数", "events of the case"), int(r.Head.Version)},
			Fact{text("本件末条哈希", "hash of the last of them"), r.Head.Leaf},
		)
	}
	return facts
}

// period writes w with its last day, as people say it.
func period(w measure.Window) ledger.Text {
	from, to := w.From.String(), "…"
	if !w.To.IsZero() {
		to = w.To.AddDays(-1).String()
	}
	if w.From.IsZero() {
		from = "…"
	}
	return text(from+" 至 "+to+"（含）", from+" to "+to+" (inclusive)")
}

// Text writes the table out in lang, its headings first.
func (t Table) Text(lang string) [][]string {
	head := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		head[i] = c.Title.In(lang)
	}
	rows := [][]string{head}
	for _, r := range t.Rows {
		row := make([]string, len(r))
		for i, v := range r {
			row[i] = Format(v, lang)
		}
		rows = append(rows, row)
	}
	return rows
}

// Format writes v out in lang: a date as 2026-11-23, a time as 2026-11-23 09:41
// in Shanghai, a rate as "96.4% = 402/417" or "—", a margin as "超期3天" or "3 days
// over", nothing as "".
func Format(v Value, lang string) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case ledger.Text:
		return v.In(lang)
	case bool:
		if v {
			return text("是", "yes").In(lang)
		}
		return text("否", "no").In(lang)
	case int:
		return strconv.Itoa(v)
	case float64:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case law.Date:
		return v.String()
	case time.Time:
		return v.In(law.Shanghai).Format("2006-01-02 15:04")
	case measure.Rate:
		return v.String()
	case Margin:
		return v.text().In(lang)
	case Lag:
		return v.text().In(lang)
	}
	return fmt.Sprint(v)
}

func (m Margin) text() ledger.Text {
	if m < 0 {
		return text(fmt.Sprintf("超期%d天", -m), plural(int(-m), "day")+" over")
	}
	return text(fmt.Sprintf("剩%d天", m), plural(int(m), "day")+" left")
}

func (l Lag) text() ledger.Text {
	const minute, hour, day = 60, 3600, 86400
	switch {
	case l >= day:
		return text(fmt.Sprintf("%d天", l/day), plural(int(l/day), "day"))
	case l >= hour:
		return text(fmt.Sprintf("%d小时", l/hour), plural(int(l/hour), "hour"))
	case l >= minute:
		return text(fmt.Sprintf("%d分钟", l/minute), plural(int(l/minute), "minute"))
	}
	return text("–", "–")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
