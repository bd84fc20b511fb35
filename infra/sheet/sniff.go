package sheet

import (
	"bytes"
	"fmt"
	"io"
)

var bom = []byte("\xef\xbb\xbf")

type format int

const (
	formatXLSX format = iota
	formatCSV
)

// sniff tells the format of a file by its first bytes, or refuses it.
func sniff(r io.ReaderAt, size int64) (format, error) {
	head := make([]byte, 4096)
	n, err := r.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return 0, fmt.Errorf("reading the file to import: %w", err)
	}
	head = head[:n]
	text := bytes.TrimLeft(bytes.TrimPrefix(head, bom), " \t\r\n")
	switch {
	case len(text) == 0:
		return 0, refuse("ERR_FILE_EMPTY", "文件是空的。", "the file is empty")
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return formatXLSX, nil
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		return 0, refuseOLE(r, size)
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return 0, refuse("ERR_FILE_UTF16", "这是 UTF-16 编码的文本。请另存为“CSV UTF-8（逗号分隔）”或 .xlsx。",
			`this text is encoded in UTF-16; save it as "CSV UTF-8 (comma delimited)" or .xlsx`)
	case text[0] == '<':
		return 0, refuse("ERR_FILE_HTML", "这是网页或 XML，不是工作簿（有的系统导出的 .xls 实为网页）。请在 Excel/WPS 中打开并另存为 .xlsx。",
			"this is a web page or XML, not a workbook (some systems give it the name .xls); open it in Excel or WPS and save it as .xlsx")
	case bytes.HasPrefix(head, []byte("%PDF")), bytes.IndexByte(head, 0) >= 0:
		return 0, refuse("ERR_FILE_UNKNOWN", "无法识别的文件格式。请在 Excel/WPS 中另存为 .xlsx，或存为 CSV。",
			"this is not a file format that can be imported; save it in Excel or WPS as .xlsx or CSV")
	}
	return formatCSV, nil
}

// refuseOLE refuses an OLE compound file: the shell of the old .xls and .et, and
// of every encrypted workbook, which has a stream of a known name.
func refuseOLE(r io.ReaderAt, size int64) error {
	name := []byte("E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00")
	found, err := contains(io.NewSectionReader(r, 0, min(size, MaxUnzipped)), name)
	switch {
	case err != nil:
		return fmt.Errorf("reading the file to import: %w", err)
	case found:
		return refuse("ERR_FILE_ENCRYPTED", "工作簿有打开密码。请在 Excel/WPS 中取消密码后另存为 .xlsx。",
			"the workbook is protected by a password; remove the password in Excel or WPS and save it as .xlsx")
	}
	return refuse("ERR_FILE_XLS", "这是旧格式（.xls 或 .et）。请在 Excel/WPS 中另存为 .xlsx。",
		"this is an old format (.xls or .et); save it in Excel or WPS as .xlsx")
}

func contains(r io.Reader, what []byte) (bool, error) {
	buf := make([]byte, 0, 1<<16)
	for {
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if bytes.Contains(buf, what) {
			return true, nil
		}
		if err == io.EOF {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		keep := min(len(buf), len(what)-1)
		buf = append(buf[:0], buf[len(buf)-keep:]...)
	}
}
