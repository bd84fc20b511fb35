package vault

import (
	"container/list"

	"github.com/google/uuid"

	"xinfang/domain/personal"
)

// cacheSize is how many data keys are kept unwrapped, at about 200 bytes each.
const cacheSize = 4096

// A cache keeps the data keys that were used last. Keys that leave it are
// overwritten.
type cache struct {
	size  int
	order *list.List // of *cached, the last used first
	by    map[uuid.UUID]*list.Element
}

type cached struct {
	subject uuid.UUID
	key     personal.Key
}

func newCache(size int) cache {
	return cache{size, list.New(), make(map[uuid.UUID]*list.Element)}
}

func (c *cache) get(subject uuid.UUID) (personal.Key, bool) {
	e, ok := c.by[subject]
	if !ok {
		return personal.Key{}, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*cached).key, true
}

func (c *cache) add(subject uuid.UUID, key personal.Key) {
	c.by[subject] = c.order.PushFront(&cached{subject, key})
	if len(c.by) > c.size {
		c.drop(c.order.Back().Value.(*cached).subject)
	}
}

func (c *cache) drop(subject uuid.UUID) {
	if e, ok := c.by[subject]; ok {
		e.Value.(*cached).key = personal.Key{}
		c.order.Remove(e)
		delete(c.by, subject)
	}
}

func (c *cache) clear() {
	for subject := range c.by {
		c.drop(subject)
	}
}
