package esdb

import (
	"crypto/sha256"
	"strings"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
)

// FilterID says which events of a source a replica keeps. It and FilterHash belong
// into the policy of whoever verifies: another filter makes another ledger.
const FilterID = "xinfang replica filter v1: " +
	"keep <category>-<uuid>, $$<category>-<uuid>, $settings, $$$settings, $$$all, $users, $user-*, " +
	"$policies, $authorization-policy-settings, $scavenges*; " +
	"category not empty, not beginning with $; uuid lower case, not zero; " +
	"drop every event of type $>, and all else"

// FilterHash is the SHA-256 of [FilterID].
var FilterHash = ledger.Hash(sha256.Sum256([]byte(FilterID)))

// keeps returns the stream of that name if a replica keeps its event of type
// eventType.
//
// In: every stream of ours, with the $streamDeleted that ends one; its metadata,
// which can hide events; rights and accounts; and what tells of the disk being
// scavenged. Out: links ($>), and the streams in which the server and its
// projections, subscriptions and connectors keep their own state, which begin
// with $ and are not listed; and streams of others.
func keeps(name, eventType string) (ledger.Stream, bool) {
	stream, ok := ledger.ParseStream(name)
	if !ok || eventType == "$>" {
		return stream, false
	}
	switch category, system := strings.CutPrefix(stream.Category, "$"); {
	case !system, name == metaOf+streamSettings, name == metaOf+roleAll:
		return stream, true
	case strings.HasPrefix(category, "$"):
		// The metadata of a stream: ours has an ID, and a category that does not
		// begin with a $ itself.
		return stream, stream.ID != uuid.Nil && len(category) > 1 && category[1] != '$'
	}
	return stream, isRights(name) || strings.HasPrefix(name, "$scavenges")
}
