package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"xinfang/infra/segment"
	"xinfang/infra/views"
	"xinfang/projections"
)

func (a *app) rebuildCommand() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "rebuild",
		Short: a.tr("从台账重建读模型", "make the views anew from the ledger"),
		Long: a.tr("在旁边建好新的读模型，与旧的逐行比对，一致才替换；可以随时中断。服务运行时不能重建。",
			"Builds new views beside the old ones, compares them row by row, and swaps them if they are the same. It may be interrupted at any time. The server must not be running."),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.rebuild(cmd.Context(), force) },
	}
	cmd.Flags().BoolVar(&force, "accept-differences", false, a.tr("有差异也替换（先查明原因）", "swap even if rows differ (find out why first)"))
	return cmd
}

func (a *app) rebuild(ctx context.Context, force bool) (err error) {
	// Opened for writing, though nothing is written: while we hold the ledger no
	// server writes the views.
	if err := a.ledgerExists(); err != nil {
		return err
	}
	store, err := a.openStore(true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	head, err := store.Head(ctx)
	if err != nil {
		return err
	}
	if err := a.catchUp(ctx, store); err != nil {
		a.warn("%s%v", a.tr("旧的读模型无法跟上台账，不作比对：", "the old views cannot catch up and will not be compared: "), err)
	}
	// Nearly all that a rebuild allocates is garbage at once: collecting it less
	// often costs some memory for half a minute and saves a tenth of the time.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	start := time.Now()
	bar := a.progress(a.tr("重建", "rebuilding"))
	result, err := views.Rebuild(ctx, a.path(viewsFile), store, head, runtime.GOMAXPROCS(0), force, func(n int64) { bar.set(n, int64(head)) })
	bar.done()
	if err != nil {
		return err
	}
	seconds := time.Since(start).Seconds()
	values := struct {
		Events          int64    `json:"events"`
		Seconds         float64  `json:"seconds"`
		EventsPerSecond float64  `json:"events_per_second"`
		Compared        bool     `json:"compared"`
		Differences     int      `json:"differences"`
		Cases           []string `json:"differing_cases,omitzero"`
		Swapped         bool     `json:"swapped"`
	}{int64(head), seconds, float64(head) / seconds, result.Compared, result.Differ, result.Numbers, result.Swapped}
	compared := a.tr("未比对", "not compared")
	if result.Compared {
		compared = fmt.Sprint(result.Differ)
	}
	err = a.print(table{
		header: []string{a.tr("条目", "events"), a.tr("秒", "seconds"), a.tr("条/秒", "events/s"), a.tr("差异", "differences")},
		rows:   [][]string{{fmt.Sprint(head), fmt.Sprintf("%.2f", seconds), fmt.Sprintf("%.0f", values.EventsPerSecond), compared}},
		values: values,
	})
	if err == nil && !result.Swapped {
		err = fmt.Errorf(a.tr("有 %d 件与旧的读模型不同，未替换：%s", "%d cases differ from the old views, which stay: %s"), result.Differ, strings.Join(result.Numbers, " "))
	}
	return err
}

// catchUp brings the old views to the head of the ledger, so that the new ones
// can be compared with them.
func (a *app) catchUp(ctx context.Context, store *segment.Store) error {
	db, err := views.Open(ctx, a.path(viewsFile))
	if err != nil {
		return err
	}
	err = projections.NewProjector(store, db, runtime.GOMAXPROCS(0)).CatchUp(ctx)
	return errors.Join(err, db.Close())
}
