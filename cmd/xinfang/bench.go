package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"xinfang/infra/segment"
)

func (a *app) benchCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bench",
		Short: a.tr("在本机测量台账的速度", "measure the ledger on this machine"),
	}
	var writers, seconds, size int
	appendCmd := &cobra.Command{
		Use:   "append",
		Short: a.tr("持久追加的速度，与同一磁盘的裸上限相比", "durable appends, beside the bare ceiling of the same disk"),
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := os.MkdirAll(a.cfg.Data, 0o700); err != nil {
				return err
			}
			r, err := segment.BenchAppend(cmd.Context(), a.cfg.Data, writers, time.Duration(seconds)*time.Second, size, a.Now)
			if err != nil {
				return err
			}
			return a.print(table{
				header: []string{a.tr("条/秒", "events/s"), "p50 µs", "p99 µs", a.tr("裸上限 条/秒", "ceiling events/s"), a.tr("比值", "ratio")},
				rows: [][]string{{fmt.Sprintf("%.0f", r.EventsPerSecond), fmt.Sprintf("%.0f", float64(r.P50us)), fmt.Sprintf("%.0f", float64(r.P99us)),
					fmt.Sprintf("%.0f", r.CeilingEventsPerSecond), fmt.Sprintf("%.2f", r.Ratio)}},
				values: r,
			})
		},
	}
	appendCmd.Flags().IntVar(&writers, "writers", 64, a.tr("并发写入者", "concurrent writers"))
	appendCmd.Flags().IntVar(&seconds, "seconds", 5, a.tr("测量秒数", "seconds to measure"))
	appendCmd.Flags().IntVar(&size, "size", 600, a.tr("每条字节数", "bytes of an event"))
	replay := &cobra.Command{
		Use:   "replay",
		Short: a.tr("原样重读台账（含校验和）的速度", "reading the ledger, with checksums"),
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.ledgerExists(); err != nil {
				return err
			}
			r, err := segment.BenchReplay(cmd.Context(), a.path(ledgerDir), a.Now)
			if err != nil {
				return err
			}
			return a.print(table{
				header: []string{a.tr("条目", "events"), a.tr("秒", "seconds"), a.tr("条/秒", "events/s")},
				rows:   [][]string{{fmt.Sprint(r.Events), fmt.Sprintf("%.3f", r.Seconds), fmt.Sprintf("%.0f", r.EventsPerSecond)}},
				values: r,
			})
		},
	}
	cmd.AddCommand(appendCmd, replay)
	return cmd
}
