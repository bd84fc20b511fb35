package web

import (
	"net/url"
	"strings"
	"testing"

	"xinfang/domain/petition"
	"xinfang/projections/casefile"
)

// The personal data of the tests. None of it may turn up where it does not
// belong.
const (
	secretName    = "欧阳守礼"
	secretPhone   = "13812345678"
	secretID      = "440306198001011234"
	secretAddress = "某街道幸福花园三栋五〇二"
	secretClaim   = "我的邻居张三丰欠我工钱"
)

var secrets = []string{secretName, secretPhone, secretID, secretAddress, secretClaim}

// registrationOf returns the form of a registration.
func registrationOf(number string) url.Values {
	return url.Values{
		"r.number": {number}, "r.channel": {"letter"}, "r.unit": {"XFJ"}, "r.level": {"district"}, "r.headcount": {"1"},
		"received_at": {"2026-03-02T09:00"}, "occurred_at": {"2026-03-02T09:30"},
		"c.petitioner.name": {secretName}, "c.petitioner.phone": {secretPhone}, "c.petitioner.id_number": {secretID}, "c.petitioner.address": {secretAddress},
		"c.summary": {"反映拖欠工资"}, "c.claims.0.summary": {"要求支付拖欠的工资"}, "c.claims.0.text": {secretClaim},
		"c.claims.1.summary": {"要求道歉"}, "c.street": {""}, "c.category": {"劳动"},
	}
}

// TestOneCaseFromReceiptToClosing walks a case through the forms as people would,
// each step by who must do it.
func TestOneCaseFromReceiptToClosing(t *testing.T) {
	d := newDistrict(t)
	site := serve(t, d)
	registrar, dispatcher := open(t, site, "registrar"), open(t, site, "dispatcher")
	clerk, handler := open(t, site, "clerk"), open(t, site, "handler")

	page := registrar.submit("/registration", "/registration", registrationOf("XF-2026-000001"), 200)
	contains(t, page, "✓ 已记录", "XF-2026-000001", "已登记", "欧阳某礼", "138****5678")
	lacks(t, page, secrets...)

	at := "/cases/XF-2026-000001"
	steps := []struct {
		by      *browser
		command string
		form    url.Values
		shows   string
	}{
		{dispatcher, "classify", url.Values{"c.class": {"claim"}, "c.path": {"petition"}}, "已分类"},
		{dispatcher, "dispatch", url.Values{"c.mode": {"forward"}, "c.to": {"ZJJ"}, "c.no": {"宝信转〔2026〕1号"}}, "待签收"},
		{clerk, "receive-dispatch", url.Values{"received_at": {"2026-03-02T10:00"}}, "待受理"},
		{clerk, "accept", url.Values{"c.officer": {"2002"}}, "办理中"},
		{handler, "notify-petitioner", url.Values{"c.notice": {"accept"}, "c.method": {"书面"}, "c.proof": {"EMS 1"}}, "办理中"},
		{handler, "record-progress", url.Values{"c.kind": {"investigation"}, "c.note": {"到现场核实"}, "c.evidence.0.title": {"核查记录"}, "c.evidence.0.no": {"1号"}}, "到现场核实"},
		{handler, "issue-reply", url.Values{"c.no": {"住建复〔2026〕1号"}, "c.rescue": {"可在30日内向区政府申请复查"}, "c.reviewer": {"2003"}, "c.text": {secretClaim},
			"c.answers.0.claim": {"1"}, "c.answers.0.outcome": {"supported"}, "c.answers.0.facts": {"欠薪属实"}, "c.answers.0.basis": {"劳动法第50条"},
			"c.answers.1.claim": {"2"}, "c.answers.1.outcome": {"explained"}, "c.answers.1.facts": {"已沟通"}, "c.answers.1.basis": {"信访工作条例第32条"}}, "已出具答复"},
		{handler, "serve-reply", url.Values{"c.method": {"当面"}, "c.opinion": {"agree"}}, "已送达"},
		{handler, "close", url.Values{"c.result": {"已支付"}, "c.plan": {"2026-03-31"}, "c.evidence.0.title": {"付款凭证"}, "c.evidence.0.no": {"2号"}}, "已办结"},
	}
	for _, step := range steps {
		contains(t, step.by.get(at, 200), `href="`+at+"/commands/"+step.command+`"`)
		page := step.by.submit(at+"/commands/"+step.command, at+"/commands/"+step.command, step.form, 200)
		contains(t, page, "✓ 已记录", step.shows)
		lacks(t, page, secrets...)
	}

	f, err := casefile.Read(t.Context(), d.store, petition.ID("XF-2026-000001"), 0)
	if err != nil || f.Stage != petition.Closed {
		t.Fatalf("the case is %v, %v", f.Stage, err)
	}
	page = dispatcher.get(at, 200)
	contains(t, page, "推算过程", "责任链", "<svg", "法定", "区内", "员2002")

	// What is stored holds none of it in clear.
	for env := range d.store.ReadAll(t.Context(), 0) {
		for _, secret := range secrets {
			if strings.Contains(string(env.Data)+string(env.Meta), secret) {
				t.Errorf("position %d holds %q in clear", env.Position, secret)
			}
		}
	}
	lacks(t, d.logs.String(), secrets...)
}

// TestRefusalKeepsTheForm: what was typed stays, with the code, the article and
// the reason; and pressing twice records once.
func TestRefusalKeepsTheForm(t *testing.T) {
	d := newDistrict(t)
	site := serve(t, d)
	registrar := open(t, site, "registrar")

	form := registrationOf("XF-2026-000002")
	form.Del("c.claims.0.summary")
	form.Del("c.claims.0.text")
	form.Del("c.claims.1.summary")
	page := registrar.submit("/registration", "/registration", form, 422)
	contains(t, page, "ERR_NO_CLAIM", "信访工作条例第19条", "没有记录", "反映拖欠工资", `value="XF-2026-000002"`)
	if head := headOf(t, d); head != before(t, d) {
		t.Fatal("a refused registration left something behind")
	}

	form = registrationOf("XF-2026-000002")
	form.Set("occurred_at", "gestern")
	page = registrar.submit("/registration", "/registration", form, 422)
	contains(t, page, "ERR_FIELDS", `aria-invalid="true"`, "应为时间")

	form = registrationOf("XF-2026-000002")
	registrar.submit("/registration", "/registration", form, 200)
	head := headOf(t, d)
	form.Set("command", form.Get("command")) // the same form again: the button was pressed twice
	registrar.submit("/registration", "/registration", form, 200)
	if again := headOf(t, d); again != head {
		t.Errorf("pressing twice recorded %d events more", again-head)
	}
}

// TestOthersWereFaster: a form that was drawn before somebody else acted is
// refused, and kept.
func TestOthersWereFaster(t *testing.T) {
	d := newDistrict(t)
	site := serve(t, d)
	registrar, dispatcher := open(t, site, "registrar"), open(t, site, "dispatcher")
	registrar.submit("/registration", "/registration", registrationOf("XF-2026-000003"), 200)
	at := "/cases/XF-2026-000003/commands/classify"
	form := url.Values{"c.class": {"claim"}, "c.path": {"petition"}, "at": {"1"}}
	contains(t, dispatcher.submit(at, at, form, 409), "ERR_CONFLICT", `<option value="claim" selected>`)
	form.Del("at")
	dispatcher.submit(at, at, form, 200)
}

// TestCorrection corrects an entry from the timeline: the form knows which entry
// is meant, and old and new both stay.
func TestCorrection(t *testing.T) {
	d := newDistrict(t)
	enter(t, d, "XF-2026-000004", petition.Claiming)
	site := serve(t, d)
	leader := open(t, site, "leader")
	at := "/cases/XF-2026-000004"
	f, err := casefile.Read(t.Context(), d.store, petition.ID("XF-2026-000004"), 0)
	if err != nil {
		t.Fatal(err)
	}
	link := at + "/commands/correct-entry?c.target=" + f.Timeline[1].ID.String()
	contains(t, leader.get(at, 200), `href="`+link+`"`)
	contains(t, leader.get(link, 200), `value="`+f.Timeline[1].ID.String()+`"`)
	form := url.Values{"c.target": {f.Timeline[1].ID.String()}, "c.field": {"summary"}, "c.old": {"反映拖欠工资"}, "c.new": {"反映拖欠劳务费"}, "approver": {"1003"}, "reason": {"录错"}}
	contains(t, leader.submit(link, at+"/commands/correct-entry", form, 403), "ERR_SELF_APPROVAL", "反映拖欠劳务费") // nobody approves his own
	form.Set("approver", "1002")
	contains(t, leader.submit(link, at+"/commands/correct-entry", form, 200), "<del>反映拖欠工资</del>", "反映拖欠劳务费")
}
