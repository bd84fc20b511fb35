package sheet

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"xinfang/domain/ledger"
)

// annotated returns the copy of a file with errors.
func annotated(t *testing.T, data []byte, m *Mapping, lang string, errors ...CellError) []byte {
	t.Helper()
	s, err := NewSource(bytes.NewReader(data), int64(len(data)), m)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := s.WriteErrors(&b, lang, errors); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func cellError(row int, column, message string) CellError {
	return CellError{row, column, ledger.Text{ZH: message, EN: "en " + message}}
}

// grid returns the cells of a workbook as excelize reads them.
func grid(t *testing.T, data []byte, sheet string) string {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, r := range rows {
		lines = append(lines, strings.Join(r, "|"))
	}
	return strings.Join(lines, "\n")
}

func TestWriteErrorsToWorkbook(t *testing.T) {
	m := mapping(t, "header = 2\n"+plainMapping)
	f := excelize.NewFile()
	for cell, v := range map[string]any{
		"A1": "台账", "A2": "编号", "B2": "收到时间", "A3": "一", "B3": "2026-01-05", "D3": "备注",
		"A4": 2, "B4": "bad", "A6": "=三", "B6": 43580.5,
	} {
		if err := f.SetCellValue("Sheet1", cell, v); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.SetCellFormula("Sheet1", "C3", "1+1"); err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := f.Write(&file); err != nil {
		t.Fatal(err)
	}
	first := annotated(t, file.Bytes(), m, "zh", cellError(4, "收到时间", "不是 <时间>"), cellError(4, "", "另一处"), cellError(6, "编号", "重复"))
	want := "台账\n编号|收到时间|||错误\n一|2026-01-05||备注\n2|bad|||收到时间：不是 <时间>\n另一处\n\n=三|43580.5|||编号：重复"
	if got := grid(t, first, "Sheet1"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	g, err := excelize.OpenReader(bytes.NewReader(first))
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if formula, _ := g.GetCellFormula("Sheet1", "C3"); formula != "1+1" {
		t.Errorf("the formula became %q", formula)
	}

	// The copy comes back with one error mended and one new.
	second := annotated(t, first, m, "zh", cellError(3, "", "新"), cellError(6, "编号", "重复"))
	want = "台账\n编号|收到时间|||错误\n一|2026-01-05||备注|新\n2|bad\n\n=三|43580.5|||编号：重复"
	if got := grid(t, second, "Sheet1"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestWriteErrorsIntoXML covers what other programs than excelize write.
func TestWriteErrorsIntoXML(t *testing.T) {
	m := mapping(t, plainMapping)
	prefixed := strings.NewReplacer("</", "</x:", "<", "<x:").Replace(headerXML)
	for name, tt := range map[string]struct{ rows, want string }{
		"prefix": {
			prefixed + `<x:row r="4" spans='1:2'/>`,
			strings.Replace(strings.Replace(prefixed, ` spans="1:2"`, "", 1), `</x:row>`, `<x:c r="C1" t="inlineStr"><x:is><x:t xml:space="preserve">Error</x:t></x:is></x:c></x:row><x:row r="4"><x:c r="C4" t="inlineStr">`, 1),
		},
		"row closed at once": {
			headerXML + `<row r="4" ht="9"/>`,
			`<row r="4" ht="9"><c r="C4" t="inlineStr"><is><t xml:space="preserve">en &amp;</t></is></c></row>`,
		},
		"column in the middle": {
			`<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>Error</t></is></c><c r="C1" t="s"><v>1</v></c></row>` +
				`<row r="4"><c r="A4"/><c r="B4"><v>old</v></c><c r="C4" s="1"><v>43580</v></c></row>`,
			`<row r="4"><c r="A4"/><c r="B4" t="inlineStr"><is><t xml:space="preserve">en &amp;</t></is></c><c r="C4" s="1"><v>43580</v></c></row>`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			files := parts(tt.rows)
			s := strings.NewReplacer("<v>old</v>", "<v>1</v>").Replace(files[11])
			data := zipped(t, replaced(files, "xl/worksheets/sheet1.xml", s)...)
			out := annotated(t, data, m, "en", cellError(4, "", "&"))
			b, err := openWorkbook(bytes.NewReader(out), int64(len(out)), "")
			if err != nil {
				t.Fatal(err)
			}
			r, err := b.sheet.Open()
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(got), tt.want) || strings.Contains(string(got), "dimension") {
				t.Errorf("got %s\nwant %s", got, tt.want)
			}
			for _, err := range b.rows() {
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestWriteErrorsToCSV(t *testing.T) {
	m := mapping(t, "header = 3\n"+plainMapping)
	in := "台账\n\n编号,收到时间\n1,bad\n\n'=2,\"2026-\n1\",x\n"
	first := annotated(t, []byte(in), m, "zh", cellError(4, "收到时间", "不是时间"), cellError(6, "", "=移位"))
	want := "\ufeff台账,,,\r\n\r\n编号,收到时间,,错误\r\n1,bad,,收到时间：不是时间\r\n\r\n'=2,\"2026-\r\n1\",x,'=移位\r\n"
	if string(first) != want {
		t.Errorf("got\n%q, want\n%q", first, want)
	}
	second := annotated(t, first, m, "zh", cellError(4, "收到时间", "不是时间"), cellError(6, "", "=移位"))
	if string(second) != want {
		t.Errorf("the copy of the copy is\n%q, want\n%q", second, want)
	}
}

// full is a writer that takes n bytes.
type full struct{ n int }

func (f *full) Write(p []byte) (int, error) {
	if f.n -= len(p); f.n < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

func TestWriteErrorsToFullDisk(t *testing.T) {
	m := mapping(t, plainMapping)
	for name, data := range map[string][]byte{
		"xlsx": book(t, headerXML+`<row><c><v>1</v></c></row>`),
		"csv":  []byte("编号,收到时间\n1,2026-01-05\n"),
	} {
		s, err := NewSource(bytes.NewReader(data), int64(len(data)), m)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{0, 10} {
			if err := s.WriteErrors(&full{n}, "zh", nil); err == nil {
				t.Errorf("%s: no error after %d bytes", name, n)
			}
		}
	}
}
