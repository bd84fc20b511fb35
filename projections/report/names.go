package report

import (
	"strings"

	"xinfang/domain/ledger"
	"xinfang/domain/org"
)

// names says what units and officers are called.
type names struct{ *org.Directory }

// unit returns the name of the unit with code; nothing for "".
func (n names) unit(code string) ledger.Text {
	return text(n.UnitName(code, "zh"), n.UnitName(code, "en"))
}

// officer returns the name of the officer with number; nothing for "".
func (n names) officer(number string) string {
	switch number {
	case "":
		return ""
	case org.SystemOfficer:
		return "system"
	}
	return n.OfficerName(number)
}

// actor returns who acted, in the post of that time, such as 陈某（区住建局信访科科员）.
func (n names) actor(a ledger.Actor) ledger.Text {
	who := n.officer(a.Officer)
	unit := n.unit(a.Unit)
	zh, en := unit.ZH+a.Post, strings.TrimPrefix(strings.TrimSuffix(a.Post+", "+unit.EN, ", "), ", ")
	if zh == "" {
		return text(who, who)
	}
	return text(who+"（"+zh+"）", who+" ("+en+")")
}

// holder returns the unit and, if there is one, the officer in it.
func (n names) holder(unit, officer string) ledger.Text {
	t := n.unit(unit)
	if officer == "" {
		return t
	}
	who := n.officer(officer)
	return text(t.ZH+"·"+who, who+", "+t.EN)
}

// document returns how a paper is cited; nothing if there is none.
func document(d *ledger.Document) Value {
	if d == nil {
		return nil
	}
	var parts []string
	if d.Title != "" {
		parts = append(parts, "《"+d.Title+"》")
	}
	if d.No != "" {
		parts = append(parts, d.No)
	}
	return said(strings.Join(parts, ""))
}

// join joins texts with the list comma of each language, leaving out empty ones.
func join(texts ...ledger.Text) ledger.Text {
	var zh, en []string
	for _, t := range texts {
		if t.ZH != "" {
			zh = append(zh, t.ZH)
		}
		if t.EN != "" {
			en = append(en, t.EN)
		}
	}
	return text(strings.Join(zh, "；"), strings.Join(en, "; "))
}

// about returns a title with what it is about.
func about(title, detail ledger.Text) ledger.Text {
	if detail.ZH == "" {
		return title
	}
	return text(title.ZH+"："+detail.ZH, title.EN+": "+detail.EN)
}

func same(s string) ledger.Text { return text(s, s) }
