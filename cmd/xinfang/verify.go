package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"xinfang/infra/segment"
)

func (a *app) verifyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "verify",
		Short: a.tr("校验台账未被改动", "check that the ledger has not been altered"),
		Long: a.tr("逐条重算每条记录的校验和与叶子哈希，核对位置、版本与每件的前后链接。读模型不参与。",
			"Recomputes the checksum and the leaf of every entry, and checks positions, versions and the chain of each stream. Views are not looked at."),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.ledgerExists(); err != nil {
				return err
			}
			bar := a.progress(a.tr("校验", "verifying"))
			report, err := segment.Verify(cmd.Context(), a.path(ledgerDir), bar.set)
			bar.done()
			if err != nil {
				return err
			}
			result := struct {
				Events   int64  `json:"events"`
				OK       bool   `json:"ok"`
				FirstBad *int64 `json:"first_bad_position"`
				Problem  string `json:"problem,omitzero"`
			}{Events: report.Events, OK: report.OK, Problem: report.Problem.EN}
			state := a.tr("✓ 通过", "✓ intact")
			if !report.OK {
				bad := int64(report.FirstBad)
				result.FirstBad = &bad
				state = fmt.Sprintf(a.tr("✗ 位置 %d：%s", "✗ position %d: %s"), bad, report.Problem.In(a.lang))
			}
			err = a.print(table{
				header: []string{a.tr("条目", "events"), a.tr("结果", "result")},
				rows:   [][]string{{fmt.Sprint(report.Events), state}},
				values: result,
			})
			if err == nil && !report.OK {
				err = quietError{exitUnverified}
			}
			return err
		},
	}
}
