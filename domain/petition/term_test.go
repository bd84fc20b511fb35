package petition

import (
	"slices"
	"testing"

	"xinfang/domain/ledger"
)

// TestWords checks that every closed set can be shown in both languages, has no
// word twice, and knows its own words only.
func TestWords(t *testing.T) {
	sets := map[string][]Choice{
		"opinions": Opinions(), "reopening": ReopenGrounds(), "supervision": SupervisionGrounds(), "exclusion": ExclusionGrounds(),
		"urgent": UrgentForms(), "retention": Retentions(), "evaluation": EvaluationChannels(),
		"channels": titled(Channels()), "levels": titled(Levels()), "classes": titled(Classes()), "paths": titled(Paths()),
		"modes": titled(Modes()), "notices": titled(Notices()), "works": titled(Works()), "outcomes": titled(Outcomes()),
		"rulings": titled(Rulings()), "judged": titled(Judges()), "grades": titled(Grades()), "fields": titled(Fields()), "stages": titled(Stages()),
	}
	for name, set := range sets {
		var words []string
		for _, c := range set {
			words = append(words, c.Word)
			if c.Title.ZH == "" || c.Title.EN == "" || c.Title.ZH == c.Word {
				t.Errorf("%s: %q has no title", name, c.Word)
			}
		}
		slices.Sort(words)
		if len(words) < 2 || len(slices.Compact(words)) != len(set) {
			t.Errorf("%s: %q are too few or repeated", name, words)
		}
	}
	if channels.has("pigeon") || Channel("pigeon").Title().ZH != "pigeon" {
		t.Error("a pigeon is a channel")
	}
}

func titled[T interface {
	~string
	Title() ledger.Text
}](words []T) (cs []Choice) {
	for _, w := range words {
		cs = append(cs, Choice{string(w), w.Title()})
	}
	return cs
}
