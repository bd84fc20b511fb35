package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/BurntSushi/toml"
)

// A config is the whole configuration. Keys of a TOML file, then environment
// variables, then flags, each over the one before. An unknown key is an error:
// a setting that is misspelt must not be silently the default.
type config struct {
	// Lang is the language of what people read: zh-CN or en.
	Lang string `toml:"lang" env:"XINFANG_LANG"`

	// Data is the directory of the ledger, the views and the vault.
	Data string `toml:"data" env:"XINFANG_DATA"`

	HTTP struct {
		// Addr is where the console and the API listen. Anything but loopback
		// belongs behind a gateway with TLS.
		Addr string `toml:"addr" env:"XINFANG_HTTP_ADDR"`
		// Secure marks cookies for TLS only: set it behind such a gateway.
		Secure bool `toml:"secure" env:"XINFANG_HTTP_SECURE"`
	} `toml:"http"`

	Metrics struct {
		// Addr is where Prometheus scrapes; empty is nowhere.
		Addr string `toml:"addr" env:"XINFANG_METRICS_ADDR"`
		// BearerTokenFile holds the token that a scraper off this machine must send.
		BearerTokenFile string `toml:"bearer_token_file" env:"XINFANG_METRICS_BEARER_TOKEN_FILE"`
	} `toml:"metrics"`

	// Store is where commands are recorded: empty for this data directory, or the
	// connection string of an EventStoreDB, of which this directory then keeps a
	// replica. Credentials belong into ESDB.
	Store string `toml:"store" env:"XINFANG_STORE"`

	ESDB struct {
		// User and PasswordFile are this node's account there.
		User         string `toml:"user" env:"XINFANG_ESDB_USER"`
		PasswordFile string `toml:"password_file" env:"XINFANG_ESDB_PASSWORD_FILE"`
		// CAFile holds the certificates that its servers' are checked against; empty
		// is the system's.
		CAFile string `toml:"ca_file" env:"XINFANG_ESDB_CA_FILE"`
		// Audit refuses to work with a server on which this account could delete or
		// truncate.
		Audit bool `toml:"audit" env:"XINFANG_ESDB_AUDIT"`

		// Listen is where this node speaks the EventStoreDB protocol itself; empty is
		// nowhere. It takes TLS.
		Listen string `toml:"listen" env:"XINFANG_ESDB_LISTEN"`
		// Advertise is the host:port that clients are told to use; empty is Listen.
		Advertise string `toml:"advertise" env:"XINFANG_ESDB_ADVERTISE"`
		// CertFile and KeyFile are the certificate shown there.
		CertFile string `toml:"cert_file" env:"XINFANG_ESDB_CERT_FILE"`
		KeyFile  string `toml:"key_file" env:"XINFANG_ESDB_KEY_FILE"`
		// ClientCAFile lets in who has a certificate signed by one of these.
		ClientCAFile string `toml:"client_ca_file" env:"XINFANG_ESDB_CLIENT_CA_FILE"`
		// UsersFile is the list of accounts; empty is users.json in the data directory.
		UsersFile string `toml:"users_file" env:"XINFANG_ESDB_USERS_FILE"`
	} `toml:"esdb"`

	Notary struct {
		// Dir is where the notary keeps its tree, its policy and its memory; empty is
		// notary in the data directory.
		Dir string `toml:"dir" env:"XINFANG_NOTARY_DIR"`
		// KeyFile holds the notary's key; empty is notary.key in the data directory.
		// Keep it where the administrators of the ledger cannot read it.
		KeyFile string `toml:"key_file" env:"XINFANG_NOTARY_KEY_FILE"`
		// Guard is the Unix socket of a guard that has the key, under another user of
		// this machine (xinfang notary guard); empty is a guard of this process.
		Guard string `toml:"guard" env:"XINFANG_NOTARY_GUARD"`
		// Witnesses are the addresses of witnesses that cosign, with spaces or commas
		// between them.
		Witnesses string `toml:"witnesses" env:"XINFANG_NOTARY_WITNESSES"`
		// TSA is the address of a time-stamp authority (RFC 3161) that the policy pins;
		// empty is none.
		TSA string `toml:"tsa" env:"XINFANG_NOTARY_TSA"`
		// TSAFile has the certificates, PEM, that lead from its own to the pinned one.
		TSAFile string `toml:"tsa_file" env:"XINFANG_NOTARY_TSA_FILE"`
	} `toml:"notary"`

	Vault struct {
		// MasterKeyFile holds the key that wraps all data keys. Keep it off the
		// machine's backups: who has both has the personal data.
		MasterKeyFile string `toml:"master_key_file" env:"XINFANG_VAULT_MASTER_KEY_FILE"`
	} `toml:"vault"`
}

// sample is what "config init" writes.
const sample = `# 未写的键使用默认值；写错键名会报错。环境变量 XINFANG_HTTP_ADDR 等可覆盖，命令行参数再覆盖。
# Keys that are left out have their default; a misspelt key is an error.
lang = "zh-CN"                   # zh-CN 或 en
data = "./data"                  # 台账、读模型、密钥库所在目录 / ledger, views and vault
# store = "esdb+discover://db1:2113,db2:2113,db3:2113" # 台账在该集群，本目录是其副本 / the ledger is there, and here is its replica

[http]
addr = "127.0.0.1:8480"          # 对外服务请放在有 TLS 的网关后面 / put a TLS gateway in front
secure = false                   # 网关后设为 true：Cookie 只走 TLS / cookies over TLS only

[metrics]
addr = "127.0.0.1:9480"          # Prometheus 抓取；留空则不开 / empty: none
# bearer_token_file = "scrape.token"   # 非本机抓取必须设置 / needed off loopback

# [esdb]
# user = "xinfang"
# password_file = "esdb.password"
# ca_file = "ca.crt"
# audit = true                   # 账号若能删除或截断则拒绝运行 / refuse to run if the account could delete or truncate
# listen = "127.0.0.1:2113"      # 本节点以 EventStoreDB 协议对外 / speak the EventStoreDB protocol here
# advertise = ""                 # 告诉客户端的地址 / the address that clients are told
# cert_file = "node.crt"         # 见 xinfang store certs / see xinfang store certs
# key_file = "node.key"
# client_ca_file = "ca.crt"
# users_file = "users.json"      # 默认 <data>/users.json；见 xinfang store user

# [notary]                       # 见 xinfang notary init / see xinfang notary init
# dir = "notary"                 # 默认 <data>/notary / the tree, the policy
# key_file = "notary.key"        # 默认 <data>/notary.key；应放在台账管理员读不到的地方 / out of reach of administrators
# guard = "/run/xinfang/guard.sock"   # 密钥由另一用户的守护进程持有 / another user's guard has the key
# witnesses = "https://inspection.example.gov.cn/w1"   # 见证 / who cosigns
# tsa = "http://tsa.example.cn/"  # 时间戳服务机构（RFC 3161），每小时一次 / a time-stamp authority, asked hourly
# tsa_file = "tsa.pem"           # 其证书链 / its certificates

[vault]
# master_key_file = "master.key" # 默认 <data>/vault.key；勿与备份放在一起 / keep it apart from backups
`

func defaults() config {
	var c config
	c.Lang, c.Data = "zh-CN", "./data"
	c.HTTP.Addr, c.Metrics.Addr = "127.0.0.1:8480", "127.0.0.1:9480"
	c.ESDB.Audit = true
	return c
}

// loadConfig reads the file at path, if there is one, and the environment.
func loadConfig(path string, getenv func(string) string) (config, map[string]string, error) {
	c := defaults()
	origin := make(map[string]string)
	if path != "" {
		raw, err := os.ReadFile(path)
		if err != nil {
			return c, nil, locate(err, "配置", "configuration")
		}
		meta, err := toml.Decode(string(bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))), &c)
		if err != nil {
			return c, nil, locate(err, "配置 %s", "configuration %s", path)
		}
		if unknown := meta.Undecoded(); len(unknown) > 0 {
			return c, nil, said{
				fmt.Sprintf("配置 %s：没有 %q 这一项；有哪些见 xinfang config init", path, unknown[0].String()),
				fmt.Sprintf("configuration %s: unknown key %q; see \"xinfang config init\" for the keys there are", path, unknown[0].String()),
			}
		}
		for _, k := range meta.Keys() {
			origin[k.String()] = path
		}
	}
	for _, s := range c.settings() {
		if v := getenv(s.env); v != "" {
			if err := s.set(v); err != nil {
				return c, nil, locate(err, "环境变量 %s", "environment variable %s", s.env)
			}
			origin[s.key] = s.env
		}
	}
	return c, origin, nil
}

// defaultConfig returns the file that is read when none is named: xinfang.toml
// here, if it exists.
func defaultConfig() string {
	if _, err := os.Stat("xinfang.toml"); errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	return "xinfang.toml"
}
