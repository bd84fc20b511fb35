package evidence

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"hash/crc32"
	"io"
	"maps"
	"slices"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// An archive is an open bundle. Its files are read when they are asked for, so that
// it takes little memory, whatever its size.
type archive struct {
	r       io.ReaderAt
	entries map[string]entry
	sums    map[string]ledger.Digest // of all files, as they are
	room    [32 << 10]byte           // for what is read to be summed
}

// malformed returns the finding that an archive is not of the one form.
func malformed(zh, en string, args ...any) *proof.Finding {
	return proof.Found(proof.Malformed, zh, en, args...)
}

// openArchive opens the size bytes of r. It takes only what a [zipWriter] makes,
// with names that a bundle has. It reads all files, a part at a time. The error is
// a [*proof.Finding].
func openArchive(r io.ReaderAt, size int64) (*archive, error) {
	directory, offset, n, err := readDirectory(r, size)
	if err != nil {
		return nil, err
	}
	a := &archive{r: r, entries: make(map[string]entry, n), sums: make(map[string]ledger.Digest, n)}
	at, total, last := int64(0), int64(0), ""
	for range n {
		e, rest, ok := readCentral(directory)
		if !ok || e.name <= last || !names.MatchString(e.name) || int64(e.offset) != at {
			return nil, malformed("证据包目录中 %.100q 之后的一项不合规定的写法：名称、顺序、位置、压缩、加密或附加内容。解开后重新压缩过的不能核验，请要原件",
				"the entry after %.100q in the directory of the bundle is not as it has to be: its name, order, place, compression, encryption or what was added to it. One that was unpacked and packed again cannot be checked: ask for the original", last)
		}
		if total += int64(e.size); e.size > MaxFile || total > MaxTotal {
			return nil, malformed("证据包的文件过大", "the files of the bundle are too large")
		}
		if err := a.read(e); err != nil {
			return nil, err
		}
		at += int64(lenLocal+len(e.name)) + int64(e.size)
		directory, last = rest, e.name
	}
	if at != offset || len(directory) > 0 {
		return nil, malformed("证据包中有不属于任何文件的内容", "there is something in the bundle that is of no file")
	}
	return a, nil
}

// readDirectory returns the directory of the archive, where it begins, and how many
// entries it has.
func readDirectory(r io.ReaderAt, size int64) (directory []byte, offset int64, n int, err error) {
	const maxHeaders = int64(MaxFiles * (lenLocal + lenCentral + 2*maxName))
	if size < lenEnd || size > MaxTotal+maxHeaders+lenEnd {
		return nil, 0, 0, malformed("证据包为空、不完整或过大", "the bundle is empty, cut off or too large")
	}
	last := make([]byte, lenEnd)
	if err := readFull(r, last, size-lenEnd); err != nil {
		return nil, 0, 0, err
	}
	n = int(le.Uint16(last[10:]))
	length := int64(le.Uint32(last[12:]))
	offset = size - lenEnd - length
	if n > MaxFiles || length > int64(n*(lenCentral+maxName)) || offset < 0 ||
		!bytes.Equal(last, end(n, int(length), int(offset))) {
		return nil, 0, 0, malformed("这不是证据包：结尾不是规定的写法，或文件过多", "this is no bundle: it does not end as bundles do, or has too many files")
	}
	directory = make([]byte, length)
	return directory, offset, n, readFull(r, directory, offset)
}

// readCentral reads the first header of b.
func readCentral(b []byte) (e entry, rest []byte, ok bool) {
	if len(b) < lenCentral {
		return e, nil, false
	}
	length := int(le.Uint16(b[28:]))
	e = entry{crc: le.Uint32(b[16:]), size: le.Uint32(b[24:]), offset: le.Uint32(b[42:])}
	if length > maxName || len(b) < lenCentral+length {
		return e, nil, false
	}
	e.name, rest = string(b[lenCentral:lenCentral+length]), b[lenCentral+length:]
	return e, rest, bytes.Equal(e.central(), b[:lenCentral+length])
}

// read reads the local header and the content of e.
func (a *archive) read(e entry) error {
	header := make([]byte, lenLocal+len(e.name))
	if err := readFull(a.r, header, int64(e.offset)); err != nil {
		return err
	}
	if !bytes.Equal(header, e.local()) {
		return malformed("证据包中 %.100q 的两处文件头不一致", "the two headers of %.100q in the bundle differ", e.name)
	}
	sum, crc := sha256.New(), crc32.NewIEEE()
	n, err := io.CopyBuffer(io.MultiWriter(sum, crc), a.content(e), a.room[:])
	if err != nil || n != int64(e.size) {
		return unread(err)
	}
	if crc.Sum32() != e.crc {
		return malformed("证据包中 %.100q 已损坏（CRC-32 不符）", "%.100q in the bundle is damaged (its CRC-32 is wrong)", e.name)
	}
	a.entries[e.name], a.sums[e.name] = e, ledger.Digest{Len: int(e.size), Sum: ledger.Hash(sum.Sum(nil))}
	return nil
}

func (a *archive) content(e entry) io.Reader {
	return io.NewSectionReader(a.r, int64(e.offset)+int64(lenLocal+len(e.name)), int64(e.size))
}

// file returns the content of the file called name, which may have at most that
// many bytes. The error is a [*proof.Finding].
func (a *archive) file(name string, most int) ([]byte, error) {
	e, ok := a.entries[name]
	if !ok {
		return nil, malformed("证据包缺少文件 %s", "the bundle has no file %s", name)
	}
	if int64(e.size) > int64(most) {
		return nil, malformed("证据包中的 %s 过大", "%s in the bundle is too large", name)
	}
	b := make([]byte, e.size)
	_, err := io.ReadFull(a.content(e), b)
	if err != nil {
		return nil, unread(err)
	}
	return b, nil
}

// manifest returns what the manifest says, once all that it says of the files is so.
func (a *archive) manifest() (m manifest, stream ledger.Stream, err error) {
	const most = MaxFiles * (maxName + 200) // bytes; an entry of it has some 150
	b, err := a.file(fileManifest, most)
	if err != nil {
		return m, stream, err
	}
	m, stream, ok := parseManifest(b)
	if !ok {
		return m, stream, malformed("证据包的清单格式不对", "the manifest of the bundle is malformed")
	}
	if len(m.Files) != len(a.entries)-1 {
		return m, stream, malformed("证据包的清单与其中的文件不是同样多", "the manifest of the bundle does not list as many files as there are")
	}
	for _, name := range slices.Sorted(maps.Keys(a.sums)) {
		is := a.sums[name]
		if name != fileManifest && (m.Files[name] != file{int64(is.Len), is.Sum.String()}) {
			return m, stream, malformed("证据包中的 %s 与清单不符", "%s in the bundle is not what the manifest says", name)
		}
	}
	return m, stream, nil
}

func readFull(r io.ReaderAt, b []byte, at int64) error {
	n, err := r.ReadAt(b, at)
	if n < len(b) {
		return unread(err)
	}
	return nil
}

// unread returns the finding that the bundle could not be read to its end.
func unread(err error) *proof.Finding {
	err = cmp.Or(err, io.ErrUnexpectedEOF)
	return malformed("证据包读不出：%v", "the bundle cannot be read: %v", err)
}
