package main

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
	"xinfang/infra/durable"
	"xinfang/infra/notary"
)

func (a *app) policyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: a.tr("信任策略：由离线根密钥签名、更换", "the policy: signed and changed by offline roots"),
		Long: a.tr("信任策略说明核验时信谁。首版由各方另行取得、各自保管（固定）；此后的每一版须由前一版所列的根密钥（离线保管）签名，版本号只增不减。这些命令都不需要网络，也不看本机台账。",
			"The policy says whom to believe. Its first version is handed over by another way, and pinned by whoever checks; each later one is signed by roots, offline keys that the one before it lists, and its version only grows. These commands need no network, and look at no ledger."),
	}
	cmd.AddCommand(a.policyKey(), a.policySign(), a.policyShow(), a.policyAccept())
	return cmd
}

func (a *app) policyKey() *cobra.Command {
	var name, to string
	cmd := &cobra.Command{
		Use:     "key",
		Short:   a.tr("生成一把离线根密钥", "make an offline root key"),
		Long:    a.tr("生成一把离线根密钥：私钥写入新文件，公钥打印出来，用于 xinfang notary init --root。应在不联网的机器上生成，由不同的人分别保管。", "Makes an offline root key: the secret goes into a new file, and the public key, for xinfang notary init --root, is printed. Make it on a machine without a network, and have each root kept by another person."),
		Example: "  xinfang policy key --name root1.example.gov.cn --to root1.key",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			if name == "" || to == "" {
				return usage("--name 与 --to 必须给出", "give --name and --to")
			}
			vkey, err := notary.MakeRoot(to, name, rand.Reader)
			if errors.Is(err, fs.ErrExist) {
				return &ledger.Refusal{Code: "ERR_HAS_KEY", Kind: ledger.Conflict, Text: ledger.Text{
					ZH: "已有文件 " + to + "，不会覆盖", EN: "there is a file " + to + " already, which will not be replaced",
				}}
			}
			if err != nil {
				return err
			}
			return a.print(table{header: []string{a.tr("公钥：用于 xinfang notary init --root", "public key, for xinfang notary init --root")}, rows: [][]string{{vkey}}, values: struct {
				VKey string `json:"vkey"`
			}{vkey}})
		},
	}
	cmd.Flags().StringVar(&name, "name", "", a.tr("密钥的名称", "`name` of the key"))
	cmd.Flags().StringVar(&to, "to", "", a.tr("私钥写到这个新文件", "new `file` for the secret"))
	return cmd
}

func (a *app) policySign() *cobra.Command {
	var key, to string
	cmd := &cobra.Command{
		Use:     "sign POLICY",
		Short:   a.tr("用根密钥给信任策略签名", "sign a policy with a root"),
		Long:    a.tr("在信任策略末尾加一行签名（C2SP signed-note）。已有的签名保留，因此各保管人可依次签同一个文件。签名之后文字不能再改。", "Adds a line with a signature to the policy (C2SP signed-note). Those that are there stay, so that those who keep the roots can sign one file in turn. After that the text must not be changed."),
		Example: "  xinfang policy sign next.txt --key root1.key",
		Args:    exactArgs("POLICY"),
		RunE: func(_ *cobra.Command, args []string) error {
			if key == "" {
				return usage("--key 必须给出：根密钥的文件", "give --key: the file with the root")
			}
			file, err := readSmall(args[0])
			if err != nil {
				return err
			}
			signer, err := notary.ReadKey(key)
			if err != nil {
				return err
			}
			signed, err := proof.SignPolicy(file, signer)
			if err != nil {
				return a.unproven(err)
			}
			path := cmp.Or(to, args[0])
			write := durable.Replace
			if to != "" { // it may have what another root has signed
				write = durable.Create
			}
			if err := write(path, signed, 0o644); err != nil {
				return err
			}
			return a.print(table{header: []string{a.tr("签名密钥", "signed by"), a.tr("文件", "file")}, rows: [][]string{{signer.Name(), path}}, values: struct {
				SignedBy string `json:"signed_by"`
				File     string `json:"file"`
			}{signer.Name(), path}})
		},
	}
	cmd.Flags().StringVar(&key, "key", "", a.tr("根密钥的文件", "`file` with the root"))
	cmd.Flags().StringVar(&to, "to", "", a.tr("写到这个文件（默认写回 POLICY）", "write it to this `file` (default POLICY itself)"))
	return cmd
}

func (a *app) policyShow() *cobra.Command {
	return &cobra.Command{
		Use:   "show POLICY",
		Short: a.tr("查看一份信任策略，以及它的哪些根密钥签了名", "show a policy, and which of its roots have signed it"),
		Args:  exactArgs("POLICY"),
		RunE: func(_ *cobra.Command, args []string) error {
			file, err := readSmall(args[0])
			if err != nil {
				return err
			}
			policy, err := proof.ParsePolicy(file)
			if err != nil {
				return err
			}
			signers, err := policy.SignedBy(file)
			if err != nil {
				return a.unproven(err)
			}
			return a.printTerms(policy, signers)
		},
	}
}

func (a *app) policyAccept() *cobra.Command {
	var pinned string
	cmd := &cobra.Command{
		Use:   "accept NEXT --policy PINNED",
		Short: a.tr("核对新的信任策略，合格则取代手里的那一份", "check a new policy, and have it take the place of the one that is pinned"),
		Long: a.tr("只有满足以下各条，NEXT 才取代 PINNED：台账相同；有足够的、PINNED 所列的根密钥签名；版本更高；PINNED 所列的公证密钥都还在，范围只提前结束。否则 PINNED 不变，退出码 3。换过根密钥的版本不能跳过：请依次接受每一版。\n\n这只约束核验的人：台账服务器不核对自己的信任策略由谁签名，改了它而没有根密钥签名，核验的人就不会接受。",
			"NEXT takes the place of PINNED only if it is of the same ledger, enough roots that PINNED lists have signed it, its version is higher, and each log key of PINNED is still there, with a range that at most ends sooner. Otherwise PINNED stays as it is, and the exit code is 3. Where roots were changed no version can be left out: accept each in turn.\n\nThis binds those who check, and nobody else: the server does not ask who has signed its own policy. One that was changed there without the roots is one that nobody who checks will accept."),
		Example: "  xinfang policy accept policy-2.txt --policy policy.txt",
		Args:    exactArgs("NEXT"),
		RunE: func(_ *cobra.Command, args []string) error {
			if pinned == "" {
				return usage("--policy 必须给出：自己保管的信任策略", "give --policy: the policy that you have kept")
			}
			policy, err := readPolicy(pinned)
			if err != nil {
				return err
			}
			file, err := readSmall(args[0])
			if err != nil {
				return err
			}
			next, err := policy.Succeed(file)
			if err != nil {
				return a.unproven(err)
			}
			if next != policy {
				if err := durable.Replace(pinned, file, 0o644); err != nil {
					return err
				}
			}
			return a.printChanges(policy, next)
		},
	}
	cmd.Flags().StringVar(&pinned, "policy", "", a.tr("自己保管的信任策略，合格时被取代", "`file` with the policy that you have kept, which is replaced"))
	return cmd
}

// rootLines are the lines of a first policy that list its roots, and how many of them
// must sign the next: more than half if threshold is 0.
func rootLines(roots []string, threshold int) (lines []string) {
	for _, vkey := range roots {
		lines = append(lines, "root "+vkey)
	}
	if len(roots) > 0 || threshold != 0 {
		lines = append(lines, fmt.Sprintf("roots %d", cmp.Or(threshold, len(roots)/2+1)))
	}
	return lines
}

// printTerms prints what p says, line by line; signers are the roots that have signed
// it.
func (a *app) printTerms(p *proof.Policy, signers []proof.Key) error {
	labels := map[string]string{
		"version": "版本", "origin": "台账", "logkey": "公证密钥", "witness": "见证", "writer": "写入密钥", "quorum": "须几个见证",
		"tsaroot": "时间戳根证书", "filter": "收录范围", "root": "根密钥", "roots": "须几把根密钥",
	}
	values := struct {
		Version  int        `json:"version"`
		Origin   string     `json:"origin"`
		Lines    [][]string `json:"lines"`
		SignedBy []string   `json:"signed_by"`
	}{p.Version, p.Origin, nil, []string{}}
	for _, k := range signers {
		values.SignedBy = append(values.SignedBy, k.VKey)
	}
	t := table{header: []string{a.tr("项目", "line"), a.tr("内容", "value"), a.tr("适用大小；签名", "sizes; signed")}}
	for line := range strings.Lines(p.String()) {
		fields := strings.Fields(line)
		values.Lines = append(values.Lines, fields)
		note := strings.Join(fields[2:], " … ")
		if slices.Contains(values.SignedBy, fields[1]) {
			note = a.tr("✓ 已签名", "✓ has signed")
		}
		t.rows = append(t.rows, []string{a.tr(cmp.Or(labels[fields[0]], fields[0]), fields[0]), fields[1], note})
	}
	t.values = values
	return a.print(t)
}

// printChanges prints which lines of a policy are no longer, and which are new.
func (a *app) printChanges(before, after *proof.Policy) error {
	values := struct {
		Version int      `json:"version"`
		Removed []string `json:"removed"`
		Added   []string `json:"added"`
	}{after.Version, without(before, after), without(after, before)}
	t := table{header: []string{a.tr("变更", "change"), a.tr("内容", "line")}, values: values}
	for _, line := range values.Removed {
		t.rows = append(t.rows, []string{"-", line})
	}
	for _, line := range values.Added {
		t.rows = append(t.rows, []string{"+", line})
	}
	if before == after {
		t.rows = [][]string{{"=", a.tr("与手里的相同", "it is the one that is pinned")}}
	}
	return a.print(t)
}

// without returns the lines of p that q does not have.
func without(p, q *proof.Policy) []string {
	lines := func(p *proof.Policy) []string { return strings.Split(strings.TrimSpace(p.String()), "\n") }
	has := lines(q)
	return slices.DeleteFunc(lines(p), func(line string) bool { return slices.Contains(has, line) })
}
