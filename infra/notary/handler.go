package notary

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"
)

// Handler serves the log as C2SP tlog-tiles lays it out: GET /checkpoint and GET
// /tile/…; and GET /checkpoint-sm3. Hashes show nothing of what was recorded. Leaves
// show which stream had an event of which type and size, and when: mayRead says who
// may have them (/tile/entries/…).
func (n *Notary) Handler(mayRead func(*http.Request) bool) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /checkpoint", serveNote(n.served))
	mux.HandleFunc("GET /checkpoint-sm3", serveNote(n.PublishedSM3))
	mux.HandleFunc("GET /tile/", func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, "/")
		tile, err := torchwood.ParseTilePath(path)
		switch {
		case err != nil || torchwood.TilePath(tile) != path || !within(tile, n.served().Size):
			http.NotFound(w, r)
			return
		case tile.L < 0 && !mayRead(r):
			http.Error(w, "the leaves are for the inspection team", http.StatusForbidden)
			return
		}
		data, err := n.readTile(tile)
		if errors.Is(err, fs.ErrNotExist) && tile.W < widthOf(tile, n.served().Size) { // it has grown since, and is not whole yet
			http.NotFound(w, r)
			return
		}
		if err != nil {
			n.log.ErrorContext(r.Context(), "reading a tile", "tile", path, "err", err)
			http.Error(w, "the tile cannot be read", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		if tile.L >= 0 {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		_, _ = w.Write(data)
	})
	return mux
}

// serveNote serves what is published.
func serveNote(published func() Published) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		p := published()
		if p.Size == 0 {
			http.Error(w, "nothing was signed yet", http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(p.Note) // who has gone needs no answer
	}
}

// served returns the checkpoint to be had: what was published, or, until this process
// has looked at its files, what the one before it has, if the policy believes it.
func (n *Notary) served() Published {
	p := n.Published()
	if p.Size > 0 {
		return p
	}
	if b, err := os.ReadFile(n.path("checkpoint")); err == nil {
		if s, err := n.o.Policy.Open(b); err == nil {
			p = Published{s, b}
		}
	}
	return p
}

// within reports whether a tree of size leaves has the tile.
func within(t tlog.Tile, size int64) bool {
	level := max(0, t.L)
	return level < 8 && t.N <= size && t.N<<torchwood.TileHeight+int64(t.W) <= size>>(torchwood.TileHeight*level)
}

// widthOf returns how wide t is in the tree of size leaves.
func widthOf(t tlog.Tile, size int64) int {
	return int(min(tileWidth, size>>(torchwood.TileHeight*max(0, t.L))-t.N*tileWidth))
}

// readTile returns the hashes or the leaves of a tile. What is a part may be whole
// on disk by now.
func (n *Notary) readTile(t tlog.Tile) ([]byte, error) {
	if t.L >= 0 {
		data, err := tiles{n.o.Dir}.ReadTiles([]tlog.Tile{t})
		if err != nil {
			return nil, err
		}
		return data[0], nil
	}
	data, err := n.tree.bundle(t)
	if err != nil || t.W == tileWidth {
		return data, err
	}
	rest := data
	for range t.W {
		if _, rest, err = torchwood.ReadTileEntry(rest); err != nil {
			return nil, err
		}
	}
	return data[:len(data)-len(rest)], nil
}
