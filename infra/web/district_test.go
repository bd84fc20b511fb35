package web

import (
	"bytes"
	"cmp"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
	"xinfang/domain/org"
	"xinfang/domain/personal"
	"xinfang/domain/petition"
	"xinfang/projections"
	"xinfang/projections/casefile"
	"xinfang/projections/measure"
	"xinfang/projections/report"
)

// The small district of the tests: its people, one for each role, by name of the
// role's token.
var people = map[string]ledger.Actor{
	"registrar":  {Officer: "1001", Unit: "XFJ", Post: "接访员", Role: "registrar"},
	"dispatcher": {Officer: "1002", Unit: "XFJ", Post: "转办科长", Role: "dispatcher"},
	"leader":     {Officer: "1003", Unit: "XFJ", Post: "局长", Role: "bureau-leader"},
	"clerk":      {Officer: "2001", Unit: "ZJJ", Post: "收件员", Role: "unit-clerk"},
	"handler":    {Officer: "2002", Unit: "ZJJ", Post: "科员", Role: "handler"},
	"head":       {Officer: "2003", Unit: "ZJJ", Post: "局长", Role: "unit-head"},
	"other":      {Officer: "3001", Unit: "RSJ", Post: "科员", Role: "handler"},
	"inspector":  {Officer: "9001", Unit: "JW", Post: "检查组长", Role: "inspector"},
	"auditor":    {Officer: "9101", Unit: "JW", Post: "审计员", Role: "auditor"},
	"admin":      {Officer: "9901", Unit: "XFJ", Post: "系统管理员", Role: "admin"},
}

// today is the present of the tests: a Monday.
var today = time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)

// A district is a server over a store in memory, with everything real but what
// siblings of this package provide.
type district struct {
	*Server
	store *ledgertest.Store
	vault *testVault
	files *testImporter
	logs  *journal
	now   time.Time
}

func newDistrict(t testing.TB) *district {
	t.Helper()
	d := &district{now: today, logs: new(journal), vault: &testVault{keys: make(map[uuid.UUID][]byte)}, files: &testImporter{found: make(map[string]*Import)}}
	clock := func() time.Time { return d.now }
	d.store = &ledgertest.Store{Now: clock}
	views := &testViews{store: d.store}
	d.Server = &Server{
		Store: d.store,
		Views: func(_ context.Context, at At) (Views, error) { return &testViews{d.store, at.Position}, nil },
		World: func(ctx context.Context, upTo ledger.Position) (petition.World, error) {
			return projections.ReadWorld(ctx, d.store, upTo)
		},
		Wait: func(context.Context, ledger.Position) error { return nil },
		Freshness: func() Freshness {
			at, _ := views.Position(context.Background())
			return Freshness{Views: at, Head: at}
		},
		UnitReport: func(ctx context.Context, unit string, w measure.Window, at At) (report.Report, error) {
			world, err := projections.ReadWorld(ctx, d.store, at.Position)
			if err != nil {
				return report.Report{}, err
			}
			v := &testViews{d.store, at.Position}
			return report.Unit(unit, w, v.Facts(ctx), v.files(ctx), report.Inputs{AsOf: clock(), Position: 1, World: world})
		},
		Vault: d.vault, Importer: d.files, Tokens: testTokens{},
		Now: clock, Random: rand.Reader, Version: "test",
		Log: slog.New(slog.NewTextHandler(d.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	founded := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	commands := []org.Command{
		org.CreateUnit{Code: "QZF", Name: ledger.Text{ZH: "区政府", EN: "District government"}, Kind: org.KindGovernment, From: founded},
		org.CreateUnit{Code: "XFJ", Name: ledger.Text{ZH: "区信访局", EN: "Petition bureau"}, Kind: org.KindBureau, Parent: "QZF", From: founded},
		org.CreateUnit{Code: "ZJJ", Name: ledger.Text{ZH: "区住建局", EN: "Housing bureau"}, Kind: org.KindDepartment, Parent: "QZF", From: founded},
		org.CreateUnit{Code: "RSJ", Name: ledger.Text{ZH: "区人社局", EN: "Labour bureau"}, Kind: org.KindDepartment, Parent: "QZF", From: founded},
		org.CreateUnit{Code: "JW", Name: ledger.Text{ZH: "区纪委", EN: "Discipline inspection"}, Kind: org.KindDiscipline, From: founded},
	}
	for role, a := range people {
		commands = append(commands, org.AppointOfficer{Officer: a.Officer, Name: "员" + a.Officer, Unit: a.Unit, Title: a.Post,
			Role: org.Role(a.Role), Head: role == "head" || role == "leader", From: founded})
	}
	for _, c := range commands {
		meta := ledger.Meta{Command: uuid.New(), Actor: ledger.Actor{Officer: org.SystemOfficer, Role: string(org.System)}, Occurred: founded}
		if _, err := org.Decider.Handle(t.Context(), d.store, ledger.Ask[org.Command]{ID: org.Stream().ID, Command: c, Meta: meta}); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// A journal keeps what was logged.
type journal struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// testTokens has a token for each of people: the name of the role.
type testTokens struct{}

func (testTokens) Actor(_ context.Context, token string) (ledger.Actor, bool) {
	a, ok := people[token]
	return a, ok
}

// testViews folds the store anew for every question: slow, and never behind.
type testViews struct {
	store *ledgertest.Store
	upTo  ledger.Position
}

func (v *testViews) files(ctx context.Context) iter.Seq2[*casefile.File, error] {
	return func(yield func(*casefile.File, error) bool) {
		for head, err := range v.store.Streams(ctx, petition.Category) {
			if err != nil {
				yield(nil, err)
				return
			}
			f, err := casefile.Read(ctx, v.store, head.Stream.ID, v.upTo)
			if (f != nil || err != nil) && !yield(f, err) {
				return
			}
		}
	}
}

func (v *testViews) rows(ctx context.Context, keep func(projections.Row) bool) (rows []projections.Row, err error) {
	for f, err := range v.files(ctx) {
		if err != nil {
			return nil, err
		}
		if row := projections.RowOf(f, f.Timeline[0].Position); keep(row) {
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(a, b projections.Row) int { return cmp.Compare(a.First, b.First) })
	return rows, nil
}

func matches(f projections.Filter) func(projections.Row) bool {
	return func(r projections.Row) bool {
		overdue := func(i int) bool { return !r.Due[i].At.IsZero() && !f.Now.Before(r.Due[i].At) }
		found := f.Text == "" || strings.Contains(r.Number+r.Summary+r.Claims, f.Text) || slices.Contains(f.Subjects, r.Subject)
		queue := true
		switch f.Queue {
		case projections.QueueStatutory:
			queue = overdue(0)
		case projections.QueueDistrict:
			queue = overdue(1)
		case projections.QueueWaiting:
			queue = r.Open && (r.WaitOfficer == f.Viewer || r.WaitOfficer == "" && slices.Contains(f.ViewerUnit, r.WaitUnit))
		default:
		}
		return found && queue && (f.Unit == "" || f.Unit == r.Unit) && (f.Stage == "" || f.Stage == r.Stage) &&
			(!f.Open || r.Open) && (f.Restricted || !r.Restricted)
	}
}

func (v *testViews) List(ctx context.Context, f projections.Filter) (projections.Page, error) {
	rows, err := v.rows(ctx, matches(f))
	page := projections.Page{Total: len(rows)}
	if f.Cursor != "" {
		i := slices.IndexFunc(rows, func(r projections.Row) bool { return r.Number == f.Cursor })
		if i < 0 {
			return page, fmt.Errorf("listing: %w", projections.ErrCursor)
		}
		rows = rows[i+1:]
	}
	if n := cmp.Or(f.Limit, 50); len(rows) > n {
		rows = rows[:n]
		page.Next = rows[n-1].Number
	}
	page.Rows = rows
	return page, err
}

func (v *testViews) Find(ctx context.Context, number string) (projections.Row, bool, error) {
	rows, err := v.rows(ctx, func(r projections.Row) bool { return r.Number == number })
	if len(rows) == 0 {
		return projections.Row{}, false, err
	}
	return rows[0], true, err
}

func (v *testViews) Involving(ctx context.Context, unit string) (numbers []string, err error) {
	rows, err := v.rows(ctx, func(r projections.Row) bool { return slices.Contains(r.Involved, unit) })
	for _, r := range rows {
		numbers = append(numbers, r.Number)
	}
	return numbers, err
}

func (v *testViews) Facts(ctx context.Context) iter.Seq2[measure.Facts, error] {
	return func(yield func(measure.Facts, error) bool) {
		for f, err := range v.files(ctx) {
			if err != nil {
				yield(measure.Facts{}, err)
				return
			}
			if !yield(measure.Of(f), nil) {
				return
			}
		}
	}
}

func (v *testViews) Overview(ctx context.Context, f projections.Filter) (projections.Overview, error) {
	o := projections.Overview{Stages: make(map[petition.Stage]int), Queues: make(map[projections.Queue]int)}
	for _, q := range projections.Queues() {
		f.Queue = q
		rows, err := v.rows(ctx, matches(f))
		if err != nil {
			return o, err
		}
		o.Queues[q] = len(rows)
	}
	f.Queue, f.Open = projections.QueueAll, true
	rows, err := v.rows(ctx, matches(f))
	for _, r := range rows {
		o.Open++
		o.People += r.Headcount
		o.Stages[r.Stage]++
	}
	o.Units = []projections.UnitLoad{{Unit: "ZJJ", Open: o.Open}}
	return o, err
}

func (v *testViews) Position(ctx context.Context) (ledger.Position, error) {
	if v.upTo > 0 {
		return v.upTo, nil
	}
	return v.store.Head(ctx)
}

func (*testViews) Close() error { return nil }

// testVault seals with a real cipher under keys in memory.
type testVault struct {
	mu     sync.Mutex // guards the rest
	keys   map[uuid.UUID][]byte
	names  map[string][]uuid.UUID
	erased map[uuid.UUID]time.Time
}

func (v *testVault) aead(subject uuid.UUID, create bool) (cipher.AEAD, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.keys[subject] == nil {
		if !create {
			return nil, errors.New("no such key")
		}
		key := sha256.Sum256(subject[:])
		v.keys[subject] = key[:]
	}
	block, err := aes.NewCipher(v.keys[subject])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func (v *testVault) Seal(_ context.Context, subject uuid.UUID, field personal.Field, plain string) ([]byte, error) {
	aead, err := v.aead(subject, true)
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nil, []byte(plain), []byte(field)), nil
}

func (v *testVault) Open(_ context.Context, subject uuid.UUID, field personal.Field, box []byte) (string, error) {
	aead, err := v.aead(subject, false)
	if err != nil {
		return "", err
	}
	plain, err := aead.Open(nil, nil, box, []byte(field))
	return string(plain), err
}

func (v *testVault) Commitment(_ context.Context, subject uuid.UUID) (string, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	sum := sha256.Sum256(v.keys[subject])
	return hex.EncodeToString(sum[:]), nil
}

func (v *testVault) Index(_ context.Context, subject uuid.UUID, names ...string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.names == nil {
		v.names = make(map[string][]uuid.UUID)
	}
	for _, n := range names {
		if !slices.Contains(v.names[n], subject) {
			v.names[n] = append(v.names[n], subject)
		}
	}
	return nil
}

func (v *testVault) Find(_ context.Context, name string) ([]uuid.UUID, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.names[name], nil
}

func (v *testVault) Erased(_ context.Context, subject uuid.UUID) (time.Time, uuid.UUID, bool, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	at, ok := v.erased[subject]
	return at, uuid.Nil, ok, nil
}

func (v *testVault) erase(subject uuid.UUID, at time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.keys, subject)
	v.erased = map[uuid.UUID]time.Time{subject: at}
}

// testImporter finds an error in the second line of every file.
type testImporter struct{ found map[string]*Import }

func (i *testImporter) Check(_ context.Context, u Upload) (Import, error) {
	data, err := io.ReadAll(u.Body)
	if err != nil {
		return Import{}, err
	}
	if !bytes.Contains(u.Mapping, []byte("number")) {
		return Import{}, &ledger.Refusal{Kind: ledger.Invalid, Code: "ERR_MAPPING", Text: ledger.Text{ZH: "映射文件有误", EN: "the mapping file is not right"}}
	}
	sum := sha256.Sum256(data)
	found := &Import{Hash: hex.EncodeToString(sum[:]), Name: u.Name, State: ImportChecked, Rows: 2, Imported: 1,
		Errors: []ImportError{{3, "接件时间", ledger.Text{ZH: "不是日期", EN: "not a date"}}}}
	i.found[found.Hash] = found
	return *found, nil
}

func (i *testImporter) Run(_ context.Context, hash string, _ ledger.Actor) (Import, error) {
	found, ok := i.found[hash]
	if !ok {
		return Import{}, errNoImport
	}
	found.State = ImportDone
	return *found, nil
}

func (i *testImporter) Find(_ context.Context, hash string) (Import, bool, error) {
	found, ok := i.found[hash]
	if !ok {
		return Import{}, false, nil
	}
	return *found, true, nil
}

func (i *testImporter) Errors(_ context.Context, hash string, w io.Writer) (string, error) {
	if i.found[hash] == nil {
		return "", errNoImport
	}
	_, err := io.WriteString(w, "the copy")
	return "台账-错误.xlsx", err
}
