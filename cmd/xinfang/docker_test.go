package main

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestComposeCommands checks that the program has the commands and flags that its
// services are started with.
func TestComposeCommands(t *testing.T) {
	t.Parallel()
	for name, s := range readCompose(t).Services {
		if !s.ours() {
			continue
		}
		commands := [][]string{s.Command}
		if len(s.Entrypoint) > 0 { // a shell
			commands = nil
			for line := range strings.Lines(s.Command[0]) {
				if args := strings.Fields(line); len(args) > 0 && args[0] == "xinfang" {
					commands = append(commands, args[1:])
				}
			}
		}
		if len(commands) == 0 {
			t.Errorf("%s does not run xinfang: %q", name, s.Command)
		}
		for _, args := range commands {
			root := newApp(process{Getenv: func(string) string { return "" }}, args).root()
			cmd, rest, err := root.Find(args)
			if err != nil || !cmd.Runnable() || cmd == root {
				t.Errorf("%s: the program has no command %q: %v", name, args, err)
				continue
			}
			if err := cmd.ParseFlags(rest); err != nil || cmd.ValidateArgs(cmd.Flags().Args()) != nil {
				t.Errorf("%s: xinfang %q: %v", name, args, err)
			}
		}
	}
}

// TestComposeSecrets runs secrets.sh as the service init does. It makes each secret
// once, leaves what was there, and copies to each volume what its name says.
func TestComposeSecrets(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("secrets.sh takes a POSIX shell, and there is none here")
	}
	c := readCompose(t)
	maker := c.Services["init"]
	if !strings.HasPrefix(maker.Command[0], "sh /secrets.sh /secrets\n") ||
		!slices.Contains(maker.mounts(t), mount{"./infra/docker/secrets.sh", "/secrets.sh", "ro"}) {
		t.Errorf("init does not run secrets.sh first: %q", maker.Command)
	}
	dir, volumes := t.TempDir(), make(map[string][]string)
	for _, m := range maker.mounts(t) {
		if audience, secret := strings.CutPrefix(m.target, "/secrets/"); secret {
			ok(t, os.Mkdir(filepath.Join(dir, audience), 0o700))
			volumes[audience] = c.audiences(t)[m.source]
		}
	}
	read := func(dir, name string, mode os.FileMode) string {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		ok(t, err)
		info, err := os.Stat(filepath.Join(dir, name))
		ok(t, err)
		if info.Mode() != mode {
			t.Errorf("%s/%s is %s, not %s", dir, name, info.Mode(), mode)
		}
		return string(raw)
	}
	made := map[string]string{"esdb-ops": strings.Repeat("0a", 24)}
	ok(t, os.WriteFile(filepath.Join(dir, "all/esdb-ops"), []byte(made["esdb-ops"]), 0o600))
	for range 2 {
		if out, err := exec.Command(shell, "../../infra/docker/secrets.sh", dir).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		copies := 0
		for audience, names := range volumes {
			for _, name := range names {
				raw := read(filepath.Join(dir, "all"), name, 0o600)
				if made[name] != "" && made[name] != raw {
					t.Errorf("%s was made anew", name)
				}
				if made[name] = raw; !regexp.MustCompile(`^[0-9a-f]{48}$`).MatchString(raw) {
					t.Errorf("%s is %q", name, raw)
				}
				if read(filepath.Join(dir, audience), name, 0o444) != raw {
					t.Errorf("%s has another %s", audience, name)
				}
				copies++
			}
		}
		files, err := filepath.Glob(filepath.Join(dir, "*", "*"))
		if ok(t, err); len(files) != len(made)+copies {
			t.Errorf("secrets.sh leaves %q; there are %d secrets and %d copies", files, len(made), copies)
		}
	}
}

// TestComposeAudiences checks that services read secrets that they are given once
// these are made, that nobody is given more, and who may have which.
func TestComposeAudiences(t *testing.T) {
	t.Parallel()
	c := readCompose(t)
	may := map[string][]string{
		"esdb-admin": {"esdb", "accounts", "setup"}, "esdb-ops": {"esdb", "accounts", "setup"},
		"esdb-xinfang": {"accounts", "xinfang"}, "esdb-metrics": {"accounts", "prometheus"},
		"scrape-token": {"xinfang", "prometheus"},
	}
	given := c.audiences(t)
	read := make(map[string]map[string]bool)
	for name, s := range c.Services {
		if name == "init" {
			continue
		}
		volume := ""
		texts := slices.Concat(s.Entrypoint, s.Command, slices.Collect(maps.Values(s.Environment)))
		for _, m := range s.mounts(t) {
			if _, secret := given[m.source]; secret {
				if volume = m.source; m.target != "/run/secrets" || m.mode != "ro" || len(s.Secrets) == 0 || !c.after(name, "init") {
					t.Errorf("%s mounts %s at %s, %s, and is given %q", name, m.source, m.target, m.mode, s.Secrets)
				}
			}
			if raw, err := os.ReadFile(filepath.Join("../..", m.source)); !m.named() && err == nil {
				texts = append(texts, string(raw))
			}
		}
		for _, m := range regexp.MustCompile(`/run/secrets/([^\s")]*)`).FindAllStringSubmatch(strings.Join(texts, "\n"), -1) {
			if !slices.Contains(s.Secrets, m[1]) {
				t.Errorf("%s reads the secret %s, and is given %q", name, m[1], s.Secrets)
			}
			if read[volume] == nil {
				read[volume] = make(map[string]bool)
			}
			read[volume][m[1]] = true
		}
		role := strings.TrimRight(strings.TrimSuffix(name, "-single"), "123")
		for _, secret := range s.Secrets {
			if !slices.Contains(may[secret], role) {
				t.Errorf("%s is given the secret %s, which is for %q", name, secret, may[secret])
			}
		}
	}
	for volume, secrets := range given {
		for _, secret := range secrets {
			if !read[volume][secret] {
				t.Errorf("nobody reads the secret %s in the volume %s", secret, volume)
			}
		}
	}
}

// TestComposeHealth checks that whatever goes on running is asked whether it is
// well, where it listens, and that the program has the route that it is asked for.
func TestComposeHealth(t *testing.T) {
	t.Parallel()
	c := readCompose(t)
	console := portOf(t, defaults().HTTP.Addr)
	routes := map[string]string{"9090": "/-/ready", "3000": "/api/health", esdbPort: "/health/live"}
	for name, s := range c.Services {
		test := s.Healthcheck.Test
		if s.Restart == "no" {
			continue
		}
		if len(test) < 2 || test[0] != "CMD" || s.Healthcheck.Retries == 0 {
			t.Errorf("%s is not asked whether it is well: %q", name, test)
			continue
		}
		u, err := url.Parse(test[len(test)-1])
		ok(t, err)
		if !s.ours() {
			if u.Path != routes[u.Port()] || u.Hostname() != "127.0.0.1" && u.Hostname() != name {
				t.Errorf("%s is asked at %s", name, u)
			}
			continue
		}
		if u.Port() != console || u.Hostname() != "127.0.0.1" {
			t.Errorf("%s is asked at %s, but the console is at port %s", name, u, console)
		}
		routes[console] = u.Path
	}

	addr := freeAddress(t)
	serving, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := operate(serving, t.TempDir(), "serve", "--http.addr", addr, "--metrics.addr", freeAddress(t))
		ended <- err
		stop()
	}()
	if status, body, err := ask(serving, "http://"+addr+routes[console], ""); err != nil || status != http.StatusOK {
		t.Errorf("%s answers %d %s: %v", routes[console], status, body, err)
	}
	stop()
	ok(t, <-ended)
}

// TestComposeCluster checks the nodes of EventStoreDB: each has the certificate of
// its own name, knows all others, and takes what the program appends at once.
func TestComposeCluster(t *testing.T) {
	t.Parallel()
	c := readCompose(t)
	certified := regexp.MustCompile(`--node (\S+)`).FindAllStringSubmatch(strings.Join(c.Services["init"].Command, " "), -1)
	for name, s := range c.Services {
		size := s.Environment["EVENTSTORE_CLUSTER_SIZE"]
		if size == "" {
			continue
		}
		if !slices.ContainsFunc(certified, func(m []string) bool { return m[1] == name }) {
			t.Errorf("no certificate is made for %s", name)
		}
		var seeds []string
		for other, o := range c.Services {
			if other != name && o.Environment["EVENTSTORE_CLUSTER_SIZE"] != "" && slices.Equal(o.Profiles, s.Profiles) {
				seeds = append(seeds, other+":"+esdbPort)
			}
		}
		slices.Sort(seeds)
		want := map[string]string{
			"EVENTSTORE_CLUSTER_SIZE": strconv.Itoa(len(seeds) + 1), "EVENTSTORE_GOSSIP_SEED": strings.Join(seeds, ","),
			"EVENTSTORE_NODE_HOST_ADVERTISE_AS": name, "EVENTSTORE_CERTIFICATE_FILE": "/certs/" + name + "/node.crt",
			"EVENTSTORE_CERTIFICATE_PRIVATE_KEY_FILE": "/certs/" + name + "/node.key", "EVENTSTORE_TRUSTED_ROOT_CERTIFICATES_PATH": "/certs",
		}
		for key, value := range want {
			if s.Environment[key] != value {
				t.Errorf("%s: %s is %q, not %q", name, key, s.Environment[key], value)
			}
		}
		if most, err := strconv.Atoi(s.Environment["EVENTSTORE_MAX_APPEND_SIZE"]); err != nil || most < 1_100_000 {
			t.Errorf("%s takes requests of %d bytes only: %v", name, most, err)
		}
		for _, p := range s.Profiles {
			for other, o := range c.Services {
				if store := o.Environment["XINFANG_STORE"]; store != "" && slices.Contains(o.Profiles, p) && !strings.Contains(store, name+":"+esdbPort) {
					t.Errorf("%s: %s does not name the node %s", other, store, name)
				}
			}
		}
	}
}

// TestDockerfile checks that the image is built from what there is, with the Go
// that go.mod names, and is asked whether it is well as docker-compose.yml does.
func TestDockerfile(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../infra/docker/Dockerfile")
	ok(t, err)
	module, err := os.ReadFile("../../go.mod")
	ok(t, err)
	text := strings.ReplaceAll(string(raw), "\\\n", " ")
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(string(module))
	if version == nil || !strings.Contains(text, "FROM golang:"+version[1]+"-") {
		t.Errorf("the image is not built with the Go of go.mod, %q", version)
	}
	for _, m := range regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllStringSubmatch(text, -1) {
		if _, tag, _ := strings.Cut(m[1], ":"); tag == "" || tag == "latest" {
			t.Errorf("FROM %s is not pinned", m[1])
		}
	}
	ignored, err := os.ReadFile("../../.dockerignore")
	ok(t, err)
	for _, m := range regexp.MustCompile(`(?m)^COPY ([^-].*) \S+$`).FindAllStringSubmatch(text, -1) {
		for source := range strings.FieldsSeq(m[1]) {
			if _, err := os.Stat(filepath.Join("../..", source)); err != nil || !strings.Contains(string(ignored), "\n!"+source+"\n") {
				t.Errorf("COPY %s: %v; or .dockerignore leaves it out", source, err)
			}
		}
	}
	cfg := defaults()
	for _, m := range regexp.MustCompile(`\b(XINFANG_\w+)=(\S*)`).FindAllStringSubmatch(text, -1) {
		if !slices.ContainsFunc(cfg.settings(), func(s setting) bool { return s.env == m[1] }) {
			t.Errorf("the program has no setting %s", m[1])
		}
	}
	if want := "EXPOSE " + portOf(t, cfg.HTTP.Addr) + " " + portOf(t, cfg.Metrics.Addr) + " " + esdbPort + "\n"; !strings.Contains(text, want) {
		t.Errorf("the Dockerfile has no %q", want)
	}
	modes := make(map[string]string) // of the directories that volumes are mounted on
	for _, m := range regexp.MustCompile(`install -d -o xinfang -g xinfang -m (\d+) ([^&\n]+)`).FindAllStringSubmatch(text, -1) {
		for dir := range strings.FieldsSeq(m[2]) {
			modes[dir] = m[1]
		}
	}
	for name, s := range readCompose(t).Services {
		for _, m := range s.mounts(t) {
			mode := modes[m.target]
			if audience, secret := strings.CutPrefix(m.target, "/secrets/"); secret && (audience == "all") != (mode == "700") ||
				secret && audience != "all" && mode != "711" || s.ours() && m.named() && m.mode == "rw" && mode == "" {
				t.Errorf("%s mounts %s on %s, which the image has with mode %q", name, m.source, m.target, mode)
			}
		}
		if s.ours() && s.Build.Dockerfile != "infra/docker/Dockerfile" {
			t.Errorf("%s is built by %s", name, s.Build.Dockerfile)
		}
		if test := s.Healthcheck.Test; s.ours() && len(test) > 0 && !strings.Contains(text, `CMD ["`+strings.Join(test[1:], `", "`)+`"]`) {
			t.Errorf("%s and the Dockerfile ask differently whether it is well", name)
		}
	}
}
