package sheet

import (
	"bufio"
	"errors"
	"io"
)

// A meter is a reader that fails once it has been read too far without a
// [meter.reset]. It bounds what a parser can be made to hold of one row.
type meter struct {
	r    *bufio.Reader
	left int
}

var errRecord = errors.New("a row of more than 16 MiB")

func newMeter(r io.Reader) *meter { return &meter{bufio.NewReaderSize(r, 1<<16), maxRecord} }

func (m *meter) reset() { m.left = maxRecord }

func (m *meter) ReadByte() (byte, error) {
	if m.left <= 0 {
		return 0, errRecord
	}
	m.left--
	return m.r.ReadByte()
}

func (m *meter) Read(p []byte) (int, error) {
	if m.left <= 0 {
		return 0, errRecord
	}
	n, err := m.r.Read(p[:min(len(p), m.left)])
	m.left -= n
	return n, err
}
