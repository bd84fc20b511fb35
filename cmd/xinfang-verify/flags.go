package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"xinfang/domain/ledger"
)

// A command is one run of the program.
type command struct {
	process
	lang  string
	flags *pflag.FlagSet

	bundle     string
	policy     string
	update     []string
	older      []string
	format     string
	staleAfter time.Duration
	readerKey  string
	reveal     bool
}

// parse reads the command line. Flags may stand before and after the bundle. help
// reports that the person has asked for help.
func (c *command) parse(args []string) (help bool, err error) {
	c.flags = pflag.NewFlagSet("xinfang-verify", pflag.ContinueOnError)
	c.flags.SetOutput(io.Discard)
	c.flags.StringVar(&c.policy, "policy", "", c.tr("信任策略文件，从别处取得，不能用证据包里的", "`file` with the policy, which you have from elsewhere and not from the bundle"))
	c.flags.StringArrayVar(&c.update, "update", nil, c.tr("由根密钥签名、接替 --policy 的新信任策略，可按先后多次给出；--policy 的文件不变", "`file` with a policy that roots have signed and that succeeds the one of --policy (may be repeated, in order); the file of --policy stays as it is"))
	c.flags.StringArrayVar(&c.older, "older", nil, c.tr("手里较早的检查点或回执，可多次给出", "`file` with an older checkpoint or a receipt that you hold (may be repeated)"))
	c.flags.StringVar(&c.readerKey, "reader-key", "", c.tr("读者的私钥：打开证据包披露的密钥并逐一核对", "`file` with the reader's key: open the keys that the bundle discloses, and check each"))
	c.flags.BoolVar(&c.reveal, "reveal", false, c.tr("并显示个人信息原文（只在文本输出中）", "and show personal data in clear (only as text)"))
	c.flags.DurationVar(&c.staleAfter, "stale-after", 0, c.tr("末条公证最多多旧，如 720h；0 为不限", "how old the heads may be, such as 720h; 0 is any `age`"))
	c.flags.StringVarP(&c.format, "output", "o", "text", c.tr("输出格式：text、json", "output `format`: text, json"))
	c.flags.String("lang", "", c.tr("语言：zh-CN 或 en", "`language`: zh-CN or en"))
	c.flags.SortFlags = false
	if err := c.flags.Parse(args); errors.Is(err, pflag.ErrHelp) {
		return true, nil
	} else if err != nil {
		return false, err
	}
	lang, _ := c.flags.GetString("lang")
	switch {
	case c.flags.NArg() != 1:
		return false, ledger.Troubled("应给出一个证据包，而不是 %d 个", "one bundle is expected, not %d", c.flags.NArg())
	case c.policy == "":
		return false, ledger.Troubled("应以 --policy 给出信任策略", "the policy is missing: --policy")
	case !slices.Contains([]string{"text", "json"}, c.format):
		return false, ledger.Troubled("--output 应为 text 或 json", "--output is text or json")
	case lang != "" && !strings.EqualFold(lang, "en") && !strings.HasPrefix(strings.ToLower(lang), "zh"):
		return false, ledger.Troubled("--lang 应为 zh-CN 或 en", "--lang is zh-CN or en")
	case c.reveal && c.readerKey == "":
		return false, ledger.Troubled("--reveal 要用 --reader-key 指明读者的私钥", "--reveal needs the reader's key: --reader-key")
	case c.reveal && c.format == "json":
		return false, ledger.Troubled("--reveal 只用于文本输出", "--reveal is for text output only")
	case c.staleAfter < 0:
		return false, ledger.Troubled("--stale-after 不能为负", "--stale-after is not negative")
	}
	c.bundle = c.flags.Arg(0)
	return false, nil
}

// help says how the program is used.
func (c *command) help() error {
	_, err := fmt.Fprintf(c.Stdout, c.tr(`xinfang-verify 离线核验证据包：案件的每条记录都在台账之中、未被改动、没有遗漏。

  xinfang-verify 证据包.zip --policy 信任策略.txt [--update 新信任策略.txt]... [--older 检查点或回执.txt]...

%s
退出码：0 OK；10 OK_UNWITNESSED（未经见证）；3 不成立；2 命令行或信任策略有误；1 文件读不出
`, `Xinfang-verify checks an evidence bundle, offline: that every event of the case is in
the ledger, that none was altered, and that none was left out.

  xinfang-verify bundle.zip --policy policy.txt [--update next.txt]... [--older checkpoint-or-receipt.txt]...

%s
Exit codes: 0 OK; 10 OK_UNWITNESSED; 3 it does not hold; 2 the command line or the policy
is wrong; 1 a file cannot be read
`), c.flags.FlagUsages())
	return err
}
