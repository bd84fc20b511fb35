package sheet

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

var update = flag.Bool("update", false, "write testdata/sample-mailbox.xlsx and its golden file anew")

// A number of days is a cell that is shown as a date.
type days float64

// A formula is a cell with a formula and no result.
type formula string

// sample is the sample workbook below its headings: thirty invented messages to
// a mayor's mailbox, with the dirt that real ones have. A row of nil is blank.
var sample = [][]any{
	{1001, "U000101", "小区路灯不亮", "2025/1/6 9:32:09", "青石路三号院东侧路灯坏了两周。", "已于当日更换灯管。", "2025/1/8 16:20:00"},
	{1002, "U000102", "公交末班车时间", "2025/1/7 20:15:44", "建议 12 路末班车延至二十二时。", "将在春季调整时一并研究。", "2025/1/20 10:00:31"},
	{1003, "U000103", "低保申请进度", "2025-01-09 11:05", "去年十二月提交申请，想了解进度。", "已进入公示，公示期七天。", "2025-01-15 09:30"},
	{1004, "U000101", "路灯又坏了", "2025年1月10日 18时40分", "换过的路灯又不亮了。", "已更换整套灯具。", "2025年1月13日 9时5分"},
	{1005, "U000105", "河道有垃圾", "2025.1.12", "小清河桥下漂浮垃圾较多。", "已清理。", "2025.1.14"},
	{1006, "U000106", "噪声扰民", days(45670.397222), "夜间施工至凌晨一点。", "已责令停止夜间施工。", days(45673.6875)},
	{1007, "U000107", "学位咨询", "45671.5", "外地户籍子女如何申请学位？", "请于四月登录网上平台申请。", "45680"},
	{1008, "U000108", "停车收费", days(45672), "老旧小区停车费上涨。", "已约谈物业公司。", "2025/1/27"},
	nil,
	{1010, "U000110", "燃气改造", "２０２５／２／３　８：００：００", "何时通燃气？", "", ""},
	{1011, "U000111", "=请公开补偿标准", "2025/2/5 14:00:00", "=征地补偿标准请公开。", "已在网站公开。", "2025/2/18 15:45:10"},
	{1012, "U000112", "占道经营", "2025.13.2", "早市占道。", "已整治。", "2025/2/12 9:00:00"},
	{1013, "U000113", "电梯停运", "2025/2/8 7:50:00", "三栋电梯停运五天。", "已恢复运行。", "2025/2/7 9:00:00"},
	{nil, "U000114", "漏水", "2025/2/9 12:00:00", "楼顶漏水。", "已维修。", "2025/2/19 12:00:00"},
	{440301202502090123, "U000115", "身份证办理", "2025/2/9 13:00:00", "异地能否办理？", "可以。", "2025/2/10 13:00:00"},
	{1016, "U000116", "公园厕所", "2025/2/10 下午 3:05", "厕所夜间不开放。", "现已全天开放。", "2025/2/14 上午9:00"},
	{1017, "U000117", "树枝遮挡信号灯", "2025/2/11 9:00:00", "建设路口树枝遮挡信号灯。", "已修剪。", formula("D18+2")},
	{1018, "U000118", "", "2025/2/11 10:00:00", "没有主题的留言。", "已阅。", "2025/2/12 10:00:00"},
	{1019, "U000119", "道路积水", "2025/2/12 17:30:00\n", "\n\t立交桥下积水。\n", "已疏通排水管。", "2025/2/13 8:00:00"},
	{1020, "U000120", "工资拖欠", "", "工地拖欠三个月工资。", "已立案。", "2025/2/20 8:00:00"},
	{1021, "U000121", "养老金补缴", "2025/2/14 9:10:11", "断缴两年能否补缴？", "请携带材料到窗口办理。", "2062/2/24 9:00:00"},
	{1022, "U000122", "共享单车乱停", "2025/2/15 19:20:21", "地铁口单车堵路。", "已增加停车点。", "2025/3/1 9:00:00"},
	{1023, "U000123", "宠物不牵绳", "2025/2/16 6:30:00", "清晨遛狗不牵绳。", "已加强巡查。", "2025/2/26 9:00:00"},
	{1024, "U000124", "医保报销", "20250217", "异地就医如何报销？", "可直接结算。", "20250224"},
	{1025, "U000125", "快递柜收费", "2025-02-18T08:00:00+08:00", "快递柜超时收费。", "已转邮政管理部门。", "2025-02-25T09:00:00+08:00"},
	{1026, "U000126", "生僻字姓名", "2025/2/19 9:00:00", "名字含“𬭎”无法办卡。", "系统已升级。", "2025/3/5 9:00:00"},
	{1027, "U000127", "校门口拥堵", "昨天上午", "上学时段拥堵。", "已安排交警。", "2025/2/28 9:00:00"},
	{1028, "U000128", "供暖不足", "2025/2/21 22:00:00", "室温只有十五度。", "已调高供水温度。", "2025/2/22 10:00:00"},
	{1029, "U000129", "违建举报", "2025/2/23 9:00:00", "楼顶加盖。", "正在核查。", ""},
	{1030, "U000130", "感谢", "2025/2/25 9:00:00", "谢谢修好了路灯。", "感谢您的支持。", "2025/2/25 17:59:59"},
	{1031, "U000131", "公厕导航", "2025/2/26 9:00:00", "建议上线公厕地图。", "已上线。", "2025/3/26 9:00:00"},
}

const samplePath = "testdata/sample-mailbox.xlsx"

func writeSample(t *testing.T) {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	date, err := f.NewStyle(&excelize.Style{NumFmt: 22})
	headings := []any{"留言编号", "留言用户", "留言主题", "留言时间", "留言详情", "答复意见", "答复时间"}
	for i, row := range append([][]any{headings}, sample...) {
		for j, v := range row {
			cell, _ := excelize.CoordinatesToCellName(j+1, i+1)
			var e error
			switch v := v.(type) {
			case days:
				e = errors.Join(f.SetCellValue("Sheet1", cell, float64(v)), f.SetCellStyle("Sheet1", cell, cell, date))
			case formula:
				e = f.SetCellFormula("Sheet1", cell, string(v))
			default:
				e = f.SetCellValue("Sheet1", cell, v)
			}
			err = errors.Join(err, e)
		}
	}
	if err = errors.Join(err, f.SaveAs(samplePath)); err != nil {
		t.Fatal(err)
	}
}

// TestSample reads the sample workbook with the mapping of the mayor's mailbox.
func TestSample(t *testing.T) {
	if *update {
		writeSample(t)
	}
	m, err := LoadMapping("testdata/mayor-mailbox.toml")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(samplePath, "sample.xlsx", m)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var b strings.Builder
	rows, good := 0, 0
	for row, err := range s.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		rows++
		f, problems := m.Apply(row, now)
		if len(problems) == 0 {
			good++
			fmt.Fprintf(&b, "%d %s\n\treceived %v\n\taccepted %v\n\treplied  %v\n\tclosed   %v\n\tdates    %v\n\t%q %q %q %q\n", row.Number, f.Number,
				f.Received, f.Accepted, f.Replied, f.Closed, slices.Sorted(maps.Keys(f.DateOnly)), f.Petitioner, f.Summary, f.Claim, f.Reply)
		}
		for _, e := range problems {
			fmt.Fprintf(&b, "%d %s: %s\n\t%s\n", e.Row, e.Column, e.Message.ZH, e.Message.EN)
		}
	}
	fmt.Fprintf(&b, "%d rows, %d good\n", rows, good)
	const golden = "testdata/sample-mailbox.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("got\n%s\nwant\n%s", &b, want)
	}
}
