package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"filippo.io/torchwood"
	"github.com/spf13/cobra"

	"xinfang/domain/proof"
	"xinfang/infra/notary"
)

func (a *app) mirrorCommand() *cobra.Command {
	var policyPath, dir string
	cmd := &cobra.Command{
		Use:   "mirror URL",
		Short: a.tr("由检查组保存一份公证的叶子：日后能指明哪一条被改", "keep a copy of the notary's leaves, by which a later audit names what was changed"),
		Long: a.tr("从 URL（控制台地址，口令在 XINFANG_TOKEN）取来检查点、哈希与叶子，逐一核对后存入目录。已有的从不改写；来源若不再延续它，即为证据，退出码 3。叶子只含摘要：看得出每一条属于哪一件（标识）、类型、大小与时间，看不到内容。核对台账：xinfang verify --policy 信任策略 --tree 目录。",
			"Fetches checkpoint, hashes and leaves from URL (the console; token in XINFANG_TOKEN), checks each, and keeps them in a directory. What is there is never rewritten; a source that does not continue it is evidence, and the exit code 3. Leaves hold digests: of each entry its case's identity, type, size and time are seen, and nothing else. To check a ledger: xinfang verify --policy POLICY --tree DIRECTORY."),
		Args: exactArgs("URL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if policyPath == "" {
				return usage("镜像要用 --policy 指明信任策略", "a mirror takes a policy, which --policy names")
			}
			policy, err := readPolicy(policyPath)
			if err != nil {
				return err
			}
			if !isAddress(args[0]) {
				return usage("URL 应是控制台的网址，如 https://ledger.example.gov.cn", "URL is the address of the console, such as https://ledger.example.gov.cn")
			}
			source, err := url.Parse(args[0])
			if err != nil {
				return err
			}
			ctx, stop := context.WithCancelCause(cmd.Context())
			defer stop(nil)
			fetch, err := torchwood.NewTileFetcher(args[0], torchwood.WithHTTPClient(&http.Client{
				Timeout: time.Minute, Transport: &bounded{RoundTripper: http.DefaultTransport, source: source, token: a.Getenv(tokenEnv), stop: stop},
			}), torchwood.WithUserAgent("xinfang-mirror"), torchwood.WithConcurrencyLimit(4))
			if err != nil {
				return err
			}
			bar := a.progress(a.tr("镜像", "mirroring"))
			before, now, err := notary.Mirror{Dir: dir, Policy: policy, Source: fetch, Progress: bar.set}.Update(ctx)
			bar.done()
			if cause := context.Cause(ctx); cause != nil && cmd.Context().Err() == nil {
				return cause
			}
			if err != nil {
				return a.unproven(err)
			}
			return a.print(table{
				header: []string{a.tr("台账", "ledger"), a.tr("原有", "before"), a.tr("现有", "now"), a.tr("根", "root"), a.tr("见证", "witnessed")},
				rows:   [][]string{{now.Origin, fmt.Sprint(before.Size), fmt.Sprint(now.Size), now.Root.String(), a.witnessed(now)}},
				values: struct {
					Origin    string `json:"origin"`
					Before    int64  `json:"before"`
					Now       int64  `json:"now"`
					Root      string `json:"root"`
					Witnessed bool   `json:"witnessed"`
				}{now.Origin, before.Size, now.Size, now.Root.String(), now.Witnessed},
			})
		},
	}
	cmd.Flags().StringVar(&policyPath, "policy", "", a.tr("检查组自己保管的信任策略", "`file` with the policy that the inspection team has kept"))
	cmd.Flags().StringVar(&dir, "to", "mirror", a.tr("镜像的目录", "`directory` of the mirror"))
	return cmd
}

// unproven prints a finding as what it is, the result, and gives err the exit code
// of what does not verify.
func (a *app) unproven(err error) error {
	f, ok := errors.AsType[*proof.Finding](err)
	if !ok {
		return err
	}
	if err := a.print(table{header: []string{a.tr("结论", "verdict")}, rows: [][]string{{"✗ " + f.Say().In(a.lang)}}, values: f}); err != nil {
		return err
	}
	return quietError{exitUnverified}
}
