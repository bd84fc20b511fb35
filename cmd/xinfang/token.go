package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/infra/durable"
)

// A token lets an officer in, to the console and to the API. Only its hash is
// kept. The file is read at every question, so a token that was revoked is
// refused at once.
type token struct {
	Hash    string    `json:"sha256"`
	Officer string    `json:"officer"`
	Unit    string    `json:"unit"`
	Post    string    `json:"post"`
	Role    string    `json:"role"`
	Expires time.Time `json:"expires"`
}

// tokens implements web.Tokens over a file.
type tokens struct {
	path string
	now  func() time.Time
}

// Actor implements web.Tokens.
func (t tokens) Actor(_ context.Context, secret string) (actor ledger.Actor, found bool) {
	list, err := t.load()
	if err != nil {
		return actor, false
	}
	hash := hashToken(secret)
	for _, one := range list {
		// Every token is compared, so that the time taken says nothing.
		if subtle.ConstantTimeCompare([]byte(one.Hash), []byte(hash)) == 1 && t.now().Before(one.Expires) {
			actor, found = ledger.Actor{Officer: one.Officer, Unit: one.Unit, Post: one.Post, Role: one.Role}, true
		}
	}
	return actor, found
}

func hashToken(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

func (t tokens) load() ([]token, error) {
	raw, err := os.ReadFile(t.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []token
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("%s: %w", t.path, err)
	}
	return list, nil
}

// save makes list the tokens, durably: one that was revoked does not come back.
func (t tokens) save(list []token) error {
	raw, err := json.Marshal(list, jsontext.WithIndent("  "))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(t.path), 0o700); err != nil {
		return err
	}
	return durable.Replace(t.path, raw, 0o600)
}

func (a *app) tokenCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "token", Short: a.tr("登录口令（控制台与 API）", "tokens for the console and the API")}
	var days int
	var unit string
	add := &cobra.Command{
		Use: "add OFFICER", Short: a.tr("给一名在任人员发口令（只显示一次）", "issue a token to an officer (shown once)"), Args: exactArgs("OFFICER"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.tokenAdd(cmd.Context(), args[0], unit, time.Duration(days)*24*time.Hour)
		},
	}
	add.Flags().IntVar(&days, "days", 180, a.tr("有效天数", "days until it expires"))
	add.Flags().StringVar(&unit, "unit", "", a.tr("以哪个单位的岗位（兼任时必填）", "the unit in whose post he acts, if he has several"))
	revoke := &cobra.Command{
		Use: "revoke OFFICER", Short: a.tr("作废一名人员的全部口令", "revoke all tokens of an officer"), Args: exactArgs("OFFICER"),
		RunE: func(_ *cobra.Command, args []string) error { return a.tokenRevoke(args[0]) },
	}
	cmd.AddCommand(add, revoke)
	return cmd
}

func (a *app) tokenAdd(ctx context.Context, officer, unit string, valid time.Duration) (err error) {
	n, err := a.openNode(ctx, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	w, err := n.World(ctx, 0)
	if err != nil {
		return err
	}
	one := token{Officer: officer, Expires: a.Now().Add(valid).UTC()}
	held := 0
	for _, p := range w.Directory.PostsOf(officer, a.Now()) {
		if unit == "" || p.Unit == unit {
			one.Unit, one.Post, one.Role = p.Unit, p.Title, string(p.Role)
			held++
		}
	}
	if held != 1 {
		return &ledger.Refusal{Code: "ERR_NO_POST", Kind: ledger.NotFound, Text: ledger.Text{
			ZH: fmt.Sprintf("该人员当前有 %d 个符合的岗位，应恰有一个；见 xinfang org list，兼任时用 --unit 指明", held),
			EN: fmt.Sprintf("the officer holds %d such posts now, not one; see xinfang org list, and name one with --unit", held),
		}}
	}
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return err
	}
	text := base64.RawURLEncoding.EncodeToString(secret)
	one.Hash = hashToken(text)
	file := tokens{a.path(tokensFile), a.Now}
	list, err := file.load()
	if err != nil {
		return err
	}
	if err := file.save(append(list, one)); err != nil {
		return err
	}
	return a.print(table{
		rows:   [][]string{{text}},
		values: map[string]string{"token": text, "officer": officer, "expires": one.Expires.In(law.Shanghai).Format(time.RFC3339)},
	})
}

func (a *app) tokenRevoke(officer string) error {
	file := tokens{a.path(tokensFile), a.Now}
	list, err := file.load()
	if err != nil {
		return err
	}
	kept := list[:0:0]
	for _, one := range list {
		if one.Officer != officer {
			kept = append(kept, one)
		}
	}
	if err := file.save(kept); err != nil {
		return err
	}
	return a.print(table{
		rows:   [][]string{{fmt.Sprintf(a.tr("作废 %d 个", "%d revoked"), len(list)-len(kept))}},
		values: map[string]int{"revoked": len(list) - len(kept)},
	})
}
