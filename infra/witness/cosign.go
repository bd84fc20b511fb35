package witness

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/proof"
)

// Cosign answers one request, as [FormatRequest] makes it: it returns signature
// lines to be added to the note, each with its newline. They say that the checkpoint
// continues all that this witness has cosigned of the log, and is the last.
//
// The error is a [*SizeConflict], a [*Refused], or says that this witness cannot
// cosign now: it wraps [ErrBroken], [ErrClosed], ctx.Err() or a failure of the disk.
// Then the checkpoint may have become the last one or not; it was not cosigned, and
// it is safe to ask again.
func (w *Witness) Cosign(ctx context.Context, body []byte) ([]byte, error) {
	r, err := ParseRequest(body)
	if err != nil {
		return nil, err
	}
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return nil, ErrClosed
	}
	origin, _, _ := strings.Cut(string(r.Note), "\n")
	h := w.logs[origin]
	if h == nil {
		return nil, refused(http.StatusNotFound, proof.WrongOrigin, "本见证不认识日志 %.100q", "this witness does not know the log %.100q", origin)
	}
	next, err := h.open(r.Note)
	if err != nil {
		return nil, err
	}
	if r.Old > next.Size {
		return nil, refused(http.StatusBadRequest, proof.RolledBack, "检查点的大小 %d 小于原大小 %d：日志倒退", "the checkpoint has size %d, less than the old size %d: the log was rolled back", next.Size, r.Old)
	}
	if err := h.take(ctx); err != nil {
		return nil, err
	}
	defer func() { <-h.turn }()
	return w.advance(ctx, h, r, next)
}

// take waits for the turn of h, or until ctx is done.
func (h *history) take(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case h.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// open returns the checkpoint of a note that the log has signed.
func (h *history) open(signed []byte) (*cosigned, error) {
	n, err := note.Open(signed, h.keys)
	if _, ok := errors.AsType[*note.InvalidSignatureError](err); ok {
		return nil, refused(http.StatusForbidden, proof.BadSignature, "日志的签名不对", "the signature of the log is wrong")
	}
	if _, ok := errors.AsType[*note.UnverifiedNoteError](err); ok {
		return nil, refused(http.StatusForbidden, proof.UnknownKey, "没有本见证所知的日志密钥的签名", "there is no signature of a key of the log that this witness knows")
	}
	malformed := refused(http.StatusBadRequest, proof.Malformed, "检查点格式不对", "the checkpoint is malformed")
	if err != nil {
		return nil, malformed
	}
	if c, err := torchwood.ParseCheckpoint(n.Text); err == nil && c.N == 0 && c.Hash != tlog.Hash(sha256.Sum256(nil)) {
		return nil, refused(http.StatusUnprocessableEntity, proof.Malformed, "空树的根不对", "the root is not that of an empty tree")
	}
	c, err := proof.ParseCheckpoint(n.Text)
	if err != nil {
		return nil, malformed
	}
	// Only what the log signed is kept: the rest of the note is anybody's.
	kept, err := note.Sign(&note.Note{Text: n.Text, Sigs: n.Sigs})
	if err != nil {
		return nil, malformed
	}
	return &cosigned{Checkpoint: c, note: kept}, nil
}

// advance compares, writes and signs. The caller has the turn of h, so that nobody
// else does so for this log meanwhile.
//
// What must never be is two signatures of this witness under checkpoints of which
// one does not continue the other. What is on disk when a signature leaves is
// durable, so that every later one continues it, after any crash.
func (w *Witness) advance(ctx context.Context, h *history, r Request, next *cosigned) ([]byte, error) {
	last := h.last.Load()
	if h.broken != nil {
		return nil, h.broken
	}
	if r.Old != last.Size {
		return nil, &SizeConflict{last.Size}
	}
	if err := continues(r.Proof, next, last); err != nil {
		// Both are signed by the log: if they do not fit, the two prove it by themselves.
		w.log.ErrorContext(ctx, "a log has signed a checkpoint that was not shown to continue its last one",
			"origin", h.origin, "last", string(last.note), "refused", string(next.note), "err", err)
		return nil, err
	}
	// A crash before here has changed nothing: the log may ask for this or for
	// another checkpoint that continues the last one.
	if next.Size > last.Size {
		if err := w.saveState(next); err != nil {
			// Nothing was signed. If the file may be the new one, or may become the old
			// one again, what is in memory is not known to be what is on disk.
			if _, ok := errors.AsType[unsure](err); ok {
				h.broken = broken(err)
				err = h.broken
			}
			w.log.ErrorContext(ctx, "the witness could not write", "origin", h.origin, "err", err)
			return nil, err
		}
	}
	// A crash after here: next is durable and not signed, or its signature is lost on
	// the way. The log asks again with the old size that it knows, hears of this one
	// by a SizeConflict, and asks for this checkpoint once more: that needs no write,
	// only another signature. It cannot have another checkpoint of this size cosigned.
	lines, at, err := w.key.lines(next.Text())
	if err == nil {
		next.at = at
	} else {
		next.at = last.at
		w.log.ErrorContext(ctx, "the witness could not sign", "origin", h.origin, "err", err)
	}
	h.last.Store(next)
	return lines, err
}

// continues checks that next continues last, of which p is the proof.
func continues(p tlog.TreeProof, next, last *cosigned) error {
	needless := last.Size == 0 || last.Size == next.Size
	if needless && len(p) > 0 {
		return refused(http.StatusUnprocessableEntity, proof.BadProof, "此处的一致性证明应为空", "the consistency proof should be empty here")
	}
	if last.Size == 0 {
		return nil
	}
	if err := proof.CheckGrowth(p, next.Checkpoint, last.Checkpoint); err != nil {
		f, _ := errors.AsType[*proof.Finding](err)
		return &Refused{http.StatusUnprocessableEntity, f.Verdict, f.Text}
	}
	return nil
}
