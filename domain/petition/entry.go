package petition

import (
	"strconv"
	"strings"
	"time"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/org"
)

// An entry is what stands of one event, after all corrections: the fields that
// may be corrected, as text. What is not in it cannot be corrected.
type entry map[Field]string

// occurred returns when it happened, as corrected; the zero time if it does not
// say.
func (en entry) occurred() time.Time {
	t, _ := time.Parse(time.RFC3339Nano, en[FieldOccurred])
	return t
}

// entered returns what may be corrected of e; nil if nothing may. What the
// petitioner said himself, and what was corrected or erased, stays as it is.
func entered(e Event, m ledger.Meta) entry {
	en := entry{FieldOccurred: instantText(m.Occurred)}
	switch e := e.(type) {
	case PetitionReceived:
		en[FieldReceived] = instantText(m.Received)
		en[FieldChannel] = string(e.Channel)
		en[FieldHeadcount] = strconv.Itoa(e.Headcount)
	case PetitionRegistered:
		en[FieldSummary] = e.Summary
		en[FieldCategory] = e.Category
		en[FieldStreet] = e.Street
		en[FieldFirst] = e.First.String()
	case DispatchReceived, ReviewRequested, RecheckRequested:
		en[FieldReceived] = instantText(m.Received)
	case CaseClosed:
		en[FieldResult] = e.Result
	case CaseImported:
		return entry{
			FieldReceived:  instantText(e.Received),
			FieldChannel:   string(e.Channel),
			FieldHeadcount: strconv.Itoa(e.Headcount),
			FieldSummary:   e.Summary,
			FieldCategory:  e.Category,
			FieldResult:    e.Outcome,
		}
	case EvaluationSubmitted, EntryCorrected, ErasureAuthorised:
		return nil
	default: // of all other events, the time alone
	}
	return en
}

// String returns the senses in which the petition is a first one, in the form in
// which they are corrected: such as "national,local", or "" for none.
func (f FirstTime) String() string {
	var senses []string
	for _, s := range []struct {
		holds bool
		word  string
	}{{f.National, "national"}, {f.Local, "local"}, {f.Channel, "channel"}} {
		if s.holds {
			senses = append(senses, s.word)
		}
	}
	return strings.Join(senses, ",")
}

// ParseFirstTime is the inverse of [FirstTime.String]. It reports false for any
// other text.
func ParseFirstTime(text string) (FirstTime, bool) {
	has := func(word string) bool { return strings.Contains(","+text+",", ","+word+",") }
	f := FirstTime{has("national"), has("local"), has("channel")}
	return f, f.String() == text
}

func instantText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// canonical returns text as the field is stored, and whether the field may have
// that value at all.
func (f Field) canonical(text string, w World, now time.Time) (string, bool) {
	switch f {
	case FieldReceived, FieldOccurred:
		t, err := time.Parse(time.RFC3339Nano, text)
		return instantText(t), err == nil && !t.After(now) && year(t.UTC().Year(), false) == nil
	case FieldChannel:
		return text, channels.has(Channel(text))
	case FieldHeadcount:
		n, err := strconv.Atoi(text)
		return strconv.Itoa(n), err == nil && headcount(n, 0)
	case FieldFirst:
		_, ok := ParseFirstTime(text)
		return text, ok
	case FieldStreet:
		return text, text == "" || known(w.Directory, text)
	case FieldCategory:
		return text, !strings.ContainsAny(text, "\r\n\t") && len([]rune(text)) <= prose["Category"]
	case FieldSummary:
		return text, !blank(text) && len([]rune(text)) <= prose["Summary"]
	case FieldResult:
		return text, !blank(text)
	}
	return text, false
}

func known(d *org.Directory, unit string) bool {
	_, ok := d.Unit(unit)
	return ok
}

func headcount(n, representatives int) bool {
	return n >= 1 && n <= 99999 && representatives >= 0 && representatives <= n
}

// correct corrects one field of one entry (更正). Both values stay.
func correct(q question, c CorrectEntry) ([]Event, error) {
	en, ok := q.s.entries[c.Target]
	if !ok {
		return nil, refuse("ERR_NO_ENTRY")
	}
	stands, ok := en[c.Field]
	if !ok {
		return nil, refuse("ERR_FIELD_IMMUTABLE")
	}
	if q.m.Approver == "" || blank(q.m.Reason) {
		return nil, refuse("ERR_UNAPPROVED")
	}
	next, ok := c.Field.canonical(c.New, q.w, q.now)
	if !ok {
		return nil, refuseWith("ERR_BAD_TERM", c.Field.Title())
	}
	old := c.Old
	if text, ok := c.Field.canonical(c.Old, q.w, q.now); ok {
		old = text
	}
	switch stands {
	case next:
		return nil, nil // it says so already
	case old:
		return []Event{EntryCorrected{c.Target, c.Field, stands, next}}, nil
	}
	return nil, refuse("ERR_OLD_MISMATCH")
}

// Title returns the field's name.
func (f Field) Title() ledger.Text { return fields.title(f) }

// Fields returns the closed set.
func Fields() []Field { return fields.values() }

// recompute reckons due dates anew that rested on a calendar not yet published
// (期限重算).
func recompute(q question, c RecomputeDeadline) (events []Event, err error) {
	err = refuse("ERR_NO_SUCH_CLOCK")
	for _, clock := range q.s.clocks {
		if clock.ID != c.Clock {
			continue
		}
		err = nil
		if again, changed := law.Recompute(clock, q.w.Calendar); changed {
			events = append(events, DeadlineRecomputed{again})
		}
	}
	return events, err
}
