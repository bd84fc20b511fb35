package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
	"xinfang/infra/evidence"
	"xinfang/infra/notary"
	"xinfang/infra/segment"
)

func (a *app) auditCommand() *cobra.Command {
	var policyPath, tree string
	cmd := &cobra.Command{
		Use:   "audit ADDRESS...",
		Short: a.tr("逐台审计保存台账的服务器：把它给出的每一条与签过的检查点比对", "audit each server that keeps the ledger: compare every event that it gives with the signed checkpoint"),
		Long: a.tr("ADDRESS 是一台服务器的连接串；集群中每台给一个，因为擦除与改写是逐台进行的，主节点干净不等于每台都干净。全部内容读到临时目录，逐条重算，再与 --tree 中签过的检查点比对；不符的一条指明服务器、位置与件，退出码 3。",
			"ADDRESS is the connection string of one server. Give one for each node of a cluster: erasing and rewriting are done to one node at a time, and a clean leader says nothing of the others. All is read into a temporary directory, hashed again, and compared with the signed checkpoint of --tree; what differs is named with server, position and case, and the exit code is 3."),
		Example: "  xinfang audit esdb://inspection@db1:2113 esdb://inspection@db2:2113 --policy policy.txt --tree mirror",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("用法：xinfang audit ADDRESS...", "usage: xinfang audit ADDRESS...")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			tree = cmp.Or(tree, a.notaryPath(notaryDir, a.cfg.Notary.Dir))
			policy, err := a.believed(policyPath)
			if err != nil {
				return err
			}
			kept, err := notary.ReadKept(tree, policy.Origin)
			if err != nil {
				return err
			}
			note, err := checkpointIn(tree, policy, kept)
			if err != nil {
				return a.unproven(err)
			}
			return a.auditAll(cmd.Context(), args, notary.Audit{Dir: tree, Policy: policy, Note: note}, policyPath != "")
		},
	}
	sourceFlags(a, cmd)
	cmd.Flags().StringVar(&policyPath, "policy", "", a.tr("核验人自己保管的信任策略（默认为本节点公证的）", "`file` with the policy that whoever audits has kept (default this node's notary's)"))
	cmd.Flags().StringVar(&tree, "tree", "", a.tr("检查点与叶子所在的目录，如检查组的镜像（默认为本节点公证的）", "`directory` with checkpoint and leaves, such as the inspection team's mirror (default this node's notary)"))
	return cmd
}

// An auditedNode is what audit prints of one server.
type auditedNode struct {
	Node    string          `json:"node"`
	Events  ledger.Position `json:"events"`
	Verdict proof.Verdict   `json:"verdict"`          // empty if it could not be audited
	Failed  string          `json:"failed,omitzero"`  // why
	Signed  int64           `json:"checkpoint"`       // how many of them a checkpoint was compared with
	Expired int64           `json:"expired,omitzero"` // traces of scavenges that it has let go, as servers do
	Finding *proof.Finding  `json:"finding,omitzero"`

	Forged []*proof.Finding `json:"forged,omitempty"` // entries that pretend to be the notary's
}

// auditAll audits one server after the other, and prints what became of each. One that
// does not answer hides nothing of the others: whoever has something to hide could take
// one away. If strict, the policy is that of whoever audits, and a checkpoint without the
// witnesses that it asks for has the exit code of a bundle without them.
func (a *app) auditAll(ctx context.Context, addresses []string, audit notary.Audit, strict bool) error {
	t := table{header: []string{a.tr("服务器", "server"), a.tr("条目", "events"), a.tr("结论", "verdict")}}
	for _, address := range addresses { // of which none is asked if one is wrong
		client, err := a.dial(address)
		if err == nil {
			err = client.Close(ctx)
		}
		if err != nil {
			return err
		}
	}
	nodes, code := make([]auditedNode, 0, len(addresses)), 0
	for _, address := range addresses {
		n, err := a.auditNode(ctx, address, audit)
		if ctx.Err() != nil {
			return err
		}
		if err != nil {
			n.Failed, _, _ = strings.Cut(a.explain(err), "\n") // the log has the rest
			nodes, code = append(nodes, n), cmp.Or(code, exitCode(err))
			t.rows = append(t.rows, []string{n.Node, "—", a.tr("✗ 未审计：", "✗ it was not audited: ") + n.Failed})
			continue
		}
		switch {
		case !n.Verdict.Holds():
			code = exitUnverified
		case n.Verdict == proof.OKUnwitnessed && strict && audit.Policy.Quorum > 0:
			code = cmp.Or(code, evidence.ExitUnwitnessed)
		}
		state := string(n.Verdict)
		if more := int64(n.Events) + n.Expired - n.Signed; n.Verdict.Holds() && more > 0 {
			state += fmt.Sprintf(a.tr("（前 %d 条；其后 %d 条尚未公证，未核对）", " (the first %d; the %d after them are not signed for yet, and were not compared)"), n.Signed, more)
		}
		if n.Finding != nil {
			state = "✗ " + n.Finding.Say().In(a.lang)
		}
		if n.Expired > 0 {
			state += fmt.Sprintf(a.tr("（另有 %d 条清理记录已按服务器自身的保留期删去，其叶仍在树中；因此未核对末条总表与公证记录）", " (and %d traces of scavenges were let go by the server's own retention; their leaves are in the tree; so heads and attestations were not compared)"), n.Expired)
		}
		nodes = append(nodes, n)
		t.rows = append(t.rows, []string{n.Node, fmt.Sprint(n.Events), state})
		t.rows = append(t.rows, a.forgedRows(n.Forged)...)
	}
	t.values = nodes
	err := a.print(t)
	if err == nil && code != 0 {
		err = quietError{code}
	}
	return err
}

// auditNode copies all that one server has, and compares it.
func (a *app) auditNode(ctx context.Context, address string, audit notary.Audit) (n auditedNode, err error) {
	dir, err := os.MkdirTemp("", "xinfang-audit-")
	if err != nil {
		return n, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	store, err := segment.Open(dir, segment.Options{Now: a.Now, Logger: a.logger()})
	if err != nil {
		return n, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	copied := &expiring{Store: store, gone: make(map[ledger.Stream]ledger.Version)}
	server, err := a.openRemote(address, copied)
	if err != nil {
		return n, err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	n.Node = server.client.Host()
	stopped := server.catchUp(ctx)
	broken, isBreak := errors.AsType[*ledger.Break](stopped)
	if stopped != nil && !isBreak {
		return n, stopped
	}
	if n.Events, err = copied.Head(ctx); err != nil {
		return n, err
	}
	audit.Log = copied
	done, err := audit.Run(ctx)
	n.Signed = done.Size
	found, isFinding := errors.AsType[*proof.Finding](err)
	if err == nil && done.Late != nil {
		found, isFinding = done.Late, true
	}
	if isBreak && (err == nil || isFinding && found.Verdict == proof.Truncated) {
		// What came before the break is what was signed for; the break says what follows.
		found, isFinding = &proof.Finding{Verdict: brokenBy[broken.Kind], Index: int64(n.Events), Text: broken.Say()}, true
	}
	named(ctx, copied, append(slices.Clone(done.Forged), found)...)
	switch {
	case isFinding:
		n.Verdict, n.Finding = found.Verdict, found
	case err != nil:
		return n, err
	case done.Witnessed:
		n.Verdict, n.Expired = proof.OK, done.Expired
	default:
		n.Verdict, n.Expired = proof.OKUnwitnessed, done.Expired
	}
	for _, f := range done.Forged {
		n.Forged, n.Verdict = append(n.Forged, f), n.Verdict.Worse(f.Verdict)
	}
	return n, nil
}

// forgedRows are the rows of a table with entries that pretend to be the notary's.
func (a *app) forgedRows(forged []*proof.Finding) (rows [][]string) {
	for _, f := range forged {
		rows = append(rows, []string{"", "", a.tr("✗ 假冒的公证记录：", "✗ it pretends to be the notary's: ") + f.Say().In(a.lang)})
	}
	return rows
}

// brokenBy is what was done to a server whose events do not fit together.
var brokenBy = map[ledger.BreakKind]proof.Verdict{
	ledger.Gap: proof.TamperedMissing, ledger.Vanished: proof.TamperedMissing, ledger.Order: proof.TamperedOrder,
	ledger.Changed: proof.TamperedContent, ledger.Foreign: proof.TamperedInserted, ledger.Shorter: proof.Truncated,
}
