package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"xinfang/domain/petition"
	"xinfang/infra/evidence"
	"xinfang/infra/vault"
	"xinfang/projections/casefile"
)

// A discloseTo says to whom the keys of a case are disclosed (披露), and why.
type discloseTo struct {
	reader string // public key; "" for nobody
	reason string
}

func (to *discloseTo) flags(a *app, cmd *cobra.Command) {
	cmd.Flags().StringVar(&to.reader, "disclose", "", a.tr("把该案个人信息的密钥加密给这名读者（evidence reader-key 给出的公钥）；他能打开该案以此密钥加密的一切，包括日后的。须有查阅权限的口令（XINFANG_TOKEN）和 --reason，先记入台账", "wrap the keys of the case's personal data for the reader with this public `key` (of evidence reader-key), who opens all that is sealed with them in the case, later too; needs the token of somebody who may see it (XINFANG_TOKEN) and --reason, and is recorded first"))
	cmd.Flags().StringVar(&to.reason, "reason", "", a.tr("披露的理由", "why the keys are disclosed"))
}

func (to *discloseTo) check() error {
	if to.reader == "" {
		if to.reason != "" {
			return usage("--reason 只用于 --disclose", "--reason goes with --disclose")
		}
		return nil
	}
	if _, err := evidence.ParseReader(to.reader); err != nil {
		return usageError{err}
	}
	if to.reason == "" {
		return usage("--disclose 要用 --reason 说明理由", "--disclose needs a --reason")
	}
	return nil
}

// disclose writes to w the bundle that the API makes: that of the server, if one has
// the ledger open, or else our own. So there is one way to personal data, which asks
// who wants it, and puts that on record.
func (a *app) disclose(ctx context.Context, number string, older []int64, to discloseTo, w io.Writer) (err error) {
	body, err := json.Marshal(struct {
		Reader string  `json:"reader"`
		Reason string  `json:"reason"`
		Older  []int64 `json:"older,omitzero"`
	}{to.reader, to.reason, older})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+a.cfg.HTTP.Addr+"/api/v1/cases/"+url.PathEscape(number)+"/evidence", bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept-Language", a.lang)
	r.Header.Set("Idempotency-Key", uuid.NewString())
	r.Header.Set("Authorization", "Bearer "+a.Getenv(tokenEnv))
	n, err := a.openNode(ctx, true)
	if errors.Is(err, errBusy) {
		return a.fetchBundle(r, w)
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
	if kept.vault, err = a.openVault(ctx, false); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, kept.vault.Close()) }()
	desk := a.desk(n, kept.vault)
	desk.Notary = kept
	recorder := httptest.NewRecorder()
	desk.Handler().ServeHTTP(recorder, r)
	return errors.Join(a.takeBundle(recorder.Result(), w), n.projector.CatchUp(ctx))
}

// WriteDisclosure implements [web.Notary].
func (n *notarised) WriteDisclosure(ctx context.Context, number string, older []int64, reader string, w io.Writer) error {
	to, err := evidence.ParseReader(reader)
	if err != nil {
		return err
	}
	d, err := n.disclosure(ctx, number, to)
	if err != nil {
		return err
	}
	return n.writeEvidence(ctx, number, older, d, w)
}

// disclosure returns the key of the case's petitioner, wrapped for the reader, or that
// it was destroyed.
func (n *notarised) disclosure(ctx context.Context, number string, to evidence.Reader) (*evidence.Disclosure, error) {
	if n.vault == nil {
		return nil, keyless{}.refuse()
	}
	f, err := casefile.Read(ctx, n.node.store, petition.ID(number), 0)
	if err != nil {
		return nil, err
	}
	if f == nil {
		return nil, errNoCase
	}
	subject := f.Petitioner.Subject
	key, err := n.vault.Key(ctx, subject)
	if errors.Is(err, vault.ErrErased) {
		commitment, err := n.vault.Commitment(ctx, subject)
		return &evidence.Disclosure{Keys: []evidence.DisclosedKey{{Subject: subject, Commitment: commitment, Erased: true}}}, err
	}
	if err != nil {
		return nil, err
	}
	wrapped, err := to.Wrap(subject, key)
	return &evidence.Disclosure{Reader: to.String(), Keys: []evidence.DisclosedKey{wrapped}}, err
}

func (a *app) evidenceReaderKey() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "reader-key",
		Short: a.tr("生成读者的密钥：私钥写到文件，公钥交给导出证据包的人", "make a reader's key: the secret goes to a file, the public key to whoever exports bundles"),
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			if path == "" {
				return usage("--to 必须给出：私钥写到哪个文件", "give --to: the file that the secret key is written to")
			}
			key, err := evidence.NewReaderKey(path)
			if err != nil {
				return err
			}
			public := key.Reader().String()
			return a.print(table{header: []string{a.tr("公钥：用于 xinfang evidence export --disclose", "public key, for xinfang evidence export --disclose")}, rows: [][]string{{public}}, values: struct {
				Reader string `json:"reader"`
			}{public}})
		},
	}
	cmd.Flags().StringVar(&path, "to", "", a.tr("私钥写到这个文件（不覆盖，仅本人可读）", "`file` that the secret key is written to (never replaced, for its owner alone)"))
	return cmd
}

// readerFlags say who opens what a bundle discloses.
type readerFlags struct {
	file   string // with the reader's key; "" for nobody
	reveal bool
}

func (f *readerFlags) flags(a *app, cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.file, "reader-key", "", a.tr("读者的私钥：打开证据包披露的密钥并逐一核对", "`file` with the reader's key: open the keys that the bundle discloses, and check each"))
	cmd.Flags().BoolVar(&f.reveal, "reveal", false, a.tr("并显示个人信息原文（只在文本输出中）", "and show personal data in clear (only as text)"))
}

// key reads the reader's key; nil if there is none.
func (f readerFlags) key(format string) (*evidence.ReaderKey, error) {
	switch {
	case f.reveal && f.file == "":
		return nil, usage("--reveal 要用 --reader-key 指明读者的私钥", "--reveal needs the reader's key: --reader-key")
	case f.reveal && format != formats[0]:
		return nil, usage("--reveal 只用于文本输出", "--reveal is for text output only")
	case f.file == "":
		return nil, nil
	}
	return evidence.ReadReaderKey(f.file)
}
