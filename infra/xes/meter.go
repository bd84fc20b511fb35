package xes

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// maxToken is the most bytes of one XML tag or text: it bounds what the decoder
// can be made to hold.
const maxToken = 1 << 20

// A gzip that unpacks to more than maxRatio times its size, beyond a size where
// that may be chance, is a bomb: logs, repetitive as they are, unpack to fifty.
const (
	maxRatio   = 250
	ratioFloor = 8 << 20
)

// A meter is the reader under the decoder. It fails once it has been read too
// far.
type meter struct {
	*bufio.Reader
	left   int      // bytes that the current token may still take
	read   int64    // bytes read
	packed *counter // what they were unpacked from, nil if they were not
}

// newMeter returns a meter over r, unzipping it if it is gzip.
func newMeter(r io.Reader) (*meter, error) {
	packed := &counter{r: r}
	in := bufio.NewReaderSize(packed, 1<<16)
	magic, err := in.Peek(2)
	if errors.Is(err, io.EOF) && len(magic) == 0 {
		return nil, refuse("ERR_XES_FORMAT", "文件是空的。", "the file is empty")
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading the event log: %w", err)
	}
	if !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return &meter{Reader: in}, nil
	}
	unzipped, err := gzip.NewReader(in)
	if err != nil {
		return nil, errGzip
	}
	return &meter{Reader: bufio.NewReaderSize(unzipped, 1<<16), packed: packed}, nil
}

// ReadByte is all that the decoder calls.
func (m *meter) ReadByte() (byte, error) {
	if m.left <= 0 {
		return 0, tooLarge("一个标签或一段文字超过 1 MiB", "a tag or a text has more than 1 MiB")
	}
	m.left--
	if m.read++; m.read&(1<<20-1) == 0 {
		if err := m.check(); err != nil {
			return 0, err
		}
	}
	return m.Reader.ReadByte()
}

// check is made once for every MiB.
func (m *meter) check() error {
	switch {
	case m.read >= MaxSize:
		return tooLarge("解压后超过 4 GiB", "more than 4 GiB once unzipped")
	case m.packed != nil && m.read > ratioFloor && m.read/maxRatio > m.packed.read:
		return refuse("ERR_XES_BOMB", "压缩比异常，像是压缩炸弹，已拒绝。", "it is compressed far beyond what a log is, like a zip bomb")
	}
	return nil
}

// A counter counts the bytes read from r.
type counter struct {
	r    io.Reader
	read int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.read += int64(n)
	return n, err
}
