package law

import (
	"fmt"

	"xinfang/domain/ledger"
)

// MaxExtension is by how many calendar days the handling of a case may be
// extended in all (延期), with the approval of the head of the organ and the
// reasons told to the petitioner: 信访条例 Art. 33, 信访工作条例 Art. 34. The
// district's tier keeps to the same number.
const MaxExtension = 30

// statute is the table of limits. Organs' limits do not roll, as the figures of
// the province are reckoned; petitioners' rights do.
//
// Without a number, and so without a statutory rule: registration (C1), the
// urgent report ("立即", "及时"; C13), the answer to a suggestion under the text
// of 2022 (C12), and an objection under the text of 2005 (C5).
var statute = []Rule{
	in2005(C2, 15, CalendarDays, RollNone, 21, 1),
	in2005(C3, 15, CalendarDays, RollNone, 22, 2),
	in2005(C4, 15, CalendarDays, RollNone, 21, 2),
	in2005(C6, 60, CalendarDays, RollNone, 33),
	in2005(C7, 0, CalendarDays, RollNone, 21, 1, 4),
	in2005(C8, 30, CalendarDays, RollNextWorkday, 34),
	in2005(C9, 30, CalendarDays, RollNone, 34),
	in2005(C10, 30, CalendarDays, RollNextWorkday, 35, 1),
	in2005(C11, 30, CalendarDays, RollNone, 35, 1),
	in2005(C12, 30, CalendarDays, RollNone, 36, 2),
	in2005(C17, 0, CalendarDays, RollNone, 36, 1),

	in2022(C2, 15, CalendarDays, RollNone, 22, 1),
	in2022(C3, 15, CalendarDays, RollNone, 23, 2),
	in2022(C4, 15, CalendarDays, RollNone, 23, 3),
	in2022(C5, 5, WorkingDays, RollNone, 23, 3),
	in2022(C6, 60, CalendarDays, RollNone, 34),
	in2022(C7, 0, CalendarDays, RollNone, 22, 1, 3),
	in2022(C8, 30, CalendarDays, RollNextWorkday, 35),
	in2022(C9, 30, CalendarDays, RollNone, 35),
	in2022(C10, 30, CalendarDays, RollNextWorkday, 36, 1),
	in2022(C11, 30, CalendarDays, RollNone, 36, 1),
	in2022(C17, 0, CalendarDays, RollNone, 40, 1),

	// Rules beside the two texts. Both are applied from the text of 2022 on.
	{ID: "2016-C14", Clock: C14, Tier: Statutory, Law: Law2022, N: 10, Unit: WorkingDays, Roll: RollNone, From: inForce2022,
		Article: ledger.Text{ZH: "《信访事项简易办理办法（试行）》（2016年）", EN: "Measures for the Simplified Handling of Petition Matters (Trial), 2016"}},
	{ID: "SZ2022-C16", Clock: C16, Tier: Statutory, Law: Law2022, N: 30, Unit: CalendarDays, Roll: RollNone, From: inForce2022,
		Article: ledger.Text{ZH: "《深圳经济特区矛盾纠纷多元化解条例》第25条（当事人未约定的）",
			EN: "Shenzhen Regulations on the Diversified Resolution of Disputes, Art. 25 (if the parties have not agreed otherwise)"}},

	committed(C2, 5, WorkingDays),
	committed(C3, 5, WorkingDays),
	committed(C4, 5, WorkingDays),
	committed(C5, 5, WorkingDays),
	committed(C6, 30, CalendarDays),
	committed(C18, 1, Weeks),

	own(C1, 1, WorkingDays),
	own(C12, 30, CalendarDays),
	own(C13, 1, Hours),
	own(C13Written, 4, Hours),
	own(C15, 30, CalendarDays),
	own(C17, 7, CalendarDays),
}

// in2005 returns a rule of 信访条例 that stands at article, paragraph (款) and
// item (项).
func in2005(clock ClockID, n int, u Unit, r Roll, at ...int) Rule {
	return Rule{ID: "2005-" + string(clock), Clock: clock, Tier: Statutory, Law: Law2005, N: n, Unit: u, Roll: r,
		From: inForce2005, To: inForce2022, Article: article(Law2005, at)}
}

// in2022 returns a rule of 信访工作条例 that stands at article, paragraph (款) and
// item (项).
func in2022(clock ClockID, n int, u Unit, r Roll, at ...int) Rule {
	return Rule{ID: "2022-" + string(clock), Clock: clock, Tier: Statutory, Law: Law2022, N: n, Unit: u, Roll: r,
		From: inForce2022, Article: article(Law2022, at)}
}

// committed returns a limit to which the district has committed itself.
func committed(clock ClockID, n int, u Unit) Rule {
	return district(clock, n, u, ledger.Text{
		ZH: "区内压缩时限（启用日期未见文件，可用规则集调整）",
		EN: "commitment of the district (the date of its adoption is in no source; change it by adopting a rule)"})
}

// own returns a limit that this product proposes to the district.
func own(clock ClockID, n int, u Unit) Rule {
	r := district(clock, n, u, ledger.Text{
		ZH: "本产品默认值，并非法律规定（可用规则集调整）",
		EN: "default of this product, not law (change it by adopting a rule)"})
	r.Own = true
	return r
}

func district(clock ClockID, n int, u Unit, article ledger.Text) Rule {
	return Rule{ID: "district-" + string(clock), Clock: clock, Tier: District, N: n, Unit: u, Roll: RollNone,
		From: inForce2005, Article: article}
}

// article names a place in a text: article, paragraph, item, as far as given.
func article(l Law, at []int) ledger.Text {
	t := ledger.Text{ZH: "《" + l.Title().ZH + "》", EN: l.Title().EN + ","}
	for i, n := range at {
		t.ZH += fmt.Sprintf("第%d%s", n, []string{"条", "款", "项"}[i])
		t.EN += fmt.Sprintf(" %s %d", []string{"Art.", "para.", "item"}[i], n)
	}
	return t
}
