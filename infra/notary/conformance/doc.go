// Package conformance holds what others have written against what the notary and
// the witness write. It is tests, and nothing imports it.
//
// The formats are C2SP's, and our code is mostly x/mod's and torchwood's. So that we
// do not only agree with ourselves, each promise is checked by a second
// implementation:
//
//	tiles and entry bundles          the fsck of transparency-dev/tessera, on files and over HTTP
//	inclusion and consistency        transparency-dev/merkle: the same bytes, and verified by it
//	checkpoints, cosignatures,       transparency-dev/formats, in both directions
//	tlog-proof files
//	the protocol of witnesses        litewitness, from torchwood, as a process of its own
//
// It is a module of its own, so that their dependencies are none of the product's:
// the go command leaves it out of ./... everywhere else. To run it:
//
//	cd infra/notary/conformance && go test ./...
//
// Once the modules are in the cache, that needs no network. The test builds
// litewitness itself, as go.mod pins it, which takes a minute the first time; where
// it cannot, it fails and does not skip.
//
// Versions are named, never latest. "go mod tidy" needs -e here, and "go list -m all"
// fails: tests of torchwood import sigsum.org/sigsum-go, which some proxies refuse
// and nothing here is built from.
package conformance
