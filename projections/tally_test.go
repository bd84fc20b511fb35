package projections_test

import (
	"testing"
	"time"

	"xinfang/domain/petition"
	"xinfang/projections"
	"xinfang/projections/measure"
)

func TestTallyCount(t *testing.T) {
	day := func(n int) time.Time { return projectionsDay.AddDate(0, 0, n) }
	var tally projections.Tally
	for _, f := range []measure.Facts{
		{Class: petition.Claiming, Accepted: day(0), Closed: day(5)}, // five days are within five
		{Class: petition.Claiming, Accepted: day(0), Closed: day(6), Evaluations: []measure.Evaluation{
			{Judged: petition.JudgedUnit, Submitted: day(7), Grade: petition.Satisfied}, {Judged: petition.JudgedBureau},
		}},
		{Class: petition.Claiming, Accepted: day(0)},                 // open
		{Class: petition.Claiming, Accepted: day(9), Closed: day(8)}, // the source has them the wrong way round
		{Class: petition.Suggestion, Accepted: day(0), Closed: day(200)},
	} {
		tally.Count(f)
	}
	claims, other := tally.Handling[petition.Claiming], tally.Handling[petition.Suggestion]
	if claims.N != 2 || claims.Sum != 11*24*time.Hour || claims.Within[0] != 1 || claims.Within[1] != 2 {
		t.Errorf("claims took %+v", claims)
	}
	if other.N != 1 || other.Within[9] != 0 {
		t.Errorf("suggestions took %+v", other)
	}
	if len(tally.Satisfaction) != 1 || tally.Satisfaction[projections.Opinion{Of: petition.JudgedUnit, Grade: petition.Satisfied}] != 1 {
		t.Errorf("satisfaction = %v", tally.Satisfaction)
	}
}

var projectionsDay = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
