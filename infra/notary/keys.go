package notary

import (
	"context"

	"xinfang/domain/attest"
	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// AnnounceKeys records in store each change of keys that the policy knows of and the
// ledger does not (公证密钥更换), signed by both keys, and returns how many those were.
// m says who asks and when.
//
// A crash before it leaves keys that sign as the policy says and a change that is not
// recorded: it is, when the notary starts again.
func (n *Notary) AnnounceKeys(ctx context.Context, store ledger.Store, m ledger.Meta) (int, error) {
	if len(n.o.Policy.KeyChanges()) == 0 {
		return 0, nil
	}
	recorded, err := n.keyChanges(ctx)
	if err != nil {
		return 0, err
	}
	made := 0
	for _, c := range n.o.Policy.Unrecorded(recorded) {
		note, err := n.o.Guard.SignKeyChange(ctx, c)
		if err != nil {
			return made, err
		}
		if _, err := attest.Decider.Handle(ctx, store, attest.Ask(attest.NotaryKeyChanged{Note: string(note)}, m)); err != nil {
			return made, err
		}
		made++
	}
	return made, nil
}

// keyChanges returns the changes of keys that are recorded, and signed by both keys.
func (n *Notary) keyChanges(ctx context.Context) (changes []proof.KeyChange, err error) {
	err = eachRecorded(ctx, n.o.Log, make(map[ledger.Stream]ledger.Version), func(_ ledger.Envelope, made attest.NotaryKeyChanged) {
		if c, err := proof.OpenKeyChange([]byte(made.Note), n.o.Policy.Origin); err == nil { // anybody may have appended it
			changes = append(changes, c)
		}
	})
	return changes, err
}
