package evidence

import (
	"errors"
	"fmt"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// succeeded returns the policy that the updates of o lead to. Each is checked by the
// one before it, the first by that which whoever checks has pinned. The error is a
// [*proof.Finding], and says which update.
func (o Options) succeeded() (*proof.Policy, error) {
	policy := o.Policy
	for i, next := range o.Updates {
		var err error
		if policy, err = policy.Succeed(next); err != nil {
			if f, ok := errors.AsType[*proof.Finding](err); ok {
				f.Text = ledger.Text{ZH: fmt.Sprintf("第 %d 份更新：%s", i+1, f.Text.ZH), EN: fmt.Sprintf("update %d: %s", i+1, f.Text.EN)}
			}
			return nil, err
		}
	}
	return policy, nil
}
