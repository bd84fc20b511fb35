package proof

import (
	"bytes"
	"errors"
	"slices"

	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/ledger"
)

// Succeed returns the policy in next, a note, if it may take the place of p: it is of
// the same ledger, enough roots of p have signed it, it has a later version, and what
// p believed of the past it believes too. A policy that says what p says is p, whoever
// has signed it. The error is a [*Finding].
//
// Only p says who may change it: the roots that next lists count for the policy after
// it.
func (p *Policy) Succeed(next []byte) (*Policy, error) {
	n, err := ParsePolicy(next)
	if trouble, ok := errors.AsType[*ledger.Trouble](err); ok {
		return nil, &Finding{Verdict: Malformed, Index: -1, Text: trouble.Text}
	}
	switch {
	case n.Origin != p.Origin:
		return nil, Found(WrongOrigin, "新的信任策略属于 %.100q，而所持的是 %s 的", "the next policy is of %.100q, and the one that is held of %s", n.Origin, p.Origin)
	case n.String() == p.String():
		return p, nil
	case len(p.Roots) == 0:
		return nil, Found(UnknownKey, "所持的信任策略没有列出根密钥：没有说谁可以更换它", "the policy that is held lists no roots: it says nobody who may change it")
	}
	signers, err := p.SignedBy(next)
	switch {
	case err != nil:
		return nil, err
	case len(signers) < p.Threshold:
		return nil, Found(QuorumNotMet, "新的信任策略须有 %[2]d 把根密钥签名，只有 %[1]d 把签了", "%[1]d roots have signed the next policy, and %[2]d must", len(signers), p.Threshold)
	case n.Version < p.Version:
		return nil, Found(RolledBack, "给出的信任策略是第 %d 版，而所持的已是第 %d 版", "the policy that is offered has version %d, and the one that is held %d already", n.Version, p.Version)
	case n.Version == p.Version:
		return nil, Found(Fork, "根密钥签署了两份不同的第 %d 版信任策略：请保存两份", "the roots have signed two different policies of version %d: keep both", p.Version)
	}
	if err := p.keeps(n); err != nil {
		return nil, err
	}
	return n, nil
}

// keeps checks that n believes the log keys of p from the same sizes on, and no longer
// than p. A key that is gone, or begins later, would take their word from checkpoints
// that others hold, and hide a fork; one that begins earlier, or that is open again
// after it was retired, would give it to whoever has found an old key. A range may end
// sooner: so a key is retired, or given up from where it was stolen.
//
// Witnesses may come and go: without one a checkpoint still opens, and says that it is
// not witnessed.
func (p *Policy) keeps(n *Policy) error {
	for _, k := range p.LogKeys {
		i := slices.IndexFunc(n.LogKeys, func(of Key) bool { return of.VKey == k.VKey })
		if i < 0 || n.LogKeys[i].From != k.From || n.LogKeys[i].To > k.To {
			return Found(KeyOutOfRange, "新的信任策略不再承认公证密钥 %s 自大小 %d 起的签名，或超出了原有范围：范围只能提前结束", "the next policy does not believe the log key %s from the size %d on, or for longer: a range may only end sooner", k.VKey, k.From)
		}
	}
	return nil
}

// SignedBy returns which roots of p have signed file, a policy; none if it is no note.
// A signature by another key says nothing. The error is a [*Finding]: BAD_SIGNATURE if
// one by a root is wrong, MALFORMED if file is too large or its signatures are no
// signatures.
func (p *Policy) SignedBy(file []byte) ([]Key, error) {
	known := make([]note.Verifier, len(p.Roots))
	for i, k := range p.Roots {
		known[i] = k.verifier
	}
	n, err := openPolicy(file, known...)
	if n == nil || err != nil {
		return nil, err
	}
	var signers []Key
	for _, k := range p.Roots {
		if slices.ContainsFunc(n.Sigs, func(sig note.Signature) bool { return is(&k, sig) }) {
			signers = append(signers, k)
		}
	}
	return signers, nil
}

// SignPolicy returns file, a policy, as a note that signer, a plain Ed25519 key, has
// signed, too. Signatures that are there stay, and each is there once. A policy that
// its readers could not open is refused: the error is that of [ParsePolicy], or a
// [*Finding] about what was signed before.
func SignPolicy(file []byte, signer note.Signer) ([]byte, error) {
	p, err := ParsePolicy(file)
	if err != nil {
		return nil, err
	}
	text, lines := splitNote(file)
	if !bytes.HasSuffix(text, []byte("\n")) {
		text = append(bytes.Clone(text), '\n')
	}
	signed, err := note.Sign(&note.Note{Text: string(text)}, signer)
	if err != nil {
		return nil, err
	}
	if len(lines) > 0 {
		signed = Merge(file, signed[len(text):])
	}
	if _, err := p.SignedBy(signed); err != nil {
		return nil, err
	}
	if _, err := openPolicy(signed, again{signer}); err != nil {
		return nil, err
	}
	return signed, nil
}

// again is the verifier of a key of which one has the secret: an Ed25519 signature is
// the same each time (RFC 8032 §5.1.6).
type again struct{ note.Signer }

// Verify implements [note.Verifier].
func (a again) Verify(msg, sig []byte) bool {
	same, err := a.Sign(msg)
	return err == nil && bytes.Equal(same, sig)
}

// openPolicy opens a note of a policy. It returns nil if file is none, or if none of
// the keys has signed it.
func openPolicy(file []byte, known ...note.Verifier) (*note.Note, error) {
	if len(file) > MaxNote {
		return nil, Found(Malformed, "签名的信任策略超过 %d 字节", "the signed policy has more than %d bytes", MaxNote)
	}
	if _, lines := splitNote(file); len(lines) == 0 {
		return nil, nil
	}
	n, err := note.Open(file, note.VerifierList(known...))
	if _, ok := errors.AsType[*note.UnverifiedNoteError](err); ok {
		return nil, nil
	}
	if bad, ok := errors.AsType[*note.InvalidSignatureError](err); ok {
		return nil, Found(BadSignature, "%s 对信任策略的签名不对：签名之后文字有改动", "the signature of %s is not of this policy: its text was changed after that", bad.Name)
	}
	if err != nil {
		return nil, Found(Malformed, "信任策略不能作为签名文本：不能含制表符、回车等控制字符，每行签名都要合乎格式", "the policy is no signed note: it must not have tabs, carriage returns or other control characters, and each signature must be one")
	}
	return n, nil
}

// splitNote returns the text of a policy, and the lines that sign it: those after the
// last blank line, if all of them look like signatures. Otherwise all of it is text.
func splitNote(file []byte) (text, lines []byte) {
	i := bytes.LastIndex(file, []byte("\n\n"))
	if i < 0 || !bytes.HasSuffix(file[i+2:], []byte("\n")) {
		return file, nil
	}
	for line := range bytes.Lines(file[i+2:]) {
		if !bytes.HasPrefix(line, []byte("— ")) {
			return file, nil
		}
	}
	return file[:i+1], file[i+2:]
}
