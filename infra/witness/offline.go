package witness

import (
	"context"
	"errors"
	"io"
	"os"
)

// CosignFile answers the request in the file at path, which [FormatRequest] made on
// the log's side of an air gap (离线): see [Witness.Cosign]. The lines are to be
// carried back in a file. If they are lost on the way, the same file may be brought
// again only by its old size: the error is then a [*SizeConflict], and its size is
// what to carry back.
func (w *Witness) CosignFile(ctx context.Context, path string) (_ []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	body, err := io.ReadAll(io.LimitReader(f, MaxRequest+1))
	if err != nil {
		return nil, unreadable(path, err)
	}
	return w.Cosign(ctx, body)
}
