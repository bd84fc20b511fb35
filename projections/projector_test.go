package projections_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
	"xinfang/domain/org"
	"xinfang/domain/petition"
	"xinfang/projections"
	"xinfang/projections/projectionstest"
)

// memory is a View in memory. It can lose a write, or only the answer to one.
type memory struct {
	mu    sync.Mutex
	at    ledger.Position
	rows  map[string]projections.Row
	fault func() (applied bool, err error)
}

func (m *memory) Position(context.Context) (ledger.Position, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.at, nil
}

func (m *memory) Write(_ context.Context, at ledger.Position, rows []projections.Row) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var fault error
	if m.fault != nil {
		applied, err := m.fault()
		if err != nil && !applied {
			return err
		}
		fault = err
	}
	if at < m.at {
		return nil
	}
	if m.rows == nil {
		m.rows = make(map[string]projections.Row)
	}
	for _, r := range rows {
		m.rows[r.Number] = r
	}
	m.at = at
	return fault
}

func (m *memory) Find(_ context.Context, number string) (projections.Row, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.rows[number]
	return r, ok, nil
}

func TestMemoryView(t *testing.T) {
	projectionstest.TestView(t, func(*testing.T) projectionstest.Reader { return new(memory) })
}

// TestProjectorFaults loses a write, or the answer to it, and checks that the
// next start makes the same view.
func TestProjectorFaults(t *testing.T) {
	for _, applied := range []bool{false, true} {
		d, v := projectionstest.NewDistrict(t), new(memory)
		lost := errors.New("disk gone")
		v.fault = func() (bool, error) { return applied, lost }
		p := projections.NewProjector(d.Store, v, 2)
		if err := p.Run(t.Context()); !errors.Is(err, lost) || !errors.Is(p.Status().Err, lost) {
			t.Fatalf("Run = %v, status %v; want %v", err, p.Status(), lost)
		}
		v.fault = nil
		if err := projections.NewProjector(d.Store, v, 2).CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		if head, _ := d.Head(t.Context()); v.at != head || len(v.rows) != len(projectionstest.Numbers) {
			t.Errorf("applied=%t: after the second start the view is at %d of %d with %d rows", applied, v.at, head, len(v.rows))
		}
	}
}

// TestPoison checks that an event nobody understands stops the projector, is
// named, and stops nobody else.
func TestPoison(t *testing.T) {
	d, v := projectionstest.NewDistrict(t), new(memory)
	p := projections.NewProjector(d.Store, v, 2)
	if err := p.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	good := v.at
	stream := petition.StreamOf("XF-3")
	if _, err := d.Append(t.Context(), stream, 10, ledgertest.Record("{}")); err != nil {
		t.Fatal(err)
	}
	err := p.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "position 31") || !strings.Contains(err.Error(), "Said") {
		t.Errorf("Run = %v, want it to name position 31 and the event", err)
	}
	if v.at != good {
		t.Errorf("the view moved from %d to %d over an event that it does not show", good, v.at)
	}
	if err := p.Wait(t.Context(), good); err != nil {
		t.Errorf("waiting for what is there = %v", err)
	}
	if err := p.Wait(t.Context(), good+1); err == nil {
		t.Error("waiting for what will never come did not fail")
	}
}

// TestLostEnd checks that views which know more than the ledger are not taken
// for its own.
func TestLostEnd(t *testing.T) {
	err := projections.NewProjector(new(ledgertest.Store), &memory{at: 7}, 1).CatchUp(t.Context())
	if err == nil || !strings.Contains(err.Error(), "ends at 0") {
		t.Errorf("CatchUp = %v", err)
	}
}

func TestRunFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, v := projectionstest.NewDistrict(t), new(memory)
		ctx, cancel := context.WithCancel(t.Context())
		p := projections.NewProjector(d.Store, v, 2)
		done := make(chan error)
		go func() { done <- p.Run(ctx) }()
		synctest.Wait()
		d.Event("XF-1", "2026-11-23", petition.ProgressRecorded{Kind: petition.Measure, Note: "n"})
		head, _ := d.Head(ctx)
		if err := p.Wait(ctx, head); err != nil {
			t.Fatal(err)
		}
		if r := v.rows["XF-1"]; r.Position != head {
			t.Errorf("after Wait the row is of position %d, want %d", r.Position, head)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) || p.Status().Err != nil {
			t.Errorf("Run = %v, status %v", err, p.Status())
		}
	})
}

// TestBuildInterrupted cancels a build after each batch and checks that what is
// left is plainly not a view.
func TestBuildInterrupted(t *testing.T) {
	d, v := projectionstest.NewDistrict(t), new(memory)
	ctx, cancel := context.WithCancel(t.Context())
	head, _ := d.Head(ctx)
	err := projections.Build(ctx, d.Store, v, head, 1, func(int64) { cancel() })
	if !errors.Is(err, context.Canceled) || v.at != 0 {
		t.Errorf("Build = %v and the view is at %d", err, v.at)
	}
}

func TestReadWorld(t *testing.T) {
	store := new(ledgertest.Store)
	ask := func(c org.Command) ledger.Position {
		t.Helper()
		envs, err := org.Decider.Handle(t.Context(), store, ledger.Ask[org.Command]{ID: org.Stream().ID, Command: c, Meta: ledger.Meta{Command: uuid.New(), Occurred: projectionstest.Now}})
		if err != nil {
			t.Fatal(err)
		}
		return envs[len(envs)-1].Position
	}
	first := ask(org.CreateUnit{Code: "xfj", Name: ledger.Text{ZH: "区信访局"}, Kind: org.KindBureau, From: projectionstest.Now})
	ask(org.RenameUnit{Unit: "xfj", Name: ledger.Text{ZH: "新名"}, At: projectionstest.Now.AddDate(0, 0, 1)})
	for at, want := range map[ledger.Position]string{first: "区信访局", 0: "新名"} {
		w, err := projections.ReadWorld(t.Context(), store, at)
		if err != nil {
			t.Fatal(err)
		}
		if u, _ := w.Directory.Unit("xfj"); u.Name.ZH != want {
			t.Errorf("as known at %d the unit is called %q, want %q", at, u.Name.ZH, want)
		}
	}
}
