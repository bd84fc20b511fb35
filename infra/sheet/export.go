package sheet

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
)

// A CSV writes a CSV file that Excel opens as it is meant: with a byte order
// mark, without which Chinese Excel shows mojibake, lines ended by CR LF, and a
// ' before every text that Excel would run as a formula.
//
// A CSV is not safe for concurrent use.
type CSV struct {
	w     *csv.Writer
	begun bool
	to    io.Writer
}

// NewCSV returns a CSV that writes to w. Nothing is written before the first
// record.
func NewCSV(w io.Writer) *CSV {
	c := &CSV{w: csv.NewWriter(w), to: w}
	c.w.UseCRLF = true
	return c
}

// Write writes one record. A record without fields is an empty line.
func (c *CSV) Write(record []string) error {
	if !c.begun {
		c.begun = true
		if _, err := c.to.Write(bom); err != nil {
			return fmt.Errorf("writing CSV: %w", err)
		}
	}
	safe := make([]string, len(record))
	for i, text := range record {
		safe[i] = shield(newlines.Replace(text))
	}
	if err := c.w.Write(safe); err != nil {
		return fmt.Errorf("writing CSV: %w", err)
	}
	return nil
}

// newlines makes every line break LF, which the writer turns into CR LF; a CR
// alone it would drop.
var newlines = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// Flush writes what is buffered. Call it after the last record.
func (c *CSV) Flush() error {
	c.w.Flush()
	if err := c.w.Error(); err != nil {
		return fmt.Errorf("writing CSV: %w", err)
	}
	return nil
}

// shield puts a ' before text that a spreadsheet would take for a formula, and
// before text that looks as if it were shielded already, so that [unshield] is
// its exact inverse. A negative number is left a number.
func shield(text string) string {
	if risky(strings.TrimLeft(text, "'")) && !negative(text) {
		return "'" + text
	}
	return text
}

func unshield(text string) string {
	if rest, ok := strings.CutPrefix(text, "'"); ok && risky(strings.TrimLeft(rest, "'")) && !negative(rest) {
		return rest
	}
	return text
}

func risky(text string) bool {
	for _, start := range []string{"=", "+", "-", "@", "\t", "\n", "\r", "＝", "＋", "－", "＠"} {
		if strings.HasPrefix(text, start) {
			return true
		}
	}
	return false
}

// negative reports whether text is a negative number of plain digits.
func negative(text string) bool {
	digits, ok := strings.CutPrefix(text, "-")
	whole, fraction, point := strings.Cut(digits, ".")
	return ok && plain(whole) && (!point || plain(fraction))
}

func plain(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
