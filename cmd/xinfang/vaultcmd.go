package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"xinfang/domain/ledger"
	"xinfang/domain/petition"
)

func (a *app) vaultCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "vault", Short: a.tr("个人信息密钥", "keys of personal data")}
	var ground, approver, by string
	erase := &cobra.Command{
		Use:   "erase NO",
		Short: a.tr("销毁一件信访人的密钥（先记入 ErasureAuthorised）", "destroy the key of a case's petitioner, under an ErasureAuthorised event"),
		Long: a.tr("先把批准清除记入台账，再销毁密钥。台账、哈希与件都还在；姓名、证件、电话、住址与诉求原文从此谁也打不开。",
			"Records the authorisation, then destroys the key. The ledger, its hashes and the case stay; nobody can ever open the name, numbers, address and claims again."),
		Args: exactArgs("NO"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if ground == "" || by == "" || approver == "" {
				return usagef("%s", a.tr("--ground、--by、--approver 都必须给出", "give --ground, --by and --approver"))
			}
			return a.erase(cmd.Context(), args[0], ground, approver, by)
		},
	}
	erase.Flags().StringVar(&ground, "ground", "", a.tr("法定理由（必填）", "legal ground (required)"))
	erase.Flags().StringVar(&by, "by", "", a.tr("经办人工号（必填）", "officer who does it (required)"))
	erase.Flags().StringVar(&approver, "approver", "", a.tr("批准人工号（必填，不得是经办人）", "officer who approved it (required; another one)"))
	cmd.AddCommand(erase)
	return cmd
}

func (a *app) erase(ctx context.Context, number, ground, approver, by string) (err error) {
	n, err := a.openNode(ctx, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	v, err := a.openVault(ctx, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	c, err := n.readCase(ctx, number)
	if err != nil {
		return err
	}
	subject := c.Petitioner.Subject
	if subject == uuid.Nil {
		return &ledger.Refusal{Code: "ERR_NO_PERSONAL_DATA", Kind: ledger.NotFound, Text: ledger.Text{
			ZH: "这一件没有加密的个人信息", EN: "there is no sealed personal data in this case",
		}}
	}
	authority := authorised(c, subject)
	if authority == uuid.Nil {
		if authority, err = n.authorise(ctx, number, c.world, ground, approver, by, subject); err != nil {
			return err
		}
	}
	// If we crash here, the erasure is on record and the key is still there:
	// running the command again finds the record and destroys the key.
	if err := v.Erase(ctx, subject, authority); err != nil {
		return err
	}
	if err := n.projector.CatchUp(ctx); err != nil {
		return err
	}
	return a.print(table{
		rows:   [][]string{{fmt.Sprintf(a.tr("已销毁密钥；依据条目 %s", "key destroyed, under entry %s"), authority)}},
		values: map[string]any{"case": number, "authority": authority},
	})
}

// authorised returns the event that authorised the erasure, if there is one.
func authorised(c *present, subject uuid.UUID) uuid.UUID {
	for _, e := range c.Timeline {
		if erasure, ok := e.Event.(petition.ErasureAuthorised); ok && erasure.Subject == subject {
			return e.ID
		}
	}
	return uuid.Nil
}

// authorise records that the data of subject is to be erased, and returns the
// event. The command's id is made of the subject, so it is recorded once.
func (n *node) authorise(ctx context.Context, number string, world petition.World, ground, approver, by string, subject uuid.UUID) (uuid.UUID, error) {
	meta := n.system()
	meta.Command = uuid.NewSHA1(importSpace, []byte("erase|"+subject.String()))
	meta.Approver, meta.Reason = approver, ground
	for _, p := range world.Directory.PostsOf(by, meta.Occurred) {
		meta.Actor = ledger.Actor{Officer: by, Unit: p.Unit, Post: p.Title, Role: string(p.Role)}
		break
	}
	if meta.Actor.Officer != by {
		return uuid.Nil, &ledger.Refusal{Code: "ERR_NO_POST", Kind: ledger.NotFound, Text: ledger.Text{
			ZH: "经办人当前没有岗位；见 xinfang org list", EN: "the officer holds no post now; see xinfang org list",
		}}
	}
	act := petition.Act{Command: petition.AuthoriseErasure{Subject: subject, Ground: ground}, Now: meta.Occurred, World: world}
	envelopes, err := petition.Decider.Handle(ctx, n.store, ledger.Ask[petition.Act]{ID: petition.ID(number), Command: act, Meta: meta})
	if err != nil {
		return uuid.Nil, err
	}
	if len(envelopes) == 0 {
		return uuid.Nil, fmt.Errorf("%s: the erasure led to no entry", number)
	}
	return envelopes[0].ID, nil
}
