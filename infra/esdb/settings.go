package esdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/go-json-experiment/json"

	"xinfang/domain/ledger"
)

// Immutability (不可删改检查) says whether the account of a [Client] could make what
// the ledger holds vanish: delete or truncate a stream, hide its events, or give
// itself the right to. A program in audit mode does not run unless it is OK.
//
// It reads what the server says of itself, with the rights of the account: who
// owns the server can still do anything, which is what replicas are for.
type Immutability struct {
	OK       bool
	Findings []Finding // why it is not
}

// A Finding is one way in which the account could do so.
type Finding struct {
	Code string // such as default-delete; never renamed
	Text ledger.Text
}

// Immutable checks what the account may do: by its name and groups, by the default
// rights in $settings, and by the metadata of samples, $settings and $all. It
// returns an error if the server does not answer; what the server does not let
// the account see is a finding, because it cannot be vouched for.
func (c *Client) Immutable(ctx context.Context, samples ...ledger.Stream) (Immutability, error) {
	account := c.options.User
	names := []string{streamUser + account, streamSettings, metaOf + streamSettings, metaOf + roleAll}
	for _, s := range samples {
		names = append(names, metaOf+s.String())
	}
	seen := make(map[string]reading, len(names))
	for _, name := range names {
		got, err := c.last(ctx, name)
		if err != nil {
			return Immutability{}, fmt.Errorf("checking whether the ledger can be deleted from: %w", err)
		}
		seen[name] = got
	}
	return examine(account, seen, samples), nil
}

// examine judges what the server has shown to account, by stream.
func examine(account string, seen map[string]reading, samples []ledger.Stream) Immutability {
	x := examination{account: account}
	x.settings(seen[streamSettings])
	x.accountOf(seen[streamUser+account])
	x.byDefault()
	x.system(streamSettings, seen[metaOf+streamSettings], rightWrite, rightDelete, rightMetaWrite)
	x.system(roleAll, seen[metaOf+roleAll], rightMetaWrite)
	// Who may write to the stream of an account may put it into $admins.
	x.system(streamUser+account, reading{}, rightWrite, rightDelete, rightMetaWrite)
	for _, s := range samples {
		x.sample(s.String(), seen[metaOf+s.String()])
	}
	return Immutability{OK: len(x.findings) == 0, Findings: x.findings}
}

// A reading is the last event of a stream. The zero reading is that of a stream
// that does not exist.
type reading struct {
	found, denied, deleted bool
	data                   []byte
	revision               uint64
}

// last reads the last event of stream as it is: the client's own types for rights
// and metadata cannot hold what the server has.
func (c *Client) last(ctx context.Context, stream string) (reading, error) {
	ctx, cancel := context.WithTimeout(ctx, c.options.Deadline)
	defer cancel()
	var got reading
	err := c.use(ctx, func(ctx context.Context, es *esdb.Client) error {
		event, err := lastEvent(ctx, es, stream)
		failure, _ := errors.AsType[*esdb.Error](err)
		switch {
		case err == nil:
			got = reading{found: true, data: event.Data, revision: event.EventNumber}
		case errors.Is(err, io.EOF):
			got = reading{}
		case failure == nil:
			return err
		case failure.Code() == esdb.ErrorCodeResourceNotFound:
			got = reading{}
		case failure.Code() == esdb.ErrorCodeAccessDenied:
			got = reading{denied: true}
		case failure.Code() == esdb.ErrorCodeStreamDeleted:
			got = reading{deleted: true}
		default:
			return err
		}
		return nil
	})
	if err != nil {
		return reading{}, fmt.Errorf("reading the last event of %s: %w", stream, err)
	}
	return got, nil
}

// lastEvent returns io.EOF if stream has no event that is to be seen.
func lastEvent(ctx context.Context, es *esdb.Client, stream string) (*esdb.RecordedEvent, error) {
	events, err := es.ReadStream(ctx, stream, esdb.ReadStreamOptions{Direction: esdb.Backwards, From: esdb.End{}}, 1)
	if err != nil {
		return nil, err
	}
	defer events.Close()
	event, err := events.Recv()
	if err == nil && event.OriginalEvent() == nil {
		err = io.EOF
	}
	if err != nil {
		return nil, err
	}
	return event.OriginalEvent(), nil
}

// An examination collects findings. settings and accountOf come first: the others
// need what they have read.
type examination struct {
	account  string
	groups   []string
	shown    bool // the server has shown the groups
	defaults defaults
	stated   bool // the server has shown the defaults, and can read them itself
	hidden   bool // it has not shown them
	findings []Finding
}

func (x *examination) find(code, zh, en string, args ...any) {
	x.findings = append(x.findings, Finding{code, text(zh, en, args...)})
}

const setup = "xinfang store setup"

// settings reads the default rights.
func (x *examination) settings(got reading) {
	switch {
	case got.denied:
		x.hidden = true
		x.find("settings-hidden",
			"账户 %[1]s 无权读取 $settings，无法核实默认权限：请由管理员运行 %[2]s",
			"account %[1]s may not read $settings, so that the default rights cannot be checked: have an administrator run %[2]s", x.account, setup)
		return
	case !got.found:
		x.find("settings-missing",
			"$settings 中没有默认权限，服务器内置的默认权限允许任何账户删除：请由管理员运行 %[1]s",
			"there are no default rights in $settings, and those that the server is built with let everyone delete: have an administrator run %[1]s", setup)
		return
	}
	var err error
	if x.defaults, err = parseDefaults(got.data); err != nil {
		// What the server cannot read it ignores: it is then as if there were none.
		x.find("settings-unreadable",
			"$settings 中的默认权限无法读懂（%[2]v），服务器可能退回到允许任何账户删除的内置默认权限：请由管理员运行 %[1]s",
			"the default rights in $settings cannot be read (%[2]v), and the server may fall back to its own, which let everyone delete: have an administrator run %[1]s", setup, err)
		return
	}
	x.stated = true
}

// byDefault examines the default rights on streams that hold petitions.
func (x *examination) byDefault() {
	if !x.stated {
		return
	}
	if to := x.grants(x.defaults.effective("case", nil, rightDelete)); to != "" {
		x.find("default-delete",
			"$settings 的默认权限允许 %[1]s 删除数据流（$userStreamAcl.$d）：请由管理员运行 %[2]s",
			"the default rights in $settings let %[1]s delete streams ($userStreamAcl.$d): have an administrator run %[2]s", to, setup)
	}
	if to := x.grants(x.defaults.effective("case", nil, rightMetaWrite)); to != "" {
		x.find("default-metadata",
			"$settings 的默认权限允许 %[1]s 写元数据，从而隐藏事件（$userStreamAcl.$mw）：请由管理员运行 %[2]s",
			"the default rights in $settings let %[1]s write metadata, which can hide events ($userStreamAcl.$mw): have an administrator run %[2]s", to, setup)
	}
}

// accountOf examines the account. Only administrators may read the stream of an
// account, unless $settings says otherwise; so one that may not is none.
func (x *examination) accountOf(got reading) {
	var user struct {
		Groups []string `json:"groups"`
	}
	switch {
	case x.account == "":
		x.shown = true // nobody has no groups
		return
	case slices.Contains([]string{"admin", "ops"}, x.account):
	case got.denied:
		return
	case got.found && json.Unmarshal(got.data, &user) == nil:
		x.groups, x.shown = user.Groups, true
		if !slices.Contains(x.groups, roleAdmins) && !slices.Contains(x.groups, roleOps) {
			return
		}
	case x.grants(x.defaults.effective(streamUser, nil, rightRead)) != "":
		return
	}
	x.find("account-admin",
		"账户 %[1]s 是服务器的管理员或运维账户，任何权限设置都不能限制它：请改用不属于 $admins 和 $ops 的专用账户",
		"account %[1]s administers or operates the server, and no setting limits it: use an account of its own that is in neither $admins nor $ops", x.account)
}

// system examines a stream of the server's own that decides over rights.
func (x *examination) system(stream string, meta reading, rights ...right) {
	own, ok := x.metadata(stream, meta)
	if !ok {
		return
	}
	for _, r := range rights {
		if x.hidden && (own.acl == nil || r.of(own.acl) == nil) {
			continue // reported by settings
		}
		if to := x.grants(x.defaults.effective(stream, own.acl, r)); to != "" {
			x.find("rights-open",
				"%[1]s 的权限 %[2]s 授予了 %[3]s，该账户可以自行更改权限：请由管理员把该权限限于 $admins",
				"right %[2]s on %[1]s is granted to %[3]s, so that the account could give itself any right: have an administrator leave that right to $admins", stream, r.name, to)
		}
	}
}

// sample examines a stream that holds petitions, for what differs from the default.
func (x *examination) sample(stream string, meta reading) {
	if meta.deleted {
		x.find("stream-deleted", "数据流 %[1]s 已被删除：查明何人所为，并与副本核对",
			"stream %[1]s has been deleted: find out who did it, and compare with the replicas", stream)
		return
	}
	m, ok := x.metadata(stream, meta)
	if !ok {
		return
	}
	if hides := m.hides(); hides != "" {
		x.find("stream-hidden", "数据流 %[1]s 的元数据隐藏了事件（%[2]s）：查明何人所为，并由管理员撤销",
			"the metadata of stream %[1]s hides events (%[2]s): find out who did it, and have an administrator undo it", stream, hides)
	}
	for _, r := range []right{rightDelete, rightMetaWrite} {
		if m.acl == nil || r.of(m.acl) == nil {
			continue
		}
		if to := x.grants(r.of(m.acl)); to != "" {
			x.find("stream-open", "数据流 %[1]s 自身的权限 %[2]s 授予了 %[3]s：请由管理员撤销",
				"right %[2]s on stream %[1]s is granted to %[3]s by its own metadata: have an administrator withdraw it", stream, r.name, to)
		}
	}
}

// metadata returns the metadata of stream, and reports false if it has reported
// that there is no knowing.
func (x *examination) metadata(stream string, meta reading) (m streamMetadata, ok bool) {
	if meta.denied {
		x.find("metadata-hidden", "账户 %[2]s 无权读取数据流 %[1]s 的元数据，无法核实：请由管理员运行 %[3]s",
			"account %[2]s may not read the metadata of stream %[1]s, which cannot be checked: have an administrator run %[3]s", stream, x.account, setup)
		return m, false
	}
	if !meta.found {
		return m, true
	}
	m, err := parseMetadata(meta.data)
	if err != nil {
		x.find("metadata-unreadable", "数据流 %[1]s 的元数据无法读懂（%[2]v）：查明是谁写入，并由管理员更正",
			"the metadata of stream %[1]s cannot be read (%[2]v): find out who wrote it, and have an administrator correct it", stream, err)
		return m, false
	}
	return m, true
}

// grants returns the first of roles that the account has or, as far as the server
// has shown, may have; "" if there is none. $admins have every right anyway, and
// whether the account is one of them accountOf has examined.
func (x *examination) grants(roles roles) string {
	for _, role := range roles {
		if role == roleAll || role != roleAdmins && (!x.shown || role == x.account || slices.Contains(x.groups, role)) {
			return role
		}
	}
	return ""
}
