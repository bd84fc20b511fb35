package evidence

import (
	"xinfang/domain/ledger"
)

// disclosed reads what the bundle discloses of keys, and opens those that are wrapped
// for whoever checks.
func (c *check) disclosed() {
	if _, there := c.entries[fileKeys]; !there {
		if c.ReaderKey != nil {
			c.report.Unopened = ledger.Text{ZH: "证据包没有披露密钥：请要求以 --disclose 重新导出", EN: "the bundle discloses no key: ask for the bundle to be made anew, with --disclose"}
		}
		return
	}
	b, err := c.file(fileKeys, maxKeys)
	if err != nil {
		c.found(err)
		return
	}
	d, ok := parseDisclosure(b)
	if !ok {
		c.found(malformed("%s 格式不对", "%s is malformed", fileKeys))
		return
	}
	c.keys = newKeyring(d)
	if c.ReaderKey == nil {
		return
	}
	if mine := c.ReaderKey.Reader().String(); d.Reader != mine && d.Reader != "" {
		c.report.Unopened = ledger.Text{ZH: "密钥是披露给另一名读者的：" + d.Reader, EN: "the keys are disclosed to another reader: " + d.Reader}
		return
	}
	for _, k := range d.Keys {
		if k.Erased {
			continue
		}
		key, ok := c.ReaderKey.open(k)
		if !ok {
			c.found(malformed("披露的密钥打不开，或与条目中的承诺不符", "a disclosed key does not open, or is not the one that the events commit to"))
			continue
		}
		c.keys.opened[k.Commitment] = opened{k.Subject, key}
	}
}

// noted takes what the event in the files of that name, which is proven, says of keys.
func (c *check) noted(name string, env ledger.Envelope) {
	if c.keys == nil {
		return
	}
	var err error
	if env.Data, err = c.file(name+".data", MaxFile); err == nil {
		env.Meta, err = c.file(name+".meta", MaxFile)
	}
	if err != nil {
		c.found(err)
		return
	}
	list, ok := c.keys.note(&env)
	if !ok {
		c.found(malformed("该条目中的密文不是用所披露的密钥加密的", "what is sealed in this event does not open with the key that is disclosed").At(int64(env.Position) - 1))
	}
	if c.Reveal {
		c.report.Revealed = append(c.report.Revealed, list...)
	}
}

// judged says what came of the keys, if all events of the bundle are proven: if not,
// there is no telling.
func (c *check) judged(proven int) {
	if c.keys == nil || proven != c.report.Events {
		return
	}
	erased, wrong := c.keys.judge()
	c.report.Erased = erased
	for _, f := range wrong {
		c.found(f)
	}
}
