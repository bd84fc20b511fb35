package esdb

import (
	"crypto/x509"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"xinfang/domain/ledger"
)

// An address is a connection string, taken apart. The official client takes it
// apart too, but guesses where it should refuse, and quotes passwords in errors;
// so it is given only what is left here, without credentials.
type address struct {
	discover       bool
	user, password string
	hosts          []string          // host:port
	settings       map[string]string // by key, in lower case
}

// keys are the settings that the official client knows. Of others it only warns.
var keys = []string{
	"defaultdeadline", "discoveryinterval", "gossiptimeout", "keepaliveinterval", "keepalivetimeout",
	"maxdiscoverattempts", "nodepreference", "tls", "tlscafile", "tlsverifycert", "usercertfile", "userkeyfile",
}

// parseAddress takes s apart. Its errors quote nothing that could be a password.
func parseAddress(s string) (address, error) {
	var a address
	scheme, rest, _ := strings.Cut(s, "://")
	switch strings.ToLower(scheme) {
	case "esdb":
	case "esdb+discover":
		a.discover = true
	case "kurrentdb", "kurrentdb+discover", "kdb", "kdb+discover":
		return a, ledger.Troubled("连接串以 kurrentdb:// 开头，EventStoreDB 客户端不认识；请写 esdb://", "the connection string begins with kurrentdb://, which the EventStoreDB client does not know: write esdb://")
	default:
		return a, ledger.Troubled("连接串既不以 esdb:// 也不以 esdb+discover:// 开头", "the connection string begins with neither esdb:// nor esdb+discover://")
	}
	rest, query, _ := strings.Cut(rest, "?")
	if at := strings.LastIndex(rest, "@"); at >= 0 {
		if err := a.credentials(rest[:at]); err != nil {
			return a, err
		}
		rest = rest[at+1:]
	}
	if strings.ContainsAny(query, "@#") || strings.Contains(rest, "#") {
		return a, ledger.Troubled("连接串中不该有 @ 或 # 的地方出现了 @ 或 #；口令中的请写成百分号编码", "the connection string has an @ or a # where none can be: percent-encode those of the password")
	}
	for i, host := range strings.Split(strings.TrimSuffix(rest, "/"), ",") {
		at, why := parseHost(host)
		if at == "" {
			return a, &ledger.Trouble{Text: ledger.Text{
				ZH: fmt.Sprintf("连接串中第 %d 台主机：%s", i+1, why.ZH), EN: fmt.Sprintf("host %d of the connection string: %s", i+1, why.EN),
			}}
		}
		a.hosts = append(a.hosts, at)
	}
	return a, a.query(query)
}

func (a *address) credentials(s string) error {
	user, password, _ := strings.Cut(s, ":")
	var err, err2 error
	a.user, err = url.PathUnescape(user)
	a.password, err2 = url.PathUnescape(password)
	if err != nil || err2 != nil || a.user == "" || strings.Contains(a.user, ":") {
		return ledger.Troubled("连接串中的账号不是百分号编码的 用户:口令", "the credentials of the connection string are not user:password, percent-encoded")
	}
	return nil
}

// parseHost returns s with its port, 2113 if it has none; or why it is no host.
func parseHost(s string) (at string, why ledger.Text) {
	name, port, found := strings.Cut(s, ":")
	if strings.ContainsAny(s, "[]") || strings.Contains(port, ":") {
		return "", ledger.Text{ZH: "EventStoreDB 客户端不支持 IPv6 地址，请写主机名", EN: "the EventStoreDB client does not know IPv6 addresses: write a name"}
	}
	plain := func(r rune) bool {
		return r == '.' || r == '-' || r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
	}
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return !plain(r) }) {
		return "", ledger.Text{ZH: "不是主机名", EN: "it is no host name"}
	}
	if !found {
		return name + ":2113", why
	}
	// The client would take a port of 70000 for 4464.
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", ledger.Text{ZH: "端口不是 1 到 65535 的数", EN: "its port is no number from 1 to 65535"}
	}
	return s, why
}

// query takes the settings apart, and refuses what the client would misread.
func (a *address) query(s string) error {
	values, err := url.ParseQuery(s)
	if err != nil {
		return ledger.Troubled("连接串中 ? 之后的设置无法读懂", "the settings after the ? of the connection string cannot be read")
	}
	a.settings = make(map[string]string)
	for key, value := range values {
		lower := strings.ToLower(key)
		if _, again := a.settings[lower]; again || len(value) > 1 {
			return ledger.Troubled("连接串中 %s 设置了两次", "the connection string sets %s twice", key)
		}
		if !slices.Contains(keys, lower) {
			return ledger.Troubled("连接串中没有 %.40q 这项设置；可用的有 %s", "the connection string has an unknown setting %.40q; known are %s", key, strings.Join(keys, ", "))
		}
		a.settings[lower] = value[0]
	}
	// least is the smallest number that does no harm. Without discovery the client
	// never connects; below 10 s pings are not sent more often; without pings a
	// connection that has died is never noticed; and a deadline that is no number
	// would silently be one of 0.
	for key, least := range map[string]int{
		"defaultdeadline": 1, "discoveryinterval": 1, "gossiptimeout": 1, "maxdiscoverattempts": 1,
		"keepaliveinterval": 10_000, "keepalivetimeout": 1,
	} {
		value, set := a.settings[key]
		if n, err := strconv.ParseInt(value, 10, 32); set && (err != nil || int(n) < least) {
			return ledger.Troubled("连接串中的 %s 不是 %d 或更大的数", "%s in the connection string is not a number of %d or more", key, least)
		}
	}
	if strings.EqualFold(a.settings["nodepreference"], "readonlyreplica") {
		return ledger.Troubled("连接串中 nodePreference=readOnlyReplica：客户端会优先选用失去主节点的节点；请写 follower", "nodePreference=readOnlyReplica in the connection string: the client would prefer a node that has lost its leader; write follower")
	}
	return nil
}

// configuration returns what o asks for as the official client wants it, and the
// account. Only the client itself can make one that works.
func (o *Options) configuration() (*esdb.Configuration, address, error) {
	a, err := parseAddress(o.Address)
	if err != nil {
		return nil, a, err
	}
	if o.User != "" || o.Password != "" {
		a.user, a.password = o.User, o.Password
	}
	ca := a.settings["tlscafile"]
	if o.CAFile != "" {
		ca = o.CAFile
	}
	query := make(url.Values)
	for key, value := range a.settings {
		if key != "tlscafile" {
			query.Set(key, value)
		}
	}
	for key, value := range map[string]string{"maxdiscoverattempts": "3", "gossiptimeout": "3"} {
		if !query.Has(key) {
			query.Set(key, value)
		}
	}
	scheme := "esdb://"
	if a.discover && len(a.hosts) == 1 {
		scheme = "esdb+discover://" // with more hosts the client gossips anyway, and with both it tries none
	}
	config, err := esdb.ParseConnectionString(scheme + strings.Join(a.hosts, ",") + "?" + query.Encode())
	if err != nil {
		return nil, a, fmt.Errorf("the connection string: %w", err)
	}
	config.Username, config.Password = a.user, a.password
	switch {
	case (a.user == "") != (a.password == ""):
		return nil, a, ledger.Troubled("连接集群的用户名与口令缺一：客户端两者都不会发送", "a user without a password, or the reverse: the client would send neither")
	case config.DisableTLS && a.user != "":
		return nil, a, ledger.Troubled("tls=false 时客户端不会发送账号；请启用 TLS", "credentials with tls=false: the client would not send them; use TLS")
	case config.DisableTLS && (ca != "" || config.UserCertFile != ""):
		return nil, a, ledger.Troubled("tls=false 时客户端不会使用证书；请启用 TLS", "certificates with tls=false: the client would not use them; use TLS")
	}
	if err := config.Validate(); err != nil {
		return nil, a, fmt.Errorf("the connection string: %w", err)
	}
	if ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return nil, a, fmt.Errorf("reading the authorities to be trusted: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, a, ledger.Troubled("%s 中没有 PEM 格式的证书", "%s holds no certificate in PEM", ca)
		}
	}
	return config, a, nil
}
