package monitoring

// inspection is what the inspection team (纪检监察) looks at.
func inspection() board {
	const overdue = `xinfang_overdue_cases{clock="c6",unit=~"$unit",tier=~"$tier"}`
	return board{
		name: "inspection", zh: "监督：期限、补录、退件", filter: true,
		en: "What the inspection team looks at: due dates, late entries, objections. Units and tiers are never mixed; the console has the cases.",
		charts: []chart{
			number("在办件", "Open cases of the chosen units.", "", nil,
				query{`sum(xinfang_cases_open{unit=~"$unit"})`, ""}),
			number("办结超期（按期限档）", "Open cases over the due date of closing (clock c6), by tier: 法定 statutory, 区内 district.", "", redFromOne,
				query{`sum by (tier) (` + overdue + `)`, "{{tier}}"}),
			number("即将到期", "Open cases with a clock that runs out within 3 or 7 days; of the whole district.", "", nil,
				query{`sum by (window, tier) (xinfang_cases_due_soon{tier=~"$tier"})`, "{{window}} {{tier}}"}),
			number("最长超期", "How long the longest overdue clock has run out.", "s", dayAndLonger,
				query{`max by (tier) (xinfang_oldest_overdue_seconds{unit=~"$unit",tier=~"$tier"})`, "{{tier}}"}),
			{kind: table, zh: "按期情况：分子与分母", width: 24, height: 10, queries: rates(), rate: "按期率",
				en: "Clocks that have fallen due (denominator), those met in time (numerator), missed, and not due yet. The rate is met/due; — where nothing has fallen due. Clocks: c2 registration, c4 acceptance, c6 closing. Unit \"all\" is the district."},
			{kind: bars, zh: "办结超期最多的单位", width: 12, height: 9, colors: redFromOne,
				en:      "Open cases over the due date of closing, by unit and tier.",
				queries: []query{{`topk(20, sum by (unit, tier) (` + overdue + `))`, "{{unit}} {{tier}}"}}},
			course("超期走势", "Open cases over a due date, by clock and tier. A case may be over several of its clocks: do not add them up.", "",
				query{`sum by (clock, tier) (xinfang_overdue_cases{unit=~"$unit",tier=~"$tier"})`, "{{clock}} {{tier}}"}),
			course("补录", "Late entries a day (补录). Curing ones claim a due date that had been missed.", "",
				query{`sum by (unit, curing) (increase(xinfang_late_entries_total{unit=~"$unit"}[1d]))`, "{{unit}} curing={{curing}}"}),
			course("退件", "Objections of units in 7 days (退件), by what came of them.", "",
				query{`sum by (unit, result) (increase(xinfang_objections_total{unit=~"$unit"}[7d]))`, "{{unit}} {{result}}"}),
			course("更正", "Corrections of entries a day (更正); both values stay in the ledger.", "",
				query{`sum(increase(xinfang_corrections_total[1d]))`, "更正"}),
			course("登记", "Cases registered a day, by channel.", "",
				query{`sum by (channel) (increase(xinfang_cases_registered_total[1d]))`, "{{channel}}"}),
			number("重复信访：件数 / 登记总数", "Cases that repeat an earlier one, of all cases registered: numerator and denominator.", "", nil,
				query{`sum(xinfang_repeat_total)`, "重复"}, query{`sum(xinfang_cases_registered_total)`, "登记"}),
			number("评价：满意与基本满意 / 全部", "Evaluations that are satisfied or basically satisfied, of all that were given, by who was evaluated.", "", nil,
				query{`sum by (subject) (xinfang_satisfaction{grade=~"satisfied|basically"})`, "{{subject}} 满意"},
				query{`sum by (subject) (xinfang_satisfaction)`, "{{subject}} 全部"}),
			number("办理时长（第九十百分位）", "90th percentile from acceptance to closing, of all closed cases of the class.", "s", nil,
				query{`histogram_quantile(0.9, sum by (le, class) (xinfang_handling_duration_seconds_bucket))`, "{{class}}"}),
			number("查看个人信息（24 小时）", "Looks at personal data in 24 hours, by role. Each is in the ledger, with its purpose.", "", nil,
				query{`sum by (role) (increase(xinfang_pii_reveals_total[1d]))`, "{{role}}"}),
			stateTable(),
		},
	}
}

// rates are the columns of the table of rates.
func rates() []query {
	const (
		of   = `{unit=~"$unit|all",tier=~"$tier"}`
		rows = `sum by (unit, tier, clock) `
	)
	return []query{
		{rows + `(xinfang_clock_met` + of + `)`, "按期（分子）"},
		{rows + `(xinfang_clock_due` + of + `)`, "已到期（分母）"},
		{rows + `(xinfang_clock_missed` + of + `)`, "超期"},
		{rows + `(xinfang_clock_not_due` + of + `)`, "未到期"},
		{rows + `(xinfang_clock_met` + of + `) / (` + rows + `(xinfang_clock_due` + of + `) > 0)`, "按期率"},
	}
}

// stateTable shows where the cases are.
func stateTable() chart {
	return chart{
		kind: table, zh: "在办件所处环节", width: 24, height: 9,
		en:      "Open cases by unit and stage. \"district\" are restricted cases (检举控告) and those that nobody holds.",
		queries: []query{{`sum by (unit, state) (xinfang_cases_open{unit=~"$unit"})`, "件数"}},
	}
}
