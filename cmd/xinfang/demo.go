package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"xinfang/domain/ledger"
	"xinfang/domain/personal"
	"xinfang/domain/petition"
	"xinfang/infra/demo"
	"xinfang/infra/notary"
	"xinfang/infra/vault"
)

func (a *app) demoCommand() *cobra.Command {
	var keep string
	var tamper bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: a.tr("用示例数据启动（一个区一年的信访件，退出即清除）", "start with made-up data: a district's year, gone when you leave"),
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if tamper {
				return a.demoTamper(cmd.Context())
			}
			return a.demo(cmd.Context(), keep)
		},
	}
	addressFlags(a, cmd)
	cmd.Flags().StringVar(&keep, "write", "", a.tr("只把示例数据写到这个目录，不启动服务", "only write the data to this `directory`, and serve nothing"))
	cmd.Flags().BoolVar(&tamper, "tamper", false, a.tr("演示篡改：改动一份副本，看它怎样被发现", "alter a copy of the data, and see how that is found"))
	cmd.MarkFlagsMutuallyExclusive("write", "tamper")
	return cmd
}

// demo makes the district's year in a directory of its own, and serves it.
func (a *app) demo(ctx context.Context, keep string) (err error) {
	a.cfg.Data = keep
	if keep == "" {
		if a.cfg.Data, err = os.MkdirTemp("", "xinfang-demo-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(a.cfg.Data)) }()
	}
	options := demo.Default()
	clock := demo.NewClock(options)
	a.Now = clock.Now
	n, err := a.openNode(ctx, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	v, err := a.demoVault(ctx, options.Seed)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, v.Close()) }()

	bar := a.progress(a.tr("准备示例数据", "making up a year"))
	made, err := demo.Generate(ctx, n.store, clock, sealer{v.Vault}, options, func(done, total int) { bar.set(int64(done), int64(total)) })
	bar.done()
	if err != nil {
		return err
	}
	if err := n.eraseAuthorised(ctx, v); err != nil {
		return err
	}
	if err := n.projector.CatchUp(ctx); err != nil {
		return err
	}
	if err := n.demoNotary(ctx, options.Seed); err != nil {
		return err
	}
	a.say(a.tr("✓ 示例数据 %d 件 / %d 条记录，时间停在 %s（北京时间）", "✓ %d made-up cases / %d entries; the time is always %s in Beijing"), made.Cases, made.Events, minute(made.Today))
	if keep != "" {
		return nil
	}
	var guides []ledger.Actor
	for _, o := range made.Officers {
		guides = append(guides, o.Actor)
	}
	return a.serve(ctx, n, service{vault: v, keep: v, now: clock.Now, guides: guides, ready: func(at addresses) {
		a.say("→ %s", at.console)
		a.say(a.tr("  从 %s/cases/%s 看起；指标 %s；按 Ctrl-C 结束，数据即清除", "  start at %s/cases/%s; metrics at %s; Ctrl-C ends it, and the data is gone"),
			at.console, made.Showcase, at.metrics)
	}})
}

// eraseAuthorised destroys the keys that the made-up year has authorised, as xinfang vault
// erase does.
func (n *node) eraseAuthorised(ctx context.Context, v *keeper) error {
	for env, err := range n.store.ReadAll(ctx, 0) {
		if err != nil {
			return err
		}
		if env.Stream.Category != petition.Category {
			continue
		}
		e, err := petition.Codec.Decode(env.Type, env.Data)
		if err != nil {
			return err
		}
		if erasure, ok := e.(petition.ErasureAuthorised); ok {
			if err := v.Erase(ctx, erasure.Subject, env.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// demoNotary makes a notary whose every byte follows from the seed, too.
func (n *node) demoNotary(ctx context.Context, seed uint64) error {
	head, err := n.store.Head(ctx)
	if err != nil {
		return err
	}
	if _, err := n.app.setUpNotary(notary.Plan{Origin: "demo.example.gov.cn/petition"}, head, rand.NewChaCha8([32]byte{byte(seed)})); err != nil {
		return err
	}
	return n.sealStore(ctx)
}

// demoVault is a vault whose every byte follows from the seed, so that the demo
// is the same on every machine. Nobody's personal data is in it.
func (a *app) demoVault(ctx context.Context, seed uint64) (*keeper, error) {
	var key [32]byte
	for i := range 8 {
		key[i] = byte(seed >> (8 * i))
	}
	random := rand.NewChaCha8(key)
	master, err := vault.CreateMaster(a.path(masterFile), random)
	if err != nil {
		return nil, err
	}
	v, err := vault.Open(ctx, a.path(vaultFile), master, random, a.Now)
	if err != nil {
		return nil, err
	}
	return &keeper{v}, nil
}

// sealer is the vault as the demo sees it.
type sealer struct{ *vault.Vault }

// Seal implements demo.Sealer.
func (s sealer) Seal(ctx context.Context, subject uuid.UUID, field, plain string) (petition.Sealed, error) {
	if plain == "" {
		return petition.Sealed{}, nil
	}
	box, err := s.Vault.Seal(ctx, subject, personal.Field(field), plain)
	return petition.Sealed{Masked: personal.Mask(personal.Field(field), plain), Box: box}, err
}
