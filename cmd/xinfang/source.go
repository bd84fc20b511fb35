package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
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
}

// openSource looks at the file at path. name is what it is called.
func openSource(path, name string) (*source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, bufio.NewReaderSize(f, 1<<20)); err != nil {
		return nil, err
	}
	return &source{path: path, name: name, hash: hex.EncodeToString(h.Sum(nil)), log: isLog(name)}, nil
}

// isLog reports whether a file is an event log, by its name.
func isLog(name string) bool {
	if filepath.Ext(name) == ".gz" {
		name = name[:len(name)-len(".gz")]
	}
	return filepath.Ext(name) == ".xes"
}

// rows yields the cases of a table. keep seals what is personal in them; it may
// be nil if nothing will be written.
func (s *source) rows(ctx context.Context, table *sheet.Source, m *sheet.Mapping, keep *keeper, now time.Time) iter.Seq2[candidate, error] {
	return func(yield func(candidate, error) bool) {
		for row, err := range table.Rows() {
			if err != nil {
				yield(candidate{}, err)
				return
			}
			c := candidate{row: row.Number}
			facts, faults := m.Apply(row, now)
			for _, f := range faults {
				c.errors = append(c.errors, rowError(f))
			}
			c.imp = s.caseOf(row.Number, facts)
			c.imp.Source.Sheet = m.Sheet
			if keep != nil {
				c.seal = func(imp *petition.CaseImported) (string, error) { return keep.sealFacts(ctx, imp, facts) }
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

// sealFacts puts what is personal in facts into c, sealed, and returns what
// commits to the key.
func (k *keeper) sealFacts(ctx context.Context, c *petition.CaseImported, f sheet.Facts) (key string, err error) {
	subject := uuid.NewSHA1(importSpace, []byte("subject|"+c.Source.Hash+"|"+c.Number))
	plain := []struct {
		field personal.Field
		text  string
		to    *petition.Sealed
	}{
		{personal.Name, f.Petitioner, &c.Petitioner.Name}, {personal.IDNumber, f.IDNumber, &c.Petitioner.IDNumber},
		{personal.Phone, f.Phone, &c.Petitioner.Phone}, {personal.Address, f.Address, &c.Petitioner.Address},
		{personal.Claim, f.Claim, &c.Claim}, {personal.Reply, f.Reply, &c.Reply},
	}
	var values []vault.Value
	for _, p := range plain {
		if p.text != "" {
			values = append(values, vault.Value{Subject: subject, Field: p.field, Plain: p.text})
		}
	}
	if len(values) == 0 {
		return "", nil
	}
	boxes, err := k.SealMany(ctx, values...)
	if err != nil {
		return "", err
	}
	for _, p := range plain {
		if p.text != "" {
			*p.to = petition.Sealed{Masked: personal.Mask(p.field, p.text), Box: boxes[0]}
			boxes = boxes[1:]
		}
	}
	c.Petitioner.Subject = subject
	names := slices.DeleteFunc([]string{f.Petitioner, f.IDNumber, f.Phone}, func(s string) bool { return s == "" })
	if len(names) > 0 {
		if err := k.Index(ctx, subject, names...); err != nil {
			return "", err
		}
	}
	return k.Commitment(ctx, subject)
}

// traces yields the cases of an event log.
func (s *source) traces(r io.Reader) iter.Seq2[candidate, error] {
	return func(yield func(candidate, error) bool) {
		n := 0
		for trace, err := range xes.Read(r) {
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
			actions := petition.ImportActions{Actions: make([]petition.ActionImported, len(trace.Events))}
			for i, e := range trace.Events {
				actions.Actions[i] = petition.ActionImported{
					Activity: e.Activity, At: e.At, Actor: e.Resource, Attributes: attributes(e),
					Source: petition.Source{File: s.name, Hash: s.hash, Trace: trace.Name},
				}
			}
			c.command = actions
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

// run takes the file into the ledger, or only says what would come of it.
func (s *source) run(ctx context.Context, n *node, m *sheet.Mapping, keep *keeper, actor ledger.Actor, write bool, progress func(int)) (taking, error) {
	t := &taker{node: n, actor: actor, write: write}
	if s.log {
		f, err := os.Open(s.path)
		if err != nil {
			return taking{}, err
		}
		defer f.Close()
		return t.take(ctx, s.traces(bufio.NewReaderSize(f, 1<<20)), progress)
	}
	table, err := sheet.Open(s.path, m)
	if err != nil {
		return taking{}, err
	}
	defer table.Close()
	return t.take(ctx, s.rows(ctx, table, m, keep, n.app.Now()), progress)
}

// writeErrors writes a copy of a table with a column that says what is wrong.
func (s *source) writeErrors(w io.Writer, m *sheet.Mapping, lang string, faults []rowError) error {
	table, err := sheet.Open(s.path, m)
	if err != nil {
		return err
	}
	defer table.Close()
	cells := make([]sheet.CellError, len(faults))
	for i, f := range faults {
		cells[i] = sheet.CellError(f)
	}
	return table.WriteErrors(w, lang, cells)
}
