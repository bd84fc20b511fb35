package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"xinfang/domain/ledger"
	"xinfang/infra/notary"
	"xinfang/infra/segment"
)

// Where a ledger that is being moved is built, and where the old one stays, in the
// data directory. While one of the first two exists, nothing else may write there:
// a move is under way.
const (
	movingDir = "ledger.moving" // the replica of the EventStoreDB
	homeDir   = "ledger.new"    // the ledger that comes home
	beforeDir = "ledger.before" // the ledger that has moved out: evidence
)

func (a *app) storeMigrate() *cobra.Command {
	var from, to string
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: a.tr("把台账迁到 EventStoreDB，或迁回；可中断后继续，结束时逐条核对", "move the ledger to an EventStoreDB or back; may be interrupted and gone on with, and is verified at the end"),
		Long: a.tr("--from segment --to esdb://…：数据目录的台账逐条写入空的集群，之后数据目录是它的副本（原台账留在 ledger.before，是证据，勿删）。--from esdb://… --to segment：集群的台账迁回数据目录。每条记录的编号、内容、先后、录入时间都不变。",
			"--from segment --to esdb://…: every entry of the data directory is appended to an empty cluster, of which the data directory is a replica afterwards; the old ledger stays in ledger.before, as evidence. --from esdb://… --to segment: the cluster's ledger comes home to the data directory. Identity, content, order and recording time of every entry stay as they are."),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case from == "segment" && strings.HasPrefix(to, "esdb"):
				return a.moveOut(cmd.Context(), to)
			case strings.HasPrefix(from, "esdb") && to == "segment":
				return a.moveHome(cmd.Context(), from)
			}
			return usagef("%s", a.tr("--from 与 --to：一头是 segment，另一头是 esdb:// 连接串", "--from and --to: one is segment, the other an esdb:// connection string"))
		},
	}
	sourceFlags(a, cmd)
	cmd.Flags().StringVar(&from, "from", "", a.tr("从哪里：segment 或 esdb://…", "from `where`: segment or esdb://…"))
	cmd.Flags().StringVar(&to, "to", "", a.tr("到哪里：esdb://… 或 segment", "to `where`: esdb://… or segment"))
	return cmd
}

// moving refuses to write to a data directory whose ledger is being moved.
func (a *app) moving() error {
	for _, dir := range []string{movingDir, homeDir} {
		if there, err := exists(a.path(dir)); err != nil || there {
			return errors.Join(err, &ledger.Refusal{Code: "ERR_MOVING", Kind: ledger.Conflict, Text: ledger.Text{
				ZH: fmt.Sprintf("%s 的台账迁移尚未完成；再次运行 xinfang store migrate 完成它，或删除 %s 放弃迁移", a.cfg.Data, a.path(dir)),
				EN: fmt.Sprintf("the ledger of %s is being moved; finish that with xinfang store migrate, or give it up by removing %s", a.cfg.Data, a.path(dir)),
			}})
		}
	}
	return nil
}

// unbegun removes what a move has begun in dir if nothing has come of it: a
// misspelt address must not keep the ledger from being written to.
func (a *app) unbegun(built *segment.Store, dir string) error {
	head, err := built.Head(context.Background())
	if err != nil || head > 0 {
		return err
	}
	return os.RemoveAll(a.path(dir))
}

// settled says how a move ended.
func (a *app) settled(to string, moved ledger.Position) error {
	return a.print(table{
		header: []string{a.tr("台账现在", "the ledger is"), a.tr("迁移条目", "entries moved")},
		rows:   [][]string{{to, fmt.Sprint(moved)}},
		values: struct {
			To     string          `json:"to"`
			Events ledger.Position `json:"events"`
		}{to, moved},
	})
}

func exists(path string) (bool, error) {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// retireNotary puts the notary of a ledger that has moved aside, key and all: entries
// have other places where they are now, and so other leaves. What it signed stays
// evidence, of the ledger that was. A crash in here leaves it where it was or aside.
func (a *app) retireNotary() error {
	dir, key := a.notaryPath(notaryDir, a.cfg.Notary.Dir), a.notaryPath(notaryKey, a.cfg.Notary.KeyFile)
	if there, err := exists(filepath.Join(dir, notary.PolicyName)); err != nil || !there {
		return err
	}
	aside := ""
	for n := 1; ; n++ {
		aside = fmt.Sprintf("%s.before-%d", dir, n)
		if there, err := exists(aside); err != nil {
			return err
		} else if !there {
			break
		}
	}
	if there, err := exists(key); err != nil {
		return err
	} else if there {
		if err := os.Rename(key, filepath.Join(dir, "retired.key")); err != nil { // it is on another disk
			if err := os.Rename(key, key+".retired-"+a.Now().UTC().Format("20060102T150405.000")); err != nil {
				return err
			}
		}
	}
	if there, err := exists(a.path(writerKey)); err != nil {
		return err
	} else if there {
		if err := os.Rename(a.path(writerKey), filepath.Join(dir, "retired.writer.key")); err != nil {
			return err
		}
	}
	if err := os.Rename(dir, aside); err != nil {
		return err
	}
	a.warn(a.tr("⚠ 公证随旧台账留在 %s，是证据，勿删。请以新名称重新设置：xinfang notary init --origin 旧名称-2 …", "⚠ the notary stays with the old ledger, in %s, as evidence. Begin another under a new name: xinfang notary init --origin OLD-NAME-2 …"), aside)
	return nil
}
