// Package sheet reads petition ledgers (台账) that people keep in Excel or CSV,
// and writes CSV that Excel opens.
//
// [Open] finds the table that a [Mapping] describes; [Source.Rows] streams its
// rows; [Mapping.Apply] turns one row into [Facts], the facts that the row
// states and nothing that it does not. What cannot be read with certainty is a
// [CellError], never a guess: a number of more than fifteen digits has been
// rounded by the spreadsheet and is refused, and so is a formula whose result
// was not stored. [Source.WriteErrors] gives the person a copy of the file with
// a column 错误, to mend and to bring again.
//
// # Why not excelize for reading
//
// Its row iterator takes damaged XML for the end of the sheet, so that rows go
// missing in silence, and it drops what this package must know: whether a cell
// is a number or text, and whether a formula has a result. Asking it cell by
// cell loads the whole sheet. So the sheet is read here, as a stream, from the
// zip; excelize writes the workbooks of the tests and is their oracle.
//
// # Errors
//
// What is wrong with a file is a [*ledger.Refusal], possibly wrapped; what is
// wrong with a cell is a CellError. Both are for the person who brought the
// file, in both languages, and never hold the value of a cell, for that may be
// personal data.
package sheet

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"xinfang/domain/ledger"
)

// What a file may hold at most. A file beyond any of these is refused as a
// whole, before or while it is read.
const (
	MaxRows     = 1_000_000 // rows below the header
	MaxColumns  = 200       // columns with anything in them
	MaxCell     = 1 << 20   // bytes of text in one cell
	MaxUnzipped = 200 << 20 // bytes of a CSV file, or of a workbook once unzipped
)

// maxRecord is the most bytes that the file may spend on one row or one shared
// string: it bounds the memory that a row can take while it is being read.
const maxRecord = 16 << 20

// A Source is a table in a file: a row of headings and the rows below it.
//
// Its methods may be called one after the other and repeatedly; each reads the
// file from the start.
type Source struct {
	table   table
	header  int            // number of the row with the headings, from 1
	columns map[string]int // heading → index of its column, from 0
	width   int            // columns up to the last heading
	ragged  bool           // whether a row wider than the header is suspect
	format  format
	close   func() error
}

// A table is the grid of cells of one file format.
type table interface {
	// rows yields every row from the top of the grid, blank ones left out or
	// not, by ascending number, with Number and Cells set. It stops at the first
	// error, which is about the file.
	rows() iter.Seq2[Row, error]

	// annotate writes a copy of the file. From the row from on, the column of
	// index column holds the notes, by row number, and nothing else.
	annotate(w io.Writer, from, column int, notes map[int]string) error
}

// A Row is one row of a table.
type Row struct {
	Number int    // as Excel counts, from 1
	Cells  []Cell // from column A; cells at the end may be missing

	columns map[string]int
	ragged  bool // has cells to the right of the last heading, in a CSV file
}

// Cell returns the cell below the heading column, which is Empty if there is
// none. White space in headings does not count.
func (r Row) Cell(column string) Cell {
	if i, ok := r.columns[heading(column)]; ok && i < len(r.Cells) {
		return r.Cells[i]
	}
	return Cell{}
}

func (r Row) blank() bool {
	return !slices.ContainsFunc(r.Cells, func(c Cell) bool { return c.Kind != Empty })
}

// A Cell is what the file holds in one cell.
type Cell struct {
	Text     string // text, or a number as plain decimal digits
	Kind     Kind
	Date1904 bool // the workbook counts days from 1904 (as Excel for Mac did), not 1900
}

// A Kind says what a cell holds.
type Kind int

// The kinds of cell.
const (
	Empty      Kind = iota
	Text            // also TRUE, FALSE and the text of a formula's result
	Number          // a number shown as one
	Date            // a number shown as a date: days since the workbook's epoch
	Inexact         // a whole number of more than 15 digits: the spreadsheet has rounded it
	Uncomputed      // a formula without a stored result
	Broken          // an error value such as #REF!
	Unreadable      // bytes that are not in the file's encoding
	TooLong         // more than MaxCell bytes
)

// Open opens the table in the file at path that m describes: the sheet and the
// row of headings, which must have every column that m names, once. name is what
// the person who brought the file calls it; what it is, its content says. The
// caller closes the source.
func Open(path, name string, m *Mapping) (*Source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the file to import: %w", err)
	}
	info, err := f.Stat()
	if err == nil {
		var s *Source
		if s, err = NewSource(f, info.Size(), m); err == nil {
			s.close = f.Close
			return s, nil
		}
	}
	_ = f.Close() // it was only read
	if missing := (*columnsMissing)(nil); errors.As(err, &missing) && missing.format == formatCSV && isWorkbook(name) {
		err = refuse("ERR_FILE_NO_WORKBOOK",
			fmt.Sprintf("文件名像工作簿，内容却只是文本，其中也没有映射中的列：%s。请在 Excel/WPS 中打开原表并另存为 .xlsx。", strings.Join(missing.columns, "、")),
			fmt.Sprintf("the file is named like a workbook, but holds text only, and lacks columns of the mapping: %s; open the table in Excel or WPS and save it as .xlsx", strings.Join(missing.columns, ", ")))
	}
	return nil, fmt.Errorf("%s: %w", name, err)
}

// A columnsMissing refuses a file without columns that the mapping names.
type columnsMissing struct {
	*ledger.Refusal
	format  format
	columns []string
}

func (c *columnsMissing) Unwrap() error { return c.Refusal }

// isWorkbook reports whether a file of that name should be a workbook.
func isWorkbook(name string) bool {
	ext := strings.ToLower(filepath.Ext(name))
	return strings.HasPrefix(ext, ".xls") || ext == ".et"
}

// Ext returns how the name of such a file ends: ".xlsx" or ".csv".
func (s *Source) Ext() string {
	if s.format == formatCSV {
		return ".csv"
	}
	return ".xlsx"
}

// NewSource is [Open] for a file of size bytes that r reads. The caller keeps r
// open as long as it uses the source, which need not be closed.
func NewSource(r io.ReaderAt, size int64, m *Mapping) (*Source, error) {
	format, err := sniff(r, size)
	if err != nil {
		return nil, err
	}
	s := &Source{header: m.Header, format: format, close: func() error { return nil }}
	switch format {
	case formatXLSX:
		s.table, err = openWorkbook(r, size, m.Sheet)
	default:
		s.table, err = openCSV(r, size)
		s.ragged = true
	}
	if err != nil {
		return nil, err
	}
	if err := s.readHeader(m.columns()); err != nil {
		return nil, err
	}
	return s, nil
}

// Close closes the file.
func (s *Source) Close() error { return s.close() }

// readHeader reads the headings and checks that each wanted one is there, once.
func (s *Source) readHeader(wanted []string) error {
	row, err := s.headerRow()
	if err != nil {
		return err
	}
	s.columns = make(map[string]int)
	twice := make(map[string]bool)
	for i, c := range row.Cells {
		h := heading(c.Text)
		if h == "" {
			continue
		}
		if _, ok := s.columns[h]; ok {
			twice[h] = true
		}
		s.columns[h], s.width = i, i+1
	}
	var missing, doubled []string
	for _, w := range wanted {
		if _, ok := s.columns[heading(w)]; !ok {
			missing = append(missing, w)
		} else if twice[heading(w)] {
			doubled = append(doubled, w)
		}
	}
	switch {
	case len(missing) > 0:
		return &columnsMissing{refuse("ERR_COLUMN_MISSING",
			fmt.Sprintf("第 %d 行（表头）缺少映射中的列：%s。请核对映射文件的列名和 header 行号。", s.header, strings.Join(missing, "、")),
			fmt.Sprintf("row %d (the headings) lacks columns of the mapping: %s; check the column names and header = in the mapping file", s.header, strings.Join(missing, ", "))), s.format, missing}
	case len(doubled) > 0:
		return refuse("ERR_COLUMN_TWICE",
			fmt.Sprintf("第 %d 行（表头）中出现了两次的列：%s。请改名，使每列名称唯一。", s.header, strings.Join(doubled, "、")),
			fmt.Sprintf("row %d (the headings) has columns of the mapping twice: %s; rename one of each", s.header, strings.Join(doubled, ", ")))
	}
	return nil
}

func (s *Source) headerRow() (Row, error) {
	for row, err := range s.table.rows() {
		if err != nil {
			return Row{}, err
		}
		if row.Number == s.header {
			return row, nil
		}
		if row.Number > s.header {
			break
		}
	}
	return Row{Number: s.header}, nil
}

// Rows yields the rows below the header that have anything in them. It stops at
// the first error, which is about the file: what is wrong with a row is for
// [Mapping.Apply] to say.
func (s *Source) Rows() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		n := 0
		for row, err := range s.table.rows() {
			if err != nil {
				yield(Row{}, err)
				return
			}
			if row.Number <= s.header || row.blank() {
				continue
			}
			if n++; n > MaxRows {
				yield(Row{}, tooLarge("超过 100 万行", "more than 1,000,000 rows"))
				return
			}
			row.columns = s.columns
			if s.ragged && len(row.Cells) > s.width {
				row.ragged = !Row{Cells: row.Cells[s.width:]}.blank()
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// heading returns h as headings are compared: without white space.
func heading(h string) string { return unspaced(h) }

func refuse(code, zh, en string) *ledger.Refusal {
	return &ledger.Refusal{Code: code, Kind: ledger.Invalid, Text: ledger.Text{ZH: zh, EN: en}}
}

func tooLarge(zh, en string) error {
	return refuse("ERR_FILE_TOO_LARGE", "文件过大："+zh+"。请拆分后分批导入。", "the file is too large: "+en+"; split it and import the parts")
}
