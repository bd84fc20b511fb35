package sheet

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

const fullMapping = `
number     = "编号"
received   = "收到"
registered = "登记"
accepted   = { same_as = "received" }
replied    = "答复"
closed     = { column = "答复" }
unit       = { value = "区住建局" }
channel    = { column = "形式", values = { "来信" = "letter", "来访" = "visit" } }
petitioner = "姓名"
id_number  = "证件"
phone      = "电话"
headcount  = "人数"
outcome    = "结果"
`

const fullHead = "编号,收到,登记,答复,形式,姓名,证件,电话,人数,结果\n"

func TestApply(t *testing.T) {
	m := mapping(t, fullMapping)
	for _, tt := range []struct {
		name, row string
		errors    []string // column: start of the English message
	}{
		{"all well", "1,2026-01-05 09:00:00,2026-01-05,2026-02-01 10:00:00,来信,甲,11010519491231002X,13800138000,3,办结", nil},
		{"the least", "1,2026-01-05", nil},
		{"registered on the day of receipt", "1,2026-01-05 09:00:00,2026-01-05", nil},
		{"headcount in words", "1,2026-01-05,,,,,,,12 人", nil},
		{"no number", ",2026-01-05", []string{"编号: required"}},
		{"no time of receipt", "1,", []string{"收到: required"}},
		{"white space is nothing", "1, ,,,来信", []string{"收到: required"}},
		{"nonsense", "1,2026.13.2", []string{"收到: not a time"}},
		{"one cell for two fields", "1,2026-01-05,,soon", []string{"答复: not a time"}},
		{"in the future", "1,2026-03-02", []string{"收到: this time is in the future"}},
		{"later today", "1,2026-03-01 12:00:01", []string{"收到: this time is in the future"}},
		{"today", "1,2026-03-01", nil},
		{"replied before received", "1,2026-01-05 09:00,,2026-01-05 08:59", []string{"答复: before the time of receipt"}},
		{"replied the day before", "1,2026-01-05,,2026-01-04 23:00", []string{"答复: before the time of receipt"}},
		{"unknown form", "1,2026-01-05,,,短信", []string{"形式: not among the values of channel"}},
		{"long number", "4.40301E+17,2026-01-05,,,,,4.40301199001011E+17,1.38E+10", []string{"编号: a long number", "证件: a long number", "电话: a long number"}},
		{"no people", "1,2026-01-05,,,,,,,0", []string{"人数: a whole number"}},
		{"half a person", "1,2026-01-05,,,,,,,1.5", []string{"人数: a whole number"}},
		{"too many people", "1,2026-01-05,,,,,,,10000", []string{"人数: a whole number"}},
		{"everything at once", ",bad,bad,bad,x,,1E+5,,x", []string{"证件: a long number", "编号: required", "形式: not among", "人数: a whole", "收到: not a time", "登记: not a time", "答复: not a time"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := read([]byte(fullHead+tt.row+"\n"), m)
			if v.err != nil {
				t.Fatal(v.err)
			}
			left := append([]string(nil), tt.errors...)
			for _, e := range v.errors {
				said := fmt.Sprintf("%s: %s", e.Column, e.Message.EN)
				found := false
				for i, want := range left {
					if strings.HasPrefix(said, want) {
						left, found = append(left[:i], left[i+1:]...), true
						break
					}
				}
				if !found || e.Row != 2 {
					t.Errorf("row %d: unexpected %q", e.Row, said)
				}
			}
			if len(left) > 0 {
				t.Errorf("not said: %q", left)
			}
			if _, ok := v.facts[2]; ok != (tt.errors == nil) {
				t.Errorf("facts: %v", ok)
			}
		})
	}
}

func TestFacts(t *testing.T) {
	v := read([]byte(fullHead+"XF-1,2026-01-05 09:00:00,2026/1/6,2026-02-01 10:00:00,来信, 甲 ,11010519491231002X,13800138000,3,办结\n"), mapping(t, fullMapping))
	received := time.Date(2026, 1, 5, 9, 0, 0, 0, beijing)
	replied := time.Date(2026, 2, 1, 10, 0, 0, 0, beijing)
	want := Facts{
		Number: "XF-1", Received: received, Registered: time.Date(2026, 1, 6, 0, 0, 0, 0, beijing), Accepted: received,
		Replied: replied, Closed: replied, DateOnly: map[Field]bool{FieldRegistered: true},
		Unit: "区住建局", Channel: "letter", Petitioner: "甲", IDNumber: "11010519491231002X", Phone: "13800138000", Headcount: 3, Outcome: "办结",
	}
	if got := v.facts[2]; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v\n%v", got, want, v.errors)
	}
}

// What is in the column of a number and is none is an error of that cell, without
// the value.
func TestNumbersOfPersons(t *testing.T) {
	const head = "编号,收到时间,证件,电话\n"
	m := mapping(t, plainMapping+"id_number = '证件'\nphone = '电话'\n")
	v := read([]byte(head+"1,2026-01-05,欧阳守礼440306196001011235,abc\n2,2026-01-05,440306196001011232,13800138000、0755-27654321\n"+
		"3,2026-01-05,,\n4,2026-01-05,440306196001011235,\n"), m)
	var got []string
	for _, e := range v.errors {
		got = append(got, fmt.Sprint(e.Row, e.Column))
		if strings.Contains(e.Message.ZH+e.Message.EN, "4403") || e.Message.ZH == "" || e.Message.EN == "" {
			t.Errorf("row %d says %+v", e.Row, e.Message)
		}
	}
	if want := []string{"2证件", "2电话", "5证件"}; v.err != nil || !slices.Equal(got, want) || len(v.facts) != 2 {
		t.Errorf("errors in %v, %d rows are good, %v; want %v", got, len(v.facts), v.err, want)
	}
}

// TestCellsOfWorkbook applies a mapping to the kinds of cell that CSV has not.
func TestCellsOfWorkbook(t *testing.T) {
	m := mapping(t, plainMapping+"outcome = '编号'\nclosed = '收到时间'\n")
	for _, tt := range []struct {
		number, received string
		want             string // facts, or errors
	}{
		{`<c><v>2549</v></c>`, `<c s="1"><v>43580.397222</v></c>`, "2549 2019-04-25 09:32:00"},
		{`<c s="3"><v>42</v></c>`, `<c t="inlineStr"><is><t>43580</t></is></c>`, "000042 2019-04-25 00:00:00"},
		{`<c s="1"><v>43580</v></c>`, `<c><v>20190425</v></c>`, "2019-04-25 2019-04-25 00:00:00"},
		{`<c s="1"><v>43580.5</v></c>`, `<c><v>43580</v></c>`, "2019-04-25 12:00:00 2019-04-25 00:00:00"},
		{`<c t="inlineStr"><is><t>=cmd</t></is></c>`, `<c><v>43580</v></c>`, "=cmd 2019-04-25 00:00:00"},
		{`<c><v>440301199001011234</v></c>`, `<c><v>43580</v></c>`, "编号: a long number"},
		{`<c><f>A1</f></c>`, `<c><v>43580</v></c>`, "编号: a formula without"},
		{`<c><v>1</v></c>`, `<c t="e"><v>#N/A</v></c>`, "收到时间: an error value"},
		{`<c><v>1</v></c>`, `<c><v>2019</v></c>`, "收到时间: not a time"},
	} {
		v := read(book(t, headerXML+"<row>"+tt.number+tt.received+"</row>"), m)
		var got string
		for _, e := range v.errors {
			got += e.Column + ": " + e.Message.EN
		}
		if f, ok := v.facts[2]; ok {
			got = f.Number + " " + f.Received.Format(time.DateTime)
		}
		if v.err != nil || !strings.HasPrefix(got, tt.want) || len(v.errors) > 1 {
			t.Errorf("%s %s: %s %v, want %s", tt.number, tt.received, got, v.err, tt.want)
		}
	}
}
