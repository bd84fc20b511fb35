// Over 400 lines: one generated year, made once because it takes seconds, is
// looked at from every side.

package demo

import (
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
	"xinfang/domain/petition"
	"xinfang/projections"
	"xinfang/projections/casefile"
)

var update = flag.Bool("update", false, "write testdata/year.golden anew")

// A made is a demo that was generated in memory.
type made struct {
	store *ledgertest.Store
	clock *Clock
	sum   Summary
	steps int
}

func generate(t testing.TB, o Options) made {
	t.Helper()
	m := made{clock: NewClock(o)}
	m.store = &ledgertest.Store{Now: m.clock.Now}
	sum, err := Generate(context.Background(), m.store, m.clock, blank{}, o, func(done, total int) {
		if m.steps++; done != m.steps || done > total {
			t.Errorf("progress says %d of %d after step %d", done, total, m.steps)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	m.sum = sum
	return m
}

// files returns every case, by number.
func (m made) files(t testing.TB) map[string]*casefile.File {
	t.Helper()
	files := make(map[string]*casefile.File)
	for head, err := range m.store.Streams(context.Background(), petition.Category) {
		if err != nil {
			t.Fatal(err)
		}
		f, err := casefile.Read(context.Background(), m.store, head.Stream.ID, 0)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Number] = f
	}
	return files
}

// theYear is what `xinfang demo` shows; made once for all tests.
var theYear = sync.OnceValue(func() made { return generate(fatal{}, Default()) })

// fatal is a test that panics, for what is made outside of one.
type fatal struct{ testing.TB }

func (fatal) Helper()                   {}
func (fatal) Fatal(args ...any)         { panic(fmt.Sprint(args...)) }
func (fatal) Errorf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }

// TestGolden checks that the demo is the same on every machine, and shows what is
// in it: every stage, and everything that an inspection would look for.
func TestGolden(t *testing.T) {
	m := theYear()
	files := m.files(t)
	var b strings.Builder
	fmt.Fprintf(&b, "cases %d\nevents %d\nrefused %d\n", m.sum.Cases, m.sum.Events, m.sum.Refused)
	if len(files) != m.sum.Cases || m.sum.Cases != 1300 || m.sum.Events < 18_000 || m.sum.Events > 22_000 || m.sum.Refused < 3 {
		t.Errorf("%d cases of 1,300, %d events, %d refused", len(files), m.sum.Events, m.sum.Refused)
	}
	counts, leaves := make(map[string]int), sha256.New()
	for _, stage := range petition.Stages() {
		if stage != petition.Foreign {
			counts["stage "+string(stage)] = 0
		}
	}
	for env := range m.store.ReadAll(t.Context(), 0) {
		counts["event "+env.Type]++
		leaves.Write(env.Leaf[:])
	}
	for _, f := range files {
		counts["stage "+string(f.Stage)]++
		for mark, is := range marks(f, m.clock.Now()) {
			counts["mark "+mark] += is
		}
	}
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(&b, "%s %d\n", what, counts[what])
		if counts[what] == 0 {
			t.Errorf("there is no %s", what)
		}
	}
	fmt.Fprintf(&b, "sha256 of all leaves %x\n", leaves.Sum(nil))
	if n := counts["mark overdue, statutory, open"]; n < 30 || n > 45 {
		t.Errorf("%d open cases are overdue by law", n)
	}

	const golden = "testdata/year.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the demo is another one (go test ./infra/demo -update writes the golden file anew):\n%s", b.String())
	}
}

// marks says what is remarkable about a case.
func marks(f *casefile.File, now time.Time) map[string]int {
	marks := make(map[string]int)
	mark := func(what string, is bool) {
		marks[what] += 0
		if is {
			marks[what] = 1
		}
	}
	for _, tier := range law.Tiers {
		for _, c := range f.Clocks {
			v := c.Verdict(tier, now)
			if v.State != casefile.StateNone && c.ID != law.C16 { // nothing here concludes a mediation
				mark(fmt.Sprintf("%s, %s", c.ID, tier), v.State == casefile.StateMet)
			}
			mark("missed, "+string(tier), v.Missed())
			mark("extended too late, "+string(tier), v.StrictState != v.State)
			mark("overdue, "+string(tier)+", open", v.State == casefile.StateOverdue && f.Stage.Open())
		}
	}
	mark("handed to and fro", f.Returns >= 2)
	mark("extended", f.Extended > 0)
	mark("reopened", f.Reopened > 0)
	mark("gap", len(f.Gaps()) > 0)
	mark("late entry", len(f.Lates) > 0)
	mark("late entry that cures", slices.ContainsFunc(f.Lates, func(l casefile.Late) bool { return len(l.Cures) > 0 }))
	mark("corrected", len(f.Corrections) > 0)
	mark("corrected after the limit", slices.ContainsFunc(f.Corrections, func(c casefile.Correction) bool { return c.AfterDue }))
	mark("not told", slices.ContainsFunc(f.Notices, func(n casefile.NoticeEntry) bool { return n.Given.IsZero() && n.Impossible == "" }))
	mark("cannot be told", slices.ContainsFunc(f.Notices, func(n casefile.NoticeEntry) bool { return n.Impossible != "" }))
	mark("supervision unanswered", slices.ContainsFunc(f.Supervision, func(s casefile.Supervised) bool { return s.FedBack.IsZero() }))
	for _, e := range f.Evaluations {
		if e.Grade != "" {
			mark("evaluated "+string(e.Grade), true)
		}
		mark("evaluation expired", !e.Expired.IsZero())
	}
	for _, ground := range []string{"duplicate", "judicial"} {
		mark("excluded, "+ground, f.Excluded == ground)
	}
	for _, class := range petition.Classes() {
		mark("class "+string(class), f.Class == class)
	}
	for _, channel := range petition.Channels() {
		mark("channel "+string(channel), f.Channel == channel)
	}
	mark("group", f.Headcount >= 5)
	mark("joint letter", f.Joint)
	mark("urgent", f.Urgent)
	mark("restricted", f.Restricted && len(f.Accused) > 0)
	mark("anonymous", f.Petitioner.Anonymous)
	mark("repeat", f.Earlier != "")
	mark("first", f.First.National)
	mark("erased", f.Erased)
	mark("executed", f.Executed)
	mark("at the city level", f.Level == petition.City)
	for _, e := range f.Timeline {
		if h, ok := e.Event.(petition.HearingHeld); ok {
			mark("hearing that stops a clock", h.Clock != nil)
		}
	}
	return marks
}

// TestSame generates twice and compares every leaf; another seed makes another year.
func TestSame(t *testing.T) {
	o := Default()
	o.Cases = 30
	leaves := func(o Options) (leaves []ledger.Hash) {
		for env := range generate(t, o).store.ReadAll(t.Context(), 0) {
			leaves = append(leaves, env.Leaf)
		}
		return leaves
	}
	once := leaves(o)
	if !slices.Equal(once, leaves(o)) {
		t.Error("the same options made two different years")
	}
	o.Seed++
	if slices.Equal(once, leaves(o)) {
		t.Error("another seed made the same year")
	}
}

// TestChain checks the ledger, that its clock ends where the world stands still,
// and that nothing was recorded late without being marked.
func TestChain(t *testing.T) {
	m := theYear()
	if head := ledgertest.CheckChain(t, m.store); int(head) != m.sum.Events {
		t.Errorf("%d events, not %d", head, m.sum.Events)
	}
	if now := m.clock.Now(); !now.Equal(m.sum.Today) || m.sum.Today.Format(time.RFC3339) != "2026-11-23T09:00:00+08:00" {
		t.Errorf("the clock ends at %v, the world at %v", now, m.sum.Today)
	}
	for env := range m.store.ReadAll(t.Context(), 0) {
		if env.Recorded.Time().After(m.sum.Today) || env.Recorded.Time().Before(Default().opening()) {
			t.Fatalf("position %d is recorded at %v", env.Position, env.Recorded.Time())
		}
		meta, err := env.DecodeMeta()
		if err != nil {
			t.Fatal(err)
		}
		if meta.Occurred.After(env.Recorded.Time()) {
			t.Errorf("position %d happened %v after it was recorded", env.Position, meta.Occurred.Sub(env.Recorded.Time()))
		}
		if late := law.Embedded().LateBy(meta.Occurred, env.Recorded.Time()); late && meta.Late == nil {
			t.Errorf("position %d is late, and not marked so", env.Position)
		}
		if l := meta.Late; l != nil && time.Duration(l.Lag)*time.Second != env.Recorded.Time().Sub(meta.Occurred) {
			t.Errorf("position %d: lag %d s, not %v", env.Position, l.Lag, env.Recorded.Time().Sub(meta.Occurred))
		}
	}
}

// TestShowcase checks the case that every tour of the demo begins with.
func TestShowcase(t *testing.T) {
	m := theYear()
	f, err := casefile.Read(t.Context(), m.store, petition.ID("XF-2026-004417"), 0)
	if err != nil || f == nil {
		t.Fatal(f, err)
	}
	if m.sum.Showcase != f.Number {
		t.Errorf("the showcase is %q", m.sum.Showcase)
	}
	now := m.clock.Now()
	c6, _ := f.Clock(law.C6)
	statutory, district := c6.Verdict(law.Statutory, now), c6.Verdict(law.District, now)
	var hands []string
	for _, h := range f.Holders {
		if !h.Transit {
			hands = append(hands, h.Unit+" "+h.Officer)
		}
	}
	got := fmt.Sprintln(f.Stage, f.Summary, f.Headcount, f.Returns, f.Petitioner.Name.Masked, hands,
		law.DateOf(f.Accepted), statutory.State, statutory.Due, statutory.MarginDays, district.State, district.Due, district.MarginDays)
	const want = "HANDLING 反映拆迁补偿款未发放 7 1 李某棠 [xfj  zjj  xfj  zjj  zjj zjj03] 2026-09-21 overdue 2026-11-20 -3 overdue 2026-10-21 -33\n"
	if got != want {
		t.Errorf("the showcase is\n%swant\n%s", got, want)
	}
	if len(f.Lates) != 2 || f.Lates[0].Type != "DispatchReceived" || f.Lates[0].Recorded.Sub(f.Lates[0].Occurred) < 13*24*time.Hour ||
		!slices.Contains(f.Lates[1].Cures, law.C5) {
		t.Errorf("its late entries are %+v", f.Lates)
	}
	if len(f.Corrections) != 1 || f.Corrections[0].Field != petition.FieldReceived || !f.Corrections[0].AfterDue {
		t.Errorf("its corrections are %+v", f.Corrections)
	}
	for _, e := range f.Timeline {
		if _, ok := e.Event.(petition.ObjectionRaised); !ok {
			continue
		}
		received, _ := time.Parse(time.RFC3339, f.Corrections[0].New)
		if wd := law.Embedded().WorkingDays(law.DateOf(received), law.DateOf(e.Occurred)); wd != 4 {
			t.Errorf("it was objected to on working day %d", wd)
		}
	}
}

// TestIdentities checks that a visitor may be whom he is offered to be.
func TestIdentities(t *testing.T) {
	m := theYear()
	w, err := projections.ReadWorld(t.Context(), m.store, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, who := range m.sum.Officers {
		if !w.Directory.Holds(who.Actor, m.sum.Today) || who.Title.ZH == "" || who.Title.EN == "" {
			t.Errorf("%+v holds no such post", who)
		}
	}
	if len(m.sum.Officers) != 5 || len(w.Directory.Officers()) < 80 || w.Directory.UnitName("rsj", "zh") != "区人社局" {
		t.Errorf("%d identities, %d officers, %s", len(m.sum.Officers), len(w.Directory.Officers()), w.Directory.UnitName("rsj", "zh"))
	}
}

// TestNothingPersonal looks for every name, number and address of a petitioner, in
// clear, in every byte of the ledger.
func TestNothingPersonal(t *testing.T) {
	y, err := write(Default())
	if err != nil {
		t.Fatal(err)
	}
	secrets := make(map[string]bool)
	for _, d := range y.drafts {
		if d.person != nil {
			for _, s := range []string{d.person.name, d.person.idNumber, d.person.phone, d.person.address, d.matter.plea} {
				secrets[s] = true
			}
		}
	}
	// A secret is a run of Chinese characters and digits, or part of one.
	runs := make(map[string]bool)
	for env := range theYear().store.ReadAll(t.Context(), 0) {
		for _, bytes := range [][]byte{env.Data, env.Meta} {
			for _, run := range strings.FieldsFunc(string(bytes), func(r rune) bool {
				return r < 0x80 && !unicode.IsDigit(r)
			}) {
				if len(run) > 5 {
					runs[run] = true
				}
			}
		}
	}
	text := strings.Join(slices.Collect(maps.Keys(runs)), "\n")
	for s := range secrets {
		if strings.Contains(text, s) {
			t.Errorf("%q stands in the ledger", s)
		}
	}
	for _, name := range []string{"张𬭎"} {
		if !secrets[name] {
			t.Errorf("there is no %s to search for", name)
		}
	}
	if len(secrets) < 4000 || !strings.Contains(text, "拆迁补偿款") {
		t.Errorf("%d secrets in %d bytes: the test looks in the wrong place", len(secrets), len(text))
	}
}

// TestAnyYear checks that no options make the deciders refuse: other seeds, other
// years, a few days or many months.
func TestAnyYear(t *testing.T) {
	first, last := day("2022-06-01"), law.Embedded().CoveredUntil()
	rapid.Check(t, func(t *rapid.T) {
		from := first.AddDays(rapid.IntRange(0, last.Sub(first)-14).Draw(t, "from"))
		o := Options{
			Seed:  rapid.Uint64().Draw(t, "seed"),
			Cases: rapid.IntRange(1, 80).Draw(t, "cases"),
			From:  from,
			Today: from.AddDays(rapid.IntRange(14, min(500, last.Sub(from))).Draw(t, "days")),
		}
		templates, _, err := rehearse(context.Background(), o)
		if err != nil || len(templates) != o.Cases {
			t.Fatalf("%d cases, %v", len(templates), err)
		}
	})
}

// TestRefused checks what Generate does not do.
func TestRefused(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"no cases":      func(o *Options) { o.Cases = 0 },
		"too many":      func(o *Options) { o.Cases = MaxCases + 1 },
		"no days":       func(o *Options) { o.Today = o.From },
		"no calendar":   func(o *Options) { o.Today = day("2027-01-04") },
		"old law":       func(o *Options) { o.From = day("2021-01-04") },
		"not an option": func(o *Options) { *o = Options{} },
	} {
		o := Default()
		change(&o)
		if _, err := Generate(t.Context(), new(ledgertest.Store), NewClock(Default()), blank{}, o, nil); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	o := Default()
	o.Cases = 3
	m := generate(t, o)
	if _, err := Generate(t.Context(), m.store, m.clock, blank{}, o, nil); err == nil || !strings.Contains(err.Error(), "entries already") {
		t.Errorf("into a ledger with entries: %v", err)
	}
	full, clock := errors.New("the disk is full"), NewClock(o)
	store := &ledgertest.Store{Now: clock.Now, Fault: func(ledger.Stream) (bool, error) { return false, full }}
	if _, err := Generate(t.Context(), store, clock, blank{}, o, nil); !errors.Is(err, full) {
		t.Errorf("into a full store: %v", err)
	}
	locked := errors.New("the vault is locked")
	if _, err := Generate(t.Context(), new(ledgertest.Store), clock, lockedVault{locked}, o, func(int, int) {}); !errors.Is(err, locked) {
		t.Errorf("with a locked vault: %v", err)
	}
}

type lockedVault struct{ err error }

func (v lockedVault) Seal(context.Context, uuid.UUID, string, string) (petition.Sealed, error) {
	return petition.Sealed{}, v.err
}
func (v lockedVault) Commitment(context.Context, uuid.UUID) (string, error) { return "", nil }
func (v lockedVault) Index(context.Context, uuid.UUID, ...string) error     { return nil }

// TestClock checks that the clock does not go back.
func TestClock(t *testing.T) {
	c := NewClock(Default())
	at := c.Now()
	c.forward(at.Add(time.Hour))
	c.forward(at)
	if got := c.Now(); !got.Equal(at.Add(time.Hour)) || got.Location() != time.UTC {
		t.Errorf("Now = %v", got)
	}
}

func BenchmarkGenerate(b *testing.B) {
	for b.Loop() {
		m := generate(b, Default())
		b.ReportMetric(float64(m.sum.Events), "events")
	}
}
