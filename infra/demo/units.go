package demo

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"xinfang/domain/ledger"
	"xinfang/domain/org"
)

// A unit of the district, and who works there: the title and role of each post,
// in order, in the form of posts.
type unit struct {
	code, zh, en string
	kind         org.Kind
	parent       string
	posts        string
}

// Posts are written as title/role, separated by blanks; a role with a star is
// that of the head.
const (
	department = "局长/unit-head* 收件员/unit-clerk 信访科科员/handler 业务科科员/handler"
	street     = "街道办主任/unit-head* 信访办科员/handler 综治办科员/unit-clerk"
)

var units = []unit{
	{"szf", "市人民政府", "Municipal Government", org.KindGovernment, "", "复查复核办主任/reviewer* 复核员/reviewer"},
	{"sxfj", "市信访局", "Municipal Petition Bureau", org.KindBureau, "szf", "转办员/dispatcher"},
	{"zf", "区人民政府", "District Government", org.KindGovernment, "szf", "复查复核办主任/reviewer* 复查员/reviewer"},
	{"xfj", "区信访局", "District Petition Bureau", org.KindBureau, "zf",
		"局长/bureau-leader* 副局长/bureau-leader 转办科科长/dispatcher 接访员/registrar 转办员/dispatcher 接访员/registrar 接访员/registrar 接访员/registrar 回访员/visitor 回访员/visitor"},
	{"lxb", "区信访工作联席会议办公室", "Joint Conference Office", org.KindConference, "zf", "联络员/conference"},
	{"jw", "区纪委监委", "District Discipline Inspection", org.KindDiscipline, "", "检查组组长/inspector 问责复核员/inspector 检查员/inspector"},
	{"xxzx", "区信息中心", "District Information Centre", org.KindOther, "zf", "系统管理员/admin"},

	{"zjj", "区住建局", "Housing and Construction Bureau", org.KindDepartment, "zf",
		"局长/unit-head* 收件员/unit-clerk 信访科科员/handler 物业科科员/handler 更新科科员/handler 更新科科员/handler"},
	{"rsj", "区人力资源局", "Human Resources Bureau", org.KindDepartment, "zf",
		"局长/unit-head* 收件员/unit-clerk 信访科科员/handler 监察科科员/handler 监察科科员/handler"},
	{"jyj", "区教育局", "Education Bureau", org.KindDepartment, "zf", department},
	{"gaj", "公安分局", "Public Security Branch", org.KindDepartment, "zf", department},
	{"mzj", "区民政局", "Civil Affairs Bureau", org.KindDepartment, "zf", department},
	{"wjj", "区卫健局", "Health Bureau", org.KindDepartment, "zf", department},
	{"ybj", "区医保分局", "Medical Insurance Branch", org.KindDepartment, "zf", department},
	{"ghj", "规划和自然资源分局", "Planning and Natural Resources Branch", org.KindDepartment, "zf", department},
	{"hbj", "生态环境分局", "Ecology and Environment Branch", org.KindDepartment, "zf", department},
	{"cgj", "区城管局", "Urban Management Bureau", org.KindDepartment, "zf", department},
	{"jtj", "区交通局", "Transport Bureau", org.KindDepartment, "zf", department},
	{"scj", "区市场监管局", "Market Regulation Bureau", org.KindDepartment, "zf", department},

	{"jd01", "东湾街道", "Dongwan Street", org.KindStreet, "zf", street},
	{"jd02", "西岭街道", "Xiling Street", org.KindStreet, "zf", street},
	{"jd03", "南浦街道", "Nanpu Street", org.KindStreet, "zf", street},
	{"jd04", "北塘街道", "Beitang Street", org.KindStreet, "zf", street},
	{"jd05", "海滨街道", "Haibin Street", org.KindStreet, "zf", street},
	{"jd06", "松林街道", "Songlin Street", org.KindStreet, "zf", street},
	{"jd07", "石桥街道", "Shiqiao Street", org.KindStreet, "zf", street},
	{"jd08", "新田街道", "Xintian Street", org.KindStreet, "zf", street},
	{"jd09", "龙泉街道", "Longquan Street", org.KindStreet, "zf", street},
	{"jd10", "白鹭街道", "Bailu Street", org.KindStreet, "zf", street},
}

// streets are the codes of the streets, departments those of the departments.
var streets, departments = codes(org.KindStreet), codes(org.KindDepartment)

func codes(kind org.Kind) (codes []string) {
	for _, u := range units {
		if u.kind == kind {
			codes = append(codes, u.code)
		}
	}
	return codes
}

// named are the officers that the story needs; the others get names by their
// turn. An officer's number is the code of his unit and the number of his post.
var named = map[string]string{
	"jw01": "王某", "jw02": "李某", "xfj03": "赵某", "xfj04": "李某", "zjj01": "周某", "zjj02": "孙某", "zjj03": "陈某", "xxzx01": "管某",
}

const officerSurnames, officerGiven = "刘黄林吴徐郑梁谢宋唐许邓冯韩曹彭曾肖田董潘袁蔡蒋余杜叶程魏苏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏", "华明强伟芳敏静丽军勇涛超辉斌玲"

// officerName returns the n-th name, such as 刘某华: plainly nobody's.
func officerName(n int) string {
	surnames, given := []rune(officerSurnames), []rune(officerGiven)
	return string([]rune{surnames[n%len(surnames)], '某', given[(n/3+n)%len(given)]})
}

// identities returns whom a visitor of the demo may be.
func identities() []Identity {
	as := func(officer, unit, post string, role org.Role, zh, en string) Identity {
		return Identity{ledger.Text{ZH: zh, EN: en}, ledger.Actor{Officer: officer, Unit: unit, Post: post, Role: string(role)}}
	}
	return []Identity{
		as("jw01", "jw", "检查组组长", org.Inspector, "检查组·王某", "Inspection team · Wang"),
		as("jw02", "jw", "问责复核员", org.Inspector, "问责复核·李某", "Accountability review · Li"),
		as("xfj03", "xfj", "转办科科长", org.Dispatcher, "转办员·赵某", "Dispatcher · Zhao"),
		as("zjj03", "zjj", "信访科科员", org.Handler, "住建局承办人·陈某", "Housing handler · Chen"),
		as("xxzx01", "xxzx", "系统管理员", org.Admin, "管理员", "Administrator"),
	}
}

// establish returns the roster of the whole year, and the steps that enter it in
// the directory as it comes about.
func establish(o Options) (*org.Directory, []*step, error) {
	clerk := identities()[4].Actor
	var steps []*step
	enter := func(at time.Time, reason string, c org.Command) {
		id := o.id("org", len(steps))
		steps = append(steps, &step{at: at, org: c, meta: ledger.Meta{
			Command: id, Actor: clerk, Occurred: at.UTC(), Reason: reason, Correlation: id,
		}})
	}
	const start = "台账启用，导入机构和人员名册"
	founded, count := day("2019-03-01").Start(), 0
	for _, u := range units {
		at := o.opening().Add(time.Duration(len(steps)) * 20 * time.Second)
		enter(at, start, org.CreateUnit{Code: u.code, Name: ledger.Text{ZH: u.zh, EN: u.en}, Kind: u.kind, Parent: u.parent, From: founded})
		for i, p := range strings.Fields(u.posts) {
			number := fmt.Sprintf("%s%02d", u.code, i+1)
			name := named[number]
			if count++; name == "" {
				name = officerName(count)
			}
			title, role, _ := strings.Cut(p, "/")
			role, head := strings.CutSuffix(role, "*")
			enter(at, start, org.AppointOfficer{
				Officer: number, Name: name, Unit: u.code, Title: title, Role: org.Role(role), Head: head,
				From: founded.AddDate(0, 5*(count%7), count%28),
			})
		}
	}
	for i, c := range changes {
		if at := o.change(i); at.Before(o.today()) {
			enter(at, c.reason, c.command(at))
		}
	}
	slices.SortStableFunc(steps, func(a, b *step) int { return a.at.Compare(b.at) })
	var roster *org.Directory
	for _, s := range steps {
		events, err := org.Decide(roster, s.org, s.meta)
		if err != nil {
			return nil, nil, fmt.Errorf("demo: %T: %w", s.org, err)
		}
		for _, e := range events {
			roster = org.Evolve(roster, e, s.meta)
		}
	}
	return roster, steps, nil
}

// change returns when the i-th change of the year happens: before anybody works.
func (o Options) change(i int) time.Time {
	return o.From.AddDays(changes[i].day).Start().Add(7*time.Hour + time.Duration(i)*time.Minute)
}

// changes are what happens to the district in the course of the year.
var changes = []struct {
	day     int // after the first
	reason  string
	command func(at time.Time) org.Command
}{
	{91, "机构更名", func(at time.Time) org.Command {
		return org.RenameUnit{Unit: "rsj", Name: ledger.Text{ZH: "区人社局", EN: "Human Resources and Social Security Bureau"}, At: at}
	}},
	{45, "年休假", leave("jyj03")}, {59, "返岗", back("jyj03")},
	{110, "病假", leave("mzj03")}, {141, "返岗", back("mzj03")},
	{170, "进修", leave("gaj04")}, {200, "返岗", back("gaj04")},
	{233, "产假", leave("jd0302")}, {331, "返岗", back("jd0302")},
	{300, "年休假", leave("zjj04")}, {312, "返岗", back("zjj04")},

	// Two go with their desks handed over, two do not wait for a successor.
	{128, "调任", left("rsj04", "rsj", "监察科科员")}, {128, "接任", appoint("rsj06", "鲁某", "rsj", "监察科科员", org.Handler)},
	{212, "退休", left("zjj05", "zjj", "更新科科员")}, {214, "接任", appoint("zjj07", "毛某", "zjj", "更新科科员", org.Handler)},
	{265, "调任", left("cgj03", "cgj", "信访科科员")}, {296, "接任", appoint("cgj05", "龚某", "cgj", "信访科科员", org.Handler)},
	{318, "辞职", left("jd0402", "jd04", "信访办科员")}, {318, "接任", appoint("jd0404", "温某", "jd04", "信访办科员", org.Handler)},
	{190, "调任", left("ybj01", "ybj", "局长")},
	{190, "接任", func(at time.Time) org.Command {
		return org.AppointOfficer{Officer: "ybj05", Name: "祝某", Unit: "ybj", Title: "局长", Role: org.UnitHead, Head: true, From: at}
	}},
}

func leave(officer string) func(time.Time) org.Command {
	return func(at time.Time) org.Command { return org.StartLeave{Officer: officer, From: at} }
}

func back(officer string) func(time.Time) org.Command {
	return func(at time.Time) org.Command { return org.EndLeave{Officer: officer, At: at} }
}

func left(officer, unit, title string) func(time.Time) org.Command {
	return func(at time.Time) org.Command {
		return org.LeavePost{Officer: officer, Unit: unit, Title: title, At: at}
	}
}

func appoint(officer, name, unit, title string, role org.Role) func(time.Time) org.Command {
	return func(at time.Time) org.Command {
		return org.AppointOfficer{Officer: officer, Name: name, Unit: unit, Title: title, Role: role, From: at}
	}
}
