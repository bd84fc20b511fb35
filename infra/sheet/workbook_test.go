package sheet

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"
)

// TestCells reads one cell of every type that SpreadsheetML has.
func TestCells(t *testing.T) {
	for _, tt := range []struct {
		xml  string
		want Cell
	}{
		{`<c r="A1"/>`, Cell{}},
		{`<c r="A1" t="s"><v>1</v></c>`, Cell{Text: "收到时间", Kind: Text}},
		{`<c t="inlineStr"><is><r><t>a</t></r><r><t xml:space="preserve"> b</t></r><rPh><t>x</t></rPh></is></c>`, Cell{Text: "a b", Kind: Text}},
		{`<c t="inlineStr"><is><t>=1+1</t></is></c>`, Cell{Text: "=1+1", Kind: Text}},
		{`<c t="inlineStr"><is><t>a_x000D_b_x005F_x000D_</t></is></c>`, Cell{Text: "a\rb_x000D_", Kind: Text}},
		{`<c t="b"><v>1</v></c>`, Cell{Text: "TRUE", Kind: Text}},
		{`<c t="d"><v>2026-01-02T03:04:05</v></c>`, Cell{Text: "2026-01-02T03:04:05", Kind: Text}},
		{`<c t="e"><v>#REF!</v></c>`, Cell{Kind: Broken}},
		{`<c><v>42</v></c>`, Cell{Text: "42", Kind: Number}},
		{`<c><v>1.3800138E+10</v></c>`, Cell{Text: "13800138000", Kind: Number}},
		{`<c><v>0.10000000000000001</v></c>`, Cell{Text: "0.1", Kind: Number}},
		{`<c><v>999999999999999</v></c>`, Cell{Text: "999999999999999", Kind: Number}},
		{`<c><v>4.40301199001011E+17</v></c>`, Cell{Kind: Inexact}},
		{`<c><v>440301199001011234</v></c>`, Cell{Kind: Inexact}},
		{`<c s="1"><v>43580.397222</v></c>`, Cell{Text: "43580.397222", Kind: Date}},
		{`<c s="2"><v>43580</v></c>`, Cell{Text: "43580", Kind: Date}},
		{`<c s="3"><v>42</v></c>`, Cell{Text: "000042", Kind: Number}},
		{`<c s="4"><v>42</v></c>`, Cell{Text: "42", Kind: Number}},
		{`<c><f>1+1</f><v>2</v></c>`, Cell{Text: "2", Kind: Number}},
		{`<c t="str"><f>"a"</f><v>a</v></c>`, Cell{Text: "a", Kind: Text}},
		{`<c t="str"><f>""</f><v></v></c>`, Cell{}},
		{`<c><f>1+1</f></c>`, Cell{Kind: Uncomputed}},
		{`<x:c xmlns:x="u"><x:v>42</x:v></x:c>`, Cell{Text: "42", Kind: Number}},
		{`<c t="inlineStr"><is><t>` + strings.Repeat("x", MaxCell+1) + `</t></is></c>`, Cell{Kind: TooLong}},
	} {
		data := book(t, "<row>"+tt.xml+"</row>")
		b, err := openWorkbook(bytes.NewReader(data), int64(len(data)), "")
		if err != nil {
			t.Fatal(err)
		}
		for row, err := range b.rows() {
			var got Cell
			if len(row.Cells) > 0 {
				got = row.Cells[0]
			}
			if err != nil || got != tt.want {
				t.Errorf("%.80s: %.80q kind %d %v, want %.80q kind %d", tt.xml, got.Text, got.Kind, err, tt.want.Text, tt.want.Kind)
			}
		}
	}
}

func TestWorkbookOf1904(t *testing.T) {
	files := parts(headerXML + `<row><c t="inlineStr"><is><t>1</t></is></c><c><v>42118</v></c></row>`)
	for attribute, want := range map[string]string{"": "2015-04-24", ` date1904="1"`: "2019-04-25"} {
		v := read(zipped(t, replaced(files, "xl/workbook.xml", fmt.Sprintf(bookXML, attribute))...), mapping(t, plainMapping))
		if got := v.facts[2].Received.Format("2006-01-02"); v.err != nil || got != want || !v.facts[2].DateOnly[FieldReceived] {
			t.Errorf("date1904 %q: %s %v %v, want %s", attribute, got, v.errors, v.err, want)
		}
	}
}

// TestOracle has excelize write workbooks and expects to read of them what
// excelize reads.
func TestOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		book := excelize.NewFile()
		defer book.Close()
		rows := rapid.SliceOfN(rapid.SliceOfN(rapid.OneOf(
			rapid.Just[any](nil),
			rapid.Map(rapid.StringMatching(`[a-z&<>"'广州𬭎_=+ \n]{0,10}`), func(s string) any { return s }),
			rapid.Map(rapid.IntRange(-1e9, 1e14), func(n int) any { return n }),
			rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		), 0, 6), 1, 12).Draw(t, "rows")
		kinds := make(map[[2]int]Kind)
		for i, row := range rows {
			for j, v := range row {
				name, _ := excelize.CoordinatesToCellName(j+1, i+1)
				if err := book.SetCellValue("Sheet1", name, v); err != nil {
					t.Fatal(err)
				}
				switch v.(type) {
				case string, bool:
					kinds[[2]int{i, j}] = Text
				case int:
					kinds[[2]int{i, j}] = Number
				}
			}
		}
		var file bytes.Buffer
		if err := book.Write(&file); err != nil {
			t.Fatal(err)
		}
		back, err := excelize.OpenReader(bytes.NewReader(file.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		defer back.Close()
		want, err := back.GetRows("Sheet1", excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		b, err := openWorkbook(bytes.NewReader(file.Bytes()), int64(file.Len()), "")
		if err != nil {
			t.Fatal(err)
		}
		got := make([][]string, len(want))
		for row, err := range b.rows() {
			if err != nil {
				t.Fatal(err)
			}
			for j, c := range row.Cells {
				if c.Kind == Empty {
					continue
				}
				i := row.Number - 1
				got[i] = append(append(got[i], make([]string, j-len(got[i]))...), strings.NewReplacer("TRUE", "1", "FALSE", "0").Replace(c.Text))
				if c.Kind != kinds[[2]int{i, j}] {
					t.Fatalf("row %d cell %d has kind %d", i+1, j, c.Kind)
				}
			}
		}
		for i := range want {
			for len(want[i]) > 0 && want[i][len(want[i])-1] == "" {
				want[i] = want[i][:len(want[i])-1]
			}
			if !slices.Equal(got[i], want[i]) {
				t.Fatalf("row %d is %q, excelize has %q", i+1, got[i], want[i])
			}
		}
	})
}

func TestColumnNames(t *testing.T) {
	for name, want := range map[string]int{"A1": 0, "Z9": 25, "AA10": 26, "XFD1": 16383, "XFE1": -1, "": -1, "1": -1, "ZZZZ1": -1} {
		if got := columnIndex(name); got != want {
			t.Errorf("%s is %d, want %d", name, got, want)
		}
	}
	for i := range 16384 {
		if got := columnIndex(columnName(i) + "7"); got != i {
			t.Fatalf("column %d is called %s, which is %d", i, columnName(i), got)
		}
	}
}

// FuzzSheetXML reads arbitrary XML as the sheet of a workbook.
func FuzzSheetXML(f *testing.F) {
	f.Add(headerXML + `<row><c><v>1</v></c><c s="1"><v>43580.4</v></c></row>`)
	f.Add(headerXML + `<row r="3"><c r="B3" t="s"><v>1</v></c></row></sheetData>`)
	f.Add(headerXML + `<row><c><f>1</f></c><c t="e"><v>#REF!</v></c></row>`)
	f.Add(headerXML + `<row r="5"/><row><c r="A6" s="99"><v>1e15</v></c><!-- x --></row><![CDATA[x]]>`)
	m := mapping(f, plainMapping)
	f.Fuzz(func(t *testing.T, rows string) {
		data := book(t, rows)
		first, second := read(data, m), read(data, m)
		if !reflect.DeepEqual(first, second) {
			t.Errorf("read %+v, then %+v", first, second)
		}
		code(t, first.err)
	})
}
