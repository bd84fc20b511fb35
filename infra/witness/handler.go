package witness

import (
	"errors"
	"fmt"
	"io"
	"net/http"
)

// sizeType is the content type of a witness's size, with HTTP's 409.
const sizeType = "text/x.tlog.size"

// Handler serves the witness by HTTP: POST /add-checkpoint of the protocol, and at /
// its name and its verifier key, as two lines of text. It knows nothing else. How
// long a client may take is for the server to say.
func (w *Witness) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /add-checkpoint", w.addCheckpoint)
	mux.HandleFunc("GET /{$}", func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = fmt.Fprintf(rw, "%s\n%s\n", w.Name(), w.VKey())
	})
	return mux
}

func (w *Witness) addCheckpoint(rw http.ResponseWriter, r *http.Request) {
	// An answer that cannot be written is lost, for which the log asks again.
	lines, err := w.answer(http.MaxBytesReader(rw, r.Body, MaxRequest), r)
	conflict, isConflict := errors.AsType[*SizeConflict](err)
	refusal, isRefusal := errors.AsType[*Refused](err)
	switch {
	case isConflict:
		rw.Header().Set("Content-Type", sizeType)
		rw.WriteHeader(http.StatusConflict)
		_, _ = fmt.Fprintf(rw, "%d\n", conflict.Size)
	case isRefusal:
		http.Error(rw, refusal.Text.ZH+"\n"+refusal.Text.EN, refusal.Status)
	case err != nil:
		// The cause has been logged, or is that the client or the witness went away.
		http.Error(rw, "见证暂不能签署\nthe witness cannot cosign now", http.StatusServiceUnavailable)
	default:
		rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = rw.Write(lines)
	}
}

func (w *Witness) answer(in io.Reader, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(in)
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, tooLarge()
	}
	if err != nil {
		return nil, err
	}
	return w.Cosign(r.Context(), body)
}
