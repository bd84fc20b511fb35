package main

import (
	"errors"

	"xinfang/domain/access"
	"xinfang/domain/attest"
	"xinfang/domain/custody"
	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/org"
	"xinfang/domain/petition"
)

// readers reads the events of each category that this program has.
var readers = map[string]func(name string, data []byte) error{
	petition.Category:            reads(petition.Decider.Codec),
	org.Category:                 reads(org.Decider.Codec),
	law.CalendarDecider.Category: reads(law.CalendarDecider.Codec),
	law.RuleDecider.Category:     reads(law.RuleDecider.Codec),
	access.Category:              reads(access.Codec),
	custody.Category:             reads(custody.Codec),
	attest.Category:              reads(attest.Codec),
}

func reads[E any](c ledger.Codec[E]) func(string, []byte) error {
	return func(name string, data []byte) error {
		_, err := c.Decode(name, data)
		return err
	}
}

// admit refuses what other programs append to a category of this one and that it
// could not read: one such event would stop everybody who reads that category. What
// other categories hold is their own affair.
func admit(stream ledger.Stream, r ledger.Record) error {
	read, ours := readers[stream.Category]
	if !ours {
		return nil
	}
	if r.Binary {
		return errors.New("it is not JSON")
	}
	if err := read(r.Type, r.Data); err != nil {
		return err
	}
	_, err := r.DecodeMeta()
	return err
}
