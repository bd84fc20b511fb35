package org

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
)

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

func fold(events ...Event) *Directory {
	var d *Directory
	for _, e := range events {
		d = Evolve(d, e, ledger.Meta{})
	}
	return d
}

// Histories that many cases start from: a government with two departments, and
// one officer.
var (
	units = []Event{
		UnitCreated{"QZF", Name{"区政府", "District government"}, KindGovernment, "", day("2020-01-01")},
		UnitCreated{"ZJJ", Name{"住建局", "Housing bureau"}, KindDepartment, "QZF", day("2020-01-01")},
		UnitCreated{"GGJ", Name{"公共局", "Works bureau"}, KindDepartment, "QZF", day("2020-01-01")},
	}
	appointed = append(units[:3:3], OfficerAppointed{"1001", "王强", "ZJJ", "科员", Handler, false, day("2021-01-01")})
	left      = append(appointed[:4:4], OfficerLeft{"1001", "ZJJ", "科员", day("2022-01-01")})
	abolished = append(appointed[:4:4], UnitAbolished{"ZJJ", "GGJ", day("2023-01-01")})
	away      = append(appointed[:4:4], LeaveStarted{"1001", day("2021-05-01")})
	back      = append(away[:5:5], LeaveEnded{"1001", day("2021-06-01")})
)

func TestDecide(t *testing.T) {
	shanghai := time.FixedZone("+08", 8*3600)
	text := func(zh, en string) ledger.Text { return ledger.Text{ZH: zh, EN: en} }
	tests := []struct {
		name    string
		given   []Event
		when    Command
		then    []Event
		refused string
	}{
		{"a unit is entered, in UTC", nil,
			CreateUnit{"QZF", text("区政府", "District government"), KindGovernment, "", time.Date(2020, 1, 1, 8, 0, 0, 0, shanghai)}, units[:1], ""},
		{"entering it again changes nothing", units,
			CreateUnit{"ZJJ", text("住建局", "Housing bureau"), KindDepartment, "QZF", day("2020-01-01")}, nil, ""},
		{"but its code is taken", units, CreateUnit{"ZJJ", text("中建局", ""), KindDepartment, "QZF", day("2020-01-01")}, nil, "ERR_UNIT_EXISTS"},
		{"a unit needs a code", nil, CreateUnit{"", text("区政府", ""), KindGovernment, "", day("2020-01-01")}, nil, "ERR_MALFORMED"},
		{"a code has no slash", nil, CreateUnit{"a/b", text("区政府", ""), KindGovernment, "", day("2020-01-01")}, nil, "ERR_MALFORMED"},
		{"a unit needs a name", nil, CreateUnit{"QZF", text(" ", "Government"), KindGovernment, "", day("2020-01-01")}, nil, "ERR_MALFORMED"},
		{"a name is UTF-8", nil, CreateUnit{"QZF", text("\xff", ""), KindGovernment, "", day("2020-01-01")}, nil, "ERR_MALFORMED"},
		{"so is the English one", nil, CreateUnit{"QZF", text("区政府", "\xff"), KindGovernment, "", day("2020-01-01")}, nil, "ERR_MALFORMED"},
		{"the kinds are given", nil, CreateUnit{"QZF", text("区政府", ""), "village", "", day("2020-01-01")}, nil, "ERR_UNIT_KIND"},
		{"a unit begins some day", nil, CreateUnit{"QZF", text("区政府", ""), KindGovernment, "", time.Time{}}, nil, "ERR_TIME_REQUIRED"},
		{"the unit above must be known", nil, CreateUnit{"ZJJ", text("住建局", ""), KindDepartment, "QZF", day("2020-01-01")}, nil, "ERR_UNIT_UNKNOWN"},
		{"and work by then", units, CreateUnit{"SWJ", text("水务局", ""), KindDepartment, "QZF", day("2019-01-01")}, nil, "ERR_UNIT_INACTIVE"},

		{"a unit is renamed", units, RenameUnit{"ZJJ", text("住房局", ""), day("2022-01-01")},
			[]Event{UnitRenamed{"ZJJ", Name{"住房局", ""}, day("2022-01-01")}}, ""},
		{"to its own name changes nothing", units, RenameUnit{"ZJJ", text("住建局", "Housing bureau"), day("2022-01-01")}, nil, ""},
		{"not to nothing", units, RenameUnit{"ZJJ", text("", ""), day("2022-01-01")}, nil, "ERR_MALFORMED"},
		{"not at no time", units, RenameUnit{"ZJJ", text("住房局", ""), time.Time{}}, nil, "ERR_TIME_REQUIRED"},
		{"not if unknown", units, RenameUnit{"SWJ", text("水务局", ""), day("2022-01-01")}, nil, "ERR_UNIT_UNKNOWN"},
		{"not after its end", abolished, RenameUnit{"ZJJ", text("住房局", ""), day("2024-01-01")}, nil, "ERR_UNIT_INACTIVE"},

		{"a unit is merged", units, MergeUnit{"ZJJ", "GGJ", day("2023-01-01")}, []Event{UnitMerged{"ZJJ", "GGJ", day("2023-01-01")}}, ""},
		{"a unit is abolished", units, AbolishUnit{"ZJJ", "GGJ", day("2023-01-01")}, []Event{UnitAbolished{"ZJJ", "GGJ", day("2023-01-01")}}, ""},
		{"its duties must go somewhere", units, AbolishUnit{"ZJJ", "", day("2023-01-01")}, nil, "ERR_SUCCESSOR_REQUIRED"},
		{"elsewhere", units, MergeUnit{"ZJJ", "ZJJ", day("2023-01-01")}, nil, "ERR_SUCCESSOR_SELF"},
		{"to a unit there is", units, AbolishUnit{"ZJJ", "SWJ", day("2023-01-01")}, nil, "ERR_UNIT_UNKNOWN"},
		{"and that works", abolished, AbolishUnit{"GGJ", "ZJJ", day("2024-01-01")}, nil, "ERR_UNIT_INACTIVE"},
		{"asked again nothing more happens", abolished, AbolishUnit{"ZJJ", "GGJ", day("2023-01-01")}, nil, ""},
		{"a unit ends once", abolished, AbolishUnit{"ZJJ", "GGJ", day("2024-01-01")}, nil, "ERR_UNIT_INACTIVE"},
		{"not before it took over from another", abolished, AbolishUnit{"GGJ", "QZF", day("2022-01-01")}, nil, "ERR_TIME_ORDER"},
		{"afterwards it may", abolished, AbolishUnit{"GGJ", "QZF", day("2024-01-01")}, []Event{UnitAbolished{"GGJ", "QZF", day("2024-01-01")}}, ""},
		{"a unit ends some day", units, AbolishUnit{"ZJJ", "GGJ", time.Time{}}, nil, "ERR_TIME_REQUIRED"},

		{"an officer is appointed", units, AppointOfficer{"1001", "王强", "ZJJ", "科员", Handler, false, day("2021-01-01")}, appointed[3:], ""},
		{"once", appointed, AppointOfficer{"1001", "", "ZJJ", "科员", Handler, false, day("2021-01-01")}, nil, ""},
		{"not to what he is already", appointed, AppointOfficer{"1001", "", "ZJJ", "科员", Handler, true, day("2021-01-01")}, nil, "ERR_POST_HELD"},
		{"nor from before", appointed, AppointOfficer{"1001", "", "ZJJ", "科员", Handler, false, day("2020-06-01")}, nil, "ERR_POST_HELD"},
		{"in a second role he may", appointed, AppointOfficer{"1001", "", "ZJJ", "科员", UnitClerk, false, day("2021-01-01")},
			[]Event{OfficerAppointed{"1001", "王强", "ZJJ", "科员", UnitClerk, false, day("2021-01-01")}}, ""},
		{"again after he left", left, AppointOfficer{"1001", "", "ZJJ", "科员", Handler, false, day("2022-01-01")},
			[]Event{OfficerAppointed{"1001", "王强", "ZJJ", "科员", Handler, false, day("2022-01-01")}}, ""},
		{"even before, if he never took it up", append(appointed[:4:4], OfficerLeft{"1001", "ZJJ", "科员", day("2021-01-01")}),
			AppointOfficer{"1001", "", "ZJJ", "科员", Handler, false, day("2020-06-01")},
			[]Event{OfficerAppointed{"1001", "王强", "ZJJ", "科员", Handler, false, day("2020-06-01")}}, ""},
		{"a number is one person's", appointed, AppointOfficer{"1001", "李强", "GGJ", "科员", Handler, false, day("2021-01-01")}, nil, "ERR_OFFICER_NUMBER_TAKEN"},
		{"who has a name", units, AppointOfficer{"1001", "", "ZJJ", "科员", Handler, false, day("2021-01-01")}, nil, "ERR_MALFORMED"},
		{"a number", units, AppointOfficer{"10 01", "王强", "ZJJ", "科员", Handler, false, day("2021-01-01")}, nil, "ERR_MALFORMED"},
		{"and a post", units, AppointOfficer{"1001", "王强", "ZJJ", "", Handler, false, day("2021-01-01")}, nil, "ERR_MALFORMED"},
		{"with a role", units, AppointOfficer{"1001", "王强", "ZJJ", "科员", "king", false, day("2021-01-01")}, nil, "ERR_ROLE"},
		{"of people", units, AppointOfficer{"1001", "王强", "ZJJ", "科员", System, false, day("2021-01-01")}, nil, "ERR_SYSTEM_RESERVED"},
		{"and is no program", units, AppointOfficer{"system", "王强", "ZJJ", "科员", Handler, false, day("2021-01-01")}, nil, "ERR_SYSTEM_RESERVED"},
		{"from some day", units, AppointOfficer{"1001", "王强", "ZJJ", "科员", Handler, false, time.Time{}}, nil, "ERR_TIME_REQUIRED"},
		{"in a unit there is", units, AppointOfficer{"1001", "王强", "SWJ", "科员", Handler, false, day("2021-01-01")}, nil, "ERR_UNIT_UNKNOWN"},
		{"and that works", abolished, AppointOfficer{"1002", "赵一", "ZJJ", "科员", Handler, false, day("2023-01-01")}, nil, "ERR_UNIT_INACTIVE"},

		{"an officer leaves", appointed, LeavePost{"1001", "ZJJ", "科员", day("2022-01-01")}, left[4:], ""},
		{"once", left, LeavePost{"1001", "ZJJ", "科员", day("2022-01-01")}, nil, ""},
		{"not again later", left, LeavePost{"1001", "ZJJ", "科员", day("2022-02-01")}, nil, "ERR_POST_NOT_HELD"},
		{"not what he never was", appointed, LeavePost{"1001", "ZJJ", "局长", day("2022-01-01")}, nil, "ERR_POST_NOT_HELD"},
		{"not before he was", appointed, LeavePost{"1001", "ZJJ", "科员", day("2020-01-01")}, nil, "ERR_POST_NOT_HELD"},
		{"not at no time", appointed, LeavePost{"1001", "ZJJ", "科员", time.Time{}}, nil, "ERR_TIME_REQUIRED"},
		{"not nobody", appointed, LeavePost{"1009", "ZJJ", "科员", day("2022-01-01")}, nil, "ERR_OFFICER_UNKNOWN"},

		{"an officer is renamed", appointed, RenameOfficer{"1001", "王大强"}, []Event{OfficerRenamed{"1001", "王大强"}}, ""},
		{"to his own name changes nothing", appointed, RenameOfficer{"1001", "王强"}, nil, ""},
		{"not to nothing", appointed, RenameOfficer{"1001", ""}, nil, "ERR_MALFORMED"},
		{"not nobody", appointed, RenameOfficer{"1009", "王大强"}, nil, "ERR_OFFICER_UNKNOWN"},

		{"leave starts", appointed, StartLeave{"1001", day("2021-05-01")}, away[4:], ""},
		{"once", away, StartLeave{"1001", day("2021-05-01")}, nil, ""},
		{"not while on leave", away, StartLeave{"1001", day("2021-05-02")}, nil, "ERR_ON_LEAVE"},
		{"nor in a leave that is over", back, StartLeave{"1001", day("2021-05-31")}, nil, "ERR_ON_LEAVE"},
		{"after it, again", back, StartLeave{"1001", day("2021-06-01")}, []Event{LeaveStarted{"1001", day("2021-06-01")}}, ""},
		{"not at no time", appointed, StartLeave{"1001", time.Time{}}, nil, "ERR_TIME_REQUIRED"},
		{"not of nobody", units, StartLeave{"1001", day("2021-05-01")}, nil, "ERR_OFFICER_UNKNOWN"},

		{"leave ends", away, EndLeave{"1001", day("2021-06-01")}, back[5:], ""},
		{"once", back, EndLeave{"1001", day("2021-06-01")}, nil, ""},
		{"not if it never began", appointed, EndLeave{"1001", day("2021-06-01")}, nil, "ERR_NOT_ON_LEAVE"},
		{"not again", back, EndLeave{"1001", day("2021-06-02")}, nil, "ERR_NOT_ON_LEAVE"},
		{"not before it began", away, EndLeave{"1001", day("2021-05-01")}, nil, "ERR_TIME_ORDER"},
		{"not at no time", away, EndLeave{"1001", time.Time{}}, nil, "ERR_TIME_REQUIRED"},
		{"not of nobody", units, EndLeave{"1001", day("2021-06-01")}, nil, "ERR_OFFICER_UNKNOWN"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%T %s", tt.when, tt.name), func(t *testing.T) {
			d := fold(tt.given...)
			before := d.Clone()
			got, err := Decide(d, tt.when, ledger.Meta{})

			refusal, _ := errors.AsType[*ledger.Refusal](err)
			if refusal == nil {
				refusal = new(ledger.Refusal)
			} else if refusal.Text.ZH == "" || refusal.Text.EN == "" || refusal.Kind == "" {
				t.Errorf("refusal says too little: %+v", refusal)
			}
			if refusal.Code != tt.refused || !reflect.DeepEqual(got, tt.then) {
				t.Errorf("given %+v\nwhen  %#v\ngot   %#v, refused %q (%v)\nwant  %#v, refused %q",
					tt.given, tt.when, got, refusal.Code, err, tt.then, tt.refused)
			}
			if !reflect.DeepEqual(d.Clone(), before) {
				t.Errorf("deciding changed the directory: %+v", d)
			}
		})
	}
}

// TestHandle walks the directory through a store, asking everything twice.
func TestHandle(t *testing.T) {
	store := new(ledgertest.Store)
	for _, c := range []Command{
		CreateUnit{"QZF", ledger.Text{ZH: "区政府"}, KindGovernment, "", day("2020-01-01")},
		CreateUnit{"ZJJ", ledger.Text{ZH: "住建局"}, KindDepartment, "QZF", day("2020-01-01")},
		AppointOfficer{"1001", "王强", "ZJJ", "局长", UnitHead, true, day("2021-01-01")},
	} {
		ask := ledger.Ask[Command]{ID: Stream().ID, Command: c, Meta: ledger.Meta{Command: uuid.New()}}
		for range 2 {
			if envs, err := Decider.Handle(t.Context(), store, ask); err != nil || len(envs) != 1 {
				t.Fatalf("%#v: %v, %v", c, envs, err)
			}
		}
	}
	d, version, err := Decider.State(context.Background(), store, Stream().ID)
	if err != nil || version != 3 {
		t.Fatalf("version %d, %v", version, err)
	}
	if !d.IsHead("1001", "ZJJ", day("2021-01-01")) || !d.Above("QZF", "ZJJ") {
		t.Errorf("directory = %+v", d)
	}
}
