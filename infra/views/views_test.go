package views

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/google/uuid"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/petition"
	"xinfang/projections"
	"xinfang/projections/measure"
	"xinfang/projections/projectionstest"
)

func TestView(t *testing.T) {
	projectionstest.TestView(t, func(t *testing.T) projectionstest.Reader { return fresh(t) })
}

func fresh(t *testing.T) *DB {
	t.Helper()
	db, err := Open(t.Context(), filepath.Join(t.TempDir(), "views.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// full returns the views of the district.
func full(t *testing.T) (*DB, *projectionstest.District) {
	t.Helper()
	db, d := fresh(t), projectionstest.NewDistrict(t)
	if err := projections.NewProjector(d.Store, db, 2).CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db, d
}

// filter is a filter of the whole district, seen by somebody who sees all.
func filter(change ...func(*projections.Filter)) projections.Filter {
	f := projections.Filter{Now: projectionstest.Now, Restricted: true, Sort: projections.SortNewest}
	cal := law.Embedded()
	f.Soon, _ = cal.AddWorkingDays(law.DateOf(f.Now), 3)
	for _, c := range change {
		c(&f)
	}
	return f
}

func TestList(t *testing.T) {
	db, _ := full(t)
	type F = projections.Filter
	for name, tt := range map[string]struct {
		change func(*F)
		want   []string
	}{
		"all, newest first":          {func(*F) {}, []string{"XF-6", "XF-5", "XF-4", "XF-3", "XF-2", "XF-1"}},
		"without restricted ones":    {func(f *F) { f.Restricted = false }, []string{"XF-6", "XF-5", "XF-3", "XF-2", "XF-1"}},
		"open":                       {func(f *F) { f.Open = true }, []string{"XF-5", "XF-4", "XF-2", "XF-1"}},
		"by stage":                   {func(f *F) { f.Stage = petition.Pending }, []string{"XF-5"}},
		"by unit":                    {func(f *F) { f.Unit = "zjj" }, []string{"XF-1"}},
		"by officer":                 {func(f *F) { f.Officer = "zjj-1" }, []string{"XF-1"}},
		"by channel":                 {func(f *F) { f.Channel = petition.Phone }, []string{"XF-5"}},
		"by class":                   {func(f *F) { f.Class = petition.Accusation }, []string{"XF-4"}},
		"from a day on":              {func(f *F) { f.From = date(t, "2026-11-12") }, []string{"XF-5", "XF-2"}},
		"up to a day, exclusive":     {func(f *F) { f.To = date(t, "2026-08-03") }, []string{"XF-6"}},
		"overdue, statutory":         {func(f *F) { f.Queue = projections.QueueStatutory; f.Sort = projections.SortDue }, []string{"XF-4", "XF-1"}},
		"overdue by one clock":       {func(f *F) { f.Queue = projections.QueueStatutory; f.Clock = law.C6 }, []string{"XF-1"}},
		"overdue, district":          {func(f *F) { f.Queue = projections.QueueDistrict; f.Sort = projections.SortDistrict }, []string{"XF-4", "XF-1"}},
		"due today":                  {func(f *F) { f.Queue = projections.QueueToday }, []string{"XF-5"}},
		"due in three working days":  {func(f *F) { f.Queue = projections.QueueSoon }, []string{"XF-5"}},
		"waiting for an officer":     {func(f *F) { f.Queue = projections.QueueWaiting; f.Viewer = "zjj-1" }, []string{"XF-1"}},
		"waiting for a unit":         {func(f *F) { f.Queue = projections.QueueWaiting; f.Viewer = "x"; f.ViewerUnit = []string{"rsj", "jyj"} }, []string{"XF-5"}},
		"by a character":             {func(f *F) { f.Text = "低" }, []string{"XF-2"}},
		"by a word of two":           {func(f *F) { f.Text = "低保" }, []string{"XF-2"}},
		"by a rare character":        {func(f *F) { f.Text = "张𬭎" }, []string{"XF-3"}},
		"by the beginning of digits": {func(f *F) { f.Text = "XF-3*" }, []string{"XF-3"}},
		"by two words":               {func(f *F) { f.Text = "反映 补偿" }, []string{"XF-1"}},
		"by words in another order":  {func(f *F) { f.Text = "保低" }, nil},
		"by marks alone":             {func(f *F) { f.Text = `"*()` }, nil},
		"by petitioner":              {func(f *F) { f.Subjects = []uuid.UUID{uuid.NewSHA1(uuid.Nil, []byte("XF-5"))} }, []string{"XF-5"}},
		"by petitioner or words":     {func(f *F) { f.Text = "低保"; f.Subjects = []uuid.UUID{uuid.NewSHA1(uuid.Nil, []byte("XF-5"))} }, []string{"XF-5", "XF-2"}},
		"words and a condition":      {func(f *F) { f.Text = "反映"; f.Unit = "rsj" }, []string{"XF-6", "XF-5", "XF-3"}},
		"marked":                     {func(f *F) { f.Marked = projections.MarkRepeat }, nil},
		"latest received first":      {func(f *F) { f.Sort = projections.SortReceived; f.Unit = "rsj" }, []string{"XF-5", "XF-3", "XF-6"}},
	} {
		t.Run(name, func(t *testing.T) {
			page, err := db.List(t.Context(), filter(tt.change))
			if err != nil {
				t.Fatal(err)
			}
			if got := numbers(page); !reflect.DeepEqual(got, tt.want) || page.Total != len(tt.want) {
				t.Errorf("list = %v (total %d), want %v", got, page.Total, tt.want)
			}
		})
	}
}

// TestPages walks every order in pages of every size and checks that each case
// comes once, in the order of the undivided list.
func TestPages(t *testing.T) {
	db, _ := full(t)
	for _, sort := range []projections.Sort{projections.SortDue, projections.SortDistrict, projections.SortReceived, projections.SortNewest} {
		whole, err := db.List(t.Context(), filter(func(f *projections.Filter) { f.Sort = sort }))
		if err != nil {
			t.Fatal(err)
		}
		for limit := 1; limit <= 7; limit++ {
			var got []string
			f := filter(func(f *projections.Filter) { f.Sort, f.Limit = sort, limit })
			for {
				page, err := db.List(t.Context(), f)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, numbers(page)...)
				if f.Cursor = page.Next; f.Cursor == "" {
					break
				}
			}
			if want := numbers(whole); !reflect.DeepEqual(got, want) {
				t.Errorf("by %s in pages of %d: %v, want %v", sort, limit, got, want)
			}
		}
	}
	for _, cursor := range []string{"x", "!", "MS8y8"} {
		if _, err := db.List(t.Context(), filter(func(f *projections.Filter) { f.Cursor = cursor })); !errors.Is(err, projections.ErrCursor) {
			t.Errorf("cursor %q: %v", cursor, err)
		}
	}
}

func TestOverview(t *testing.T) {
	db, _ := full(t)
	o, err := db.Overview(t.Context(), filter())
	if err != nil {
		t.Fatal(err)
	}
	if o.Open != 4 || o.People != 8 || o.Queues[projections.QueueStatutory] != 2 || o.Stages[petition.Handling] != 1 {
		t.Errorf("overview = %+v", o)
	}
	want := projections.UnitLoad{Unit: "zjj", Open: 1, OverdueStatutory: 1, OverdueDistrict: 1}
	if len(o.Units) == 0 || o.Units[0] != want {
		t.Errorf("units = %+v, want %+v first", o.Units, want)
	}
}

func TestInvolving(t *testing.T) {
	db, _ := full(t)
	for unit, want := range map[string][]string{"xfj": {"XF-1", "XF-2", "XF-3", "XF-4", "XF-5"}, "zjj": {"XF-1"}, "nobody": nil} {
		if got, err := db.Involving(t.Context(), unit); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("cases that %s held = %v, %v; want %v", unit, got, err, want)
		}
	}
}

func TestFacts(t *testing.T) {
	db, _ := full(t)
	var got []string
	for f, err := range db.Facts(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, f.Number)
	}
	if !reflect.DeepEqual(got, projectionstest.Numbers) {
		t.Errorf("facts of %v", got)
	}
	var first measure.Facts
	for first = range db.Facts(t.Context()) {
		break
	}
	if first.Number != "XF-1" {
		t.Errorf("a reader that stops early got %q", first.Number)
	}
}

// TestRebuild rebuilds beside views that are right, wrong, older, of another
// layout, not there, and no database at all.
func TestRebuild(t *testing.T) {
	for name, tt := range map[string]struct {
		harm     func(t *testing.T, path string)
		compared bool
		differ   int
		force    bool
		swapped  bool
	}{
		"right":     {func(*testing.T, string) {}, true, 0, false, true},
		"not there": {func(t *testing.T, path string) { check(t, remove(path)) }, false, 0, false, true},
		"wrong": {func(t *testing.T, path string) {
			harm(t, path, "UPDATE cases SET stage = 'CLOSED' WHERE number = 'XF-1'")
		}, true, 1, false, false},
		"wrong, forced": {func(t *testing.T, path string) { harm(t, path, "DELETE FROM cases WHERE number IN ('XF-1', 'XF-2')") }, true, 2, true, true},
		"older":         {func(t *testing.T, path string) { harm(t, path, "UPDATE state SET position = 3") }, false, 0, false, true},
		"other layout":  {func(t *testing.T, path string) { harm(t, path, "PRAGMA user_version = 99") }, false, 0, false, true},
		"not a database": {func(t *testing.T, path string) {
			check(t, remove(path))
			check(t, os.WriteFile(path, []byte("hello, I am not one"), 0o600))
		}, false, 0, false, true},
		"an interrupted build beside": {func(t *testing.T, path string) { check(t, os.WriteFile(path+".new", []byte("half"), 0o600)) }, true, 0, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			path, d := filepath.Join(t.TempDir(), "views.db"), projectionstest.NewDistrict(t)
			db, err := Open(t.Context(), path)
			check(t, err)
			check(t, projections.NewProjector(d.Store, db, 2).CatchUp(t.Context()))
			check(t, db.Close())
			tt.harm(t, path)
			head, _ := d.Head(t.Context())
			got, err := Rebuild(t.Context(), path, d.Store, head, 2, tt.force, func(int64) {})
			check(t, err)
			if got.Compared != tt.compared || got.Differ != tt.differ || got.Swapped != tt.swapped || len(got.Numbers) != tt.differ {
				t.Errorf("Rebuild = %+v", got)
			}
			if !tt.swapped {
				return
			}
			db, err = Open(t.Context(), path)
			check(t, err)
			defer db.Close()
			page, err := db.List(t.Context(), filter())
			check(t, err)
			if at, err := db.Position(t.Context()); at != head || err != nil || page.Total != len(projectionstest.Numbers) {
				t.Errorf("afterwards the views are at %d with %d cases, %v", at, page.Total, err)
			}
			if page, err := db.List(t.Context(), filter(func(f *projections.Filter) { f.Text = "低保" })); err != nil || page.Total != 1 {
				t.Errorf("afterwards a search finds %d, %v", page.Total, err)
			}
		})
	}
}

// TestRebuildInterrupted cancels a rebuild and checks that the old views are as
// they were, and that the next one works.
func TestRebuildInterrupted(t *testing.T) {
	path, d := filepath.Join(t.TempDir(), "views.db"), projectionstest.NewDistrict(t)
	db, err := Open(t.Context(), path)
	check(t, err)
	check(t, projections.NewProjector(d.Store, db, 2).CatchUp(t.Context()))
	check(t, db.Close())
	before, err := os.ReadFile(path)
	check(t, err)
	head, _ := d.Head(t.Context())
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := Rebuild(ctx, path, d.Store, head, 1, false, func(int64) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Fatalf("Rebuild = %v", err)
	}
	if after, err := os.ReadFile(path); err != nil || !reflect.DeepEqual(before, after) {
		t.Errorf("an interrupted rebuild changed the views: %v", err)
	}
	if got, err := Rebuild(t.Context(), path, d.Store, head, 1, false, func(int64) {}); err != nil || !got.Swapped {
		t.Errorf("the next rebuild = %+v, %v", got, err)
	}
}

// TestOpenAt checks that a view of the past holds what was known then.
func TestOpenAt(t *testing.T) {
	d := projectionstest.NewDistrict(t)
	at, err := ledger.AsOf(t.Context(), d.Store, date(t, "2026-09-10").Start())
	check(t, err)
	db, err := OpenAt(t.Context(), filepath.Join(t.TempDir(), "then.db"), d.Store, at, 2)
	check(t, err)
	defer db.Close()
	r, ok, err := db.Find(t.Context(), "XF-1")
	check(t, err)
	if !ok || r.Stage != petition.Pending {
		t.Errorf("then XF-1 was %+v", r)
	}
	if err := db.Write(t.Context(), at+1, []projections.Row{r}); err == nil {
		t.Error("the past was written")
	}
}

func harm(t *testing.T, path, query string) {
	t.Helper()
	db, err := open(t.Context(), path, "")
	check(t, err)
	_, err = db.write.ExecContext(t.Context(), query)
	check(t, errors.Join(err, db.Close()))
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func date(t *testing.T, s string) law.Date {
	t.Helper()
	d, err := law.ParseDate(s)
	check(t, err)
	return d
}

func numbers(p projections.Page) (list []string) {
	for _, r := range p.Rows {
		list = append(list, r.Number)
	}
	return list
}
