package web

import (
	"time"

	"xinfang/projections/casefile"
)

// A strip draws who held a case, from left to right, as wide as it was long
// (责任链). The same is in a table below it. Units are those of its viewBox.
type strip struct {
	Width, Height int
	Bars          []bar
}

// A bar is one holding.
type bar struct {
	X, Width    int
	Class       string // held, gap or transit: also told by hatching and by the title
	Title, Text string
}

const (
	stripWidth   = 1000
	stripHeight  = 44
	barLeast     = 10 // so that a short holding is still seen
	letterWidth  = 13
	leastLetters = 4 // of a name that say something
)

func (p *page) strip(desks []casefile.Desk) strip {
	s := strip{Width: stripWidth, Height: stripHeight}
	var total time.Duration
	for _, d := range desks {
		total += d.To.Sub(d.From)
	}
	room := stripWidth - barLeast*len(desks)
	if total <= 0 || room <= 0 {
		return s
	}
	x := 0
	for i, d := range desks {
		w := barLeast + int(float64(room)*float64(d.To.Sub(d.From))/float64(total))
		if i == len(desks)-1 {
			w = stripWidth - x
		}
		b := bar{X: x, Width: w, Class: "held" + string(rune('0'+i%2)), Text: p.holder(d.Holding)}
		switch {
		case d.Transit:
			b.Class = "transit"
		case isGap(d.Holding):
			b.Class = "gap"
		}
		b.Title = p.T("strip.bar", b.Text, p.Date(d.From), p.Date(d.To), d.WD)
		switch fits := w / letterWidth; {
		case fits < leastLetters:
			b.Text = "" // the title and the table have it
		case fits < len([]rune(b.Text)):
			b.Text = string([]rune(b.Text)[:fits])
		}
		s.Bars = append(s.Bars, b)
		x += w
	}
	return s
}

// holder says who held a case.
func (p *page) holder(h casefile.Holding) string {
	name := p.Unit(h.Unit)
	if name == "" {
		name = p.T("holder.unknown")
	}
	switch {
	case h.Transit:
		return name + p.T("holder.transit")
	case isGap(h):
		return name + p.T("holder.gap")
	case h.Officer != "":
		return name + " " + p.OfficerName(h.Officer)
	}
	return name
}

// isGap reports whether nobody was responsible then (责任真空).
func isGap(h casefile.Holding) bool {
	return len((&casefile.File{Holders: []casefile.Holding{h}}).Gaps()) > 0
}
