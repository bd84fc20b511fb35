package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"xinfang/domain/ledger"
	"xinfang/infra/demo"
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
			if err := errors.Join(within("writers", writers, 1, maxWriters), within("seconds", seconds, 1, maxSeconds),
				within("size", size, 1, ledger.MaxRecordSize)); err != nil {
				return err
			}
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
	var cases int
	fill := &cobra.Command{
		Use:   "fill",
		Short: a.tr("写入大量示例件，供测量（数据目录应为空）", "write many made-up cases, to measure with (into an empty data directory)"),
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := within("cases", cases, 1, maxCases); err != nil {
				return err
			}
			return a.benchFill(cmd.Context(), cases)
		},
	}
	fill.Flags().IntVar(&cases, "cases", 60_000, a.tr("件数（每件约 16 条）", "cases, of about 16 entries each"))
	pages := a.benchHTTP()
	pages.PreRunE = func(cmd *cobra.Command, _ []string) error {
		rounds, err := cmd.Flags().GetInt("rounds")
		return errors.Join(err, within("rounds", rounds, 1, maxRounds))
	}
	cmd.AddCommand(appendCmd, replay, fill, pages)
	return cmd
}

// The most that can be asked of a measurement: more than any machine is for.
const (
	maxWriters = 1024
	maxSeconds = 3600
	maxCases   = 10_000_000
	maxRounds  = 10_000
)

// within refuses the number of a flag that is not from least to most.
func within(flag string, n, least, most int) error {
	if n >= least && n <= most {
		return nil
	}
	return usage("--%s 应为 %d 至 %d 的整数", "--%s is a whole number from %d to %d", flag, least, most)
}

// benchFill writes made-up cases as fast as the ledger takes them. Each stream
// has its own writer, so that its entries stay in order.
func (a *app) benchFill(ctx context.Context, cases int) (err error) {
	store, err := a.openStore(true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	// The pages want a vault, and none is made for a ledger that has sealed data.
	v, err := a.openVault(ctx, true)
	if err == nil {
		err = v.Close()
	}
	if err != nil {
		return err
	}
	options := demo.Default()
	options.Cases = cases
	bar, start, events := a.progress(a.tr("写入", "writing")), time.Now(), 0
	g, running := errgroup.WithContext(ctx)
	var lanes [writers]chan demo.Batch
	for i := range lanes {
		lane := make(chan demo.Batch, 16)
		lanes[i] = lane
		g.Go(func() error {
			for b := range lane {
				if _, err := store.Append(running, b.Stream, b.Expected, b.Records...); err != nil {
					return err
				}
			}
			return nil
		})
	}
	g.Go(func() error {
		defer func() {
			for _, lane := range lanes {
				close(lane)
			}
		}()
		for b, err := range demo.Bulk(running, options) {
			if err != nil {
				return err
			}
			select {
			case lanes[b.Stream.ID[15]%writers] <- b:
			case <-running.Done():
				return nil
			}
			events += len(b.Records)
			bar.set(int64(events), 0)
		}
		return nil
	})
	if err := g.Wait(); err != nil {
		return err
	}
	bar.done()
	seconds := time.Since(start).Seconds()
	return a.print(table{
		header: []string{a.tr("条目", "events"), a.tr("秒", "seconds")},
		rows:   [][]string{{fmt.Sprint(events), fmt.Sprintf("%.1f", seconds)}},
		values: map[string]any{"events": events, "seconds": seconds},
	})
}
