package esdb

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
)

// A Trace (痕迹) is an event of the server's own that shows a hand on the ledger:
// rights changed, events hidden, a stream deleted, the disk scavenged. Each is
// recorded before what it announces can vanish, so it is to raise an alarm.
type Trace struct {
	Kind     TraceKind
	Stream   string // whom it is about, such as case-…, $settings
	Position ledger.Position
	Commit   uint64    // where it stands in the source
	Event    uuid.UUID // the same trace has the same, on every replica
	Text     ledger.Text
}

// A TraceKind classifies traces, for programs. It is never renamed.
type TraceKind string

// The kinds of trace.
const (
	TraceMetadata  TraceKind = "metadata"  // metadata of one of our streams: hides events, or changes its rights (元数据)
	TraceDeleted   TraceKind = "deleted"   // a stream was deleted (删除)
	TraceScavenge  TraceKind = "scavenge"  // what was hidden or deleted is removed from the disk (清理)
	TraceRights    TraceKind = "rights"    // accounts, groups, default rights (权限)
	TraceBackdated TraceKind = "backdated" // an event claims to be older than it is (倒签)
)

// TraceKinds is the closed set.
var TraceKinds = []TraceKind{TraceMetadata, TraceDeleted, TraceScavenge, TraceRights, TraceBackdated}

// TraceOf says what env, as a replica has adopted it, is a trace of, if of
// anything. ignoredClaim is what [ledger.Times.Next] reported of it.
//
// A scavenge is a trace when it begins and when it ends, not chunk by chunk.
func TraceOf(env ledger.Envelope, ignoredClaim bool) (Trace, bool) {
	t := Trace{Stream: env.Stream.String(), Position: env.Position, Commit: env.Origin.Commit, Event: env.ID}
	about, isMeta := strings.CutPrefix(t.Stream, metaOf)
	switch {
	case env.Type == "$streamDeleted":
		t.Kind, t.Text = TraceDeleted, text(
			"数据流 %[1]s 被永久删除（$streamDeleted），下次清理后其事件将消失：本副本保留全部事件；查明何人所为，并与其他副本核对",
			"stream %[1]s was deleted for good ($streamDeleted); the next scavenge removes its events. This replica keeps them: find out who did it, and compare with other replicas",
			t.Stream)
	case isMeta && (isRights(about) || about == roleAll):
		t.Kind, t.Stream = TraceRights, about
		t.Text = text("数据流 %[1]s 的访问权限被更改：核对更改是否经过批准", "the rights on stream %[1]s were changed: check that this was approved", about)
	case isMeta && isOurs(about):
		t.Stream = about
		t.Kind, t.Text = ofMetadata(about, env.Data)
	case isRights(t.Stream):
		t.Kind, t.Text = TraceRights, text(
			"服务器的账户或默认权限被更改（%[1]s）：核对更改是否经过批准，并重新运行不可删改检查",
			"accounts or default rights of the server were changed (%[1]s): check that this was approved, and run the immutability check again",
			t.Stream)
	case slices.Contains(scavengeTypes, env.Type) && strings.HasPrefix(env.Stream.Category, "$scavenge"):
		t.Kind, t.Text = TraceScavenge, text(
			"服务器正在清理磁盘（%[1]s），已隐藏或删除的事件将无法恢复：立即与本副本核对",
			"the server scavenges its disk (%[1]s); hidden and deleted events cannot be had back from it: compare it with this replica now",
			t.Stream)
	case ignoredClaim:
		t.Kind, t.Text = TraceBackdated, text(
			"%[1]s 的一个事件（位置 %[2]d）自称更早录入；台账以服务器录入时间为准：查明是谁写入",
			"an event of %[1]s (position %[2]d) claims to have been recorded earlier; the ledger keeps the time of the server: find out who wrote it",
			t.Stream, t.Position)
	default:
		return Trace{}, false
	}
	return t, true
}

// ofMetadata says what metadata of one of our streams does to it.
func ofMetadata(stream string, data []byte) (TraceKind, ledger.Text) {
	m, err := parseMetadata(data)
	hides := m.hides()
	switch {
	case err != nil:
		return TraceMetadata, text(
			"数据流 %[1]s 的元数据被更改，但无法读懂，不能确定是否隐藏事件：查明是谁写入",
			"the metadata of stream %[1]s was changed and cannot be read, so that it may hide events: find out who wrote it", stream)
	case m.Before != nil && *m.Before == softDeleted:
		return TraceDeleted, text(
			"数据流 %[1]s 被删除（$tb = 2^63-1），下次清理后其事件将消失：本副本保留全部事件；查明何人所为，并与其他副本核对",
			"stream %[1]s was deleted ($tb = 2^63-1); the next scavenge removes its events. This replica keeps them: find out who did it, and compare with other replicas", stream)
	case hides != "":
		return TraceMetadata, text(
			"数据流 %[1]s 的元数据隐藏了事件（%[2]s），下次清理后这些事件将消失：本副本保留全部事件；查明何人所为",
			"the metadata of stream %[1]s hides events (%[2]s); the next scavenge removes them. This replica keeps them: find out who did it", stream, hides)
	case m.acl != nil:
		return TraceMetadata, text(
			"数据流 %[1]s 的访问权限被更改，未隐藏任何事件：核对更改是否经过批准，并重新运行不可删改检查",
			"the rights on stream %[1]s were changed; no event is hidden: check that this was approved, and run the immutability check again", stream)
	}
	return TraceMetadata, text(
		"数据流 %[1]s 的元数据被更改，未隐藏任何事件，也未更改权限：核对更改是否经过批准",
		"the metadata of stream %[1]s was changed; no event is hidden and no right changed: check that this was approved", stream)
}

// scavengeTypes are the events that begin and end a scavenge.
var scavengeTypes = []string{"$scavengePoint", "$scavengeStarted", "$scavengeCompleted"}

// isRights reports whether stream decides who may do what.
func isRights(stream string) bool {
	switch stream {
	case streamSettings, "$users", "$policies", "$authorization-policy-settings":
		return true
	}
	return strings.HasPrefix(stream, streamUser)
}

// isOurs reports whether stream holds events of this product.
func isOurs(stream string) bool {
	parsed, ok := ledger.ParseStream(stream)
	return ok && parsed.ID != uuid.Nil && ledger.KindOf(parsed.Category) != ledger.KindSystem
}

// text returns a text in both languages, which share args.
func text(zh, en string, args ...any) ledger.Text {
	return ledger.Text{ZH: fmt.Sprintf(zh, args...), EN: fmt.Sprintf(en, args...)}
}
