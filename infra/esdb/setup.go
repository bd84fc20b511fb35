package esdb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
)

// Roles (角色) are the accounts and groups that work with a ledger. None of them
// may delete, truncate or hide anything.
type Roles struct {
	Readers []string // such as the inspection team's replica (纪检监察副本)
	Writers []string // who append; they may read as well
}

// ErrFixed reports that a server keeps rights that no one can change, and that
// they are right as they are.
var ErrFixed = errors.New("the server does not let anyone change its rights, and they already let nothing be deleted or hidden; nothing was changed")

var errNotAdmin = errors.New("the account may not: use one of the group $admins, for this only")

// Setup gives the server the default rights under which a ledger is immutable, and
// returns the streams that it has written to: none if all is so already. It is for
// an operator with the account of an administrator, once, before the first event.
//
// It writes three streams. $settings has the default rights of every stream: nobody
// deletes, nobody writes metadata, so that no stream is born with rights of its
// own. The metadata of $all lets readers follow the ledger, and those of $settings
// lets them check that it still is immutable.
//
// On a server whose rights are fixed it returns [ErrFixed].
func (c *Client) Setup(ctx context.Context, who Roles) (changed []string, err error) {
	read, write, err := who.check()
	if err != nil {
		return nil, err
	}
	reading := acl{Read: read, MetaRead: read}
	documents := []document{
		{streamSettings, "update-default-acl", map[string]acl{
			"$userStreamAcl":   {Read: read, Write: write, Delete: roles{}, MetaRead: read, MetaWrite: roles{}},
			"$systemStreamAcl": {Read: admins, Write: admins, Delete: admins, MetaRead: admins, MetaWrite: admins},
		}},
		{metaOf + streamSettings, "$metadata", map[string]acl{"$acl": reading}},
		{metaOf + roleAll, "$metadata", map[string]acl{"$acl": reading}},
	}
	if fixed, err := c.fixed(ctx); err != nil {
		return nil, fmt.Errorf("setting the rights of the ledger: %w", err)
	} else if fixed {
		return nil, ErrFixed
	}
	for _, d := range documents {
		wrote, err := c.ensure(ctx, d)
		if wrote {
			changed = append(changed, d.stream)
		}
		if errors.Is(err, errNotAdmin) && len(changed) == 0 {
			if is, failed := c.Immutable(ctx); failed == nil && is.OK {
				return nil, ErrFixed
			}
		}
		if err != nil {
			return changed, fmt.Errorf("setting the rights in %s: %w", d.stream, err)
		}
	}
	return changed, nil
}

// fixed reports whether the server says that nobody can set its rights: asking it
// to would be taken for an attempt to change them.
func (c *Client) fixed(ctx context.Context) (bool, error) {
	got, err := c.last(ctx, streamSettings)
	var says struct {
		Fixed bool `json:"fixed"`
	}
	if err != nil || !got.found || json.Unmarshal(got.data, &says) != nil || !says.Fixed {
		return false, err
	}
	is, err := c.Immutable(ctx)
	return err == nil && is.OK, err
}

var admins = roles{roleAdmins}

// check returns who may read and who may write, or what is wrong with it.
func (r Roles) check() (read, write roles, err error) {
	if len(r.Writers) == 0 {
		return nil, nil, errors.New("setting the rights of the ledger: name at least one writer")
	}
	for _, name := range slices.Concat(r.Readers, r.Writers) {
		if name == roleAll || name == roleAdmins || name == "" || name != strings.TrimSpace(name) {
			return nil, nil, fmt.Errorf("setting the rights of the ledger: %.40q cannot be a reader or a writer: name accounts or groups of your own", name)
		}
	}
	write = slices.Compact(slices.Sorted(slices.Values(r.Writers)))
	read = slices.Compact(slices.Sorted(slices.Values(slices.Concat(r.Readers, r.Writers))))
	return read, write, nil
}

// A document is what the last event of a stream must say: the lists, by member.
// What else the event says stays.
type document struct {
	stream, eventType string
	lists             map[string]acl
}

// ensure appends d to its stream unless the stream says it already, and reads it
// back. It reports whether it has appended.
func (c *Client) ensure(ctx context.Context, d document) (wrote bool, err error) {
	was, err := c.last(ctx, d.stream)
	if err != nil || was.found && d.saidBy(was.data) {
		return false, err
	}
	switch {
	case was.denied:
		return false, errNotAdmin
	case was.deleted:
		return false, errors.New("the stream was deleted for good: no ledger can be kept on this server")
	}
	var expected esdb.ExpectedRevision = esdb.NoStream{}
	if was.found {
		expected = esdb.Revision(was.revision)
	}
	if err := c.insist(ctx, d.stream, expected, d.event(was)); err != nil {
		return false, err
	}
	is, err := c.last(ctx, d.stream)
	if err == nil && !d.saidBy(is.data) {
		err = errors.New("the server has taken the rights but does not give them back: run the command again, and nobody else meanwhile")
	}
	return true, err
}

// insist appends event, again if there is no telling whether it was written: asked
// twice with one id and one revision, the server writes once.
func (c *Client) insist(ctx context.Context, stream string, expected esdb.ExpectedRevision, event esdb.EventData) (err error) {
	for range 1 + max(0, c.options.Retries) {
		err = c.use(ctx, func(ctx context.Context, es *esdb.Client) error {
			_, err := es.AppendToStream(ctx, stream, esdb.AppendToStreamOptions{ExpectedRevision: expected, Deadline: &c.options.Deadline}, event)
			return err
		})
		switch kind := classify(err); {
		case kind == denied:
			return errNotAdmin
		case kind == none, kind.definite() && kind != cut && kind != notLeader, ctx.Err() != nil:
			return err
		}
	}
	return err
}

// documentSpace is the name space of the events that Setup writes.
var documentSpace = uuid.MustParse("7c0f0a3e-6f0e-5b9f-9a54-1d6f0c5f4a90")

// event returns d as the event after was, with the id that it always has there.
func (d document) event(was reading) esdb.EventData {
	members := make(map[string]jsontext.Value)
	if was.found && json.Unmarshal(was.data, &members) != nil {
		clear(members) // the server does not heed it either
	}
	for name, list := range d.lists {
		members[name] = encode(list)
	}
	data := encode(members)
	name := fmt.Sprintf("%s %t %d %s", d.stream, was.found, was.revision, data)
	return esdb.EventData{
		EventID: uuid.NewSHA1(documentSpace, []byte(name)), EventType: d.eventType,
		ContentType: esdb.ContentTypeJson, Data: data,
	}
}

// saidBy reports whether data says what d does.
func (d document) saidBy(data []byte) bool {
	var members map[string]jsontext.Value
	if json.Unmarshal(data, &members) != nil {
		return false
	}
	for name, want := range d.lists {
		got, err := parseACL(members[name])
		if err != nil || got == nil || !got.same(want) {
			return false
		}
	}
	return true
}

func encode(v any) []byte {
	data, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		panic(fmt.Sprintf("esdb: %T: %v", v, err))
	}
	return data
}
