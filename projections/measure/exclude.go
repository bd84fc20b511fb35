package measure

// The reasons for which a case is left out of a figure (排除原因). The first four
// are also the grounds of petition.StatisticsExclusionMarked.
const (
	Duplicate  = "duplicate"   // 重复件、并件
	Judicial   = "judicial"    // 涉法涉诉
	NotCounted = "not_counted" // 标明不纳入统计
	Headcount  = "headcount"   // 人数不在 1 至 9999 之间
	Reversed   = "reversed"    // 办结早于受理或收到: the source's dates are wrong
)

const maxHeadcount = 9999

// left returns the reason for which f is left out of measure id, "" if it is
// not. What was marked in an event goes first; each case is left out once.
//
// The district keeps repeated cases out of M1 to M3 and judicial ones out of M4
// to M7, as the province's statistics do.
func (f *Facts) left(id ID) string {
	timeliness := id == M1 || id == M2 || id == M3
	effect := id == M4 || id == M5 || id == M6 || id == M7
	switch {
	case f.Excluded != "":
		return f.Excluded
	case f.Merged && id != M7, f.Earlier != "" && timeliness: // M7 is about them
		return Duplicate
	case f.Judicial && effect:
		return Judicial
	case f.Headcount < 0 || f.Headcount > maxHeadcount:
		return Headcount
	}
	return ""
}
