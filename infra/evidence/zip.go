package evidence

import (
	"encoding/binary"
	"hash/crc32"
	"io"
)

// An entry is a file in an archive.
type entry struct {
	name   string
	crc    uint32 // CRC-32 (IEEE) of the content
	size   uint32 // bytes
	offset uint32 // of its local header
}

// The fixed parts of the headers of an archive, as APPNOTE.TXT 4.3.7, 4.3.12 and
// 4.3.16 have them.
const (
	signLocal   = 0x04034b50
	signCentral = 0x02014b50
	signEnd     = 0x06054b50
	lenLocal    = 30
	lenCentral  = 46
	lenEnd      = 22

	// What every header says, whatever it is of: version 2.0, for FAT; no flags;
	// stored; 1980-01-01 00:00, the first time that can be written.
	version = 20
	noFlags = 0
	stored  = 0
	midnight,
	firstDay = 0, 1<<5 | 1
)

var le = binary.LittleEndian

// common appends what the local and the central header of e have alike.
func (e *entry) common(b []byte) []byte {
	for _, v := range []uint16{version, noFlags, stored, midnight, firstDay} {
		b = le.AppendUint16(b, v)
	}
	for _, v := range []uint32{e.crc, e.size, e.size} {
		b = le.AppendUint32(b, v)
	}
	b = le.AppendUint16(b, uint16(len(e.name)))
	return le.AppendUint16(b, 0) // no extra field
}

// local returns the header that stands before the content of e.
func (e *entry) local() []byte {
	return append(e.common(le.AppendUint32(nil, signLocal)), e.name...)
}

// central returns the header of e in the directory of the archive.
func (e *entry) central() []byte {
	b := e.common(le.AppendUint16(le.AppendUint32(nil, signCentral), version))
	b = append(b, make([]byte, 2+2+2+4)...) // no comment, first disk, no attributes
	return append(le.AppendUint32(b, e.offset), e.name...)
}

// end returns what an archive of that many entries ends with.
func end(entries, size, offset int) []byte {
	b := append(le.AppendUint32(nil, signEnd), make([]byte, 2+2)...) // one disk
	b = le.AppendUint16(b, uint16(entries))
	b = le.AppendUint16(b, uint16(entries))
	b = le.AppendUint32(b, uint32(size))
	b = le.AppendUint32(b, uint32(offset))
	return le.AppendUint16(b, 0) // no comment
}

// A zipWriter writes an archive. Whoever writes adds the files in order of their
// names, within the limits.
type zipWriter struct {
	w       io.Writer
	at      int // bytes written
	entries []entry
}

func (z *zipWriter) write(b []byte) error {
	n, err := z.w.Write(b)
	z.at += n
	return err
}

func (z *zipWriter) add(name string, content []byte) error {
	e := entry{name, crc32.ChecksumIEEE(content), uint32(len(content)), uint32(z.at)}
	z.entries = append(z.entries, e)
	if err := z.write(e.local()); err != nil {
		return err
	}
	return z.write(content)
}

func (z *zipWriter) close() error {
	offset := z.at
	for _, e := range z.entries {
		if err := z.write(e.central()); err != nil {
			return err
		}
	}
	return z.write(end(len(z.entries), z.at-offset, offset))
}
