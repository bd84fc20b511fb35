package sheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"xinfang/domain/ledger"
)

// now is the instant of every import in these tests.
var now = time.Date(2026, 3, 1, 12, 0, 0, 0, beijing)

// mapping returns the mapping in text, which must be one.
func mapping(t testing.TB, text string) *Mapping {
	t.Helper()
	m, err := ParseMapping([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// plainMapping maps a number and a time of receipt.
const plainMapping = "number = '编号'\nreceived = '收到时间'\n"

// zipped returns a zip of files, each a name and a content.
func zipped(t testing.TB, files ...string) []byte {
	return zippedBy(t, zip.Deflate, files...)
}

func zippedBy(t testing.TB, method uint16, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, err := z.CreateHeader(&zip.FileHeader{Name: files[i], Method: method})
		if err == nil {
			_, err = io.WriteString(w, files[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const (
	rootRels = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`
	bookRels = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>` +
		`<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="/xl/worksheets/sheet2.xml"/>` +
		`<Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/>` +
		`<Relationship Id="rId4" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>`
	bookXML = `<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><workbookPr%s/><sheets>` +
		`<sheet name="说明" sheetId="2" state="hidden" r:id="rId2"/><sheet name="台账" sheetId="1" r:id="rId1"/></sheets></workbook>`
	stylesXML = `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;"/>` +
		`<numFmt numFmtId="165" formatCode="000000"/><numFmt numFmtId="166" formatCode="[Red]0.00&quot;day&quot;"/></numFmts>` +
		`<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="166"/></cellXfs></styleSheet>`
)

// parts returns the files of a workbook with rows, which is XML, as its sheet
// 台账, and the shared strings 编号 and 收到时间 as numbers 0 and 1.
func parts(rows string) []string {
	return []string{
		"_rels/.rels", rootRels,
		"xl/workbook.xml", fmt.Sprintf(bookXML, ""),
		"xl/_rels/workbook.xml.rels", bookRels,
		"xl/styles.xml", stylesXML,
		"xl/sharedStrings.xml", `<sst><si><t>编号</t></si><si><r><t>收到</t></r><r><t>时间</t></r><rPh sb="0" eb="1"><t>shou</t></rPh></si></sst>`,
		"xl/worksheets/sheet1.xml", `<worksheet><dimension ref="A1:B9"/><sheetData>` + rows + `</sheetData><mergeCells count="0"/></worksheet>`,
		"xl/worksheets/sheet2.xml", `<worksheet><sheetData/></worksheet>`,
	}
}

func book(t testing.TB, rows string) []byte { return zipped(t, parts(rows)...) }

const headerXML = `<row r="1" spans="1:2"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>`

// verdict is everything that reading a file with a mapping comes to.
type verdict struct {
	facts  map[int]Facts
	errors []CellError
	err    error
}

func read(data []byte, m *Mapping) (v verdict) {
	v.facts = make(map[int]Facts)
	s, err := NewSource(bytes.NewReader(data), int64(len(data)), m)
	if err != nil {
		v.err = err
		return v
	}
	for row, err := range s.Rows() {
		if err != nil {
			v.err = err
			return v
		}
		facts, problems := m.Apply(row, now)
		if len(problems) == 0 {
			v.facts[row.Number] = facts
		}
		v.errors = append(v.errors, problems...)
	}
	return v
}

// code returns the code of the refusal in err, "" if it is nil.
func code(t testing.TB, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	refusal, ok := errors.AsType[*ledger.Refusal](err)
	if !ok {
		t.Fatalf("not a refusal: %v", err)
	}
	if refusal.Text.ZH == "" || refusal.Text.EN == "" {
		t.Errorf("%s lacks a language: %+v", refusal.Code, refusal.Text)
	}
	return refusal.Code
}

// replaced returns files with the content of one of them changed.
func replaced(files []string, name, content string) []string {
	files = append([]string(nil), files...)
	for i := 0; i < len(files); i += 2 {
		if files[i] == name {
			files[i+1] = content
		}
	}
	return files
}

func TestRefusedFiles(t *testing.T) {
	good := parts(headerXML + `<row r="2"><c r="A2"><v>1</v></c><c r="B2"><v>45000</v></c></row>`)
	gb, err := simplifiedchinese.GB18030.NewEncoder().String("编号,收到时间\n一,2026-01-02\n")
	if err != nil {
		t.Fatal(err)
	}
	ole := "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 1<<16-6)
	encrypted := ole + "E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00"
	flipped := bytes.Replace(zippedBy(t, zip.Store, good...), []byte("<v>45000</v>"), []byte("<v>45001</v>"), 1)
	csvHead := "编号,收到时间\n"
	for _, tt := range []struct {
		name, data, mapping, want string
	}{
		{"good xlsx", string(zipped(t, good...)), "", ""},
		{"good csv", csvHead + "1,2026-01-02\n", "", ""},
		{"good csv with BOM", "\ufeff" + csvHead + "1,2026-01-02\n", "", ""},
		{"good csv in GB18030", gb, "", ""},
		{"empty", "", "", "ERR_FILE_EMPTY"},
		{"only a BOM", "\ufeff\n", "", "ERR_FILE_EMPTY"},
		{"old xls", ole, "", "ERR_FILE_XLS"},
		{"password", encrypted, "", "ERR_FILE_ENCRYPTED"},
		{"UTF-16", "\xff\xfe1\x00,\x00", "", "ERR_FILE_UTF16"},
		{"web page called xls", "\n<html><table>", "", "ERR_FILE_HTML"},
		{"PDF", "%PDF-1.7", "", "ERR_FILE_UNKNOWN"},
		{"binary", "ab\x00c", "", "ERR_FILE_UNKNOWN"},
		{"UTF-8 with a broken byte", csvHead + "1,2026-01-02\n广\xe5,\n", "", "ERR_FILE_ENCODING"},
		{"quote without end", csvHead + "\"1,2026-01-02\n", "", "ERR_FILE_DAMAGED"},
		{"too many columns", csvHead + strings.Repeat(",", MaxColumns) + "x\n", "", "ERR_FILE_TOO_LARGE"},
		{"record without end", csvHead + `"` + strings.Repeat("x", maxRecord+1<<16), "", "ERR_FILE_TOO_LARGE"},
		{"not a workbook", string(zipped(t, "word/document.xml", "<w/>")), "", "ERR_FILE_UNKNOWN"},
		{"binary workbook", string(zipped(t, "_rels/.rels", strings.ReplaceAll(rootRels, "workbook.xml", "workbook.bin"), "xl/workbook.bin", "x")), "", "ERR_FILE_XLSB"},
		{"cut off", string(zipped(t, good...)[:900]), "", "ERR_FILE_DAMAGED"},
		{"flipped bit", string(flipped), "", "ERR_FILE_DAMAGED"},
		{"XML without end", string(zipped(t, replaced(good, "xl/worksheets/sheet1.xml", "<worksheet><sheetData>"+headerXML)...)), "", "ERR_FILE_DAMAGED"},
		{"strings without end", string(zipped(t, replaced(good, "xl/sharedStrings.xml", "<sst><si><t>编号</t></si>")...)), "", "ERR_FILE_DAMAGED"},
		{"no such string", string(book(t, headerXML+`<row><c t="s"><v>7</v></c></row>`)), "", "ERR_FILE_DAMAGED"},
		{"rows out of order", string(book(t, headerXML+`<row r="3"/><row r="2"/>`)), "", "ERR_FILE_DAMAGED"},
		{"cells out of order", string(book(t, headerXML+`<row r="3"><c r="B3"/><c r="A3"/></row>`)), "", "ERR_FILE_DAMAGED"},
		{"mismatched tags", string(book(t, headerXML+"<row><v>0</c ></row>")), "", "ERR_FILE_DAMAGED"},
		{"row in a cell", string(book(t, headerXML+"<row><c><row/></c></row>")), "", "ERR_FILE_DAMAGED"},
		{"cell in a cell", string(book(t, headerXML+"<row><c><c/></c></row>")), "", "ERR_FILE_DAMAGED"},
		{"cell in no row", string(book(t, headerXML+"<c/>")), "", "ERR_FILE_DAMAGED"},
		{"nested deep", string(book(t, headerXML+strings.Repeat("<a>", maxDepth)+strings.Repeat("</a>", maxDepth))), "", "ERR_FILE_DAMAGED"},
		{"too wide", string(book(t, headerXML+`<row r="3"><c r="ZZ3"><v>1</v></c></row>`)), "", "ERR_FILE_TOO_LARGE"},
		{"sheet by name", string(zipped(t, good...)), "sheet = '台账'\n", ""},
		{"no such sheet", string(zipped(t, good...)), "sheet = '台帐'\n", "ERR_SHEET_MISSING"},
		{"wrong header row", string(zipped(t, good...)), "header = 2\n", "ERR_COLUMN_MISSING"},
		{"header below the end", string(zipped(t, good...)), "header = 20\n", "ERR_COLUMN_MISSING"},
		{"column twice", "编号,收到时间,收到 时间\n", "", "ERR_COLUMN_TWICE"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := code(t, read([]byte(tt.data), mapping(t, tt.mapping+plainMapping)).err); got != tt.want {
				t.Errorf("code %q, want %q", got, tt.want)
			}
		})
	}
}

// tall is a table of so many rows below the header.
type tall int

func (n tall) rows() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		row := Row{Number: 1, Cells: []Cell{{Text: "编号", Kind: Text}}}
		for ; row.Number <= int(n)+1 && yield(row, nil); row.Number++ {
		}
	}
}

func (n tall) annotate(io.Writer, int, int, map[int]string) error { return nil }

func TestRowLimit(t *testing.T) {
	for n, want := range map[int]string{MaxRows: "", MaxRows + 1: "ERR_FILE_TOO_LARGE"} {
		s := &Source{table: tall(n), header: 1}
		var last error
		for _, err := range s.Rows() {
			last = err
		}
		if got := code(t, last); got != want {
			t.Errorf("%d rows: code %q, want %q", n, got, want)
		}
	}
}

// declared returns a workbook whose sheet says that it unzips to size bytes.
func declared(t *testing.T, size uint64) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateRaw(&zip.FileHeader{Name: "xl/worksheets/sheet1.xml", Method: zip.Deflate, CompressedSize64: 4, UncompressedSize64: size})
	if err == nil {
		_, err = io.WriteString(w, "\x00\x00\x00\x00")
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestZipBomb(t *testing.T) {
	m := mapping(t, plainMapping)
	for name, tt := range map[string]struct {
		data []byte
		want string
	}{
		"more than the limit":   {declared(t, MaxUnzipped+1), "ERR_FILE_TOO_LARGE"},
		"overflowing sizes":     {declared(t, 1<<63), "ERR_FILE_TOO_LARGE"},
		"beyond any real ratio": {book(t, headerXML+strings.Repeat(" ", maxPart)), "ERR_FILE_BOMB"},
	} {
		if got := code(t, read(tt.data, m).err); got != tt.want {
			t.Errorf("%s: code %q, want %q", name, got, tt.want)
		}
	}
}

// TestLargeWorkbook reads a sheet of more XML than is ever read as a whole.
func TestLargeWorkbook(t *testing.T) {
	var rows strings.Builder
	rows.WriteString(headerXML)
	const n = 17_000
	for i := 2; i <= n+1; i++ {
		fmt.Fprintf(&rows, `<row r="%d"><c r="A%d"><v>%d</v></c><c r="B%d" t="inlineStr"><is><t>2026-01-02 %02d:%02d:%02d</t></is></c><c r="C%d" t="inlineStr"><is><t>%s</t></is></c></row>`,
			i, i, i*7919, i, i%24, i%60, i%59, i, strings.Repeat(fmt.Sprint(i), 200))
	}
	if rows.Len() <= maxPart {
		t.Fatalf("only %d bytes", rows.Len())
	}
	v := read(book(t, rows.String()), mapping(t, plainMapping))
	if v.err != nil || len(v.errors) > 0 || len(v.facts) != n {
		t.Errorf("%d rows, %d errors, %v", len(v.facts), len(v.errors), v.err)
	}
	if got := v.facts[9_000].Number; got != "71271000" {
		t.Errorf("row 9000 is %s", got)
	}
}

// TestNothingIsEchoed puts one word into every cell that can go wrong and looks
// for it in whatever is said about the file.
func TestNothingIsEchoed(t *testing.T) {
	const secret = "canary"
	m := mapping(t, plainMapping+"channel = { column = '形式', values = { a = 'b' } }\nheadcount = '人数'\nclosed = '办结'\n")
	head := "编号,收到时间,形式,人数,办结\n"
	var said []string
	for _, data := range []string{
		head + strings.Repeat(secret+",", 9),
		head + secret + `"` + secret,
		head + `"` + secret,
		secret + "," + secret + "\n",
		head + "1,2026-01-01\n" + secret + "广州市\xff\n",
		"<" + secret + ">", "%PDF" + secret,
		string(book(t, headerXML+"<row><c><v>"+secret+"</v></c></row>")),
		string(book(t, headerXML+"<row><c><v>&"+secret+";</v></c></row>")),
		string(book(t, headerXML+"<row r='"+secret+"'/>")),
	} {
		v := read([]byte(data), m)
		if v.err == nil && len(v.errors) == 0 {
			t.Errorf("%q: nothing was said", data)
		}
		for _, e := range v.errors {
			said = append(said, e.Column+e.Message.ZH+e.Message.EN)
		}
		if v.err != nil {
			refusal, _ := errors.AsType[*ledger.Refusal](v.err)
			said = append(said, refusal.Text.ZH+refusal.Text.EN+v.err.Error())
		}
	}
	for _, s := range said {
		if strings.Contains(s, secret) {
			t.Errorf("echoed: %s", s)
		}
	}
}

func TestOpen(t *testing.T) {
	if _, err := Open(t.TempDir()+"/none.xlsx", "none.xlsx", mapping(t, plainMapping)); err == nil {
		t.Error("a file that is not there was opened")
	}
	if _, err := Open("testdata/mayor-mailbox.toml", "mail.csv", mapping(t, plainMapping)); code(t, err) != "ERR_COLUMN_MISSING" || !strings.HasPrefix(err.Error(), "mail.csv: ") {
		t.Errorf("got %v", err)
	}
}

// What a file is, its content says: a table in CSV may be called anything, and
// what is neither a table nor a workbook is not taken for a table without columns.
func TestNameAndContent(t *testing.T) {
	gb, err := simplifiedchinese.GB18030.NewEncoder().String("编号,收到时间\n1,2026-01-02\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, data, code, ext string }{
		{"a.xlsx", "hello", "ERR_FILE_NO_WORKBOOK", ""},
		{"a.XLS", "hello\n", "ERR_FILE_NO_WORKBOOK", ""},
		{"a.et", "你好", "ERR_FILE_NO_WORKBOOK", ""},
		{"a.csv", "hello", "ERR_COLUMN_MISSING", ""},
		{"a.xlsx", string(book(t, `<row><c t="inlineStr"><is><t>hello</t></is></c></row>`)), "ERR_COLUMN_MISSING", ""},
		{"a.xlsx", gb, "", ".csv"},
		{"a.csv", gb, "", ".csv"},
		{"a.csv", string(book(t, headerXML)), "", ".xlsx"},
		{"a.xlsx", string(book(t, headerXML)), "", ".xlsx"},
	} {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte(tt.data), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(path, tt.name, mapping(t, plainMapping))
		if got := code(t, err); got != tt.code {
			t.Errorf("%s of %.10q: %v, want %s", tt.name, tt.data, err, tt.code)
		}
		if err == nil && s.Ext() != tt.ext {
			t.Errorf("%s of %.10q is called %s, want %s", tt.name, tt.data, s.Ext(), tt.ext)
		}
		if err == nil {
			s.Close()
		}
	}
}

// A workbook that was not copied to its end has no line to look at.
func TestCutOffWorkbook(t *testing.T) {
	whole := book(t, headerXML)
	for _, n := range []int{4, 30, len(whole) / 2, len(whole) - 1} {
		v := read(whole[:n], mapping(t, plainMapping))
		refusal, _ := errors.AsType[*ledger.Refusal](v.err)
		if refusal == nil || refusal.Code != "ERR_FILE_DAMAGED" || strings.Contains(refusal.Text.ZH, "0 行") || !strings.Contains(refusal.Text.ZH, "不完整") {
			t.Errorf("cut off after %d bytes: %v", n, v.err)
		}
	}
}
