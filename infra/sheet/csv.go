package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// A textFile is a CSV file: comma-separated, in UTF-8 or GB18030, quoted as RFC
// 4180 says. It is read as a stream.
type textFile struct {
	r       io.ReaderAt
	size    int64
	skip    int64 // length of the byte order mark
	gb18030 bool
}

// openCSV reads the file once to tell its encoding. UTF-8 is what decodes as
// such, for text in GB18030 hardly ever does. A file that is UTF-8 but for a few
// bytes is damaged: taken for GB18030 it would be read as other words.
func openCSV(r io.ReaderAt, size int64) (*textFile, error) {
	if size > MaxUnzipped {
		return nil, tooLarge("超过 200 MiB", "more than 200 MiB")
	}
	f := &textFile{r: r, size: size}
	head := make([]byte, len(bom))
	if n, _ := r.ReadAt(head, 0); bytes.Equal(head[:n], bom) {
		f.skip = int64(len(bom))
	}
	good, bad, line, err := countUTF8(io.NewSectionReader(r, 0, size))
	if err != nil {
		return nil, fmt.Errorf("reading the file to import: %w", err)
	}
	switch {
	case bad == 0:
		return f, nil
	case f.skip > 0 || good > bad:
		return nil, refuse("ERR_FILE_ENCODING",
			fmt.Sprintf("文件是 UTF-8 编码，但第 %d 行有损坏的字节（文件中的物理行）。请重新导出。", line),
			fmt.Sprintf("the file is UTF-8, but line %d (as an editor counts) has damaged bytes; export it again", line))
	}
	f.gb18030 = true
	return f, nil
}

// countUTF8 counts the characters of r that are well-formed UTF-8 of more than
// one byte, and the bytes that are not UTF-8; line is where the first of those is.
func countUTF8(r io.Reader) (good, bad, line int, err error) {
	buf := make([]byte, 0, 1<<16)
	newlines := 1
	for {
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		rest := buf
		for len(rest) > 0 && (err != nil || utf8.FullRune(rest)) {
			c, size := utf8.DecodeRune(rest)
			switch {
			case c == utf8.RuneError && size == 1:
				if bad++; bad == 1 {
					line = newlines
				}
			case size > 1:
				good++
			case c == '\n':
				newlines++
			}
			rest = rest[size:]
		}
		buf = append(buf[:0], rest...)
		if err == io.EOF {
			return good, bad, line, nil
		}
		if err != nil {
			return 0, 0, 0, err
		}
	}
}

// rows numbers the records as Excel does when it opens the file: a record of
// many lines is one row, and an empty line is one too, though encoding/csv
// yields nothing for it.
func (f *textFile) rows() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		var in io.Reader = io.NewSectionReader(f.r, f.skip, f.size-f.skip)
		if f.gb18030 {
			in = simplifiedchinese.GB18030.NewDecoder().Reader(in)
		}
		m := newMeter(in)
		reader := csv.NewReader(m)
		reader.FieldsPerRecord = -1
		number, next := 0, 1 // the last row, and the line after it
		for {
			m.reset()
			record, err := reader.Read()
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(Row{}, csvProblem(err))
				return
			}
			line, _ := reader.FieldPos(0)
			number += 1 + line - next
			next = line + 1
			row := Row{Number: number}
			for i, text := range record {
				next += strings.Count(text, "\n")
				c := f.cell(text)
				if c.Kind == Empty {
					continue
				}
				if i >= MaxColumns {
					yield(Row{}, tooManyColumns(number))
					return
				}
				row.Cells = append(append(row.Cells, make([]Cell, i-len(row.Cells))...), c)
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

func (f *textFile) cell(text string) Cell {
	switch {
	case text == "":
		return Cell{}
	case len(text) > MaxCell:
		return Cell{Text: text, Kind: TooLong}
	case f.gb18030 && strings.ContainsRune(text, utf8.RuneError):
		return Cell{Text: text, Kind: Unreadable}
	}
	return Cell{Text: unshield(text), Kind: Text}
}

func tooManyColumns(row int) error {
	return tooLarge(fmt.Sprintf("第 %d 行超过 %d 列", row, MaxColumns), fmt.Sprintf("row %d has more than %d columns", row, MaxColumns))
}

func csvProblem(err error) error {
	if syntax, ok := errors.AsType[*csv.ParseError](err); ok && !errors.Is(err, errRecord) {
		return refuse("ERR_FILE_DAMAGED",
			fmt.Sprintf("CSV 第 %d 行起引号不配对（文件中的物理行）。含逗号、引号或换行的内容须整体加双引号，其中的双引号写两遍。", syntax.StartLine),
			fmt.Sprintf("the record that starts in line %d (as an editor counts) has quotes that do not match; "+
				"text with a comma, a quote or a line break must be quoted, and a quote in it doubled", syntax.StartLine))
	}
	if errors.Is(err, errRecord) {
		return tooLarge("有一行超过 16 MiB，多半是引号不配对", "a row has more than 16 MiB, most likely for a quote that is never closed")
	}
	return fmt.Errorf("reading the file to import: %w", err)
}

// annotate writes CSV in UTF-8, whatever the file was in.
func (f *textFile) annotate(w io.Writer, from, column int, notes map[int]string) error {
	out := NewCSV(w)
	last := 0
	for row, err := range f.rows() {
		if err != nil {
			return err
		}
		for last++; last < row.Number; last++ {
			if err := out.Write(nil); err != nil {
				return err
			}
		}
		record := make([]string, max(len(row.Cells), column+1))
		for i, c := range row.Cells {
			record[i] = c.Text
		}
		if row.Number >= from {
			record[column] = notes[row.Number]
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	return out.Flush()
}
