package casefile

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/petition"
)

var update = flag.Bool("update", false, "write testdata/case.golden.json")

// rich is a case that has something of everything.
var rich = join(pending, []step{
	on("03-14 09:00", petition.PetitionerNotified{Notice: petition.NoticeDispatch, Method: "短信", Proof: "S1"}, by("XFJ", "2001")),
	accept,
	on("03-19 16:00", petition.PetitionerNotified{Notice: petition.NoticeAccept, Method: "书面", Proof: "EMS1"}, by("ZJJ", "1001"), lateOn("03-25 09:00")),
	on("03-26 09:00", petition.ProgressRecorded{Kind: petition.OnSite, Note: "看现场", Evidence: []ledger.Document{{No: "照1"}}}, by("ZJJ", "1001")),
	on("04-17 09:00", petition.ExtensionRequested{Days: 20}, by("ZJJ", "1001")),
	on("04-19 09:00", petition.ExtensionApproved{Days: 20, Clock: run("03-19 10:00", law.C6)[0].Extend(20)}, by("ZJJ", "1000")),
	on("04-22 09:00", petition.SupervisionIssued{No: "督1", Unit: "ZJJ", Ground: "4", Demand: "说明", Clock: ordered("04-22 09:00", law.C17, "04-29")}, by("XFJ", "2001")),
	on("04-28 09:00", petition.SupervisionFedBack{No: "督1", Text: "已约工"}, by("ZJJ", "1001")),
	on("05-06 09:00", petition.HandedOver{Unit: "ZJJ", From: "1001", To: "1002"}, by("ZJJ", "1001")),
	on("05-20 09:00", petition.ReplyIssued{No: "住建复〔2024〕1号", Answers: []petition.Answer{{Claim: 1, Outcome: petition.Supported}}, Reviewer: "1003"}, by("ZJJ", "1002")),
	on("05-21 09:00", petition.ReplyServed{Method: "书面", Opinion: "none", Clocks: run("05-21 09:00", law.C8)}, by("ZJJ", "1002")),
	on("05-22 09:00", petition.CaseClosed{Result: "已解决"}, by("ZJJ", "1002")),
	on("05-22 09:00", petition.EvaluationOpened{Judged: petition.JudgedUnit, Clocks: run("05-22 09:00", law.C15)}, by("", "system")),
	on("05-25 09:00", petition.EvaluationSubmitted{Judged: petition.JudgedUnit, Grade: petition.Dissatisfied, Channel: "code"}, by("", "system")),
	on("06-03 09:00", petition.ReviewRequested{Organ: "QZF", Clocks: run("06-03 09:00", law.C9)}, got("06-02 09:00"), by("QZF", "3001")),
	on("07-01 09:00", petition.ReviewDecided{Organ: "QZF", Ruling: petition.Upheld, No: "复查1"}, by("QZF", "3001")),
	on("07-05 09:00", petition.PetitionerNotified{Notice: petition.NoticeReview, Method: "书面", Proof: "EMS2", Clocks: run("07-05 09:00", law.C10)}, by("QZF", "3001")),
	on("07-08 09:00", petition.EntryCorrected{Target: id(4), Field: petition.FieldReceived, Old: "2024-03-13T02:00:00Z", New: "2024-03-12T02:00:00Z"}, by("XFJ", "2001"), approved("2000")),
})

// TestGolden shows a whole file, so that a change to any of it is seen.
func TestGolden(t *testing.T) {
	const name = "testdata/case.golden.json"
	got, err := json.Marshal(tell(t, rich...), json.Deterministic(true), jsontext.WithIndent("\t"))
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile(name, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error(cmp.Diff(string(want), string(got)))
	}
}
