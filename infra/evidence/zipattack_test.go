package evidence

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"hash/crc32"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"xinfang/domain/proof"
)

// rezipped is an attack with an archive that another program makes of the files:
// change adds to it, or changes headers.
func rezipped(name string, change func(s *specimen, z *zip.Writer, header *zip.FileHeader)) attack {
	return attack{name, proof.Malformed, func(s *specimen) ([]byte, Options) {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for _, name := range s.names() {
			h := &zip.FileHeader{Name: name, CRC32: crc32.ChecksumIEEE(s.files[name]), CompressedSize64: uint64(len(s.files[name])), UncompressedSize64: uint64(len(s.files[name]))}
			h.CreatorVersion, h.ReaderVersion, h.ModifiedDate = version, version, firstDay //nolint:staticcheck // CreateRaw heeds no other
			change(s, z, h)
			addRaw(s, z, h, s.files[name])
		}
		change(s, z, nil)
		ok(s.t, z.Close())
		return b.Bytes(), Options{}
	}}
}

func addRaw(s *specimen, z *zip.Writer, h *zip.FileHeader, content []byte) {
	w, err := z.CreateRaw(h)
	ok(s.t, err)
	_, err = w.Write(content)
	ok(s.t, err)
}

// unharmed is what rezipped makes if nothing is changed, so that it is what is changed
// that the others are refused for.
var unharmed = attack{"E0 another program makes the same archive", proof.OK, func(s *specimen) ([]byte, Options) {
	bundle, o := rezipped("", func(*specimen, *zip.Writer, *zip.FileHeader) {}).do(s)
	return bundle, o
}}

// another adds a file that is in the manifest, too, in its place.
func another(name string) attack {
	return packed("E2 a file called "+name, proof.Malformed, func(s *specimen) { s.files[name] = nil })
}

// bytewise is an attack on the bytes of the bundle.
func bytewise(name string, change func(bundle []byte) []byte) attack {
	return attack{name, proof.Malformed, func(s *specimen) ([]byte, Options) { return change(bytes.Clone(s.bundle)), Options{} }}
}

// headed changes the header of a file that is called README.txt.
func headed(name string, change func(h *zip.FileHeader)) attack {
	return rezipped(name, func(_ *specimen, _ *zip.Writer, h *zip.FileHeader) {
		if h != nil && h.Name == fileReadme {
			change(h)
		}
	})
}

var zipAttacks = []attack{
	unharmed,
	rezipped("E1 a name twice", func(s *specimen, z *zip.Writer, h *zip.FileHeader) {
		if h != nil && h.Name == fileEvent(1)+".data" {
			again := *h
			addRaw(s, z, &again, s.files[h.Name])
		}
	}),
	rezipped("E1 a name twice, with another content", func(s *specimen, z *zip.Writer, h *zip.FileHeader) {
		if h == nil {
			evil := []byte(`{"what":"nothing"}`)
			addRaw(s, z, &zip.FileHeader{Name: fileEvent(1) + ".data", CRC32: crc32.ChecksumIEEE(evil), CompressedSize64: uint64(len(evil)), UncompressedSize64: uint64(len(evil)),
				CreatorVersion: version, ReaderVersion: version, ModifiedDate: firstDay}, evil) //nolint:staticcheck // see above
		}
	}),
	another("../up.txt"), another("events/../../up"), another(`events\000009.leaf`), another("/etc/passwd"), another("z/"), another("nul\x00"), another("run.sh"), another("数据.txt"), another("C:x"),
	headed("E2 symlink", func(h *zip.FileHeader) { h.SetMode(fs.ModeSymlink | 0o777) }),
	headed("E2 directory", func(h *zip.FileHeader) { h.SetMode(fs.ModeDir | 0o755) }),
	headed("E2 encrypted", func(h *zip.FileHeader) { h.Flags |= 1 }),
	headed("E2 UTF-8 flag", func(h *zip.FileHeader) { h.Flags |= 0x800 }),
	headed("E2 extra field with another name", func(h *zip.FileHeader) { h.Extra = []byte("up\x05\x00\x01abcd") }),
	headed("E2 comment of a file", func(h *zip.FileHeader) { h.Comment = "hidden" }),
	headed("E2 time of a file", func(h *zip.FileHeader) { h.ModifiedTime = 1 }), //nolint:staticcheck // see above
	headed("E2 method 12", func(h *zip.FileHeader) { h.Method = 12 }),
	rezipped("E3 comment of the archive", func(s *specimen, z *zip.Writer, h *zip.FileHeader) {
		if h == nil {
			ok(s.t, z.SetComment("hidden"))
		}
	}),
	bytewise("E3 prefix", func(b []byte) []byte { return append([]byte("#!/bin/sh\n"), b...) }),
	bytewise("E3 suffix", func(b []byte) []byte { return append(b, 0) }),
	bytewise("E3 second archive appended", func(b []byte) []byte { return append(b, b...) }),
	bytewise("E3 junk between", func(b []byte) []byte {
		offset := int(le.Uint32(b[len(b)-6:])) // of the directory
		le.PutUint32(b[len(b)-6:], uint32(offset+4))
		return slices.Insert(b, offset, []byte("junk")...)
	}),
	bytewise("E3 junk in front, offsets mended", func(b []byte) []byte {
		offset := int(le.Uint32(b[len(b)-6:]))
		for at := offset; le.Uint32(b[at:]) == signCentral; at += lenCentral + int(le.Uint16(b[at+28:])) {
			le.PutUint32(b[at+42:], le.Uint32(b[at+42:])+4)
		}
		le.PutUint32(b[len(b)-6:], uint32(offset+4))
		return slices.Insert(b, 0, []byte("junk")...)
	}),
	bytewise("E3 junk after the directory", func(b []byte) []byte {
		le.PutUint32(b[len(b)-10:], le.Uint32(b[len(b)-10:])+4)
		return slices.Insert(b, len(b)-lenEnd, []byte("junk")...)
	}),
	bytewise("E3 entries of others than there are", func(b []byte) []byte {
		n := le.Uint16(b[len(b)-12:])
		le.PutUint16(b[len(b)-12:], n-1)
		le.PutUint16(b[len(b)-14:], n-1)
		return b
	}),
	bytewise("E3 two headers that differ", func(b []byte) []byte {
		at := int(le.Uint32(b[len(b)-6:]))
		le.PutUint32(b[at+16:], le.Uint32(b[at+16:])^1)
		return b
	}),
	bytewise("E3 CRC wrong in both headers", func(b []byte) []byte {
		at := int(le.Uint32(b[len(b)-6:]))
		b[at+16], b[14] = b[at+16]^1, b[14]^1
		return b
	}),
	{"E3 files in another order than the directory", proof.Malformed, func(s *specimen) ([]byte, Options) {
		var b bytes.Buffer
		z := zipWriter{w: &b}
		for _, name := range slices.Backward(s.names()) {
			ok(s.t, z.add(name, s.files[name]))
		}
		slices.Reverse(z.entries)
		ok(s.t, z.close())
		return b.Bytes(), Options{}
	}},
	bytewise("E3 damaged content", func(b []byte) []byte {
		b[bytes.Index(b, []byte(`{"what"`))+3] ^= 1
		return b
	}),
	bytewise("E3 cut off", func(b []byte) []byte { return b[:len(b)/2] }),
	bytewise("E3 empty", func([]byte) []byte { return nil }),
	bytewise("E3 no entry", func([]byte) []byte { return end(0, 0, 0) }),
	bytewise("E3 65535 entries", func(b []byte) []byte { return end(65535, 0, 0) }),
	bombed("E4 bomb of 1 GiB of zeros", largeBomb),
	bombed("E4 compressed", func() ([]byte, error) { return bomb(10) }),
	bytewise("E4 entries that overlap", func(b []byte) []byte {
		at := int(le.Uint32(b[len(b)-6:]))
		next := at + lenCentral + int(le.Uint16(b[at+28:]))
		le.PutUint32(b[next+42:], 0)
		return b
	}),
	{"E4 a size of 4 GiB", proof.Malformed, func(s *specimen) ([]byte, Options) {
		e := entry{fileReadme, 0, 1<<32 - 1, 0}
		b := append(e.local(), e.central()...)
		return append(b, end(1, len(e.central()), len(e.local()))...), Options{}
	}},
	{"E5 file missing from the archive", proof.Malformed, func(s *specimen) ([]byte, Options) {
		delete(s.files, filePolicy)
		return s.zip(), Options{}
	}},
	{"E5 file missing from the manifest", proof.Malformed, func(s *specimen) ([]byte, Options) {
		s.files[fileGrowth(3, 16)] = nil
		return s.zip(), Options{}
	}},
	{"E5 another file than in the manifest", proof.Malformed, func(s *specimen) ([]byte, Options) {
		delete(s.files, filePolicy)
		s.files[fileGrowth(3, 16)] = nil
		return s.zip(), Options{}
	}},
	{"E5 another content than in the manifest", proof.Malformed, func(s *specimen) ([]byte, Options) {
		s.files[filePolicy] = append(s.files[filePolicy], '#')
		return s.zip(), Options{}
	}},
	{"E5 no manifest", proof.Malformed, func(s *specimen) ([]byte, Options) {
		delete(s.files, fileManifest)
		return s.zip(), Options{}
	}},
	manifested("E5 manifest in another form", " ", "  "),
	manifested("E5 manifest with a name twice", `"format"`, `"format": "x", "format"`),
	manifested("E5 manifest with another member", `"format"`, "\"more\": 1,\n  \"format\""),
	manifested("E5 manifest of another format", "/v1", "/v2"),
	manifested("E5 manifest of no stream", ours.String(), "case"),
	packed("E5 no checkpoint", proof.Malformed, func(s *specimen) { delete(s.files, fileCheckpoint) }),
	packed("E5 no data of an event", proof.Malformed, func(s *specimen) { delete(s.files, fileEvent(1)+".data") }),
	packed("E5 no leaf of an event", proof.Malformed, func(s *specimen) { delete(s.files, fileEvent(1)+".leaf") }),
	packed("E5 no policy and no README", proof.OK, func(s *specimen) {
		delete(s.files, filePolicy)
		delete(s.files, fileReadme)
	}),
}

// manifested is an attack on the text of the manifest.
func manifested(name, old, with string) attack {
	return attack{name, proof.Malformed, func(s *specimen) ([]byte, Options) {
		s.files[fileManifest] = []byte(strings.Replace(string(s.files[fileManifest]), old, with, 1))
		return s.zip(), Options{}
	}}
}

// largeBomb is a bomb of 1 GiB, which takes a while to make.
var largeBomb = sync.OnceValues(func() ([]byte, error) { return bomb(1 << 30) })

// bombed is an attack with a bomb.
func bombed(name string, packed func() ([]byte, error)) attack {
	return attack{name, proof.Malformed, func(s *specimen) ([]byte, Options) {
		bundle, err := packed()
		ok(s.t, err)
		return bundle, Options{}
	}}
}

// bomb returns an archive whose README.txt is so many zeros, compressed, and which is
// all right otherwise.
func bomb(zeros int) ([]byte, error) {
	var small bytes.Buffer
	w, err := flate.NewWriter(&small, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	sum, part, size, last := crc32.NewIEEE(), make([]byte, min(zeros, 1<<20)), 0, 0
	for ; size < zeros; size += len(part) {
		sum.Write(part)
		if size > 2*len(part) { // like the one before, which follows zeros as this does
			small.Write(small.Bytes()[small.Len()-last:])
			continue
		}
		before := small.Len()
		if _, err := w.Write(part); err != nil {
			return nil, err
		}
		if err := w.Flush(); err != nil {
			return nil, err
		}
		last = small.Len() - before
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	e := entry{name: fileReadme, crc: sum.Sum32(), size: uint32(small.Len())}
	local, central := e.local(), e.central()
	le.PutUint16(local[8:], zip.Deflate)
	le.PutUint16(central[10:], zip.Deflate)
	le.PutUint32(local[22:], uint32(size))
	le.PutUint32(central[24:], uint32(size))
	return slices.Concat(local, small.Bytes(), central, end(1, len(central), len(local)+small.Len())), nil
}
