package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/spf13/cobra"

	"xinfang/domain/ledger"
	"xinfang/infra/sheet"
)

func (a *app) importCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import",
		Short: a.tr("导入已有台账（xlsx、csv）与事件日志（XES）", "import existing ledgers (xlsx, csv) and event logs (XES)"),
	}
	var mapping, copyTo string
	file := func(use, zh, en string, write bool) *cobra.Command {
		c := &cobra.Command{
			Use: use, Short: a.tr(zh, en), Args: exactArgs("FILE"),
			RunE: func(cmd *cobra.Command, args []string) error {
				return a.importFile(cmd.Context(), args[0], mapping, copyTo, write)
			},
		}
		c.Long = c.Short + a.tr("。\n\n有错的行逐条列出，并写入带“错误”列的副本；它们不影响退出码：文件读到了末尾，退出码就是 0。脚本请看 -o json 的 errors。",
			".\n\nRows with errors are listed, and written to a copy with a column of errors. They are no exit code: that is 0 if the file was read to its end. Scripts look at errors in -o json.")
		c.Flags().StringVar(&mapping, "mapping", "", a.tr("列对应关系文件（表格必填；见 import template）", "mapping `file` (needed for tables; see import template)"))
		c.Flags().StringVar(&copyTo, "errors-to", "", a.tr("带“错误”列的副本写到哪里（默认当前目录，<文件名>-错误）；已有的文件不会被覆盖，改用 -2、-3", "where to write the copy with a column of errors (default here, <name>-错误); a file that is there is not overwritten: -2, -3 is used instead"))
		return c
	}
	cmd.AddCommand(
		&cobra.Command{
			Use: "template", Short: a.tr("写出列对应关系的样例（TOML）", "print a sample mapping (TOML)"), Args: noArgs,
			RunE: func(*cobra.Command, []string) error {
				_, err := a.Stdout.Write(sheet.Template())
				return err
			},
		},
		file("check FILE", "试导入：与 run 同一代码，不写入任何数据", "what run would do; records nothing", false),
		file("run FILE", "导入：好的行进台账，有错的行留在外面", "import: good rows go in, bad rows stay out", true),
	)
	return cmd
}

func (a *app) importFile(ctx context.Context, path, mapping, copyTo string, write bool) (err error) {
	src, err := openSource(path, filepath.Base(path))
	if err != nil {
		return err
	}
	var m *sheet.Mapping
	if !src.log {
		if mapping == "" {
			return usagef("%s", a.tr("请用 --mapping 给出列对应关系；样例：xinfang import template", "name a mapping with --mapping; for a sample: xinfang import template"))
		}
		if m, err = sheet.LoadMapping(mapping); err != nil {
			return err
		}
	}
	n, keep, err := a.openForImport(ctx, write)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Close(), keep.close()) }()
	title := a.tr("导入", "importing")
	if src.log {
		title = a.tr("导入（字节）", "importing (bytes)")
	}
	bar := a.progress(title)
	result, err := src.run(ctx, n, m, keep.k, systemActor, func(rows int) { bar.set(src.progress(rows)) })
	bar.done()
	if err != nil {
		return err
	}
	if write {
		if err := n.projector.CatchUp(ctx); err != nil {
			return err
		}
	}
	sort.SliceStable(result.Errors, func(i, j int) bool { return result.Errors[i].Row < result.Errors[j].Row })
	if len(result.Errors) > 0 && !src.log {
		if copyTo, err = a.writeCopy(src, m, copyTo, result.Errors); err != nil {
			return err
		}
	}
	return a.printTaking(result, write, copyTo)
}

// openForImport opens what an import needs. A check needs no vault, and no ledger
// either: without one, nothing has been imported before.
func (a *app) openForImport(ctx context.Context, write bool) (*node, optional, error) {
	if !write {
		n, err := a.openNode(ctx, false)
		if refusal, ok := errors.AsType[*ledger.Refusal](err); ok && refusal.Kind == ledger.NotFound {
			n, err = a.openEmpty(ctx)
		}
		return n, optional{}, err
	}
	if err := a.vaultIsWhole(ctx, true); err != nil {
		return nil, optional{}, err
	}
	n, err := a.openNode(ctx, true)
	if err != nil {
		return nil, optional{}, err
	}
	keep, err := a.openVault(ctx, true)
	if err != nil {
		return nil, optional{}, errors.Join(err, n.Close())
	}
	return n, optional{keep}, nil
}

// openEmpty opens an empty ledger in a directory that nobody will look for.
func (a *app) openEmpty(ctx context.Context) (*node, error) {
	dir, err := os.MkdirTemp("", "xinfang-check-")
	if err != nil {
		return nil, err
	}
	empty := *a
	empty.cfg.Data = dir
	n, err := empty.openNode(ctx, true)
	// The files are open; nobody needs their names any more.
	return n, errors.Join(err, os.RemoveAll(dir))
}

// optional is a vault that may not be there.
type optional struct{ k *keeper }

func (o optional) close() error {
	if o.k == nil {
		return nil
	}
	return o.k.Close()
}

// writeCopy writes the copy with the errors to path, or here if that is "", and
// returns where it is.
func (a *app) writeCopy(src *source, m *sheet.Mapping, path string, faults []rowError) (string, error) {
	var f *os.File
	err := src.writeErrors(func(name string) (_ io.Writer, err error) {
		if path == "" {
			path = name
		}
		f, err = createNew(path)
		return f, err
	}, m, a.lang, faults)
	if f != nil {
		path, err = f.Name(), errors.Join(err, f.Close())
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return path, nil
}

// maxCopies is how many copies of one name there may be.
const maxCopies = 1000

// createNew creates the file at path or, if there is one already, at the first of
// path-2, path-3 and so on that is free: somebody may be mending what is there.
func createNew(path string) (*os.File, error) {
	ext := filepath.Ext(path)
	for n, name := 2, path; ; n++ {
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if !errors.Is(err, fs.ErrExist) || n > maxCopies {
			return f, err
		}
		name = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(path, ext), n, ext)
	}
}

func (a *app) printTaking(t taking, write bool, copyTo string) error {
	type fault struct {
		Row     int    `json:"row"`
		Column  string `json:"column"`
		Message string `json:"message"`
	}
	values := struct {
		Rows     int     `json:"rows"`
		Imported int     `json:"imported"`
		Skipped  int     `json:"skipped"`
		Actions  int     `json:"actions,omitzero"`
		Errors   []fault `json:"errors"`
	}{t.Rows, t.Imported, t.Skipped, t.Actions, []fault{}}
	imported := a.tr("可导入", "would be imported")
	if write {
		imported = a.tr("已导入", "imported")
	}
	out := table{rows: [][]string{
		{a.tr("读取", "read"), fmt.Sprint(t.Rows)}, {imported, fmt.Sprint(t.Imported)},
		{a.tr("已在台账", "in the ledger already"), fmt.Sprint(t.Skipped)}, {a.tr("错误", "errors"), fmt.Sprint(len(t.Errors))},
	}}
	if t.Actions > 0 {
		out.rows = append(out.rows, []string{a.tr("动作", "actions"), fmt.Sprint(t.Actions)})
	}
	for _, e := range t.Errors {
		message := e.Message.In(a.lang)
		values.Errors = append(values.Errors, fault{e.Row, e.Column, message})
		out.rows = append(out.rows, []string{fmt.Sprintf(a.tr("第 %d 行", "row %d"), e.Row), e.Column, message})
	}
	if copyTo != "" && len(t.Errors) > 0 {
		out.rows = append(out.rows, []string{fmt.Sprintf(a.tr("已写出 %s（含“错误”列，改好后可再导入）", "wrote %s, with a column of errors, to mend and import again"), copyTo)})
	}
	if !write {
		out.rows = append(out.rows, []string{a.tr("未写入任何数据", "nothing was recorded")})
	}
	out.values = values
	return a.print(out)
}
