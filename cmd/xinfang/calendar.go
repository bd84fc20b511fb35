package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/org"
	"xinfang/domain/petition"
	"xinfang/projections/casefile"
)

// A noticeFile is what "calendar load" reads: the State Council's notice for one
// year (国务院办公厅节假日安排通知).
type noticeFile struct {
	Year   int        `toml:"year"`
	No     string     `toml:"no"`    // 文号
	Title  string     `toml:"title"` // of the notice
	Off    []law.Date `toml:"off"`   // rest days that it lists
	Worked []law.Date `toml:"work"`  // Saturdays and Sundays worked
}

func (a *app) calendarCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "calendar", Short: a.tr("工作日历", "the calendar of working days")}
	var add string
	explain := &cobra.Command{
		Use: "explain DATE", Short: a.tr("某天是工作日、休息日还是未公布；可加天数", "whether a day is a working day, a rest day or not published; and what some days later is"), Args: exactArgs("DATE"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.calendarExplain(cmd.Context(), args[0], add) },
	}
	explain.Flags().StringVar(&add, "add", "", a.tr("加上天数，如 5wd（工作日）或 15cd（自然日）", "add days, such as 5wd (working days) or 15cd (calendar days)"))
	load := &cobra.Command{
		Use: "load FILE", Short: a.tr("录入某年的放假通知，并重算暂算的期限", "record the notice for a year, and recompute provisional due dates"), Args: exactArgs("FILE"),
		Example: "  year = 2027\n  no = \"国办发明电〔2026〕0号\"\n  title = \"关于2027年部分节假日安排的通知\"\n  off = [\"2027-01-01\"]\n  work = []",
		RunE:    func(cmd *cobra.Command, args []string) error { return a.calendarLoad(cmd.Context(), args[0]) },
	}
	var working bool
	var document string
	override := &cobra.Command{
		Use: "override DATE", Short: a.tr("按文件把某天改为休息日（如台风停工）或工作日", "make a day one of rest (such as for a typhoon) or of work, as a document says"), Args: exactArgs("DATE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.calendarOverride(cmd.Context(), args[0], working, document)
		},
	}
	override.Flags().BoolVar(&working, "working", false, a.tr("改为工作日（默认休息日）", "a working day, not one of rest"))
	override.Flags().StringVar(&document, "document", "", a.tr("文号（必填）", "number of the document (required)"))
	cmd.AddCommand(explain, load, override)
	return cmd
}

func (a *app) calendarExplain(ctx context.Context, day, add string) error {
	date, err := law.ParseDate(day)
	if err != nil {
		return usageError{err}
	}
	cal := law.Embedded()
	if n, err := a.openNode(ctx, false); err == nil { // without a ledger, what comes with the program
		w, err := n.World(ctx, 0)
		if err := errors.Join(err, n.Close()); err != nil {
			return err
		}
		cal = w.Calendar
	}
	kind := map[law.Day]string{
		law.Working: a.tr("工作日", "working day"), law.Rest: a.tr("休息日", "rest day"), law.Unpublished: a.tr("未公布", "not published"),
	}[cal.Day(date)]
	values := map[string]any{"date": date, "day": kind, "calendar": cal.Version()}
	t := table{header: []string{a.tr("日期", "date"), a.tr("性质", "kind"), a.tr("日历", "calendar")}, rows: [][]string{{date.String(), kind, cal.Version()}}}
	if add != "" {
		to, provisional, err := addDays(cal, date, add)
		if err != nil {
			return usageError{err}
		}
		note := ""
		if provisional {
			note = a.tr("（暂算）", " (provisional)")
		}
		t.header, t.rows[0] = append(t.header, add), append(t.rows[0], to.String()+note)
		values["plus"], values["provisional"] = to, provisional
	}
	t.values = values
	return a.print(t)
}

// addDays adds what s says, such as 5wd or 15cd, to date.
func addDays(cal *law.Calendar, date law.Date, s string) (law.Date, bool, error) {
	digits, working := strings.CutSuffix(strings.ToLower(s), "wd")
	if !working {
		digits = strings.TrimSuffix(digits, "cd")
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n < 1 || n > 3660 {
		return date, false, usage("--add %q：应写作 5wd（工作日）或 15cd（自然日），至多 3660 天", "--add %q: write 5wd or 15cd, at most 3660 days", s)
	}
	if working {
		to, provisional := cal.AddWorkingDays(date, n)
		return to, provisional, nil
	}
	return date.AddDays(n), false, nil
}

func (a *app) calendarLoad(ctx context.Context, path string) error {
	var file noticeFile
	if err := readTOML(path, &file, "xinfang calendar load --help"); err != nil {
		return err
	}
	return a.changeCalendar(ctx, file.Year, law.PublishCalendar{
		Year: file.Year, Notice: ledger.Document{No: file.No, Title: file.Title}, Off: file.Off, Work: file.Worked,
	})
}

// calendarOverride makes one day a working day or a day of rest, as a document
// says, such as for a typhoon.
func (a *app) calendarOverride(ctx context.Context, day string, working bool, document string) error {
	date, err := law.ParseDate(day)
	if err != nil {
		return usageError{err}
	}
	return a.changeCalendar(ctx, date.Year(), law.OverrideDay{Date: date, Working: working, Document: ledger.Document{No: document}})
}

// changeCalendar records a change of one year, and replaces what had been
// reckoned without it.
func (a *app) changeCalendar(ctx context.Context, year int, c law.CalendarCommand) error {
	return a.writing(ctx, func(n *node) error {
		ask := ledger.Ask[law.CalendarCommand]{ID: law.CalendarStream(year), Command: c, Meta: n.system()}
		if _, err := law.CalendarDecider.Handle(ctx, n.store, ask); err != nil {
			return err
		}
		recomputed, err := n.recompute(ctx)
		if err != nil {
			return err
		}
		return a.print(table{
			rows:   [][]string{{fmt.Sprintf(a.tr("已录入 %d 年日历；重算期限 %d 个", "calendar of %d recorded; %d due dates recomputed"), year, recomputed)}},
			values: map[string]int{"year": year, "recomputed": recomputed},
		})
	})
}

// system returns the meta of an act of the program itself.
func (n *node) system() ledger.Meta {
	return ledger.Meta{Command: uuid.New(), Actor: ledger.Actor{Officer: "system", Role: string(org.System)}, Occurred: n.app.Now().UTC()}
}

// recompute replaces every due date that was provisional and no longer is.
func (n *node) recompute(ctx context.Context) (int, error) {
	w, err := n.World(ctx, 0)
	if err != nil {
		return 0, err
	}
	done := 0
	for head, err := range n.store.Streams(ctx, petition.Category) {
		if err != nil {
			return done, err
		}
		file, _, err := casefile.ReadLight(ctx, n.store, head.Stream.ID, 0)
		if err != nil {
			return done, err
		}
		for _, c := range file.Clocks {
			if _, changed := law.Recompute(c.Clock, w.Calendar); !changed || !c.Met.IsZero() || c.Cancelled {
				continue
			}
			act := petition.Act{Command: petition.RecomputeDeadline{Clock: c.ID}, Now: n.app.Now().UTC(), World: w}
			if _, err := petition.Decider.Handle(ctx, n.store, ledger.Ask[petition.Act]{ID: head.Stream.ID, Command: act, Meta: n.system()}); err != nil {
				return done, fmt.Errorf("%s: %w", file.Number, err)
			}
			done++
		}
	}
	return done, nil
}
