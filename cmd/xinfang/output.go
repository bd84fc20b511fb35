package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A table is what a command prints: rows of cells for people, and the same as
// values for programs.
type table struct {
	header []string
	rows   [][]string
	values any   // for json: one value
	lines  []any // for jsonl: a value a line; nil is values alone
}

// all returns the rows, after the header if there is one.
func (t table) all() [][]string {
	if len(t.header) == 0 {
		return t.rows
	}
	return append([][]string{t.header}, t.rows...)
}

// print writes t in the format that -o asks for.
func (a *app) print(t table) error {
	switch a.format {
	case "json":
		return writeJSON(a.Stdout, t.values)
	case "jsonl":
		lines := t.lines
		if lines == nil {
			lines = []any{t.values}
		}
		for _, v := range lines {
			if err := json.MarshalWrite(a.Stdout, v, json.Deterministic(true)); err != nil {
				return err
			}
			if _, err := io.WriteString(a.Stdout, "\n"); err != nil {
				return err
			}
		}
		return nil
	case "csv":
		// The mark tells Excel that this is UTF-8.
		if _, err := io.WriteString(a.Stdout, "\ufeff"); err != nil {
			return err
		}
		w := csv.NewWriter(a.Stdout)
		for _, row := range t.all() {
			cells := make([]string, len(row))
			for i, c := range row {
				cells[i] = neutral(c)
			}
			if err := w.Write(cells); err != nil {
				return err
			}
		}
		w.Flush()
		return w.Error()
	}
	return writeTable(a.Stdout, t)
}

// say and warn tell the person at the terminal something. Nobody can be told that
// it did not arrive.
func (a *app) say(format string, args ...any)  { _, _ = fmt.Fprintf(a.Stdout, format+"\n", args...) }
func (a *app) warn(format string, args ...any) { _, _ = fmt.Fprintf(a.Stderr, format+"\n", args...) }

func writeJSON(w io.Writer, v any) error {
	if err := json.MarshalWrite(w, v, json.Deterministic(true), jsontext.WithIndent("  ")); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// neutral keeps a spreadsheet from running a cell as a formula.
func neutral(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// writeTable writes columns that line up on a terminal, where a Han character
// takes two places.
func writeTable(w io.Writer, t table) error {
	all := t.all()
	var widths []int
	for _, row := range all {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], width(c))
		}
	}
	for _, row := range all {
		var line strings.Builder
		for i, c := range row {
			line.WriteString(c)
			if i < len(row)-1 {
				line.WriteString(strings.Repeat(" ", widths[i]-width(c)+2))
			}
		}
		if _, err := fmt.Fprintln(w, strings.TrimRight(line.String(), " ")); err != nil {
			return err
		}
	}
	return nil
}

func width(s string) (n int) {
	for _, r := range s {
		if n++; r >= 0x1100 && (unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) || r >= 0x3000 && r <= 0x303f || r >= 0xff00 && r <= 0xff60) {
			n++
		}
	}
	return n
}
