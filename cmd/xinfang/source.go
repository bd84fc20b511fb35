package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/personal"
	"xinfang/domain/petition"
	"xinfang/infra/sheet"
	"xinfang/infra/vault"
	"xinfang/infra/xes"
)

// A source is a file that can be imported.
type source struct {
	path string
	name string // base name, as the ledger will say
	hash string // SHA-256, hex
	log  bool   // an event log, not a table
	size int64  // in bytes

	read, whole int64 // bytes of a log that were read, and are to be in all
}

// openSource looks at the file at path. name is what it is called.
func openSource(path, name string) (*source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	h := sha256.New()
	size, err := io.Copy(h, bufio.NewReaderSize(f, 1<<20))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	return &source{path: path, name: name, hash: hex.EncodeToString(h.Sum(nil)), log: isLog(name), size: size}, nil
}

// progress returns how much of s is done after so many rows, and of how much: for
// a log bytes, as they are on disk; for a table rows, of an unknown number.
func (s *source) progress(rows int) (done, total int64) {
	if s.log {
		return s.read, s.whole
	}
	return int64(rows), 0
}

// A tally counts what is read of s.
type tally struct {
	io.Reader
	s *source
}

func (t tally) Read(p []byte) (int, error) {
	n, err := t.Reader.Read(p)
	t.s.read += int64(n)
	return n, err
}

// isLog reports whether a file is an event log, by its name.
func isLog(name string) bool {
	if filepath.Ext(name) == ".gz" {
		name = name[:len(name)-len(".gz")]
	}
	return filepath.Ext(name) == ".xes"
}

// rows yields the cases of a table.
func (s *source) rows(table *sheet.Source, m *sheet.Mapping, now time.Time) iter.Seq2[candidate, error] {
	return func(yield func(candidate, error) bool) {
		for row, err := range table.Rows() {
			if err != nil {
				yield(candidate{}, err)
				return
			}
			facts, faults := m.Apply(row, now)
			c := candidate{row: row.Number, facts: &facts, imp: s.caseOf(row.Number, facts)}
			c.imp.Source.Sheet = m.Sheet
			for _, f := range faults {
				c.errors = append(c.errors, rowError(f))
			}
			if !yield(c, nil) {
				return
			}
		}
	}
}

// caseOf returns what facts say, without what is personal in them.
func (s *source) caseOf(row int, f sheet.Facts) *petition.CaseImported {
	c := &petition.CaseImported{
		Number: f.Number, Source: petition.Source{File: s.name, Hash: s.hash, Row: row},
		Channel: petition.Channel(f.Channel), Class: petition.Class(f.Class), Unit: f.Unit,
		Summary: f.Summary, Category: f.Category, Outcome: f.Outcome, Headcount: f.Headcount,
	}
	to := []*time.Time{&c.Received, &c.Registered, &c.Dispatched, &c.Accepted, &c.Replied, &c.Served, &c.Closed}
	for i, t := range []time.Time{f.Received, f.Registered, f.Dispatched, f.Accepted, f.Replied, f.Served, f.Closed} {
		if !t.IsZero() {
			*to[i] = t.UTC()
		}
	}
	for field, dateOnly := range f.DateOnly {
		if dateOnly {
			c.DateOnly = append(c.DateOnly, string(field))
		}
	}
	slices.Sort(c.DateOnly)
	return c
}

// sealAll puts what is personal in the facts of rows into their cases, sealed.
func (k *keeper) sealAll(ctx context.Context, rows []candidate) error {
	var values []vault.Value
	var to []*petition.Sealed
	var names []vault.Entry
	for i := range rows {
		c, f := rows[i].imp, rows[i].facts
		if f == nil {
			continue
		}
		subject := uuid.NewSHA1(importSpace, []byte("subject|"+c.Source.Hash+"|"+c.Number))
		before := len(values)
		for _, p := range []struct {
			field personal.Field
			text  string
			to    *petition.Sealed
		}{
			{personal.Name, f.Petitioner, &c.Petitioner.Name}, {personal.IDNumber, f.IDNumber, &c.Petitioner.IDNumber},
			{personal.Phone, f.Phone, &c.Petitioner.Phone}, {personal.Address, f.Address, &c.Petitioner.Address},
			{personal.Claim, f.Claim, &c.Claim}, {personal.Reply, f.Reply, &c.Reply},
		} {
			if p.text != "" {
				p.to.Masked = personal.Mask(p.field, p.text)
				values, to = append(values, vault.Value{Subject: subject, Field: p.field, Plain: p.text}), append(to, p.to)
			}
		}
		if len(values) > before {
			c.Petitioner.Subject = subject
			known := slices.DeleteFunc([]string{f.Petitioner, f.IDNumber, f.Phone}, func(s string) bool { return s == "" })
			names = append(names, vault.Entry{Subject: subject, Names: known})
		}
	}
	boxes, err := k.SealMany(ctx, values...)
	if err != nil {
		return err
	}
	for i, box := range boxes {
		to[i].Box = box
	}
	if err := k.IndexMany(ctx, names...); err != nil {
		return err
	}
	for i := range rows {
		if subject := rows[i].imp.Petitioner.Subject; subject != uuid.Nil {
			if rows[i].key, err = k.Commitment(ctx, subject); err != nil {
				return err
			}
		}
	}
	return nil
}

// traces yields the cases of an event log.
func (s *source) traces(r io.Reader) iter.Seq2[candidate, error] {
	return func(yield func(candidate, error) bool) {
		n := 0
		for trace, err := range xes.Read(bufio.NewReaderSize(r, 1<<20)) {
			if err != nil {
				yield(candidate{}, err)
				return
			}
			n++
			c := candidate{row: n, imp: &petition.CaseImported{
				Number: trace.Name, Source: petition.Source{File: s.name, Hash: s.hash, Trace: trace.Name},
			}}
			for _, p := range trace.Problems {
				column := ""
				if p.Event > 0 {
					column = fmt.Sprint("event ", p.Event)
				}
				c.errors = append(c.errors, rowError{n, column, p.Message})
			}
			c.actions = make([]petition.ActionImported, len(trace.Events))
			for i, e := range trace.Events {
				c.actions[i] = petition.ActionImported{
					Activity: e.Activity, At: e.At, Actor: e.Resource, Attributes: attributes(e),
					Source: petition.Source{File: s.name, Hash: s.hash, Trace: trace.Name},
				}
			}
			if !yield(c, nil) {
				return
			}
		}
	}
}

func attributes(e xes.Event) (list []petition.Attribute) {
	if e.Lifecycle != "" {
		list = append(list, petition.Attribute{Key: "lifecycle:transition", Value: e.Lifecycle})
	}
	for _, a := range e.Attributes {
		list = append(list, petition.Attribute{Key: a.Key, Value: a.Value})
	}
	return list
}

// run takes the file into the ledger, or, without a vault, says what would come
// of it. A file that cannot be read to its end is not taken at all.
func (s *source) run(ctx context.Context, n *node, m *sheet.Mapping, keep *keeper, actor ledger.Actor, progress func(int)) (_ taking, err error) {
	var all func() iter.Seq2[candidate, error]
	if s.log {
		f, opening := os.Open(s.path)
		if opening != nil {
			return taking{}, opening
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		all = func() iter.Seq2[candidate, error] {
			return s.traces(tally{io.NewSectionReader(f, 0, 1<<62), s})
		}
	} else {
		table, opening := sheet.Open(s.path, s.name, m)
		if opening != nil {
			return taking{}, opening
		}
		defer func() { err = errors.Join(err, table.Close()) }()
		all = func() iter.Seq2[candidate, error] { return s.rows(table, m, n.app.Now()) }
	}
	s.read, s.whole = 0, s.size
	if keep != nil {
		s.whole *= 2
		n := 0
		for _, err := range all() {
			if err := errors.Join(err, ctx.Err()); err != nil {
				return taking{}, err
			}
			if n++; n%100 == 0 {
				progress(0)
			}
		}
	}
	t := &taker{node: n, actor: actor, keep: keep}
	return t.take(ctx, all(), progress)
}

// writeErrors writes a copy of a table with a column that says what is wrong, to
// where create says that a file of that name goes.
func (s *source) writeErrors(create func(name string) (io.Writer, error), m *sheet.Mapping, lang string, faults []rowError) error {
	table, err := sheet.Open(s.path, s.name, m)
	if err != nil {
		return err
	}
	w, err := create(errorCopy(s.name, table.Ext()))
	if err != nil {
		return errors.Join(err, table.Close())
	}
	cells := make([]sheet.CellError, len(faults))
	for i, f := range faults {
		cells[i] = sheet.CellError(f)
	}
	return errors.Join(table.WriteErrors(w, lang, cells), table.Close())
}
