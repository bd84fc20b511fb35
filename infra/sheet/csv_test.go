package sheet

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
	"pgregory.net/rapid"
)

// TestRowNumbers expects the numbers that Excel shows.
func TestRowNumbers(t *testing.T) {
	data := "区信访局台账\r\n\r\n编号,收到时间\r\n1,2026-01-01\r\n\r\n\"2\",\"2026-\r\n01\"\r\n,,\r\n\r\n\r\n3,2026-01-03\r\n \r\n4,bad"
	v := read([]byte(data), mapping(t, "header = 3\n"+plainMapping))
	if v.err != nil {
		t.Fatal(v.err)
	}
	var good, bad []int
	for _, row := range []int{4, 6, 7, 10, 11, 12} {
		if _, ok := v.facts[row]; ok {
			good = append(good, row)
		}
	}
	for _, e := range v.errors {
		bad = append(bad, e.Row)
	}
	// Row 6 has a line break in its time, row 11 a blank where the number should be.
	if !reflect.DeepEqual(good, []int{4, 10}) || !reflect.DeepEqual(bad, []int{6, 11, 11, 12}) {
		t.Errorf("good %v, bad %v: %v", good, bad, v.errors)
	}
}

func TestEncodings(t *testing.T) {
	text := "编号,收到时间,主题\n〇一,2026-01-02,㐀𠀀低保\n"
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	m := mapping(t, plainMapping+"summary = '主题'\n")
	for name, data := range map[string]string{"UTF-8": text, "BOM": "\ufeff" + text, "GB18030": gb} {
		v := read([]byte(data), m)
		if f := v.facts[2]; v.err != nil || f.Number != "〇一" || f.Summary != "㐀𠀀低保" {
			t.Errorf("%s: %+v %v %v", name, f, v.errors, v.err)
		}
	}
	v := read([]byte(strings.Replace(gb, "2026", "20\xff6", 1)), m)
	if len(v.errors) != 1 || v.errors[0].Row != 2 || v.errors[0].Column != "收到时间" {
		t.Errorf("a broken byte in a cell: %v %v", v.errors, v.err)
	}
}

func TestShiftedRow(t *testing.T) {
	m := mapping(t, plainMapping)
	for row, want := range map[string]int{"1,2026-01-01": 0, "1,2026-01-01,,": 0, "1,2026-01-01,x": 1} {
		if v := read([]byte("编号,收到时间\n"+row+"\n"), m); v.err != nil || len(v.errors) != want {
			t.Errorf("%s: %v %v, want %d errors", row, v.errors, v.err, want)
		}
	}
}

func TestCSVForExcel(t *testing.T) {
	var b bytes.Buffer
	w := NewCSV(&b)
	for _, record := range [][]string{
		{"编号", "说明"},
		{"=HYPERLINK(\"x\")", "+86"}, {"-1+2", "@x"}, {"-3.5", "-7"}, {"\t=1", "＝1"}, {"a,b", "c\nd\re"}, {"'=1", "'a"}, {"-", "1-2"},
	} {
		if err := w.Write(record); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	want := "\ufeff编号,说明\r\n" +
		"\"'=HYPERLINK(\"\"x\"\")\",'+86\r\n'-1+2,'@x\r\n-3.5,-7\r\n'\t=1,'＝1\r\n\"a,b\",\"c\r\nd\r\ne\"\r\n''=1,'a\r\n'-,1-2\r\n"
	if got := b.String(); got != want {
		t.Errorf("got\n%q, want\n%q", got, want)
	}
}

// TestWhatIsExportedIsImported writes arbitrary text as CSV and reads it back.
func TestWhatIsExportedIsImported(t *testing.T) {
	text := rapid.StringMatching(`['=+\-@＝0-9.a广,"\n\t ]{0,8}`)
	rapid.Check(t, func(t *rapid.T) {
		records := rapid.SliceOf(rapid.SliceOfN(text, 1, 4)).Draw(t, "records")
		var b bytes.Buffer
		w := NewCSV(&b)
		for _, r := range append([][]string{{"编号", "收到时间"}}, records...) {
			if err := w.Write(r); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		f, err := openCSV(bytes.NewReader(b.Bytes()), int64(b.Len()))
		if err != nil {
			t.Fatal(err)
		}
		got := make(map[int]Row)
		for row, err := range f.rows() {
			if err != nil {
				t.Fatal(err)
			}
			got[row.Number] = row
		}
		for i, r := range records {
			for j, want := range r {
				var c Cell
				if cells := got[i+2].Cells; j < len(cells) {
					c = cells[j]
				}
				if c.Text != want {
					t.Fatalf("row %d cell %d is %q, was %q", i+2, j, c.Text, want)
				}
			}
		}
	})
}

// FuzzCSV checks that whatever the file, it is read without a panic, twice to
// the same verdict, and that every error names a row below the header.
func FuzzCSV(f *testing.F) {
	f.Add([]byte("编号,收到时间\n1,2026-01-01\n"))
	f.Add([]byte("\ufeff编号,收到时间,主题\r\n\"1\",\"2026\r\n\",'=x\r\n\r\n"))
	f.Add([]byte("\xb1\xe0\xba\xc5,\xca\xd5\xb5\xbd\xca\xb1\xbc\xe4\n1,2026\xc4\xea1\xd4\xc21\xc8\xd5\n"))
	f.Add([]byte("编号,收到时间\n4.4E+17,43580\n,\n\"\n"))
	m := mapping(f, plainMapping)
	f.Fuzz(func(t *testing.T, data []byte) {
		first, second := read(data, m), read(data, m)
		if !reflect.DeepEqual(first, second) {
			t.Errorf("read %+v, then %+v", first, second)
		}
		code(t, first.err)
		for _, e := range first.errors {
			if _, good := first.facts[e.Row]; good || e.Row < 2 || e.Message.ZH == "" || e.Message.EN == "" {
				t.Errorf("error %+v", e)
			}
		}
	})
}
