package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// errorHeadings are the headings of the column of errors, by language.
var errorHeadings = map[string]string{"zh": "错误", "en": "Error"}

// WriteErrors writes a copy of the file with a column 错误 ("Error" if lang is
// "en") after the last one, which says for each row what is wrong with it: to
// mend and to import again. If the file has that column already, because it is
// such a copy, what was in it is replaced.
//
// Of a workbook everything else stays as it was, byte for byte: formats,
// formulas, other sheets. CSV is written as [CSV] writes it.
func (s *Source) WriteErrors(w io.Writer, lang string, problems []CellError) error {
	if lang != "en" {
		lang = "zh"
	}
	notes := map[int]string{s.header: errorHeadings[lang]}
	for _, e := range problems {
		note := e.Message.In(lang)
		if e.Column != "" {
			note = located(lang, e.Column, note)
		}
		if before := notes[e.Row]; before != "" {
			note = before + "\n" + note
		}
		notes[e.Row] = note
	}
	column, err := s.errorColumn()
	if err != nil {
		return err
	}
	return s.table.annotate(w, s.header, column, notes)
}

func located(lang, column, message string) string {
	if lang == "en" {
		return column + ": " + message
	}
	return column + "：" + message
}

// errorColumn returns the index of the column for the errors: the one that is
// there, or else the first one to the right of everything.
func (s *Source) errorColumn() (int, error) {
	for _, h := range errorHeadings {
		if i, ok := s.columns[h]; ok {
			return i, nil
		}
	}
	column := 0
	for row, err := range s.table.rows() {
		if err != nil {
			return 0, err
		}
		column = max(column, len(row.Cells))
	}
	return column, nil
}

// annotate copies the zip, and in its sheet writes the cells of the column anew.
func (b *workbook) annotate(w io.Writer, from, column int, notes map[int]string) error {
	out := zip.NewWriter(w)
	for _, f := range b.zip.File {
		if f != b.sheet {
			if err := out.Copy(f); err != nil {
				return fmt.Errorf("copying %s of the workbook: %w", f.Name, err)
			}
			continue
		}
		part, err := out.CreateHeader(&zip.FileHeader{Name: f.Name, Method: zip.Deflate, Modified: f.Modified})
		if err != nil {
			return fmt.Errorf("writing the copy of the workbook: %w", err)
		}
		if err := b.annotateSheet(part, from, column, notes); err != nil {
			return err
		}
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("writing the copy of the workbook: %w", err)
	}
	return nil
}

// spans is the range of columns of a row, which is a hint that may be left out
// and that the new cell would make untrue; so is the dimension of the sheet.
var spans = regexp.MustCompile(`\sspans\s*=\s*("[^"]*"|'[^']*')`)

// annotateSheet copies the sheet token by token, in the bytes it came in.
func (b *workbook) annotateSheet(w io.Writer, from, column int, notes map[int]string) error {
	in, err := openPart(b.sheet)
	if err != nil {
		return err
	}
	defer in.close()
	tape := &tape{ByteReader: in.meter}
	in.Decoder = xml.NewDecoder(tape)
	var row, cell int
	var note []byte               // the cell to write in this row, until it is written
	var dropping, selfClosed bool // inside an element that is left out; the row was <row/>
	for {
		in.meter.reset()
		token, err := in.RawToken()
		raw := tape.cut(in.InputOffset())
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return in.problem(err)
		}
		drop := dropping
		switch t := token.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "row":
				if row, err = rowNumber(t, row); err != nil {
					return in.problem(err)
				}
				cell, selfClosed = -1, false
				if text := notes[row]; text != "" {
					note = noteCell(t.Name.Space, column, row, text)
					raw = spans.ReplaceAll(raw, nil)
					if raw, selfClosed = bytes.CutSuffix(raw, []byte("/>")); selfClosed {
						raw = append(raw, '>')
					}
				}
			case "c":
				c, err := newRawCell(t, cell)
				if err != nil {
					return in.problem(err)
				}
				cell = c.column
				switch {
				case cell == column && row >= from:
					drop, dropping = true, true
				case cell > column:
					raw, note = append(note, raw...), nil
				}
			case "dimension":
				drop, dropping = true, true
			}
		case xml.EndElement:
			switch t.Name.Local {
			case "c", "dimension":
				dropping = false
			case "row":
				raw, note = append(note, raw...), nil
				if selfClosed {
					raw = append(raw, "</"+qualified(t.Name.Space, "row")+">"...)
				}
			}
		}
		if drop {
			continue
		}
		if _, err := w.Write(raw); err != nil {
			return fmt.Errorf("writing the copy of the workbook: %w", err)
		}
	}
}

// noteCell returns a cell with note as its text, in XML with the prefix that
// the sheet gives its elements.
func noteCell(prefix string, column, row int, note string) []byte {
	var text bytes.Buffer
	_ = xml.EscapeText(&text, []byte(note)) // a Buffer takes everything
	c, is, t := qualified(prefix, "c"), qualified(prefix, "is"), qualified(prefix, "t")
	return fmt.Appendf(nil, `<%s r="%s%d" t="inlineStr"><%s><%s xml:space="preserve">%s</%s></%s></%s>`,
		c, columnName(column), row, is, t, strings.ReplaceAll(text.String(), "&#xA;", "\n"), t, is, c)
}

func qualified(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + ":" + name
}

// A tape keeps the bytes that a decoder has read since they were last cut off.
type tape struct {
	io.ByteReader
	kept []byte
	from int64 // offset of the first kept byte
}

func (t *tape) ReadByte() (byte, error) {
	c, err := t.ByteReader.ReadByte()
	if err == nil {
		t.kept = append(t.kept, c)
	}
	return c, err
}

// Read is there because xml.NewDecoder asks for an io.Reader; having found
// ReadByte it does not call it.
func (t *tape) Read([]byte) (int, error) { return 0, io.ErrNoProgress }

// cut returns the kept bytes before offset to, as a copy.
func (t *tape) cut(to int64) []byte {
	n := to - t.from
	raw := bytes.Clone(t.kept[:n])
	t.kept, t.from = append(t.kept[:0], t.kept[n:]...), to
	return raw
}
