package org

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"xinfang/domain/ledger"
)

// refuse returns a refusal for a rule of this product. Both texts take the same
// args; they are codes and numbers of units and officers, never a petitioner's.
func refuse(kind ledger.Kind, code, zh, en string, args ...any) error {
	return &ledger.Refusal{Kind: kind, Code: code, Text: ledger.Text{ZH: fmt.Sprintf(zh, args...), EN: fmt.Sprintf(en, args...)}}
}

func unknownUnit(code string) error {
	return refuse(ledger.NotFound, "ERR_UNIT_UNKNOWN",
		"没有代码为 %q 的单位，请先登记该单位", "there is no unit with code %q; enter it first", code)
}

func unknownOfficer(number string) error {
	return refuse(ledger.NotFound, "ERR_OFFICER_UNKNOWN",
		"没有工号为 %q 的人员，请先任命", "there is no officer with number %q; appoint him first", number)
}

func inactiveUnit(code string) error {
	return refuse(ledger.Conflict, "ERR_UNIT_INACTIVE",
		"单位 %s 在该时刻尚未设立或已撤并", "unit %s had not begun or had ended at that instant", code)
}

func malformed(what ledger.Text) error {
	return refuse(ledger.Invalid, "ERR_MALFORMED",
		"%[1]s为空、过长或含不可用字符", "%[2]s: empty, too long, or with characters that cannot be used", what.ZH, what.EN)
}

// instant returns t in UTC, if it can be stored and means something.
func instant(t time.Time) (time.Time, error) {
	t = t.UTC().Round(0) // without the monotonic clock, which is not stored
	if t.Year() < 1949 || t.Year() > 9999 {
		return t, refuse(ledger.Invalid, "ERR_TIME_REQUIRED", "请给出时间，年份在 1949 至 9999 之间", "give the time, of a year from 1949 to 9999")
	}
	return t, nil
}

// code checks an identifier that goes into addresses, labels and file names.
func code(s, zh, en string) error {
	usable := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_.", r) }
	if s == "" || len(s) > 64 || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !usable(r) }) {
		return malformed(ledger.Text{ZH: zh, EN: en})
	}
	return nil
}

// text checks a line that people read.
func text(s, zh, en string) error {
	if strings.TrimSpace(s) == "" || len(s) > 200 || !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return malformed(ledger.Text{ZH: zh, EN: en})
	}
	return nil
}

// unitName checks the name of a unit, of which the English may be missing.
func unitName(name ledger.Text) error {
	if name.EN == "" {
		name.EN = name.ZH
	}
	return check(text(name.ZH, "单位中文名称", "Chinese name of the unit"), text(name.EN, "单位英文名称", "English name of the unit"))
}

// check returns the first error of several.
func check(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
