package main

import (
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// esdbPort is where EventStoreDB is, by default.
const esdbPort = "2113"

// A compose is docker-compose.yml, with exactly the keys that it uses: there is no
// container engine where the tests run, so what is misspelt must be found here.
type compose struct {
	Name     string
	Services map[string]*container
	Networks map[string]struct{ Name string }
	Volumes  map[string]struct{}
	Shared   map[string]any `yaml:",inline"` // x-…, which services are made of
}

type container struct {
	Image           string
	Build           *struct{ Context, Dockerfile string }
	Profiles        []string
	Entrypoint      []string
	Command         []string
	Init            bool
	ReadOnly        bool `yaml:"read_only"`
	User            string
	Tmpfs           []string
	CapDrop         []string `yaml:"cap_drop"`
	SecurityOpt     []string `yaml:"security_opt"`
	Restart         string
	StopGracePeriod string `yaml:"stop_grace_period"`
	Ports           []string
	Environment     map[string]string
	Volumes         []string
	Secrets         []string `yaml:"-"` // which init copies to what is mounted at /run/secrets
	Networks        map[string]struct{ Aliases []string }
	DependsOn       map[string]struct{ Condition string } `yaml:"depends_on"`
	Healthcheck     struct {
		Test              []string
		Interval, Timeout string
		StartPeriod       string `yaml:"start_period"`
		Retries           int
	}
}

// A mount is one volume of a service, or a path of the repository.
type mount struct{ source, target, mode string }

func (m mount) named() bool { return !strings.HasPrefix(m.source, "./") }

func (s *container) mounts(t *testing.T) (all []mount) {
	t.Helper()
	for _, v := range s.Volumes {
		parts := append(strings.Split(v, ":"), "rw")
		if len(parts) < 3 {
			t.Fatalf("volume %q is not SOURCE:TARGET", v)
		}
		all = append(all, mount{parts[0], parts[1], parts[2]})
	}
	return all
}

// ours reports whether the service runs the program.
func (s *container) ours() bool { return s.Build != nil }

// audiences returns the volumes in which init has secrets, with what secrets.sh
// copies to each; to the one where it makes them, nothing.
func (c *compose) audiences(t *testing.T) map[string][]string {
	t.Helper()
	script, err := os.ReadFile("../../infra/docker/secrets.sh")
	ok(t, err)
	maker := c.Services["init"]
	if maker == nil {
		t.Fatal("there is no service init")
	}
	all := make(map[string][]string)
	for _, m := range maker.mounts(t) {
		if dir, secret := strings.CutPrefix(m.target, "/secrets/"); secret {
			all[m.source] = nil
			if line := regexp.MustCompile(`(?m)^give ` + dir + ` (.+)$`).FindSubmatch(script); line != nil {
				all[m.source] = strings.Fields(string(line[1]))
			}
		}
	}
	return all
}

// after reports whether a service, or one that it waits for, waits until another
// has done its work.
func (c *compose) after(name, other string) bool {
	for dep, on := range c.Services[name].DependsOn {
		if dep == other && on.Condition == "service_completed_successfully" || c.after(dep, other) {
			return true
		}
	}
	return false
}

// at returns the service of a profile that others reach by name.
func (c *compose) at(profile, name string) *container {
	for own, s := range c.Services {
		if slices.Contains(s.Profiles, profile) && (own == name || slices.Contains(s.Networks["default"].Aliases, name)) {
			return s
		}
	}
	return nil
}

// started returns the names of the services of each profile.
func (c *compose) started() map[string][]string {
	all := make(map[string][]string)
	for name, s := range c.Services {
		for _, p := range s.Profiles {
			all[p] = append(all[p], name)
		}
	}
	return all
}

func readCompose(t *testing.T) *compose {
	t.Helper()
	var c compose
	strictYAML(t, "../../docker-compose.yml", &c)
	for name := range c.Shared {
		if !strings.HasPrefix(name, "x-") {
			t.Errorf("docker-compose.yml has an unknown part %q", name)
		}
	}
	given := c.audiences(t)
	for _, s := range c.Services {
		for _, m := range s.mounts(t) {
			if m.target == "/run/secrets" {
				s.Secrets = given[m.source]
			}
		}
	}
	return &c
}

// strictYAML reads a file that must have nothing but what v has a place for.
func strictYAML(t *testing.T, file string, v any) {
	t.Helper()
	f, err := os.Open(file)
	ok(t, err)
	defer f.Close()
	d := yaml.NewDecoder(f)
	d.KnownFields(true)
	if err := d.Decode(v); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

func portOf(t *testing.T, addr string) string {
	t.Helper()
	u, err := url.Parse("//" + addr)
	ok(t, err)
	return u.Port()
}

// TestComposeProfiles checks what "docker compose up" starts, by itself and with each
// --profile: everything that a service waits for is there.
func TestComposeProfiles(t *testing.T) {
	t.Parallel()
	c := readCompose(t)
	env, err := os.ReadFile("../../.env")
	ok(t, err)
	if !regexp.MustCompile(`(?m)^COMPOSE_PROFILES=cluster$`).Match(env) {
		t.Error(".env does not make cluster the profile without --profile")
	}
	started := c.started()
	for name, s := range c.Services {
		if len(s.Profiles) == 0 {
			t.Errorf("%s has no profile, so it would be started with every one", name)
		}
		for _, p := range s.Profiles {
			for other := range s.DependsOn {
				if o := c.Services[other]; o == nil || !slices.Contains(o.Profiles, p) {
					t.Errorf("%s waits for %s, which profile %s does not start", name, other, p)
				}
			}
		}
	}
	if got := slices.Sorted(maps.Keys(started)); !slices.Equal(got, []string{"cluster", "minimal", "single"}) {
		t.Errorf("the profiles are %q", got)
	}
	if got := started["minimal"]; len(got) != 1 {
		t.Errorf("profile minimal starts %q, not one service", got)
	}
}

// TestComposePorts checks that what is published is published on this machine
// only, is what the image listens on, and is not taken twice in one profile.
func TestComposePorts(t *testing.T) {
	t.Parallel()
	c := readCompose(t)
	ports := regexp.MustCompile(`^127\.0\.0\.1:(\d+):(\d+)$`)
	listens := map[string]string{
		"xinfang": portOf(t, defaults().HTTP.Addr), "eventstore/eventstore": esdbPort, "prom/prometheus": "9090", "grafana/grafana": "3000",
	}
	text, err := os.ReadFile("../../docker-compose.yml")
	ok(t, err)
	for profile, names := range c.started() {
		taken := make(map[string]string)
		for _, name := range names {
			s := c.Services[name]
			image, _, _ := strings.Cut(s.Image, ":")
			for _, p := range s.Ports {
				m := ports.FindStringSubmatch(p)
				switch {
				case m == nil:
					t.Errorf("%s publishes %s, not at 127.0.0.1", name, p)
				case m[2] != listens[image]:
					t.Errorf("%s publishes port %s, but %s listens on %s", name, m[2], image, listens[image])
				case taken[m[1]] != "":
					t.Errorf("profile %s: %s and %s both take port %s", profile, name, taken[m[1]], m[1])
				case !strings.Contains(string(text), "\n#   127.0.0.1:"+m[1]+" "):
					t.Errorf("the head of docker-compose.yml does not say what port %s is", m[1])
				default:
					taken[m[1]] = name
				}
			}
		}
		if taken[portOf(t, defaults().HTTP.Addr)] == "" {
			t.Errorf("profile %s publishes no console", profile)
		}
	}
}

// TestComposeFiles checks that what services mount, read and are given exists.
func TestComposeFiles(t *testing.T) {
	t.Parallel()
	c := readCompose(t)
	cfg := defaults()
	keys := make(map[string]bool)
	for _, s := range cfg.settings() {
		keys[s.env] = true
	}
	volumes := make(map[string]bool)
	for name, s := range c.Services {
		if _, tag, _ := strings.Cut(s.Image, ":"); tag == "" || tag == "latest" {
			t.Errorf("%s: image %s is not pinned", name, s.Image)
		}
		readable := []string{"/etc/grafana/", "/data", "/vault"}
		for _, m := range s.mounts(t) {
			readable = append(readable, m.target)
			if m.named() {
				volumes[m.source] = true
				if _, declared := c.Volumes[m.source]; !declared {
					t.Errorf("%s: volume %s is not declared", name, m.source)
				}
			} else if _, err := os.Stat(filepath.Join("../..", m.source)); err != nil || m.mode != "ro" {
				t.Errorf("%s mounts %s %s: %v", name, m.source, m.mode, err)
			}
		}
		for key, value := range s.Environment {
			if strings.HasPrefix(key, "XINFANG_") && !keys[key] {
				t.Errorf("%s: the program has no setting %s", name, key)
			}
			if !strings.HasSuffix(key, "_FILE") && regexp.MustCompile(`PASSWORD|SECRET|TOKEN|_KEY$|INSECURE|MEM_DB`).MatchString(key) {
				t.Errorf("%s: %s does not belong into the environment", name, key)
			}
			if strings.HasPrefix(value, "/") && !slices.ContainsFunc(readable, func(dir string) bool { return strings.HasPrefix(value, dir) }) {
				t.Errorf("%s: %s is %s, and nothing is mounted there", name, key, value)
			}
		}
		if s.ours() && (s.User != "1000:1000" || !s.ReadOnly || !s.Init) || s.ReadOnly && !s.Init ||
			!slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Equal(s.SecurityOpt, []string{"no-new-privileges:true"}) {
			t.Errorf("%s may do more than it needs", name)
		}
	}
	for name := range c.Volumes {
		if !volumes[name] {
			t.Errorf("nobody uses the volume %s", name)
		}
	}
}
