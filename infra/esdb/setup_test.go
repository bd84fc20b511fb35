package esdb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
	"xinfang/infra/esdbnode"
)

var who = Roles{Readers: []string{"insp"}, Writers: []string{"svc"}}

// An account can be kept from erasing anything, and can see that it is.
func TestSetup(t *testing.T) {
	v := newVendor(t)
	admin, svc, insp := v.client("admin"), v.client("svc"), v.client("insp")

	for _, c := range []*Client{svc, insp} {
		if got := codesOf(c.mustImmutable(t, sampled)); !slices.Equal(got, []string{"settings-hidden", "metadata-hidden", "metadata-hidden"}) {
			t.Errorf("before, %s finds %q", c.options.User, got)
		}
	}
	if changed, err := svc.Setup(t.Context(), who); !errors.Is(err, errNotAdmin) || len(changed) > 0 {
		t.Errorf("without the right, Setup = %q, %v", changed, err)
	}
	if v.appends != 0 {
		t.Fatalf("without the right, %d events were written", v.appends)
	}

	changed, err := admin.Setup(t.Context(), who)
	if err != nil || !slices.Equal(changed, []string{"$settings", "$$$settings", "$$$all"}) {
		t.Fatalf("Setup = %q, %v", changed, err)
	}
	for _, c := range []*Client{svc, insp} {
		if is := c.mustImmutable(t, sampled); !is.OK {
			t.Errorf("afterwards, %s finds %+v", c.options.User, is.Findings)
		}
	}
	if got := codesOf(admin.mustImmutable(t)); !slices.Equal(got, []string{"account-admin"}) {
		t.Errorf("afterwards, the administrator finds %q", got)
	}
	for right, want := range map[string]bool{"svc $w": true, "svc $d": false, "svc $mw": false, "insp $r": true, "insp $w": false, "other $r": false} {
		user, name, _ := strings.Cut(right, " ")
		if got := v.may(user, sampled.String(), name); got != want {
			t.Errorf("%s on a case: %t, want %t", right, got, want)
		}
	}
	if v.may("svc", streamSettings, "$w") || !v.may("insp", roleAll, "$r") || v.may("insp", "$user-svc", "$r") {
		t.Error("the server's own streams are not as they should be")
	}

	if changed, err := admin.Setup(t.Context(), who); len(changed) > 0 || err != nil || v.appends != 3 {
		t.Errorf("a second time, Setup = %q, %v; %d events", changed, err, v.appends)
	}
}

// What Setup finds is kept, as far as it can be, and mended.
func TestSetupMends(t *testing.T) {
	v := newVendor(t)
	admin := v.client("admin")
	v.put("$settings", `{"$userStreamAcl":{"$d":"$all","$x":1},"mine":[1, 2]}`)
	v.put("$$$settings", `{"$acl":{"$r":["insp","svc"],"$mr":["svc","insp"]},"$cacheControl":7}`)
	v.put("$$$all", `nonsense`)
	changed, err := admin.Setup(t.Context(), who)
	if err != nil || !slices.Equal(changed, []string{"$settings", "$$$all"}) {
		t.Fatalf("Setup = %q, %v", changed, err)
	}
	settings := v.streams["$settings"]
	if got := string(settings[len(settings)-1].data); !strings.Contains(got, `"mine":[1,2]`) || strings.Contains(got, "$x") {
		t.Errorf("$settings says %s", got)
	}
	if got := v.streams["$$$all"][1]; got.revision != 1 || string(got.data) != `{"$acl":{"$r":["insp","svc"],"$mr":["insp","svc"]}}` {
		t.Errorf("$$$all says %s at %d", got.data, got.revision)
	}
	if is := v.client("svc").mustImmutable(t); !is.OK {
		t.Errorf("then there is still %+v", is.Findings)
	}
}

// The answer to an append is lost, once written and once not: Setup sends the same
// again, and the server has it once.
func TestSetupLosesAnswers(t *testing.T) {
	for name, written := range map[string]bool{"the write is lost": false, "only the answer is lost": true} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t)
			v.lose = map[string]bool{"$settings": written, "$$$all": written}
			changed, err := v.client("admin").Setup(t.Context(), who)
			if err != nil || len(changed) != 3 || v.appends != 3 || len(v.lose) > 0 {
				t.Fatalf("Setup = %q, %v; %d events", changed, err, v.appends)
			}
		})
	}
}

// Another operator gets in between.
func TestSetupConflicts(t *testing.T) {
	v := newVendor(t)
	v.before = func(stream string) {
		v.before = nil
		v.put(stream, `{}`)
	}
	changed, err := v.client("admin").Setup(t.Context(), who)
	if classify(err) != conflict || len(changed) > 0 {
		t.Errorf("Setup = %q, %v", changed, err)
	}
}

func TestSetupRefusesRoles(t *testing.T) {
	c := newVendor(t).client("admin")
	for _, r := range []Roles{
		{}, {Readers: []string{"a"}},
		{Readers: []string{"a"}, Writers: []string{"$all"}}, {Readers: []string{"$all"}, Writers: []string{"a"}},
		{Readers: []string{"a", ""}, Writers: []string{"a"}}, {Readers: []string{"a"}, Writers: []string{"a "}},
		{Readers: []string{"$admins"}, Writers: []string{"a"}},
	} {
		if changed, err := c.Setup(t.Context(), r); err == nil || len(changed) > 0 {
			t.Errorf("Setup(%+v) = %q, %v", r, changed, err)
		}
	}
}

// A node of ours cannot be erased from, says so, and cannot be told otherwise.
func TestNodeIsImmutable(t *testing.T) {
	source := new(ledgertest.Store)
	n := startNode(t, esdbnode.Options{Log: source, Store: source})
	c := dial(t, Options{Address: n.address()})
	if is := c.mustImmutable(t, sampled); !is.OK {
		t.Errorf("a node finds %+v", is.Findings)
	}
	if changed, err := c.Setup(t.Context(), who); !errors.Is(err, ErrFixed) || len(changed) > 0 {
		t.Errorf("Setup = %q, %v; want %v", changed, err, ErrFixed)
	}
	if head, _ := source.Head(t.Context()); head != 0 {
		t.Errorf("Setup wrote %d events", head)
	}
}

// A server that does not answer is an error, not a finding, and within ctx.
func TestImmutableWithoutServer(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	p := newProxy(t, "")
	c := dial(t, Options{Address: "esdb://" + p.address() + "?tls=false", Grace: 20 * time.Second})
	if is, err := c.Immutable(ctx); err == nil || is.OK || len(is.Findings) > 0 {
		t.Errorf("Immutable = %+v, %v", is, err)
	}
}

func (c *Client) mustImmutable(t *testing.T, samples ...ledger.Stream) Immutability {
	t.Helper()
	is, err := c.Immutable(t.Context(), samples...)
	if err != nil {
		t.Fatal(err)
	}
	return is
}

func codesOf(is Immutability) []string {
	var all []string
	for _, f := range is.Findings {
		all = append(all, f.Code)
	}
	return all
}

// The id of what Setup writes depends on what it says and where.
func TestDocumentIDs(t *testing.T) {
	seen := make(map[uuid.UUID]string)
	for i, d := range []document{{stream: "$a"}, {stream: "$b"}, {stream: "$a", lists: map[string]acl{"$acl": {Read: roles{}}}}} {
		for _, was := range []reading{{}, {found: true}, {found: true, revision: 1}} {
			event, again := d.event(was), d.event(was)
			if event.EventID != again.EventID {
				t.Errorf("document %d has two ids", i)
			}
			if other, ok := seen[event.EventID]; ok {
				t.Errorf("document %d after %+v has the id of %s", i, was, other)
			}
			seen[event.EventID] = fmt.Sprint(i, was)
		}
	}
}
