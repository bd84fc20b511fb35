package esdb

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

func TestAddressRefused(t *testing.T) {
	for address, want := range map[string]string{
		"":                                                "neither esdb://",
		"localhost:2113":                                  "neither esdb://",
		"http://localhost":                                "neither esdb://",
		"kurrentdb://localhost":                           "write esdb://",
		"kurrentdb+discover://cluster":                    "write esdb://",
		"esdb://":                                         "host 1",
		"esdb://a,,b":                                     "host 2",
		"esdb://a/b":                                      "host 1",
		"esdb://[::1]:2113":                               "IPv6",
		"esdb://::1":                                      "IPv6",
		"esdb://a,[fe80::1]":                              "IPv6",
		"esdb://a:0":                                      "port",
		"esdb://a:70000":                                  "port",
		"esdb://a:x":                                      "port",
		"esdb://a b":                                      "no host name",
		"esdb://a?tls=maybe":                              "true or false",
		"esdb://a?tls=true&TLS=false":                     "twice",
		"esdb://a?tls=true&tls=false":                     "twice",
		"esdb://a?colour=red":                             "unknown setting",
		"esdb://a?%zz":                                    "cannot be read",
		"esdb://a?defaultDeadline=abc":                    "defaultdeadline",
		"esdb://a?defaultDeadline=0":                      "defaultdeadline",
		"esdb://a?maxDiscoverAttempts=":                   "maxdiscoverattempts",
		"esdb://a?gossipTimeout=0":                        "gossiptimeout",
		"esdb://a?discoveryInterval=-5":                   "discoveryinterval",
		"esdb://a?keepAliveInterval=-1":                   "keepaliveinterval",
		"esdb://a?keepAliveInterval=9":                    "keepaliveinterval",
		"esdb://a?keepAliveTimeout=-1":                    "keepalivetimeout",
		"esdb://a?nodePreference=best":                    "NodePreference",
		"esdb://a,b?nodePreference=readOnlyReplica":       "write follower",
		"esdb://secret@a":                                 "without a password",
		"esdb://:secret@a":                                "user:password",
		"esdb://u%zz:secret@a":                            "user:password",
		"esdb://u:secret@a?tls=false":                     "use TLS",
		"esdb://u:secret?@a":                              "percent-encode",
		"esdb://u:secret/@a:x":                            "port",
		"esdb://a?tls=false&tlsCaFile=ca.pem":             "use TLS",
		"esdb://a?tls=false&userCertFile=a&userKeyFile=b": "use TLS",
		"esdb://a?userCertFile=a":                         "userKeyFile",
		"esdb://a?tlsCaFile=/no/such/file":                "/no/such/file",
		"esdb://a#b":                                      "#",
	} {
		_, err := Dial(Options{Address: address, Now: time.Now})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Dial(%q) = %v, want an error that says %q", address, err, want)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("Dial(%q) gives the password away: %v", address, err)
		}
	}
	if _, err := Dial(Options{Address: "esdb://a"}); err == nil {
		t.Error("Dial without a clock succeeds")
	}
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Dial(Options{Address: "esdb://a", CAFile: empty, Now: time.Now}); err == nil || !strings.Contains(err.Error(), empty) {
		t.Errorf("Dial with an empty CAFile = %v", err)
	}
}

func TestAddress(t *testing.T) {
	for _, tt := range []struct {
		address, host, user string
		seeds               int
		discover            bool
	}{
		{"esdb://a", "a:2113", "", 0, false},
		{"ESDB://a:1/?tls=false", "a:1", "", 0, false},
		{"esdb+discover://cluster.example?nodePreference=follower", "cluster.example:2113", "", 0, true},
		{"esdb://a:1,b,c:3?defaultDeadline=2500", "a:1,b:2113,c:3", "", 3, false},
		{"esdb+discover://a,b", "a:2113,b:2113", "", 2, false},
		{"esdb://u%40x:p%2Cq%3F,@10.0.0.1:1,b:2", "10.0.0.1:1,b:2", "u@x", 2, false},
	} {
		c, err := Dial(Options{Address: tt.address, Now: time.Now})
		if err != nil {
			t.Errorf("Dial(%q) = %v", tt.address, err)
			continue
		}
		if c.Host() != tt.host || c.options.User != tt.user || c.config.Username != tt.user ||
			len(c.config.GossipSeeds) != tt.seeds || c.config.DnsDiscover != tt.discover {
			t.Errorf("Dial(%q) reaches %s as %q: %+v", tt.address, c.Host(), c.options.User, c.config)
		}
		if tt.user != "" && c.config.Password != "p,q?," {
			t.Errorf("Dial(%q) has another password", tt.address)
		}
		if tt.seeds == 3 && c.options.Deadline != 2500*time.Millisecond {
			t.Errorf("Dial(%q) gives the server %v", tt.address, c.options.Deadline)
		}
		closeClient(t, c)
	}
	c, err := Dial(Options{Address: "esdb://u:p@a", User: "other", Password: "word", Now: time.Now})
	if err != nil || c.config.Username != "other" || c.config.Password != "word" || strings.Contains(c.Host(), "@") {
		t.Errorf("with credentials on top, Dial = %+v, %v", c, err)
	}
}

// What is accepted is safe, and an error says nothing of a password.
func FuzzAddress(f *testing.F) {
	for _, seed := range []string{
		"esdb://a", "esdb+discover://u:p@a:1,b?tls=true", "kurrentdb://a", "esdb://[::1]", "esdb://u:p@a?tls=false", "esdb://a?x=%zz", "://@?#,:",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.Contains(strings.ToLower(s), "file") {
			t.Skip("would read files")
		}
		const password = "hush-hush"
		scheme, rest, _ := strings.Cut(s, "://")
		for _, address := range []string{s, scheme + "://user:" + password + "@" + rest} {
			o := Options{Address: address}
			config, a, err := o.configuration()
			if err != nil {
				if strings.Contains(err.Error(), password) {
					t.Errorf("%q: %v", address, err)
				}
				continue
			}
			n := len(config.GossipSeeds)
			if config.Address != "" {
				n++
			}
			switch {
			case n != len(a.hosts), config.DnsDiscover && config.Address == "":
				t.Errorf("%q: of %d hosts, %d are tried", address, len(a.hosts), n)
			case config.MaxDiscoverAttempts < 1, config.GossipTimeout < 1, config.DiscoveryInterval < 1, config.KeepAliveInterval < 10*time.Second, config.KeepAliveTimeout <= 0:
				t.Errorf("%q: %+v", address, config)
			case config.DefaultDeadline != nil && *config.DefaultDeadline <= 0:
				t.Errorf("%q: a deadline of %v", address, *config.DefaultDeadline)
			case config.Username != "" && (config.DisableTLS || config.Password == ""), config.NodePreference == esdb.NodePreferenceReadOnlyReplica:
				t.Errorf("%q: %+v", address, config)
			case strings.Contains(strings.Join(a.hosts, ","), "@"):
				t.Errorf("%q: the hosts are %q", address, a.hosts)
			}
		}
	})
}
