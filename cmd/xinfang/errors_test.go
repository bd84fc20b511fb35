package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"testing"

	"xinfang/domain/ledger"
)

// TestExplain: what the person at the terminal is told is in his language, also
// where the cause is of the system or of a library.
func TestExplain(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, inUse := net.Listen("tcp", taken.Addr().String())
	addr := taken.Addr().String()
	refusal := &ledger.Refusal{Code: "ERR_X", Article: "信访工作条例第1条", Text: ledger.Text{ZH: "不行", EN: "no"}}
	for _, tt := range []struct {
		err    error
		zh, en string
	}{
		{fmt.Errorf("console: %w", inUse), "console: 地址 " + addr + " 已被占用；请换一个端口，或先停掉占用它的程序", "console: the address " + addr + " is in use; take another port, or stop what uses it"},
		{fmt.Errorf("views: reading: %w", context.Canceled), "已中断", "interrupted"},
		{&fs.PathError{Op: "open", Path: "a.csv", Err: fs.ErrNotExist}, "a.csv：没有这个文件或目录", "a.csv: there is no such file or directory"},
		{&fs.PathError{Op: "open", Path: "a.csv", Err: fs.ErrPermission}, "a.csv：没有权限", "a.csv: not permitted"},
		{&fs.PathError{Op: "open", Path: "a.zip", Err: fs.ErrExist}, "a.zip：已有这个文件，不会覆盖", "a.zip: there is such a file, which will not be replaced"},
		{fmt.Errorf("row 3: %w", refusal), "row 3: ERR_X 不行（依据：信访工作条例第1条）", "row 3: ERR_X no (信访工作条例第1条)"},
		{usage("用法：%s", "usage: %s", "x"), "用法：x", "usage: x"},
		{errors.New("something else"), "something else", "something else"},
	} {
		zh, en := (&app{lang: "zh-CN"}).explain(tt.err), (&app{lang: "en"}).explain(tt.err)
		if zh != tt.zh || en != tt.en {
			t.Errorf("%v is explained as\n%s\n%s\nwant\n%s\n%s", tt.err, zh, en, tt.zh, tt.en)
		}
	}
}
