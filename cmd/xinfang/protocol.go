package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"xinfang/domain/ledger"
	"xinfang/infra/esdbnode"
)

// protocol is the name of the listener of the EventStoreDB protocol.
const protocol = "esdb"

// Where the certificates and the accounts of the protocol are in the data
// directory, unless the configuration says otherwise.
const (
	certificatesDir = "esdb"
	usersFile       = "users.json"
)

func sourceFlags(a *app, cmd *cobra.Command) {
	cmd.Flags().String("esdb-user", "", a.tr("本节点在集群中的账号", "this node's `account` in the cluster"))
	cmd.Flags().String("esdb-password-file", "", a.tr("该账号口令所在文件", "`file` with its password"))
	cmd.Flags().String("esdb-ca-file", "", a.tr("集群证书的签发者（PEM）", "`file` with who has signed the cluster's certificates (PEM)"))
	cmd.Flags().String("esdb-audit", "", a.tr("账号能删改时拒绝运行：true 或 false（默认 true）", "refuse to run if the account could delete or hide events: `true` or false (default true)"))
}

func listenFlags(a *app, cmd *cobra.Command) {
	cmd.Flags().String("esdb-listen", "", a.tr("以 EventStoreDB 协议对外的地址（默认不开）", "`address` to speak the EventStoreDB protocol on (default none)"))
	cmd.Flags().String("esdb-advertise", "", a.tr("告诉客户端的 主机:端口", "`host:port` that clients are told to use"))
	cmd.Flags().String("esdb-cert-file", "", a.tr("对外的证书（默认自动生成）", "`file` with the certificate shown there (default: one is made)"))
	cmd.Flags().String("esdb-key-file", "", a.tr("其私钥", "`file` with its key"))
	cmd.Flags().String("esdb-client-ca-file", "", a.tr("客户端证书的签发者（PEM）", "`file` with who signs the certificates of clients (PEM)"))
	cmd.Flags().String("esdb-users-file", "", a.tr("账号表（默认 <data>/users.json）", "`file` with the accounts (default <data>/users.json)"))
}

// openProtocol opens the listener of the EventStoreDB protocol over n. records is
// where appends go; nil if nothing can be recorded.
func (a *app) openProtocol(open *listeners, n *node, records ledger.Store, refused func(context.Context, esdbnode.Attempt), log *slog.Logger) error {
	secure, err := a.protocolTLS()
	if err != nil {
		return err
	}
	users, err := esdbnode.LoadUsers(a.usersPath())
	if errors.Is(err, fs.ErrNotExist) {
		err = ledger.Troubled("没有 EventStoreDB 协议的账号表 %s；先用 xinfang store user add 建一个账号", "there are no accounts for the EventStoreDB protocol in %s; make one with xinfang store user add first", a.usersPath())
	}
	if err != nil {
		return err
	}
	users.Logger = log
	server, err := esdbnode.New(esdbnode.Options{
		Log: n.local, Store: records, Admit: admit, TLS: secure, Users: users, Refused: refused,
		Advertise: a.cfg.ESDB.Advertise, Logger: log, Now: a.Now,
	})
	if err != nil {
		return err
	}
	l, err := listen(a.cfg.ESDB.Listen, false)
	if err != nil {
		return err
	}
	open.all = append(open.all, listener{
		name: protocol, url: protocol + "://" + cmp.Or(a.cfg.ESDB.Advertise, l.Addr().String()), Listener: l,
		serve: func() error { return server.Serve(l) },
		stop: func(ctx context.Context) error {
			server.Stop(ctx)
			return nil
		},
	})
	return nil
}

func (a *app) usersPath() string {
	if a.cfg.ESDB.UsersFile != "" {
		return a.cfg.ESDB.UsersFile
	}
	return a.path(usersFile)
}

// protocolTLS returns the certificate that the configuration names. If it names
// none, one is made in the data directory, once, signed by an authority of its own:
// clients are given its ca.crt.
func (a *app) protocolTLS() (*tls.Config, error) {
	cert, key, clients := a.cfg.ESDB.CertFile, a.cfg.ESDB.KeyFile, a.cfg.ESDB.ClientCAFile
	if (cert == "") != (key == "") {
		return nil, usagef("esdb.cert_file and esdb.key_file go together: give both or neither")
	}
	if cert == "" {
		names, err := a.names()
		if err != nil {
			return nil, err
		}
		dir := a.path(certificatesDir)
		if err := esdbnode.WriteCertificates(dir, names, a.Now(), rand.Reader); err != nil {
			return nil, err
		}
		cert, key = filepath.Join(dir, names[0], "node.crt"), filepath.Join(dir, names[0], "node.key")
		if clients == "" {
			clients = filepath.Join(dir, "ca.crt")
		}
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("esdb.cert_file, esdb.key_file: %w", err)
	}
	secure := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	if clients != "" {
		raw, err := os.ReadFile(clients)
		if err != nil {
			return nil, fmt.Errorf("esdb.client_ca_file: %w", err)
		}
		secure.ClientCAs = x509.NewCertPool()
		if !secure.ClientCAs.AppendCertsFromPEM(raw) {
			return nil, ledger.Troubled("esdb.client_ca_file %s 中没有 PEM 格式的证书", "esdb.client_ca_file %s holds no certificate in PEM", clients)
		}
	}
	return secure, nil
}

// names returns what a certificate of this node is made for: what clients are told
// to use, or where it listens.
func (a *app) names() ([]string, error) {
	for _, addr := range []string{a.cfg.ESDB.Advertise, a.cfg.ESDB.Listen} {
		if addr == "" {
			continue
		}
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, usagef("esdb: %q is no host:port: %w", addr, err)
		}
		if host != "" && !slices.Contains([]string{"0.0.0.0", "::"}, host) {
			return []string{host}, nil
		}
	}
	return nil, usagef("esdb: say with esdb.advertise which name clients use, or give esdb.cert_file: a certificate has to be made for a name")
}
