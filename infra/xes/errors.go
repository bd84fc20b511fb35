package xes

import (
	"compress/flate"
	"compress/gzip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"

	"xinfang/domain/ledger"
)

var (
	errStopped = errors.New("nobody asks for more")
	errCharset = errors.New("not UTF-8")
	errGzip    = refuse("ERR_XES_DAMAGED", "gzip 压缩数据已损坏。请重新取得文件。", "the gzip data is damaged; get the file again")
	errDepth   = tooLarge("属性嵌套超过 16 层", "attributes nested deeper than 16 levels")
)

func refuse(code, zh, en string) *ledger.Refusal {
	return &ledger.Refusal{Code: code, Kind: ledger.Invalid, Text: ledger.Text{ZH: zh, EN: en}}
}

func tooLarge(zh, en string) *ledger.Refusal {
	return refuse("ERR_XES_TOO_LARGE", "文件超出限度："+zh+"。", "the file is beyond a limit: "+en)
}

// explain says where reading went wrong, and why. What the XML decoder says is
// left out, for it quotes the text.
func (r *reader) explain(err error) error {
	line, _ := r.InputPos()
	offset := r.InputOffset()
	place := func(code, zh, en string) error {
		return refuse(code, fmt.Sprintf("第 %d 行（解压后第 %d 字节）：%s", line, offset, zh), fmt.Sprintf("line %d (byte %d, unzipped): %s", line, offset, en))
	}
	refusal, refused := errors.AsType[*ledger.Refusal](err)
	syntax, malformed := errors.AsType[*xml.SyntaxError](err)
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	switch {
	case refused:
		return place(refusal.Code, refusal.Text.ZH, refusal.Text.EN)
	case errors.Is(err, errCharset):
		return place("ERR_XES_ENCODING", "编码不是 UTF-8。请转换为 UTF-8 后再导入。", "the encoding is not UTF-8; convert the file to UTF-8 and import it again")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), malformed && syntax.Msg == "unexpected EOF":
		return place("ERR_XES_DAMAGED", "文件在此中断，不完整。请重新取得完整的文件。", "the file ends here, incomplete; get the whole file again")
	case malformed:
		return place("ERR_XES_DAMAGED", "不是合格的 XML。请重新导出。", "this is not well-formed XML; export the log again")
	case corrupt, errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader):
		return place(errGzip.Code, errGzip.Text.ZH, errGzip.Text.EN)
	}
	return fmt.Errorf("reading the event log at line %d (byte %d, unzipped): %w", line, offset, err)
}
