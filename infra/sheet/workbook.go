package sheet

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// A workbook is an .xlsx file (ECMA-376 SpreadsheetML): a zip of XML parts, of
// which it needs the list of sheets, the shared strings, the number formats and
// one sheet.
type workbook struct {
	zip      *zip.Reader
	parts    map[string]*zip.File // by lower-case name
	sheet    *zip.File
	strings  []string // shared strings
	formats  []numberFormat
	date1904 bool
}

// A numberFormat is what a cell's style says about how to read its number.
type numberFormat struct {
	date bool // it is shown as a date or a time
	pad  int  // it is shown with zeros in front, up to this many digits
}

// A file that unzips to more than maxRatio times its size, beyond a size where
// that may be chance, is a zip bomb: sheets of real numbers and words unzip to
// ten or thirty times.
const maxRatio = 200

// openWorkbook opens the workbook in r, at the sheet called name or, if that is
// "", at the first sheet that is not hidden.
func openWorkbook(r io.ReaderAt, size int64, name string) (*workbook, error) {
	archive, err := zip.NewReader(r, size)
	if err != nil {
		if path, ok := errors.AsType[*fs.PathError](err); ok {
			return nil, fmt.Errorf("reading the file to import: %w", path)
		}
		return nil, refuse("ERR_FILE_DAMAGED",
			"工作簿不完整：文件后面的部分缺失或损坏，可能没有传完。请重新下载或拷贝，再在 Excel/WPS 中确认能打开。",
			"the workbook is incomplete: the end of the file is missing or damaged, as if it had not been copied to the end; fetch it again, and see that Excel or WPS opens it")
	}
	b := &workbook{zip: archive, parts: make(map[string]*zip.File)}
	var total uint64
	for _, f := range archive.File {
		// archive/zip refuses a file that holds more than it declares here.
		total += min(f.UncompressedSize64, MaxUnzipped+1)
		if total > MaxUnzipped {
			return nil, tooLarge("解压后超过 200 MiB", "more than 200 MiB once unzipped")
		}
		if n := f.UncompressedSize64; n > maxPart && n/maxRatio > f.CompressedSize64 {
			return nil, refuse("ERR_FILE_BOMB", "文件的压缩比异常，像是压缩炸弹，已拒绝。请在 Excel/WPS 中打开并另存为 .xlsx。",
				"the file is compressed far beyond what a workbook is, like a zip bomb; open it in Excel or WPS and save it as .xlsx")
		}
		b.parts[strings.ToLower(strings.ReplaceAll(f.Name, `\`, "/"))] = f
	}
	main, err := b.related("", "officeDocument")
	if err != nil {
		return nil, err
	}
	if main == "" || b.part(main) == nil {
		return nil, refuse("ERR_FILE_UNKNOWN", "这是压缩包，但不是 Excel 工作簿。请在 Excel/WPS 中另存为 .xlsx。",
			"this is an archive, but not an Excel workbook; save it in Excel or WPS as .xlsx")
	}
	if strings.HasSuffix(strings.ToLower(main), ".bin") {
		return nil, refuse("ERR_FILE_XLSB", "这是二进制工作簿（.xlsb）。请在 Excel 中另存为 .xlsx。",
			"this is a binary workbook (.xlsb); save it in Excel as .xlsx")
	}
	if err := b.findSheet(main, name); err != nil {
		return nil, err
	}
	if err := b.readStyles(main); err != nil {
		return nil, err
	}
	if err := b.readStrings(main); err != nil {
		return nil, err
	}
	return b, b.checkSheet()
}

// checkSheet reads the sheet once without looking at it, so that a flipped bit
// is found before the first row is taken from it.
func (b *workbook) checkSheet() error {
	part, err := openPart(b.sheet)
	if err != nil {
		return err
	}
	defer part.close()
	return part.check()
}

func (b *workbook) findSheet(main, name string) error {
	var doc struct {
		Pr struct {
			Date1904 string `xml:"date1904,attr"`
		} `xml:"workbookPr"`
		Sheets []struct {
			Name  string `xml:"name,attr"`
			State string `xml:"state,attr"`
			ID    string `xml:"id,attr"`
		} `xml:"sheets>sheet"`
	}
	if err := b.decode(main, &doc); err != nil {
		return err
	}
	b.date1904 = doc.Pr.Date1904 == "1" || doc.Pr.Date1904 == "true"
	relationships, err := b.relationships(main)
	if err != nil {
		return err
	}
	sheets := make(map[string]*zip.File)
	for _, r := range relationships {
		if path.Base(r.Type) == "worksheet" {
			sheets[r.ID] = b.part(r.Target)
		}
	}
	for _, s := range doc.Sheets {
		if f := sheets[s.ID]; f != nil && (s.Name == name || name == "" && (s.State == "" || s.State == "visible")) {
			b.sheet = f
			return nil
		}
	}
	if name == "" {
		return refuse("ERR_SHEET_MISSING", "工作簿中没有可见的工作表。", "the workbook has no visible worksheet")
	}
	return refuse("ERR_SHEET_MISSING", fmt.Sprintf("工作簿中没有工作表“%s”。请核对映射文件中的 sheet。", name),
		fmt.Sprintf("the workbook has no worksheet %q; check sheet = in the mapping file", name))
}

// readStyles reads what each cell style says about numbers.
func (b *workbook) readStyles(main string) error {
	name, err := b.related(main, "styles")
	if err != nil || b.part(name) == nil {
		return err
	}
	var doc struct {
		Formats []struct {
			ID   int    `xml:"numFmtId,attr"`
			Code string `xml:"formatCode,attr"`
		} `xml:"numFmts>numFmt"`
		Cells []struct {
			Format int `xml:"numFmtId,attr"`
		} `xml:"cellXfs>xf"`
	}
	if err := b.decode(name, &doc); err != nil {
		return err
	}
	codes := make(map[int]numberFormat)
	for _, f := range doc.Formats {
		codes[f.ID] = parseFormat(f.Code)
	}
	for _, c := range doc.Cells {
		format, ok := codes[c.Format]
		if !ok {
			format = numberFormat{date: builtinDate(c.Format)}
		}
		b.formats = append(b.formats, format)
	}
	return nil
}

// builtinDate reports whether the number format that is known by id alone shows
// dates: 18.8.30 of ECMA-376, with those of the Chinese Excel.
func builtinDate(id int) bool {
	return 14 <= id && id <= 22 || 27 <= id && id <= 36 || 45 <= id && id <= 47 || 50 <= id && id <= 58
}

// literal matches the parts of a number format that stand for themselves, and
// colours, conditions and languages in brackets.
var literal = regexp.MustCompile(`"[^"]*"|\\.|_.|\*.|\[[^\]]*\]`)

func parseFormat(code string) numberFormat {
	if strings.Trim(code, "0") == "" {
		return numberFormat{pad: len(code)}
	}
	return numberFormat{date: strings.ContainsAny(strings.ToLower(literal.ReplaceAllString(code, "")), "ymdhs")}
}

// readStrings reads the shared strings, which cells name by their index. A
// string's phonetic guide (rPh) is not part of it.
func (b *workbook) readStrings(main string) error {
	name, err := b.related(main, "sharedStrings")
	f := b.part(name)
	if err != nil || f == nil {
		return err
	}
	part, err := openPart(f)
	if err != nil {
		return err
	}
	defer part.close()
	var text strings.Builder
	inText, phonetic := false, false
	for {
		token, err := part.Token()
		if err != nil {
			return part.problem(err) // io.EOF too, for the end of sst has not come
		}
		switch t := token.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "si":
				text.Reset()
				part.meter.reset()
			case "rPh":
				phonetic = true
			case "t":
				inText = !phonetic
			}
		case xml.CharData:
			if inText {
				text.Write(t)
			}
		case xml.EndElement:
			switch t.Name.Local {
			case "si":
				b.strings = append(b.strings, unescape(text.String()))
			case "rPh":
				phonetic = false
			case "t":
				inText = false
			case "sst":
				return part.check()
			}
		}
	}
}

// escaped matches a character that SpreadsheetML writes as its UTF-16 number,
// because XML has no way to write it, and the escape itself (22.9.2.19).
var escaped = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

func unescape(text string) string {
	if !strings.Contains(text, "_x") {
		return text
	}
	return escaped.ReplaceAllStringFunc(text, func(e string) string {
		n, err := strconv.ParseUint(e[2:6], 16, 16)
		if err != nil || n == 0 || 0xd800 <= n && n < 0xe000 {
			return e
		}
		return string(rune(n))
	})
}
