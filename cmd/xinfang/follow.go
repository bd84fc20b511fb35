package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"xinfang/domain/ledger"
	"xinfang/domain/personal"
)

func (a *app) followCommand() *cobra.Command {
	var once bool
	cmd := &cobra.Command{
		Use:   "follow ADDRESS",
		Short: a.tr("跟随一个台账，保存经过核验的只读副本（检查组用）", "follow a ledger and keep a verified, read-only replica (for the inspection team)"),
		Long: a.tr("ADDRESS 是 EventStoreDB 集群或另一个 xinfang 节点的连接串，如 esdb://follower@db1:2113?tlsCaFile=ca.crt。逐条核对后写入数据目录；来源若丢失、改动或调换了已记录的事件，立即停止并报警，已存的内容保持原样（退出码 3）。",
			"ADDRESS is the connection string of an EventStoreDB cluster or of another xinfang node, such as esdb://follower@db1:2113?tlsCaFile=ca.crt. Every event is checked before it is written to the data directory. If the source has lost, changed or reordered what it had recorded, following stops with an alarm, and what is held stays as it is (exit code 3)."),
		Args: exactArgs("ADDRESS"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.follow(cmd.Context(), args[0], once) },
	}
	addressFlags(a, cmd)
	sourceFlags(a, cmd)
	listenFlags(a, cmd)
	cmd.Flags().BoolVar(&once, "once", false, a.tr("追平后退出，不启动服务", "catch up and leave; serve nothing"))
	return cmd
}

// follow keeps a replica of the ledger at address, and serves it to be read.
func (a *app) follow(ctx context.Context, address string, once bool) (err error) {
	n, err := a.openLocal(ctx, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	if n.remote, err = a.openRemote(address, n.local); err != nil {
		return err
	}
	if err := n.mark(ctx); err != nil {
		return err
	}
	n.store = readOnly{n.local}
	if once {
		return a.followOnce(ctx, n)
	}
	return a.serve(ctx, n, service{vault: keyless{}, now: a.Now, frozen: true, ready: a.ready})
}

func (a *app) followOnce(ctx context.Context, n *node) error {
	err := n.remote.catchUp(ctx)
	if broken, ok := errors.AsType[*ledger.Break](err); ok {
		a.warn("xinfang: %s", broken.Say().In(a.lang))
		return quietError{exitUnverified}
	}
	if err != nil {
		return err
	}
	head, err := n.local.Head(ctx)
	if err != nil {
		return err
	}
	if err := n.projector.CatchUp(ctx); err != nil {
		return err
	}
	return a.print(table{
		header: []string{a.tr("来源", "source"), a.tr("条目", "events")},
		rows:   [][]string{{n.remote.client.Host(), fmt.Sprint(head)}},
		values: struct {
			Source string          `json:"source"`
			Events ledger.Position `json:"events"`
		}{n.remote.client.Host(), head},
	})
}

// keyless is the vault of a follower: it has no keys, so it shows nobody.
type keyless struct{}

func (keyless) refuse() error {
	return &ledger.Refusal{Code: "ERR_NO_KEYS", Kind: ledger.Denied, Text: ledger.Text{
		ZH: "只读副本没有个人信息密钥，只能看到脱敏形式", EN: "a follower's replica has no keys of personal data; only masked forms can be seen",
	}}
}

func (k keyless) Seal(context.Context, uuid.UUID, personal.Field, string) ([]byte, error) {
	return nil, k.refuse()
}

func (k keyless) Open(context.Context, uuid.UUID, personal.Field, []byte) (string, error) {
	return "", k.refuse()
}

func (k keyless) Commitment(context.Context, uuid.UUID) (string, error) { return "", k.refuse() }
func (k keyless) Index(context.Context, uuid.UUID, ...string) error     { return k.refuse() }
func (k keyless) Find(context.Context, string) ([]uuid.UUID, error)     { return nil, nil }

func (k keyless) Erased(context.Context, uuid.UUID) (time.Time, uuid.UUID, bool, error) {
	return time.Time{}, uuid.Nil, false, nil
}
