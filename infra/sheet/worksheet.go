package sheet

import (
	"encoding/xml"
	"errors"
	"fmt"
	"iter"
	"math"
	"strconv"
	"strings"

	"xinfang/domain/ledger"
)

// rows reads the worksheet as a stream of XML tokens.
func (b *workbook) rows() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		part, err := openPart(b.sheet)
		if err != nil {
			yield(Row{}, err)
			return
		}
		defer part.close()
		r := rowReader{book: b, part: part, within: "sheetData"}
		for {
			done, err := r.next()
			if err != nil {
				yield(Row{}, part.problem(err))
				return
			}
			if done || !yield(r.row, nil) {
				return
			}
		}
	}
}

// A rowReader reads the rows of a sheet one after the other. Elements are known
// by their local names, for some programs write them with a prefix.
type rowReader struct {
	book   *workbook
	part   *part
	row    Row
	cell   rawCell
	text   strings.Builder // of the cell
	inText bool            // inside <v> or <t>, but not in a phonetic guide
	guide  bool            // inside a phonetic guide <rPh>
	within string          // the innermost of sheetData, row and c that is open
}

// next reads up to the end of the next row, which is then r.row, or of the sheet.
func (r *rowReader) next() (done bool, err error) {
	for {
		token, err := r.part.Token()
		if err != nil {
			return false, err // io.EOF too, for the end of sheetData has not come
		}
		switch t := token.(type) {
		case xml.StartElement:
			if err := r.start(t); err != nil {
				return false, err
			}
		case xml.CharData:
			if r.inText {
				r.text.Write(t)
			}
		case xml.EndElement:
			switch t.Name.Local {
			case "v", "t":
				r.inText = false
			case "rPh":
				r.guide = false
			case "c":
				if err := r.endCell(); err != nil {
					return false, err
				}
			case "row":
				r.within = "sheetData"
				return false, nil
			case "sheetData":
				return true, nil
			}
		}
	}
}

func (r *rowReader) start(t xml.StartElement) (err error) {
	switch t.Name.Local {
	case "row":
		if r.within != "sheetData" {
			return errors.New("a row in a row")
		}
		r.part.meter.reset()
		r.within, r.cell = "row", rawCell{column: -1}
		number, err := rowNumber(t, r.row.Number)
		r.row = Row{Number: number}
		return err
	case "c":
		if r.within != "row" {
			return errors.New("a cell not in a row")
		}
		r.within = "c"
		r.text.Reset()
		r.cell, err = newRawCell(t, r.cell.column)
	case "f":
		r.cell.formula = true
	case "rPh":
		r.guide = true
	case "v", "t":
		r.inText, r.cell.stored = !r.guide, true
	}
	return err
}

func (r *rowReader) endCell() error {
	r.within = "row"
	r.cell.text = r.text.String()
	c, err := r.book.cell(r.cell)
	if err != nil || c.Kind == Empty {
		return err
	}
	if r.cell.column >= MaxColumns {
		return tooManyColumns(r.row.Number)
	}
	r.row.Cells = append(append(r.row.Cells, make([]Cell, r.cell.column-len(r.row.Cells))...), c)
	return nil
}

// A rawCell is a cell as the XML has it.
type rawCell struct {
	column  int // from 0
	kind    string
	style   int
	formula bool
	stored  bool // it has a value
	text    string
}

func rowNumber(t xml.StartElement, last int) (int, error) {
	number := last + 1
	if r := attribute(t, "r"); r != "" {
		var err error
		if number, err = strconv.Atoi(r); err != nil {
			return 0, err
		}
	}
	if number <= last || number > 1<<20 {
		return 0, fmt.Errorf("row %d after row %d", number, last)
	}
	return number, nil
}

func newRawCell(t xml.StartElement, last int) (rawCell, error) {
	c := rawCell{column: last + 1, kind: attribute(t, "t")}
	if r := attribute(t, "r"); r != "" {
		c.column = columnIndex(r)
	}
	if c.column <= last {
		return c, fmt.Errorf("column %d after column %d", c.column, last)
	}
	if s := attribute(t, "s"); s != "" {
		var err error
		if c.style, err = strconv.Atoi(s); err != nil {
			return c, err
		}
	}
	return c, nil
}

func attribute(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

// columnIndex returns the index from 0 of the column in a reference such as
// AB12, -1 if it is none that Excel has.
func columnIndex(ref string) int {
	n := 0
	for i := 0; i < len(ref) && 'A' <= ref[i] && ref[i] <= 'Z'; i++ {
		if n = n*26 + int(ref[i]-'A') + 1; n > 1<<14 {
			return -1
		}
	}
	return n - 1
}

// columnName is the inverse of columnIndex.
func columnName(index int) string {
	name := ""
	for n := index + 1; n > 0; n = (n - 1) / 26 {
		name = string(rune('A'+(n-1)%26)) + name
	}
	return name
}

// cell returns what c holds, by its type: 18.18.11 of ECMA-376. An error is
// about the file.
func (b *workbook) cell(c rawCell) (Cell, error) {
	if !c.stored {
		if c.formula {
			return Cell{Kind: Uncomputed}, nil
		}
		return Cell{}, nil
	}
	text := c.text
	switch c.kind {
	case "s":
		i, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || i < 0 || i >= len(b.strings) {
			return Cell{}, errors.New("no such shared string")
		}
		text = b.strings[i]
	case "str", "inlineStr":
		text = unescape(text)
	case "b":
		text = map[string]string{"0": "FALSE", "1": "TRUE"}[strings.TrimSpace(text)]
	case "e":
		return Cell{Kind: Broken}, nil
	case "d": // a date in ISO 8601
	default:
		return b.number(strings.TrimSpace(text), c.style)
	}
	switch {
	case text == "":
		return Cell{}, nil
	case len(text) > MaxCell:
		return Cell{Kind: TooLong}, nil
	}
	return Cell{Text: text, Kind: Text, Date1904: b.date1904}, nil
}

func (b *workbook) number(text string, style int) (Cell, error) {
	if text == "" {
		return Cell{}, nil
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return Cell{}, errors.New("not a number")
	}
	if math.Abs(v) >= 1e15 {
		return Cell{Kind: Inexact}, nil
	}
	var format numberFormat
	if 0 <= style && style < len(b.formats) {
		format = b.formats[style]
	}
	c := Cell{Text: strconv.FormatFloat(v, 'f', -1, 64), Kind: Number, Date1904: b.date1904}
	if format.date {
		c.Kind = Date
	} else if n := format.pad - len(c.Text); n > 0 && plain(c.Text) {
		c.Text = strings.Repeat("0", n) + c.Text
	}
	return c, nil
}

// trouble says why nothing can be taken from c, if so.
func (c Cell) trouble() (ledger.Text, bool) {
	switch c.Kind {
	case Inexact:
		return inexact, true
	case Uncomputed:
		return ledger.Text{
			ZH: "公式没有保存计算结果。请在 Excel/WPS 中打开并保存，或改为“选择性粘贴—数值”。",
			EN: "a formula without a stored result; open and save the file in Excel or WPS, or paste it as a value",
		}, true
	case Broken:
		return ledger.Text{ZH: "单元格是公式错误值（如 #REF!）。请改正公式或改填数值。", EN: "an error value such as #REF!; mend the formula or enter the value"}, true
	case Unreadable:
		return ledger.Text{ZH: "含有不属于本文件编码（GB18030）的字节。请重新填写或重新导出。", EN: "bytes that are not in the encoding of the file (GB18030); enter it again or export the file again"}, true
	case TooLong:
		return ledger.Text{ZH: "内容超过 1 MiB。", EN: "more than 1 MiB of text"}, true
	case Empty, Text, Number, Date:
	}
	return ledger.Text{}, false
}

// inexact is said of long numbers that a spreadsheet has rounded.
var inexact = ledger.Text{
	ZH: "长数字被存成了数值，末尾几位已丢失。请把该列设为“文本”格式后重新填写完整号码。",
	EN: "a long number was stored as a number and has lost its last digits; format the column as text and enter the whole number again",
}
