package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
	"xinfang/infra/durable"
	"xinfang/infra/evidence"
	"xinfang/infra/notary"
)

func (a *app) evidenceCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "evidence", Short: a.tr("证据包：导出一件的全部条目及其证明", "evidence bundles: all entries of a case, with their proofs")}
	cmd.AddCommand(a.evidenceExport(), a.evidenceReceipt(), a.evidenceReaderKey())
	return cmd
}

func (a *app) evidenceExport() *cobra.Command {
	var out string
	var older []string
	var to discloseTo
	cmd := &cobra.Command{
		Use:   "export NO",
		Short: a.tr("导出一件的证据包", "export the evidence bundle of a case"),
		Long: a.tr("导出一件的全部条目、包含证明、检查点与末条公证。拿到它的人用 xinfang-verify 或 verify.py 离线核验，不必信任本系统。本机服务正在运行时由其导出（口令在 XINFANG_TOKEN）。",
			"Exports all entries of a case with inclusion proofs, a checkpoint and the attestation of its end. Whoever has it checks it offline with xinfang-verify or verify.py, and need not trust this system. A server that is running here exports it (token in XINFANG_TOKEN)."),
		Args: exactArgs("NO"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if out == "" {
				out = args[0] + ".evidence.zip"
			}
			sizes, err := a.heldSizes(older)
			if err != nil {
				return err
			}
			if err := to.check(); err != nil {
				return err
			}
			if err := a.exportEvidence(cmd.Context(), args[0], sizes, to, out); err != nil {
				return err
			}
			a.say(a.tr("✓ 证据包已写到 %s；核验：xinfang verify %[1]s --policy 信任策略", "✓ the bundle is in %s; to check it: xinfang verify %[1]s --policy POLICY"), out)
			return a.unproven(a.continues(older))
		},
	}
	cmd.Flags().StringArrayVar(&older, "older", nil, a.tr("收件人手里的检查点或回执：带上延续它的证明（可多次）", "`file` with a checkpoint or a receipt that the reader holds: prove that it is continued (may be repeated)"))
	to.flags(a, cmd)
	cmd.Flags().StringVar(&out, "to", "", a.tr("写到这个文件（默认 <编号>.evidence.zip）", "write it to this `file` (default <number>.evidence.zip)"))
	return cmd
}

// exportEvidence writes a bundle to a file that did not exist, and leaves none if
// it cannot.
func (a *app) exportEvidence(ctx context.Context, number string, older []int64, to discloseTo, path string) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			err = errors.Join(err, os.Remove(path))
		}
	}()
	if to.reader != "" {
		return a.disclose(ctx, number, older, to, f)
	}
	n, err := a.openNode(ctx, true)
	if errors.Is(err, errBusy) {
		return a.fetchEvidence(ctx, number, older, f)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	kept, err := a.openNotary(ctx, n, a.Now, a.logger())
	if err == nil && kept == nil {
		err = errNoNotary
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, kept.Close()) }()
	return kept.WriteEvidence(ctx, number, older, f)
}

// continues checks that what this node's notary has signed continues the checkpoints in
// the files. The error is a [*proof.Finding] if it does not: then no bundle can prove it,
// and whoever has such a file has evidence against this ledger.
func (a *app) continues(files []string) error {
	if len(files) == 0 {
		return nil
	}
	dir := a.notaryPath(notaryDir, a.cfg.Notary.Dir)
	policy, err := a.believed("")
	if err != nil {
		return err
	}
	audit := notary.Audit{Dir: dir, Policy: policy}
	if audit.Note, err = checkpointIn(dir, policy, notary.Kept{}); err != nil {
		return err
	}
	for _, name := range files {
		held, err := readHeld(name)
		if err == nil {
			err = inFile(audit.Continues(evidence.HeldNote(held)), name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// heldSizes returns the sizes of the checkpoints in the files.
func (a *app) heldSizes(files []string) (sizes []int64, err error) {
	for _, name := range files {
		b, err := readHeld(name)
		if err != nil {
			return nil, err
		}
		text, _, _ := bytes.Cut(evidence.HeldNote(b), []byte("\n\n"))
		c, err := proof.ParseCheckpoint(string(text) + "\n")
		if err != nil {
			return nil, err
		}
		if !slices.Contains(sizes, c.Size) {
			sizes = append(sizes, c.Size)
		}
	}
	return sizes, nil
}

func (a *app) evidenceReceipt() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "receipt BUNDLE",
		Short: a.tr("由证据包做给信访人的回执：文本与二维码", "make a petitioner's receipt of a bundle: a text, and a QR code"),
		Long: a.tr("回执证明这一件最近的一条已在签名的检查点之内；看得出该条的类型、时间与大小，看不到内容。签名过长（ML-DSA-44，或见证很多）的回执容不进二维码，只有文本。信访人日后用它核验：xinfang verify 回执.txt --policy 信任策略；或要求新的证据包延续它：evidence export --older 回执.txt。",
			"A receipt proves that the last entry of the case is in a signed checkpoint; it shows the type, time and size of that entry, and not what it says. One whose signatures are long (ML-DSA-44, or many witnesses) fits no QR code, and is a text only. The petitioner checks it by xinfang verify RECEIPT.txt --policy POLICY, or asks for a newer bundle that continues it: evidence export --older RECEIPT.txt."),
		Args: exactArgs("BUNDLE"),
		RunE: func(_ *cobra.Command, args []string) error {
			receipt, err := evidence.ReceiptOf(args[0])
			if err != nil {
				return err
			}
			base := cmp.Or(out, strings.TrimSuffix(args[0], ".evidence.zip")+".receipt")
			if there, err := exists(base + ".png"); err != nil {
				return err
			} else if there {
				return &fs.PathError{Op: "create", Path: base + ".png", Err: fs.ErrExist}
			}
			if err := durable.Create(base+".txt", receipt, 0o644); err != nil {
				return err
			}
			image, err := evidence.QR(receipt)
			if err != nil { // many witnesses, or a signature of ML-DSA
				a.warn(a.tr("⚠ 没有二维码：%s", "⚠ no QR code: %s"), a.explain(err))
				a.say(a.tr("✓ 回执已写到 %s.txt", "✓ the receipt is in %s.txt"), base)
				return nil
			}
			if err := durable.Create(base+".png", image, 0o644); err != nil {
				return err
			}
			a.say(a.tr("✓ 回执已写到 %s.txt 与 %[1]s.png", "✓ the receipt is in %s.txt and %[1]s.png"), base)
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "to", "", a.tr("写到这个名字的 .txt 与 .png", "write it to `name`.txt and name.png"))
	return cmd
}

// fetchEvidence has the server that has the ledger open make the bundle.
func (a *app) fetchEvidence(ctx context.Context, number string, older []int64, w io.Writer) (err error) {
	q := make(url.Values)
	for _, size := range older {
		q.Add("older", strconv.FormatInt(size, 10))
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+a.cfg.HTTP.Addr+"/api/v1/cases/"+url.PathEscape(number)+"/evidence?"+q.Encode(), nil)
	if err != nil {
		return err
	}
	r.Header.Set("Accept-Language", a.lang)
	r.Header.Set("Authorization", "Bearer "+a.Getenv(tokenEnv))
	return a.fetchBundle(r, w)
}

// fetchBundle writes to w what the server answers to r.
func (a *app) fetchBundle(r *http.Request, w io.Writer) (err error) {
	client := http.Client{Timeout: time.Minute}
	answer, err := client.Do(r)
	if err != nil {
		return ledger.Troubled("台账正由另一进程使用。如果是服务，它在 http.addr（%s）没有应答：%v；如果是另一条命令，请稍后再试", "another process has the ledger open. If it is a server, it does not answer at http.addr (%s): %v; if it is a command, try again in a moment", a.cfg.HTTP.Addr, err)
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	return a.takeBundle(answer, w)
}

// takeBundle writes to w what was answered, or says what is wrong.
func (a *app) takeBundle(answer *http.Response, w io.Writer) error {
	if answer.StatusCode != http.StatusOK {
		return a.answer(answer)
	}
	_, err := io.Copy(w, answer.Body)
	return err
}
