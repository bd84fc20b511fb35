package esdb

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Names that an EventStoreDB gives to its own streams and roles.
const (
	streamSettings = "$settings"
	streamUser     = "$user-" // and the name of the account
	metaOf         = "$$"     // and the name of the stream
	roleAll        = "$all"
	roleAdmins     = "$admins"
	roleOps        = "$ops"
)

// An acl is an access control list (权限表) as an EventStoreDB keeps it. A role
// list that is nil says nothing, and the next list is asked; one that is empty
// grants the right to $admins only, who have every right always.
type acl struct {
	Read      roles `json:"$r,omitzero"`
	Write     roles `json:"$w,omitzero"`
	Delete    roles `json:"$d,omitzero"`
	MetaRead  roles `json:"$mr,omitzero"`
	MetaWrite roles `json:"$mw,omitzero"`
}

// roles are accounts and groups. The server writes one alone as a string.
type roles []string

// UnmarshalJSON takes what the server takes: a string or an array of strings.
func (r *roles) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil && jsontext.Value(data).Kind() == '"' {
		*r = roles{one}
		return nil
	}
	many := []string{}
	if jsontext.Value(data).Kind() != '[' {
		return fmt.Errorf("a role list is a string or an array of strings")
	}
	if err := json.Unmarshal(data, &many); err != nil {
		return err
	}
	*r = many
	return nil
}

// parseACL reads an access control list as strictly as the server does, which
// ignores the whole document over one member that it does not know.
func parseACL(data jsontext.Value) (*acl, error) {
	if data == nil {
		return nil, nil
	}
	if data.Kind() != '{' {
		return nil, fmt.Errorf("an access control list is an object")
	}
	list := new(acl)
	if err := json.Unmarshal(data, list, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("access control list: %w", err)
	}
	return list, nil
}

// defaults are the lists that hold for streams without one of their own: the last
// event of $settings.
type defaults struct{ user, system *acl }

func parseDefaults(data []byte) (defaults, error) {
	var doc struct {
		User   jsontext.Value `json:"$userStreamAcl"`
		System jsontext.Value `json:"$systemStreamAcl"`
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		return defaults{}, err
	}
	user, err := parseACL(doc.User)
	if err != nil {
		return defaults{}, fmt.Errorf("$userStreamAcl: %w", err)
	}
	system, err := parseACL(doc.System)
	if err != nil {
		return defaults{}, fmt.Errorf("$systemStreamAcl: %w", err)
	}
	return defaults{user, system}, nil
}

// A right picks one role list of an access control list.
type right struct {
	name string
	of   func(*acl) roles
}

var (
	rightRead      = right{"$r", func(a *acl) roles { return a.Read }}
	rightWrite     = right{"$w", func(a *acl) roles { return a.Write }}
	rightDelete    = right{"$d", func(a *acl) roles { return a.Delete }}
	rightMetaWrite = right{"$mw", func(a *acl) roles { return a.MetaWrite }}
)

// effective returns who has the right on stream, whose own list is own: each right
// is looked up in the stream's list, then in $settings, then in what the server
// is built with.
func (d defaults) effective(stream string, own *acl, r right) roles {
	settings, builtin := d.user, roles{roleAll}
	if strings.HasPrefix(stream, "$") {
		settings, builtin = d.system, roles{roleAdmins}
	}
	for _, list := range []*acl{own, settings} {
		if list != nil && r.of(list) != nil {
			return r.of(list)
		}
	}
	return builtin
}

// streamMetadata is what an EventStoreDB keeps about a stream, in the last event of $$
// and its name. Events that it hides are removed by the next scavenge.
type streamMetadata struct {
	MaxAge   *int64         `json:"$maxAge"`   // seconds
	MaxCount *int64         `json:"$maxCount"` // events
	Before   *int64         `json:"$tb"`       // event number; 2^63-1 is a soft deletion
	ACL      jsontext.Value `json:"$acl"`

	acl *acl // ACL, read
}

// softDeleted is the $tb of a stream that was deleted, but may be written again.
const softDeleted = 1<<63 - 1

// parseMetadata reads metadata. Its numbers never go through a float64, in which
// 2^63-1 is another number.
func parseMetadata(data []byte) (streamMetadata, error) {
	var m streamMetadata
	if err := json.Unmarshal(data, &m); err != nil {
		return streamMetadata{}, err
	}
	var err error
	m.acl, err = parseACL(m.ACL)
	return m, err
}

// hides says what hides events, such as "$tb 12", or "".
func (m streamMetadata) hides() string {
	var all []string
	for _, limit := range []struct {
		name  string
		value *int64
	}{{"$maxAge", m.MaxAge}, {"$maxCount", m.MaxCount}, {"$tb", m.Before}} {
		if limit.value != nil && *limit.value > 0 {
			all = append(all, fmt.Sprintf("%s %d", limit.name, *limit.value))
		}
	}
	return strings.Join(all, ", ")
}

// same reports whether a and b grant the same.
func (a *acl) same(b acl) bool {
	for _, pair := range [][2]roles{{a.Read, b.Read}, {a.Write, b.Write}, {a.Delete, b.Delete}, {a.MetaRead, b.MetaRead}, {a.MetaWrite, b.MetaWrite}} {
		x, y := slices.Sorted(slices.Values(pair[0])), slices.Sorted(slices.Values(pair[1]))
		if (pair[0] == nil) != (pair[1] == nil) || !slices.Equal(x, y) {
			return false
		}
	}
	return true
}
