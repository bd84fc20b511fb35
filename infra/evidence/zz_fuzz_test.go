package evidence

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"xinfang/domain/proof"
)

type pyServer struct {
	in  *bufio.Writer
	out *bufio.Reader
}

func startPy(t testing.TB) *pyServer {
	cmd := exec.Command("python3", "/tmp/scratch-h-review1/server.py", ".")
	in, err := cmd.StdinPipe()
	ok(t, err)
	out, err := cmd.StdoutPipe()
	ok(t, err)
	cmd.Stderr = os.Stderr
	ok(t, cmd.Start())
	t.Cleanup(func() { in.Close(); cmd.Wait() })
	return &pyServer{bufio.NewWriter(in), bufio.NewReader(out)}
}

type pyAnswer struct {
	Verdict proof.Verdict `json:"verdict"`
	Events  int           `json:"events"`
	Size    int64         `json:"size"`
	Err     string        `json:"err"`
}

func (p *pyServer) ask(t testing.TB, bundle string, policy string, o Options) (a pyAnswer) {
	q := map[string]any{"bundle": bundle, "policy": policy, "older": []string{}, "skew": int(cmp.Or(o.Skew, DefaultSkew).Seconds()), "stale": o.StaleAfter.Seconds(), "now": o.Now.Unix()}
	var older []string
	for i, b := range o.Older {
		f := fmt.Sprintf("%s.older%d", bundle, i)
		ok(t, os.WriteFile(f, b, 0o600))
		older = append(older, f)
	}
	if older != nil {
		q["older"] = older
	}
	b, err := json.Marshal(q)
	ok(t, err)
	p.in.Write(b)
	p.in.WriteString("\n")
	p.in.Flush()
	line, err := p.out.ReadBytes('\n')
	ok(t, err)
	ok(t, json.Unmarshal(line, &a))
	return a
}

// A base is a good bundle as files.
type zbase struct {
	name   string
	s      *specimen
	o      Options
	before map[string][]byte
}

func zbases(t testing.TB) (all []zbase) {
	for _, a := range allAttacks() {
		if a.want != proof.OK && a.want != proof.OKUnwitnessed {
			continue
		}
		s := newSpecimen(t, 5, 1)
		// attacks are written for *testing.T
		b, o := a.do(s)
		if o.ReaderKey != nil {
			o.ReaderKey = nil
		}
		o = s.defaults(o)
		ar, err := openArchive(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			continue
		}
		s.files = map[string][]byte{}
		for name := range ar.entries {
			s.files[name], err = ar.file(name, MaxFile)
			ok(t, err)
		}
		all = append(all, zbase{a.name, s, o, maps.Clone(s.files)})
	}
	return all
}

var ztokens = []string{"\n", "\n\n", " ", "\x00", "\r", "— ", "0", "-", "+", "=", "==", "A", "\"", "\\u0000", "\\ud800", "null", "true", "1e0", "-0", "[", "{", "}", ",", "\xff", "é", "\u00a0", "\u2028", "\x7f", "\u0085", "9223372036854775807", "9223372036854775808", "281474976710657", "NaN", "Infinity"}

func zmutate(r *rand.Rand, b []byte, other []byte) []byte {
	b = bytes.Clone(b)
	for range 1 + r.IntN(2) {
		n := len(b)
		if n == 0 {
			b = append(b, byte(r.IntN(256)))
			continue
		}
		i := r.IntN(n)
		if r.IntN(4) == 0 { // near the end or start
			i = max(0, n-1-r.IntN(min(n, 120)))
		}
		switch r.IntN(13) {
		case 0:
			b[i] ^= 1 << r.IntN(8)
		case 1:
			b = slices.Delete(b, i, min(n, i+1+r.IntN(4)))
		case 2:
			b = slices.Insert(b, i, []byte(ztokens[r.IntN(len(ztokens))])...)
		case 3:
			b = b[:i]
		case 4:
			b = append(b, b[i:]...)
		case 5:
			lines := bytes.SplitAfter(b, []byte("\n"))
			j, k := r.IntN(len(lines)), r.IntN(len(lines))
			lines[j], lines[k] = lines[k], lines[j]
			b = bytes.Join(lines, nil)
		case 6:
			lines := bytes.SplitAfter(b, []byte("\n"))
			j := r.IntN(len(lines))
			lines = slices.Insert(lines, r.IntN(len(lines)), lines[j])
			b = bytes.Join(lines, nil)
		case 7:
			lines := bytes.SplitAfter(b, []byte("\n"))
			j := r.IntN(len(lines))
			lines = slices.Delete(lines, j, j+1)
			b = bytes.Join(lines, nil)
		case 8:
			if len(other) > 0 {
				j := r.IntN(len(other))
				k := min(len(other), j+r.IntN(64))
				b = slices.Insert(b, i, other[j:k]...)
			}
		case 9:
			b[i] = "ABCab01 +/=\n\"{}[],:-"[r.IntN(20)]
		case 10: // number
			j := i
			for j < len(b) && (b[j] < '0' || b[j] > '9') {
				j++
			}
			if j < len(b) {
				k := j
				for k < len(b) && b[k] >= '0' && b[k] <= '9' {
					k++
				}
				v, _ := strconv.ParseUint(string(b[j:k]), 10, 64)
				nv := []string{fmt.Sprint(v + 1), fmt.Sprint(v - 1), "0", "0" + fmt.Sprint(v), fmt.Sprint(v) + ".0", "-" + fmt.Sprint(v), "+" + fmt.Sprint(v)}[r.IntN(7)]
				b = slices.Concat(b[:j], []byte(nv), b[k:])
			}
		case 11:
			if len(other) > 0 {
				b = bytes.Clone(other)
			}
		case 12:
			b = append(b, []byte(ztokens[r.IntN(len(ztokens))])...)
		}
	}
	return b
}

func (s *specimen) zrecheck(old, checkpoint []byte) {
	for name, content := range s.files {
		if p, ok := bytes.CutSuffix(content, old); ok && strings.HasSuffix(name, ".tlog-proof") {
			s.files[name] = slices.Concat(p, checkpoint)
		}
	}
}

func TestZZFuzz(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("ZZ_N"))
	seedN, _ := strconv.ParseUint(os.Getenv("ZZ_SEED"), 10, 64)
	only := os.Getenv("ZZ_ONLY")
	bases := zbases(t)
	if only != "" {
		bases = slices.DeleteFunc(bases, func(b zbase) bool { return !strings.Contains(b.name, only) })
	}
	py := startPy(t)
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(seedN, 1))
	hist := map[proof.Verdict]int{}
	start := time.Now()
	bad := 0
	for i := range n {
		base := bases[r.IntN(len(bases))]
		s := base.s
		s.files = maps.Clone(base.before)
		names := slices.Sorted(maps.Keys(s.files))
		what := ""
		for range 1 + r.IntN(2) {
			name := names[r.IntN(len(names))]
			if r.IntN(6) == 0 {
				name = fileCheckpoint
			}
			other := base.before[names[r.IntN(len(names))]]
			switch r.IntN(12) {
			case 0:
				delete(s.files, name)
				what += " del " + name
			case 1:
				to := names[r.IntN(len(names))]
				s.files[name], s.files[to] = s.files[to], s.files[name]
				what += " swap " + name + " " + to
			default:
				old := s.files[name]
				s.files[name] = zmutate(r, old, other)
				what += " mut " + name
				if name == fileCheckpoint && r.IntN(4) > 0 {
					s.zrecheck(old, s.files[name])
				}
			}
		}
		var bundle []byte
		if _, there := s.files[fileManifest]; there && r.IntN(10) > 0 {
			m, _, okm := parseManifest(s.files[fileManifest])
			if !okm || m.Files == nil {
				m, _, _ = parseManifest(base.before[fileManifest])
			}
			m.Files = make(map[string]file)
			for nm, content := range s.files {
				if nm != fileManifest {
					m.Files[nm] = fileOf(content)
				}
			}
			b, err := m.encode()
			ok(t, err)
			s.files[fileManifest] = b
			bundle = s.zip()
		} else {
			bundle = s.zip()
		}
		o := base.o
		if r.IntN(20) == 0 && len(bundle) > 100 {
			bundle = zmutate(r, bundle, nil)
			what += " zipmut"
		}
		if r.IntN(10) == 0 {
			o.Older = append(slices.Clone(o.Older), zmutate(r, base.before[fileCheckpoint], nil))
		}
		report := Verify(bytes.NewReader(bundle), int64(len(bundle)), o)
		path := filepath.Join(dir, "b.zip")
		ok(t, os.WriteFile(path, bundle, 0o600))
		pol := filepath.Join(dir, "p.txt")
		ok(t, os.WriteFile(pol, []byte(o.Policy.String()), 0o600))
		for _, ol := range o.Older {
			if IsReceipt(ol) {
				t.Log("receipt")
			}
		}
		a := py.ask(t, path, pol, o)
		hist[report.Verdict]++
		if a.Verdict != report.Verdict || a.Events != report.Events || a.Size != report.Checkpoint.Size {
			bad++
			keep := fmt.Sprintf("/tmp/scratch-h-review1/bad-%d-%d.zip", seedN, i)
			os.WriteFile(keep, bundle, 0o600)
			os.WriteFile(keep+".policy", []byte(o.Policy.String()), 0o600)
			t.Errorf("%d %q%s: go %s %d %d, py %s %d %d %s; %v", i, base.name, what, report.Verdict, report.Events, report.Checkpoint.Size, a.Verdict, a.Events, a.Size, a.Err, report.Findings)
			if bad > 30 {
				break
			}
		}
	}
	t.Logf("%d bases, %d bundles, %v; verdicts %v", len(bases), n, time.Since(start), hist)
}
