package casefile

import (
	"time"

	"xinfang/domain/law"
	"xinfang/domain/petition"
)

// What the petitioner has to be told (告知矩阵, RF-04): where the case was sent,
// that it was accepted, or not, or no longer, or belongs elsewhere, that it will
// take longer, the reply, and what a review and a re-check came to. Each such
// event owes one notice; any notice of the same kind that follows pays it, and
// so does one that was given just before and is not owed otherwise. Nothing is
// owed to an anonymous petitioner (Art.23¶2).

// owing reports whether the notice has yet to be given.
func (n *NoticeEntry) owing() bool { return n.Given.IsZero() && n.Declared.IsZero() }

// Owed returns the notices that had become due by now and had not been given,
// nor been found impossible, in the order in which they became due.
func (f *File) Owed(now time.Time) []NoticeEntry {
	var owed []NoticeEntry
	for _, n := range f.Notices {
		done := later(n.Given, n.Declared)
		if !n.Since.IsZero() && !n.Since.After(now) && (done.IsZero() || done.After(now)) {
			owed = append(owed, n)
		}
	}
	return owed
}

// notice returns the last entry of kind n, nil if there is none.
func (f *File) notice(n petition.Notice) *NoticeEntry {
	for i := len(f.Notices) - 1; i >= 0; i-- {
		if f.Notices[i].Notice == n {
			return &f.Notices[i]
		}
	}
	return nil
}

// owe makes notice n due from the unit that acts. It returns done if there is
// nothing left to do: the petitioner was told already, at told, or is anonymous.
func (f *File) owe(a *act, n petition.Notice) (told moment, done bool) {
	if f.Petitioner.Anonymous {
		return moment{}, true
	}
	if e := f.notice(n); e != nil && e.Since.IsZero() {
		e.Owed, e.Since = a.id, a.at
		return moment{later(e.Given, e.Declared), stamp{entry: e.By}}, true
	}
	f.Notices = append(f.Notices, NoticeEntry{Notice: n, Unit: a.meta.Actor.Unit, Owed: a.id, Since: a.at})
	return moment{}, false
}

// pay returns the entry of kind n that the act gives or finds impossible: the one
// that is owing, or a new one.
func (f *File) pay(a *act, n petition.Notice) *NoticeEntry {
	e := f.notice(n)
	if e == nil || !e.owing() {
		f.Notices = append(f.Notices, NoticeEntry{Notice: n, Unit: a.meta.Actor.Unit})
		e = &f.Notices[len(f.Notices)-1]
	}
	e.By = a.id
	return e
}

// tell records that the petitioner was told n.
func (f *File) tell(a *act, n petition.Notice, method, proof string) {
	e := f.pay(a, n)
	e.Given, e.Method, e.Proof = a.at, method, proof
	f.wasTold(a, n)
}

// cannotTell records why the petitioner cannot be told n.
func (f *File) cannotTell(a *act, n petition.Notice, why string) {
	e := f.pay(a, n)
	e.Declared, e.Impossible = a.at, why
	f.wasTold(a, n)
}

// wasTold is what follows from either.
func (f *File) wasTold(a *act, n petition.Notice) {
	f.told(a.now(), n)
	switch n {
	case petition.NoticeReply:
		f.meet(a.now(), law.C3, law.C4)
	case petition.NoticeReview:
		f.endReview(a)
	default:
	}
}
