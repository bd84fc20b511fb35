package notary

import (
	"context"

	"xinfang/domain/attest"
	"xinfang/domain/ledger"
)

// eachRecorded calls take for each event of type E in the notary's streams that comes
// after the versions in seen, which it brings up to date. Whoever can append to the
// ledger may have recorded it.
func eachRecorded[E attest.Event](ctx context.Context, log ledger.Log, seen map[ledger.Stream]ledger.Version, take func(ledger.Envelope, E)) error {
	for s, err := range log.Streams(ctx, attest.Category) {
		if err != nil {
			return err
		}
		if s.Version == seen[s.Stream] {
			continue
		}
		for env, err := range log.ReadStream(ctx, s.Stream, seen[s.Stream]) {
			if err != nil {
				return err
			}
			seen[s.Stream] = env.Version
			e, err := attest.Codec.Decode(env.Type, env.Data)
			if made, ok := e.(E); err == nil && ok {
				take(env, made)
			}
		}
	}
	return nil
}
