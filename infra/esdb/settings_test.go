package esdb

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
)

const (
	goodSettings = `{"$userStreamAcl":{"$r":["svc","insp"],"$w":"svc","$d":[],"$mr":["svc","insp"],"$mw":[]},
		"$systemStreamAcl":{"$r":"$admins","$w":"$admins","$d":"$admins","$mr":"$admins","$mw":"$admins"},"note":{"by":"ops"}}`
	goodMeta = `{"$acl":{"$r":["svc","insp"],"$mr":["svc","insp"]}}`
)

var sampled = ledger.Stream{Category: "case", ID: uuid.UUID{7}}

func said(data string) reading { return reading{found: true, data: []byte(data)} }

func TestExamine(t *testing.T) {
	var (
		sample = metaOf + sampled.String()
		user   = streamUser + "svc"
		hidden = reading{denied: true}
	)
	for _, tt := range []struct {
		name    string
		account string             // svc if empty
		with    map[string]reading // instead of what is good
		want    []string
	}{
		{name: "as it should be"},
		{name: "groups are shown", with: map[string]reading{user: said(`{"loginName":"svc","groups":["desk"]}`)}},
		{name: "a group of others, and groups are shown", with: map[string]reading{
			user: said(`{"groups":["desk"]}`), streamSettings: said(`{"$userStreamAcl":{"$d":["cleaners"],"$mw":[]}}`)}},
		{name: "a stream with rights as strict", with: map[string]reading{sample: said(`{"$acl":{"$r":"svc","$d":[],"$mw":"$admins"},"mine":1}`)}},
		{name: "limits that limit nothing", with: map[string]reading{sample: said(`{"$tb":0,"$maxCount":0,"$cacheControl":10}`)}},

		{name: "nobody's account", account: "-", want: []string{"settings-hidden"}, with: map[string]reading{
			streamSettings: hidden, "$user-": hidden}},
		{name: "the administrator", account: "admin", want: []string{"account-admin"}},
		{name: "the operator", account: "ops", want: []string{"account-admin"}},
		{name: "a member of $admins", with: map[string]reading{user: said(`{"groups":["desk","$admins"]}`)}, want: []string{"account-admin"}},
		{name: "a member of $ops", with: map[string]reading{user: said(`{"groups":["$ops"]}`)}, want: []string{"account-admin"}},
		{name: "no such account, and it may look", with: map[string]reading{user: {}}, want: []string{"account-admin"}},
		{name: "an account that cannot be read", with: map[string]reading{user: said(`[`)}, want: []string{"account-admin"}},

		{name: "no settings", with: map[string]reading{streamSettings: {}}, want: []string{"settings-missing"}},
		{name: "settings deleted", with: map[string]reading{streamSettings: {deleted: true}}, want: []string{"settings-missing"}},
		{name: "settings out of sight", with: map[string]reading{streamSettings: hidden}, want: []string{"settings-hidden"}},
		{name: "settings that are no JSON", with: map[string]reading{streamSettings: said(`{"$userStreamAcl":`)}, want: []string{"settings-unreadable"}},
		{name: "a member twice", with: map[string]reading{streamSettings: said(
			`{"$userStreamAcl":{"$d":[],"$mw":[],"$d":"$all"}}`)}, want: []string{"settings-unreadable"}},
		{name: "a list twice", with: map[string]reading{streamSettings: said(
			`{"$userStreamAcl":{"$d":[],"$mw":[]},"$userStreamAcl":{}}`)}, want: []string{"settings-unreadable"}},
		{name: "a right that the server does not know", with: map[string]reading{streamSettings: said(
			`{"$userStreamAcl":{"$d":[],"$mw":[],"$x":"a"}}`)}, want: []string{"settings-unreadable"}},
		{name: "a role that is a number", with: map[string]reading{streamSettings: said(`{"$userStreamAcl":{"$d":[1],"$mw":[]}}`)}, want: []string{"settings-unreadable"}},
		{name: "a role list that is null", with: map[string]reading{streamSettings: said(`{"$userStreamAcl":{"$d":null,"$mw":[]}}`)}, want: []string{"settings-unreadable"}},
		{name: "a list that is null", with: map[string]reading{streamSettings: said(`{"$userStreamAcl":null}`)}, want: []string{"settings-unreadable"}},

		{name: "settings that say nothing", with: map[string]reading{streamSettings: said(`{}`)}, want: []string{"default-delete", "default-metadata"}},
		{name: "all may delete", with: map[string]reading{streamSettings: said(`{"$userStreamAcl":{"$d":"$all","$mw":[]}}`)}, want: []string{"default-delete"}},
		{name: "the account may truncate", with: map[string]reading{streamSettings: said(`{"$userStreamAcl":{"$d":"$admins","$mw":["$admins","svc"]}}`)}, want: []string{"default-metadata"}},
		{name: "a group that it may be in", with: map[string]reading{streamSettings: said(`{"$userStreamAcl":{"$d":["$ops"],"$mw":[]}}`)}, want: []string{"default-delete"}},
		{name: "a group that it is in", with: map[string]reading{
			user: said(`{"groups":["desk"]}`), streamSettings: said(`{"$userStreamAcl":{"$d":["desk"],"$mw":[]}}`)}, want: []string{"default-delete"}},

		{name: "all may write the server's own streams", with: map[string]reading{streamSettings: said(
			`{"$userStreamAcl":{"$d":[],"$mw":[]},"$systemStreamAcl":{"$w":"$all"}}`)}, want: []string{"rights-open", "rights-open"}},
		{name: "the account may write the settings", with: map[string]reading{metaOf + streamSettings: said(`{"$acl":{"$w":["svc"],"$r":"svc"}}`)}, want: []string{"rights-open"}},
		{name: "the account may change who follows", with: map[string]reading{metaOf + roleAll: said(`{"$acl":{"$mw":"svc"}}`)}, want: []string{"rights-open"}},
		{name: "rights out of sight", with: map[string]reading{metaOf + streamSettings: hidden}, want: []string{"metadata-hidden"}},

		{name: "a stream that hides by age", with: map[string]reading{sample: said(`{"$maxAge":60}`)}, want: []string{"stream-hidden"}},
		{name: "a stream that hides by count", with: map[string]reading{sample: said(`{"$maxCount":1}`)}, want: []string{"stream-hidden"}},
		{name: "a stream cut or softly deleted", with: map[string]reading{sample: said(`{"$tb":9223372036854775807}`)}, want: []string{"stream-hidden"}},
		{name: "a stream deleted", with: map[string]reading{sample: {deleted: true}}, want: []string{"stream-deleted"}},
		{name: "a stream that the account may delete", with: map[string]reading{sample: said(`{"$acl":{"$d":"svc","$mw":["$all"]}}`)}, want: []string{"stream-open", "stream-open"}},
		{name: "a stream out of sight", with: map[string]reading{sample: hidden}, want: []string{"metadata-hidden"}},
		{name: "metadata that cannot be read", with: map[string]reading{sample: said(`{"$tb":1e3}`)}, want: []string{"metadata-unreadable"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			account := "svc"
			if tt.account != "" {
				account = strings.Trim(tt.account, "-")
			}
			seen := map[string]reading{
				user: hidden, streamSettings: said(goodSettings),
				metaOf + streamSettings: said(goodMeta), metaOf + roleAll: said(goodMeta),
			}
			for name, r := range tt.with {
				seen[name] = r
			}
			got := examine(account, seen, []ledger.Stream{sampled})
			var codes []string
			for _, f := range got.Findings {
				codes = append(codes, f.Code)
				if f.Text.ZH == "" || f.Text.EN == "" || strings.Contains(f.Text.ZH+f.Text.EN, "%!") {
					t.Errorf("finding %s says %q", f.Code, f.Text)
				}
			}
			if !slices.Equal(codes, tt.want) || got.OK != (len(tt.want) == 0) {
				t.Errorf("found %+v, OK %t; want %q", got.Findings, got.OK, tt.want)
			}
		})
	}
}

// Without any right of its own a stream has those of $settings, and without those
// what the server is built with; each right by itself.
func TestEffective(t *testing.T) {
	d, err := parseDefaults([]byte(`{"$userStreamAcl":{"$w":["a","b"],"$d":[]}}`))
	if err != nil {
		t.Fatal(err)
	}
	own := &acl{Write: roles{}}
	for _, tt := range []struct {
		stream string
		own    *acl
		right  right
		want   roles
	}{
		{"case-1", nil, rightWrite, roles{"a", "b"}},
		{"case-1", own, rightWrite, roles{}},
		{"case-1", own, rightDelete, roles{}},
		{"case-1", own, rightMetaWrite, roles{roleAll}},
		{"$settings", nil, rightWrite, roles{roleAdmins}},
		{"$settings", own, rightWrite, roles{}},
	} {
		if got := d.effective(tt.stream, tt.own, tt.right); !slices.Equal(got, tt.want) || got == nil {
			t.Errorf("%s on %s, own %v: %q, want %q", tt.right.name, tt.stream, tt.own, got, tt.want)
		}
	}
}
