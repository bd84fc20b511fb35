package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
	"xinfang/domain/petition"
	"xinfang/domain/proof"
	"xinfang/infra/evidence"
)

func (a *app) evidenceCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "evidence", Short: a.tr("证据包：导出一件的全部条目及其证明", "evidence bundles: all entries of a case, with their proofs")}
	cmd.AddCommand(a.evidenceExport())
	return cmd
}

func (a *app) evidenceExport() *cobra.Command {
	var out string
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
			if err := a.exportEvidence(cmd.Context(), args[0], out); err != nil {
				return err
			}
			a.say(a.tr("✓ 证据包已写到 %s；核验：xinfang verify %[1]s --policy 信任策略", "✓ the bundle is in %s; to check it: xinfang verify %[1]s --policy POLICY"), out)
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "to", "", a.tr("写到这个文件（默认 <编号>.evidence.zip）", "write it to this `file` (default <number>.evidence.zip)"))
	return cmd
}

// exportEvidence writes a bundle to a file that did not exist, and leaves none if
// it cannot.
func (a *app) exportEvidence(ctx context.Context, number, path string) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			err = errors.Join(err, os.Remove(path))
		}
	}()
	n, err := a.openNode(ctx, true)
	if errors.Is(err, errBusy) {
		return a.fetchEvidence(ctx, number, f)
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
	return kept.WriteEvidence(ctx, number, f)
}

// fetchEvidence has the server that has the ledger open make the bundle.
func (a *app) fetchEvidence(ctx context.Context, number string, w io.Writer) (err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+a.cfg.HTTP.Addr+"/api/v1/cases/"+url.PathEscape(number)+"/evidence", nil)
	if err != nil {
		return err
	}
	r.Header.Set("Accept-Language", a.lang)
	r.Header.Set("Authorization", "Bearer "+a.Getenv(tokenEnv))
	client := http.Client{Timeout: time.Minute}
	answer, err := client.Do(r)
	if err != nil {
		return fmt.Errorf("a server has the ledger open, and does not answer at http.addr: %w", err)
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if answer.StatusCode != http.StatusOK {
		return a.answer(answer)
	}
	_, err = io.Copy(w, answer.Body)
	return err
}

// WriteEvidence implements [web.Notary]: it writes the evidence bundle of a case to w.
func (n *notarised) WriteEvidence(ctx context.Context, number string, w io.Writer) error {
	stream := ledger.Stream{Category: petition.Category, ID: petition.ID(number)}
	end, err := n.attestedEnd(ctx, stream, proof.MaxSize)
	if err != nil {
		return err
	}
	attested, err := n.Attest(ctx, n.node.store, ledger.Meta{Actor: systemActor, Occurred: n.now().UTC()}, end.Index)
	if err != nil {
		return err
	}
	// The case may have gone on meanwhile: what is attested is what it was.
	covering, err := n.Covering(int64(attested.Event.Position) - 1)
	if err != nil {
		return err
	}
	head, err := n.attestedEnd(ctx, stream, attested.Note.Size)
	if err != nil {
		return err
	}
	headProof, ok := attested.Prove(head)
	if !ok {
		return errors.New("the attestation does not have the case")
	}
	return evidence.Write(ctx, w, evidence.Source{
		Stream: stream, Log: n.node.local, Policy: n.policy, Checkpoint: covering.Note,
		Prove: func(_ context.Context, _, index int64) (tlog.RecordProof, error) {
			return n.Prove(covering.Checkpoint, index)
		},
		Heads: attested.Event, Head: headProof,
	})
}

// attestedEnd returns where stream ended among the first size leaves.
func (n *notarised) attestedEnd(ctx context.Context, stream ledger.Stream, size int64) (h proof.Head, err error) {
	for env, err := range n.node.local.ReadStream(ctx, stream, 0) {
		if err != nil {
			return h, err
		}
		if int64(env.Position) > size {
			break
		}
		h = proof.Head{Stream: stream, Version: env.Version, Index: int64(env.Position) - 1, Leaf: env.Leaf}
	}
	if h.Version == 0 {
		return h, &ledger.Refusal{Code: "ERR_NO_CASE", Kind: ledger.NotFound, Text: ledger.Text{ZH: "没有这个编号的信访件", EN: "there is no case with this number"}}
	}
	return h, nil
}
